"""Gather corrected pictures into folders named by what they show, for `evaluate`."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from digitdrop.corrections.folders import NO_NUMBER, folder_of
from digitdrop.errors import FolderError, InputError
from digitdrop.files.copying import copy_durably
from digitdrop.files.disk import make_folder, move
from digitdrop.outbox.archive import SHELVES, named_by_id, names, shelf
from digitdrop.outbox.chains import chains
from digitdrop.outbox.inventory import Digests, files_in
from digitdrop.outbox.row import Row
from digitdrop.outbox.rows import Rows
from digitdrop.values import Drop


@dataclass(slots=True)
class Gathered:
    """What came of it."""

    target: Path
    labels: Counter[str] = field(default_factory=Counter)
    """Pictures in the target, by folder."""
    new: int = 0
    missing: list[str] = field(default_factory=list)
    """Ids of corrections whose picture is not in the outbox any more."""

    def __str__(self) -> str:
        """Say it in words, with the next command where there is one."""
        count = self.labels.total()
        pictures = "corrected picture" if count == 1 else "corrected pictures"
        lines = [f"{count:,} {pictures} in {self.target}, {self.new:,} new"]
        if self.missing:
            lines.append(
                f"{len(self.missing):,} more are not in the outbox any more: "
                f"{', '.join(self.missing[:5])}{', ...' if len(self.missing) > 5 else ''}"
            )
        if self.labels.total() > self.labels[NO_NUMBER]:
            others = f" --others {self.target / NO_NUMBER}" if self.labels[NO_NUMBER] else ""
            lines.append(f"how well are they read? digitdrop evaluate {self.target}{others}")
        return "\n".join(lines)


def gather(outbox: Path, rows: Rows, target: Path) -> Gathered:
    """Copy each corrected picture to `TARGET/7/NAME~ID.png`, by the last correction alone.

    ID is the correction's, so that a second run adds only what is new, and nothing is
    ever written over. A picture that was corrected again since moves to its new folder.

    Raises:
        FolderError: the outbox or the target cannot be used.
    """
    if not outbox.is_dir():
        raise FolderError(f"there is no outbox {outbox}")
    gathered = Gathered(target)
    corrections = {key: row for key, row in rows.every_row() if row.corrects}
    shelves = _Shelves(outbox)
    try:
        for chain in chains(corrections):
            _gather(chain, corrections, shelves, gathered)
    except OSError as error:
        raise FolderError(
            f"cannot copy to {error.filename or target}: {error.strerror}"
        ) from error
    return gathered


def _gather(
    chain: list[str], corrections: dict[str, Row], shelves: "_Shelves", gathered: Gathered
) -> None:
    *earlier, last = (_place(gathered.target, key, corrections[key]) for key in chain)
    folder = last.parent.name
    if not last.exists():
        old = next((path for path in earlier if path.exists()), None)
        source = old or shelves.find(chain[-1], corrections[chain[-1]])
        if not source:
            gathered.missing.append(chain[-1])
            return
        make_folder(last.parent)
        if old:
            move(old, last)
        else:
            _copy(source, last, chain[-1])
        gathered.new += 1
    gathered.labels[folder] += 1


def _copy(source: Path, target: Path, key: str) -> None:
    try:
        copy_durably(source, target, aside=target.with_name(f".{key}.part"))
    except InputError as error:
        raise FolderError(f"cannot copy {source}: {error}") from error


def _place(target: Path, key: str, row: Row) -> Path:
    folder = target / folder_of(row.prediction)
    return named_by_id(folder / (Path(row.name).name or "picture"), _drop(key, row))


def _drop(key: str, row: Row) -> Drop:
    return Drop(id=key, path=Path(row.name), name=row.name)


class _Shelves:
    """Finds a picture where it was filed, else wherever its content lies."""

    def __init__(self, outbox: Path) -> None:
        self._outbox = outbox
        self._digests = Digests()
        self._contents: dict[str, Path] | None = None

    def find(self, key: str, row: Row) -> Path | None:
        for path in names(_drop(key, row), shelf(self._outbox, row.status, row.time)):
            if path.is_file() and self._digests.of(path) == row.sha256:
                return path
        return self._by_content().get(row.sha256)

    def _by_content(self) -> dict[str, Path]:
        if self._contents is None:
            self._contents = {
                self._digests.of(path): path
                for name in dict.fromkeys(SHELVES.values())
                for path in files_in(self._outbox / name)
            }
        return self._contents
