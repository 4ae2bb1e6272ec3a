"""A file's bytes, once and whole; whatever else has the name is never opened."""

import os
import stat
from pathlib import Path

from worker.errors import Gone, TooLarge, Unavailable

# A link is not followed, and a FIFO not waited for, even if it took the name just now.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def load(path: Path, *, most: int) -> bytes:
    """Read a regular file.

    Args:
        path: where it lies.
        most: bytes; a longer file is not read.

    Raises:
        Gone: there is no such file.
        TooLarge: it has more than `most` bytes.
        Unavailable: it is no regular file, it changed while it was read, or the
            system will not let us read it.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError as error:
        raise Gone("the file is not there any more") from error
    except OSError as error:
        raise Unavailable(f"cannot be opened: {error.strerror}") from error
    try:
        return _load(descriptor, most)
    finally:
        os.close(descriptor)


def _load(descriptor: int, most: int) -> bytes:
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        raise Unavailable("is no regular file")
    if before.st_size > most:
        raise TooLarge(f"the file has {before.st_size:,} bytes, at most {most:,} are read")
    try:
        with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
            content = file.read(before.st_size + 1) or b""  # one more, to see whether it grew
    except OSError as error:
        raise Unavailable(f"cannot be read: {error.strerror}") from error
    after = os.fstat(descriptor)
    if (len(content), after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise Unavailable("the file changed while it was read")
    return content
