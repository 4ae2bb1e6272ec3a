"""Open regular files safely where other people may put something else under their names.

Whoever may write to a folder can put a link, a pipe or a socket there at any moment. No link is
followed, no pipe is waited for, and the type is checked on the open descriptor.
"""

import errno
import os
import stat
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, Literal, TypeAlias

OpenMode: TypeAlias = Literal["rb", "rb+", "ab", "wb", "xb"]

_AT_ONCE: Final = getattr(os, "O_NONBLOCK", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_OTHERS: Final = {errno.ELOOP, errno.ENXIO, errno.EISDIR, errno.ENODEV}
"""Errors for a link, for a socket or a pipe, for a folder, for a device."""
_KINDS: Final = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
}


def open_regular(
    path: Path, mode: OpenMode = "rb", *, links: bool = False, within: int | None = None
) -> BinaryIO:
    """Open a regular file as `open` does; refuse everything else that has its name.

    Args:
        path: place of the file.
        mode: as of `open`.
        links: follow a link to a regular file, as for a file that an operator named.
        within: descriptor of the folder that a relative path begins at; None for the current one.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: something else has the name (`EINVAL`), or the system refuses.
    """
    opener = _open_following_links if links else open_descriptor
    return open(path, mode, opener=partial(opener, within=within))


def create_anew(path: Path) -> BinaryIO:
    """Create a file for writing; whatever had its name is removed, and not written to.

    Raises:
        OSError: a folder has the name, another process creates it at the same moment, or
            the disk is full, read-only or failing.
    """
    path.unlink(missing_ok=True)
    return open_regular(path, "xb")


def open_descriptor(path: Path | str, flags: int, within: int | None = None) -> int:
    """Open a regular file as `os.open` does; follow no link. `within` is as of `open_regular`.

    Raises:
        OSError: as `open_regular`.
    """
    return _open_following_links(path, flags | _NO_LINK, within)


def _open_following_links(path: Path | str, flags: int, within: int | None = None) -> int:
    try:
        found = os.open(path, flags | _AT_ONCE, 0o666, dir_fd=within)
    except OSError as error:
        if error.errno in _OTHERS:
            raise _not_regular(path, is_link=error.errno == errno.ELOOP) from error
        raise
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise _not_regular(path, is_link=False)
    return found


def _not_regular(path: Path | str, *, is_link: bool) -> OSError:
    try:
        status = Path(path).stat(follow_symlinks=not is_link)
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "")
    except OSError:
        kind = ""
    text = f"Is {kind} and no regular file" if kind else "Is no regular file"
    return OSError(errno.EINVAL, text, os.fspath(path))
