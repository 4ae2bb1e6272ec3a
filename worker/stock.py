"""What lies on the shelves of an outbox, to be ticked off row by row."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from worker.escape import unescape
from worker.inbox import stamp
from worker.row import Row
from worker.shelve import SHELVES


class Digests:
    """Remembers the SHA-256 of files that stay as they are."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], str] = {}

    def of(self, path: Path) -> str:
        """Give the digest of a file's bytes in hex; empty if it may not be read."""
        key = (path, stamp(path.stat()))
        if key not in self._known:
            try:
                with path.open("rb") as file:
                    self._known[key] = hashlib.file_digest(file, "sha256").hexdigest()
            except PermissionError:
                self._known[key] = ""
        return self._known[key]


class Stock:
    """The pictures of the outbox, to be ticked off: each once, each lookup in a moment."""

    def __init__(self, outbox: Path, digests: Digests) -> None:
        self._left: set[Path] = set()
        self._index: dict[tuple[str, ...], list[Path]] = {}
        self._counts = dict.fromkeys(SHELVES.values(), 0)
        for shelf in self._counts:
            for path in _files(outbox / shelf):
                self._counts[shelf] += 1
                self._left.add(path)
                name = "/".join(path.relative_to(outbox).parts[2:])
                digest, key = digests.of(path), _ID.search(path.name)
                labels: list[tuple[str, ...]]
                labels = [("named", name), ("both", name, digest), ("content", digest)]
                if key:
                    labels += [("id", key[0], digest), ("id", key[0], "")]
                for label in labels:
                    self._index.setdefault(label, []).append(path)

    def counts(self) -> dict[str, int]:
        """Count the pictures by shelf."""
        return self._counts

    def take(self, key: str, row: Row) -> bool:
        """Tick off the picture with a row's content that carries its id or its name."""
        return self._take("id", key, row.sha256) or self._take(
            "both", unescape(row.file), row.sha256
        )

    def take_like(self, row: Row) -> bool:
        """Tick off a picture with a row's content, else, if it tells none, with its name."""
        if row.sha256:
            return self._take("content", row.sha256)
        return self._take("named", unescape(row.file))

    def left(self) -> list[Path]:
        """Give the pictures that no row ticked off."""
        return sorted(self._left)

    def _take(self, *label: str) -> bool:
        found = self._index.get(label, [])
        while found:
            path = found.pop()
            if path in self._left:
                self._left.remove(path)
                return True
        return False


_ID: Final = re.compile("(?<![^~])d[a-z2-7]{16}(?![a-z2-7])")  # see `held.row_id`


def _files(folder: Path) -> Iterator[Path]:
    for path, _, names in os.walk(folder):
        for name in names:
            yield Path(path, name)
