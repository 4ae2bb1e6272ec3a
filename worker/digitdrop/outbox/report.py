"""The report that grows: repaired, appended to, rotated. UTF-8, RFC 4180, one line per row."""

import errno
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Final

from digitdrop.files.disk import make_folder, sync_folders
from digitdrop.files.regular import open_descriptor, open_regular
from digitdrop.outbox.rotation import Rotation
from digitdrop.outbox.row import (
    BOM,
    END,
    HEADER,
    LONGEST,
    is_foreign_head,
    is_whole,
    line,
    search,
)
from digitdrop.outbox.rows import FOREIGN, Rows
from digitdrop.values import Reading

logger = logging.getLogger(__name__)

REPORT: Final = "predictions.csv"
"""Name of the report in an outbox."""

_BINARY: Final = getattr(os, "O_BINARY", 0)


class Report(Rows):
    """A CSV that grows by whole rows and is repaired after a crash."""

    def __init__(self, path: Path, rotation: Rotation | None = None) -> None:
        """Name the file; nothing stays open between two appends.

        People may replace, move or delete the report meanwhile. The next append goes to the
        file that then has the name, or begins a new one.

        Args:
            path: the report.
            rotation: when to close it and begin a new one; never if None.
        """
        super().__init__(path)
        self._rotation = rotation
        self._torn: tuple[int, int] | None = None
        """Inode and good size of a report that a failed write may have torn."""

    def prepare(self) -> None:
        """Repair the end of the report; call once, at the start.

        A last line that is no whole row was torn by a crash. It is cut off and kept in
        `NAME.torn` beside the report. A whole row without its line end, as editors save it,
        gets its end at the next append. A foreign file stays as it is.

        Raises:
            OSError: the report cannot be opened for writing.
        """
        try:
            file = open_regular(self._path, "rb+")
        except FileNotFoundError:
            return
        with file:
            if is_foreign_head(file.readline(LONGEST)):
                return
            torn = _torn_tail(file)
            if torn:
                self._keep_aside(torn)
                file.seek(-len(torn), os.SEEK_END)
                file.truncate()
                logger.warning("cut a torn last line of %d bytes off the report", len(torn))
            os.fsync(file.fileno())

    def is_foreign(self) -> bool:
        """Return True if the file has another header, or is no CSV at all.

        Raises:
            OSError: it cannot be read.
        """
        try:
            with open_regular(self._path) as file:
                return is_foreign_head(file.readline(LONGEST))
        except FileNotFoundError:
            return False

    def append(self, readings: Sequence[Reading]) -> None:
        """Append rows in one write; once this returns, a power cut cannot undo them.

        Args:
            readings: one list of `parts`.

        Raises:
            OSError: the disk is full, read-only or failing, or another program locks the file.
                No row was added, or the next append cuts it off. Call again later.
        """
        rows = b"".join(line(reading) for reading in readings)
        make_folder(self._path.parent)
        self._set_aside_foreign()
        if self._rotation and not self._torn:  # a torn end is cut off where it is
            self._turn_over(self._rotation, readings[0].time, len(rows))
        file = open_descriptor(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | _BINARY)
        try:
            status = os.fstat(file)
            size = status.st_size
            if self._torn and self._torn[0] == status.st_ino:
                size = self._torn[1]
                os.ftruncate(file, size)
            if not size:  # before the rows: after them nothing may fail any more
                sync_folders([self._path.parent])
            self._torn = (status.st_ino, size)
            try:
                content = _lead(file, size) + rows
                if os.write(file, content) != len(content):  # all or nothing
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file)
            except OSError:
                os.ftruncate(file, size)
                self._torn = None
                raise
            self._torn = None
        finally:
            os.close(file)

    def parts(self, readings: Sequence[Reading]) -> list[list[Reading]]:
        """Split rows at the period boundaries of the rotation; each part is one append."""
        rotation = self._rotation
        if not rotation:
            return [list(readings)] if readings else []
        return [list(part) for _, part in groupby(readings, key=lambda one: rotation.of(one.time))]

    def _turn_over(self, rotation: Rotation, new: datetime, more: int) -> None:
        """Close the report if it is due; the append then begins a new one."""
        try:
            with open_regular(self._path) as file:
                size = file.seek(0, os.SEEK_END)
                last = _last_time(file)
        except FileNotFoundError:
            return
        if last and rotation.is_due(last=last, new=new, size=size + more):
            logger.info("closed the report: it is now %s", rotation.close(self._path, last).name)

    def _set_aside_foreign(self) -> None:
        """Rename a report with a foreign header: a reader would misread appended rows."""
        try:
            with open_regular(self._path) as file:
                head = file.readline(1000)
        except FileNotFoundError:
            return
        if head and head.removeprefix(BOM).rstrip(b"\r\n") != HEADER:
            now = datetime.now(UTC)
            aside = self._path.with_stem(f"{self._path.stem}{FOREIGN}{now:%Y%m%dT%H%M%S%f}")
            self._path.rename(aside)
            logger.warning("the report had a foreign header; it is now %s", aside.name)

    def _keep_aside(self, torn: bytes) -> None:
        with open_regular(self._path.with_name(f"{self._path.name}.torn"), "ab") as file:
            file.write(torn + END)
            file.flush()
            os.fsync(file.fileno())


def _lead(descriptor: int, size: int) -> bytes:
    """Return the bytes before the rows: a header, or the line end that an editor left out."""
    if not size:
        return HEADER + END
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return {b"\n": b"", b"\r": b"\n"}.get(os.read(descriptor, 1), END)


def _tail(file: BinaryIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - LONGEST))
    return file.read()


def _last_time(file: BinaryIO) -> datetime | None:
    """Return the time of the last row, or of the last change if the row has none."""
    last = _tail(file).rstrip(b"\r\n").rpartition(b"\n")[2]
    for _, row in search([last], None):
        changed = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
        return row.time if row.is_whole else changed
    return None


def _torn_tail(file: BinaryIO) -> bytes:
    """Return the torn last line of a report; empty if its end is whole."""
    tail = _tail(file).rpartition(b"\n")[2]
    return b"" if tail == HEADER or is_whole(tail) else tail
