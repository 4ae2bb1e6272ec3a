"""What lies on the shelves of an outbox, to be ticked off row by row."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from worker.errors import InputError
from worker.held import ROW_ID
from worker.inbox import CLAIMED, stamp
from worker.labels import Labels
from worker.load import sha256_of
from worker.shelve import SHELVES
from worker.table.escape import unescape
from worker.table.row import Row
from worker.tree import walk


class Digests:
    """Remembers the SHA-256 of files that stay as they are."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], str] = {}

    def of(self, path: Path) -> str:
        """Give the digest of a file's bytes in hex; empty if it may not be read."""
        key = (path, stamp(path.stat()))
        if key not in self._known:
            try:
                self._known[key] = sha256_of(path)
            except InputError:
                self._known[key] = ""
        return self._known[key]


class Stock:
    """The pictures of the outbox, to be ticked off: each once, each lookup in a moment."""

    def __init__(self, outbox: Path, digests: Digests) -> None:
        self._labels: Labels[Path] = Labels()
        self._counts = dict.fromkeys(SHELVES.values(), 0)
        for shelf in self._counts:
            for path in files_in(outbox / shelf):
                self._counts[shelf] += 1
                name = _name(path.relative_to(outbox))
                digest, key = digests.of(path), ROW_ID.search(path.name)
                labels: list[tuple[str, ...]]
                labels = [("named", name), ("both", name, digest), ("content", digest)]
                if key:
                    labels += [("id", key[0], digest), ("id", key[0], "")]
                self._labels.add(path, labels)

    def counts(self) -> dict[str, int]:
        """Count the pictures by shelf."""
        return self._counts

    def take(self, key: str, row: Row) -> bool:
        """Tick off the picture with a row's content that carries its id or its name."""
        return bool(
            self._labels.take("id", key, row.sha256)
            or self._labels.take("both", unescape(row.file), row.sha256)
        )

    def take_like(self, row: Row) -> bool:
        """Tick off a picture with a row's content, else, if it tells none, with its name."""
        if row.sha256:
            return bool(self._labels.take("content", row.sha256))
        return bool(self._labels.take("named", unescape(row.file)))

    def left(self) -> list[Path]:
        """Give the pictures that no row ticked off."""
        return sorted(self._labels.left())


def _name(below: Path) -> str:
    """Name a picture as its row may: without shelf and day, or folder of the hand."""
    return "/".join(below.parts[4 if below.parts[1] == CLAIMED else 2 :])


def files_in(folder: Path) -> Iterator[Path]:
    """List whatever lies in a folder and below, but for folders; nothing if there is none."""
    with suppress(FileNotFoundError):  # nothing has led there yet
        for name, _ in walk(folder):
            yield folder / name
