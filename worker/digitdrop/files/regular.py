"""Open files of our own where others may have put something else under their names.

Whoever moves pictures in an outbox can also make a link, a pipe or a socket there. No link is
followed, nothing is waited for, and what was opened is looked at by its descriptor.
"""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, Literal, TypeAlias

OpenMode: TypeAlias = Literal["rb", "rb+", "ab", "wb", "xb"]

_AT_ONCE: Final = getattr(os, "O_NONBLOCK", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_OTHERS: Final = {errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENODEV}
"""Said of a link, of a socket or a pipe, of a folder, of a device."""


def open_regular(path: Path, mode: OpenMode = "rb", *, links: bool = False) -> BinaryIO:
    """Open a regular file, and nothing else that has its name.

    Args:
        path: where it lies.
        mode: as of `open`.
        links: whether a link to a regular file will do, as for what an operator named.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: something else has the name, or the system refuses.
    """
    return open(path, mode, opener=_followed if links else open_descriptor)


def create_anew(path: Path) -> BinaryIO:
    """Make a file anew, to be written: whatever had the name is removed, and not written to.

    Raises:
        OSError: a folder has the name, somebody makes another one at the same moment, or
            the disk is full, read-only or failing.
    """
    path.unlink(missing_ok=True)
    return open_regular(path, "xb")


def open_descriptor(path: Path | str, flags: int) -> int:
    """Open a regular file as `os.open` does.

    Raises:
        OSError: as `open_regular`.
    """
    return _regular(path, flags | _NO_LINK)


def _followed(path: str, flags: int) -> int:
    return _regular(path, flags)


def _regular(path: Path | str, flags: int) -> int:
    try:
        found = os.open(path, flags | _AT_ONCE, 0o666)
    except OSError as error:
        if error.errno in _OTHERS:
            raise _other(path, os.lstat) from error
        raise
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise _other(path, os.stat)
    return found


def _other(path: Path | str, look: Callable[[str | Path], os.stat_result]) -> OSError:
    try:
        kind = _KINDS.get(stat.S_IFMT(look(path).st_mode), "")
    except OSError:
        kind = ""
    text = f"Is {kind} and no regular file" if kind else "Is no regular file"
    return OSError(errno.EINVAL, text, os.fspath(path))


_KINDS: Final = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
}
