"""Open and read a file that somebody else may replace at any moment; never a link or a pipe."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from digitdrop.errors import Gone, Incomplete, TooLarge, Unavailable

# A link is not followed, and a FIFO not waited for, even if it took the name just now.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

_BLOCK = bytes(4_096)  # file systems have no smaller holes
_TAIL = bytes(16)


@contextmanager
def open_picture(path: Path) -> Iterator[tuple[FileIO, os.stat_result]]:
    """Open a regular file for reading, unbuffered; whatever else has the name is refused.

    Every picture is opened here, whoever asks. Neither a link is followed nor a pipe
    waited for: what was opened is looked at by its descriptor.

    Yields:
        The file, and its status as it was opened.

    Raises:
        Gone: there is no such file.
        Unavailable: it is no regular file, or the system will not open it.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Gone("the file is not there any more") from error
    except OSError as error:
        raise Unavailable(f"cannot be opened: {error.strerror}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unavailable("is no regular file")
        with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
            yield file, status
    finally:
        os.close(descriptor)


def load(path: Path, *, most: int) -> bytes:
    """Read a regular file, whole.

    Args:
        path: where it lies.
        most: bytes; a longer file is not read.

    Raises:
        Gone: there is no such file.
        Incomplete: its size is set, but a part of it is not written yet.
        TooLarge: it has more than `most` bytes.
        Unavailable: it is no regular file, it changed while it was read, or the
            system will not let us read it.
    """
    with open_picture(path) as (file, before):
        if before.st_size > most:
            raise TooLarge(f"the file has {before.st_size:,} bytes, at most {most:,} are read")
        try:
            content = file.read(before.st_size + 1) or b""  # one more, to see whether it grew
        except OSError as error:
            raise Unavailable(f"cannot be read: {error.strerror}") from error
        after = os.fstat(file.fileno())
        if _is_unwritten(file.fileno(), content):
            raise Incomplete(
                "a part of the file was never written: a copy is under way, or broke off; "
                "copy it again, whole"
            )
    if (len(content), after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise Unavailable("the file changed while it was read")
    return content


def _is_unwritten(descriptor: int, content: bytes) -> bool:
    """Tell whether a file has a hole, as one has whose size was set before it is written.

    File managers do so on network shares. A hole reads as zeros, and few files have as many.
    """
    if len(content) < len(_BLOCK) or not (content.endswith(_TAIL) or _BLOCK in content):
        return False
    try:
        return os.lseek(descriptor, 0, os.SEEK_HOLE) < len(content)
    except (AttributeError, OSError):  # a system, or a file system, that does not tell
        return False


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a regular file in hex, read in pieces.

    Raises:
        Gone: there is no such file.
        Unavailable: it is no regular file, or the system will not let us read it.
    """
    with open_picture(path) as (file, _):
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise Unavailable(f"cannot be read: {error.strerror}") from error


def head_of(path: Path, size: int) -> bytes:
    """Return the first bytes of a regular file, fewer if it is shorter.

    Raises:
        Gone: there is no such file.
        Unavailable: it is no regular file, or the system will not let us read it.
    """
    with open_picture(path) as (file, _):
        try:
            return file.read(size) or b""
        except OSError as error:
            raise Unavailable(f"cannot be read: {error.strerror}") from error
