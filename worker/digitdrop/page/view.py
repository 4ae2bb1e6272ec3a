"""Turn rows into the texts that the page shows."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import quote

from digitdrop.escape import printable, unescape
from digitdrop.page.pictures import Thumbnail, Thumbnails
from digitdrop.page.tally import TimedRow
from digitdrop.values import Status

LABELS: Final[Mapping[str, str]] = {status: status.in_words for status in Status}
"""Statuses for people."""

_HARMLESS: Final = {
    ".png", ".jpg", ".jpeg", ".jpe", ".gif", ".bmp", ".tif", ".tiff", ".webp",
    ".pbm", ".pgm", ".ppm", ".pnm",
}  # fmt: skip
"""Suffixes of files that a browser shows or saves. It may run a dropped `page.html` or
`drawing.svg`, so these are not linked."""


@dataclass(frozen=True, slots=True)
class PageRow:
    """A row as the page shows it; a text that does not apply is empty."""

    id: str
    status: str
    number: str | None
    percent: float | None
    """Confidence, 0-100."""
    second: str
    """The runner-up, in words, if the status is `uncertain`."""
    reason: str
    name: str
    day: str
    """ISO 8601, in UTC, as in the folder's name."""
    clock: str
    moment: str
    """ISO 8601, to the millisecond."""
    place: str
    """The picture's folder in the outbox, with its name if that differs from `name`."""
    link: str
    """Address of the picture, or of its folder where a browser might run the file."""
    is_picture: bool
    """True if `link` is the picture's own."""
    thumbnail: Thumbnail | None
    put_right: str
    """The label that a person gave it."""

    @property
    def group(self) -> str:
        """Its choice in the filter of numbers: a digit, `longer` or `none`."""
        if self.number is None:
            return "none"
        return self.number if len(self.number) == 1 else "longer"

    @property
    def label(self) -> str:
        """The status in words."""
        return LABELS[self.status]


class Viewer:
    """Turns rows into `PageRow`s."""

    def __init__(
        self, *, outbox: Path, output: Path, paths: Mapping[str, Path], thumbnails: Thumbnails
    ) -> None:
        """Set the sources.

        Args:
            outbox: the folder with the archive.
            output: the page; links are relative to its folder.
            paths: the paths of pictures, by row id.
            thumbnails: thumbnails of some of them.
        """
        self._outbox = outbox
        self._base = _base(outbox, output)
        self._paths = paths
        self._thumbnails = thumbnails

    def items(self, entries: list[TimedRow], corrections: Mapping[str, str]) -> list[PageRow]:
        """Return the rows in their order; `corrections` is that of `corrected_labels`."""
        return [self._item(entry, corrections.get(entry.id, "")) for entry in entries]

    def _item(self, entry: TimedRow, put_right: str) -> PageRow:
        row, moment = entry.row, entry.time.astimezone(UTC)
        path = self._paths.get(entry.id)
        place = path.relative_to(self._outbox) if path else None
        is_picture = place is not None and place.suffix.lower() in _HARMLESS
        target = place if is_picture or place is None else place.parent
        unsure = row.status is Status.UNCERTAIN and row.runner_up is not None
        return PageRow(
            id=entry.id,
            status=row.status,
            number=row.prediction,
            percent=None if row.confidence is None else round(100 * row.confidence, 1),
            second=f"or {row.runner_up}" if unsure else "",
            reason=printable(unescape(row.reason)),
            name=printable(unescape(row.file)),
            day=f"{moment:%Y-%m-%d}",
            clock=f"{moment:%H:%M:%S}",
            moment=moment.isoformat(timespec="milliseconds"),
            place=_place_text(place, row.name) if place else "",
            link=self._base + _address(target) if target else "",
            is_picture=is_picture,
            thumbnail=self._thumbnails.of(entry.id),
            put_right=put_right,
        )


def corrected_labels(entries: list[TimedRow]) -> dict[str, str]:
    """Return the labels that people gave to rows, by row id; the newest correction counts."""
    return {
        entry.row.corrects: entry.row.prediction or "no single number"
        for entry in reversed(entries)
        if entry.row.corrects
    }


def _place_text(place: Path, name: str) -> str:
    kept_its_name = place.name == PurePath(name).name
    return printable((place.parent if kept_its_name else place).as_posix())


def _base(outbox: Path, output: Path) -> str:
    """Return the address of the outbox relative to the page: empty, or with a slash at its end."""
    try:
        relative = os.path.relpath(outbox.resolve(), output.resolve().parent)
    except ValueError:  # another drive, on Windows
        return f"{outbox.resolve().as_uri()}/"
    return "" if relative == os.curdir else f"{_address(Path(relative))}/"


def _address(path: Path) -> str:
    """Return a relative path as an address; nothing in it is a scheme, a query or markup."""
    return quote(os.fsencode(path.as_posix()), safe="/")
