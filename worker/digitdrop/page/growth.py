"""Read the rows that a report has gained since the last time, so that old rows cost nothing."""

import io
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from digitdrop.files.regular import open_regular
from digitdrop.outbox.foreign import foreign_lines
from digitdrop.outbox.row import LONGEST, Row, is_foreign_head, is_whole, lines_of, search
from digitdrop.outbox.rows import Rows

_CHUNK: Final = 1 << 20
_GUARD: Final = 256  # bytes: more than an id, a time and a digest take

_File: TypeAlias = tuple[int, int]
"""Device and inode; a closed report keeps them under its new name."""


@dataclass(slots=True)
class _Mark:
    """The position up to which a file was read."""

    end: int
    """Bytes."""
    tail: bytes
    """The bytes before `end`; they are still there unless somebody edited the file."""


class Growth:
    """Reads a report and its closed parts, each row once as long as the files only grow."""

    def __init__(self, rows: Rows) -> None:
        """Set the source of the files; no file stays open between two calls."""
        self._rows = rows
        self._marks: dict[_File, _Mark] = {}

    def rows(self) -> tuple[bool, Iterator[tuple[str, Row]]]:
        """Return the rows since the last call, oldest first.

        Returns:
            True and the new rows; or False and all rows, if a file was edited, replaced or
            taken away, so that rows of earlier calls may not hold any more.
        """
        holds, chunks = self.chunks()
        return holds, (
            row for chunk in chunks for row in search(lines_of(io.BytesIO(chunk)), None)
        )

    def chunks(self) -> tuple[bool, Iterator[bytes]]:
        """Return the lines since the last call, as `rows` does, about 1 MiB at a time."""
        paths = self._rows.files()
        holds = self._only_grew(paths)
        if not holds:
            self._marks.clear()
        return holds, (chunk for path in paths for chunk in self._read(path))

    def _only_grew(self, paths: list[Path]) -> bool:
        with ExitStack() as stack:
            files = [stack.enter_context(open_regular(path)) for path in paths]
            there = {_identity(file): file for file in files}
            return all(
                key in there and _has(there[key], mark) for key, mark in self._marks.items()
            )

    def _read(self, path: Path) -> Iterator[bytes]:
        with open_regular(path) as file:
            mark = self._marks.setdefault(_identity(file), _Mark(0, b""))
            if is_foreign_head(
                file.readline(LONGEST)
            ):  # written by an earlier version, so it does not grow
                yield from self._read_whole(file, mark)
                return
            file.seek(mark.end)
            for chunk in _chunks(file):
                mark.end += len(chunk)
                mark.tail = (mark.tail + chunk)[-_GUARD:]
                yield chunk

    def _read_whole(self, file: BinaryIO, mark: _Mark) -> Iterator[bytes]:
        if mark.end:
            return
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _GUARD))
        mark.end, mark.tail = size, file.read()
        yield from foreign_lines(file)


def _identity(file: BinaryIO) -> _File:
    status = os.fstat(file.fileno())
    return status.st_dev, status.st_ino


def _has(file: BinaryIO, mark: _Mark) -> bool:
    file.seek(mark.end - len(mark.tail))
    return file.read(len(mark.tail)) == mark.tail


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield whole lines, about 1 MiB at a time, without a last line that is not complete.

    A line too long to be a row comes in parts, so that it takes no memory.
    """
    while chunk := file.read(_CHUNK):
        chunk += file.readline(_CHUNK)
        lines, end, rest = chunk.rpartition(b"\n")
        is_part = not end and len(rest) >= _CHUNK
        whole = chunk if not rest or is_part or is_whole(rest) else lines + end
        if whole:
            yield whole
        if whole != chunk and len(rest) < _CHUNK:
            return
        file.seek(len(whole) - len(chunk), os.SEEK_CUR)
