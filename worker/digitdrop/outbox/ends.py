"""The first and the last line of a report: is it ours, is it whole, of when is its last row?"""

import io
import os
from datetime import UTC, datetime
from typing import BinaryIO

from digitdrop.outbox.row import BOM, HEADER, LONGEST, is_whole, search


def last_time(file: BinaryIO) -> datetime | None:
    """Tell the time of the last row, or of the last change where that says none; None if empty."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - LONGEST))
    last = file.read().rstrip(b"\r\n").rpartition(b"\n")[2]
    for _, row in search(io.BytesIO(last), None):
        return row.time if row.is_whole else datetime.fromtimestamp(_mtime(file), UTC)
    return None


def _mtime(file: BinaryIO) -> float:
    return os.fstat(file.fileno()).st_mtime


def is_foreign_head(head: bytes) -> bool:
    """Say whether a first line is neither our header nor what a crash left of it."""
    start = head.removeprefix(BOM)
    if head.endswith(b"\n"):
        return start.rstrip(b"\r\n") != HEADER
    return not (HEADER + b"\r").startswith(start.rstrip(b"\0"))


def torn_tail(file: BinaryIO) -> bytes:
    """Give the torn last line of a report, or nothing if its end is whole."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - LONGEST))
    tail = file.read().rpartition(b"\n")[2]
    return b"" if tail == HEADER or is_whole(tail) else tail
