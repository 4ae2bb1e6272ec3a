"""Copy a file to another file system: in pieces, and whole or not at all."""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from digitdrop.errors import TooLarge
from digitdrop.files.disk import sync_folders
from digitdrop.files.load import open_picture

_PIECE: Final = 2**20
_FLAGS: Final = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def copy_durably(
    source: Path,
    target: Path,
    *,
    aside: Path,
    most: int | None = None,
    between: Callable[[], None] = lambda: None,
) -> None:
    """Copy a regular file's bytes, times and mode, over a file of the target's name.

    Once this returns, a power cut cannot take the copy back. It is written
    aside and renamed; what an earlier try left aside is replaced.

    Args:
        source: what to copy; neither a link nor a pipe.
        target: its name to be.
        aside: a name in the same folder that nobody else uses.
        most: bytes; a longer file is not copied. Any length if None.
        between: called after each MiB; what it raises ends the copy, and nothing is left.

    Raises:
        Gone: there is no such file.
        TooLarge: it has more than `most` bytes.
        Unavailable: it is no regular file, or may not be read.
        OSError: it changed meanwhile, or a disk is full, read-only or failing.
    """
    with open_picture(source) as (file, status):
        if most is not None and status.st_size > most:
            raise TooLarge(f"the file has {status.st_size:,} bytes, at most {most:,} are copied")
        aside.unlink(missing_ok=True)
        descriptor = os.open(aside, _FLAGS, 0o666)
        try:
            try:
                _copy(file.fileno(), descriptor, status, between)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            aside.replace(target)
        except BaseException:
            with suppress(OSError):  # the next try replaces it
                aside.unlink(missing_ok=True)
            raise
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
