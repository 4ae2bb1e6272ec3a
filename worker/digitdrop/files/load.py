"""Read pictures that other people may replace or change at any moment."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from digitdrop.errors import Gone, Incomplete, TooLarge, Unavailable
from digitdrop.files.regular import open_descriptor

_BLOCK = bytes(4_096)  # file systems have no smaller holes
_TAIL = bytes(16)


def open_picture(path: Path) -> FileIO:
    """Open a picture for reading, unbuffered, as `open_regular` does; raise an `InputError`.

    Raises:
        Gone: there is no such file.
        Unavailable: it is no regular file, or the system refuses to open it.
    """
    try:
        return FileIO(path, opener=open_descriptor)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Gone("the file is not there any more") from error
    except OSError as error:
        raise Unavailable(f"cannot be opened: {error.strerror}") from error


@contextmanager
def _reading(path: Path) -> Iterator[FileIO]:
    with open_picture(path) as file:
        try:
            yield file
        except OSError as error:
            raise Unavailable(f"cannot be read: {error.strerror}") from error


def load(path: Path, *, most: int) -> bytes:
    """Read the whole of a regular file.

    Args:
        path: place of the file.
        most: bytes; a longer file is not read.

    Raises:
        Gone: there is no such file.
        Incomplete: the file has its size, but a part of it is not written yet.
        TooLarge: the file has more than `most` bytes.
        Unavailable: it is no regular file, it changed while it was read, or the
            system refuses to read it.
    """
    with _reading(path) as file:
        before = os.fstat(file.fileno())
        if before.st_size > most:
            raise TooLarge(f"the file has {before.st_size:,} bytes, at most {most:,} are read")
        content = file.read(before.st_size + 1) or b""  # one more, to see if it grew
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
    """Return True if a file has a hole, because its size was set before its bytes were written.

    File managers do so on network shares. A hole reads as zeros, and few files have as many.
    """
    if len(content) < len(_BLOCK) or not (content.endswith(_TAIL) or _BLOCK in content):
        return False
    try:
        return os.lseek(descriptor, 0, os.SEEK_HOLE) < len(content)
    except (AttributeError, OSError):  # a system, or a file system, without such a call
        return False


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a regular file in hex, read in pieces.

    Raises:
        Gone: there is no such file.
        Unavailable: it is no regular file, or the system refuses to read it.
    """
    with _reading(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def head_of(path: Path, size: int) -> bytes:
    """Return the first `size` bytes of a regular file, fewer if it is shorter.

    Raises:
        Gone: there is no such file.
        Unavailable: it is no regular file, or the system refuses to read it.
    """
    with _reading(path) as file:
        return file.read(size) or b""
