"""Copy a file to another file system: in pieces, and whole or not at all."""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from digitdrop.errors import TooLarge
from digitdrop.files.disk import replacing, sync_folders
from digitdrop.files.load import open_picture

_PIECE: Final = 2**20


def copy_durably(
    source: Path,
    target: Path,
    *,
    aside: Path,
    most: int | None = None,
    between: Callable[[], None] = lambda: None,
) -> None:
    """Copy bytes, times and mode of a regular file, over a file of the target's name.

    Once this returns, a power cut cannot undo the copy.

    Args:
        source: the file to copy; neither a link nor a pipe.
        target: name of the copy.
        aside: a name in the same folder that nobody else uses, for the unfinished copy. A
            file that an earlier try left there is replaced.
        most: bytes; a longer file is not copied. Any length if None.
        between: called after each MiB; an error that it raises ends the copy and leaves nothing.

    Raises:
        Gone: there is no such file.
        TooLarge: it has more than `most` bytes.
        Unavailable: it is no regular file, or may not be read.
        OSError: it changed meanwhile, or a disk is full, read-only or failing.
    """
    with open_picture(source) as file:
        status = os.fstat(file.fileno())
        if most is not None and status.st_size > most:
            raise TooLarge(f"the file has {status.st_size:,} bytes, at most {most:,} are copied")
        with replacing(target, aside=aside) as copy:
            _copy(file.fileno(), copy.fileno(), status, between)
    sync_folders([target.parent])


def _copy(source: int, target: int, status: os.stat_result, between: Callable[[], None]) -> None:
    left = status.st_size
    while left and (piece := os.read(source, min(left, _PIECE))):
        left -= len(piece)
        view = memoryview(piece)
        while view:
            view = view[os.write(target, view) :]
        between()
    after = os.fstat(source)
    if left or (after.st_size, after.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
        raise OSError(errno.EAGAIN, "it changed while it was copied")
    with suppress(OSError):  # times and mode are a courtesy, and FAT keeps neither
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        if hasattr(os, "fchmod"):
            os.fchmod(target, stat.S_IMODE(status.st_mode) & 0o777)
