"""Make a folder for another user, as root, safely even where that user moves things meanwhile."""

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from digitdrop.systemd.systemctl import ServiceError

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_MOST: Final = 40  # links on a path, as in the kernel
_MODE: Final = 0o2770  # as UMask= of the unit: people of that group may drop and put right


def make_folder_for(folder: Path, user: int, group: int) -> None:
    """Make a folder, and its parents, and give the last one to a user.

    Each step is relative to the descriptor of the parent, and follows links of root alone. The
    new folder changes hands by its own descriptor: nobody can put another one in its place.

    Args:
        folder: the path to make.
        user: user id of the new owner.
        group: group id of the new owner.

    Raises:
        ServiceError: the path leads through a link that is not root's.
        FileExistsError: the folder is there already; it is left as it is.
        OSError: it cannot be made.
    """
    with _opened(folder.absolute().parent) as parent:
        os.mkdir(folder.name, 0o700, dir_fd=parent)
        made = os.open(folder.name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
        try:
            _check_is_new(made, folder)
            os.fchown(made, user, group)
            os.fchmod(made, _MODE)
        finally:
            os.close(made)


def _check_is_new(made: int, folder: Path) -> None:
    """Check that the folder is the one just made: root's, closed to others, and empty."""
    status = os.fstat(made)
    is_new = status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & 0o777 == 0o700
    if not is_new or os.listdir(made):
        raise ServiceError(f"somebody else put another folder in the place of {folder}")


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """Open a folder from the root on, a part at a time; make the parts that are missing."""
    parts, links = deque(folder.parts[1:]), 0
    here = os.open("/", _FOLDER)
    try:
        while parts:
            name = parts.popleft()
            try:
                there = _open_part(here, name)
            except OSError as error:
                if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
                    raise
                target = _read_link(here, name, folder)
                links += 1
                if links > _MOST:
                    raise
                there = os.open("/" if target.is_absolute() else ".", _FOLDER, dir_fd=here)
                parts.extendleft(reversed(target.parts[target.is_absolute() :]))
            os.close(here)
            here = there
        yield here
    finally:
        os.close(here)


def _open_part(here: int, name: str) -> int:
    try:
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=here)
    except FileNotFoundError:
        os.mkdir(name, 0o755, dir_fd=here)
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=here)


def _read_link(here: int, name: str, folder: Path) -> Path:
    """Return the target of a link that root made.

    Raises:
        ServiceError: somebody else made the link, and could turn it anywhere.
        NotADirectoryError: it is no link.
    """
    status = os.stat(name, dir_fd=here, follow_symlinks=False)
    if not stat.S_ISLNK(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if status.st_uid != 0:
        raise ServiceError(
            f"{name}, on the way to {folder}, is a link that is not root's: "
            "name the folder that it leads to, or make it first"
        )
    return Path(os.readlink(name, dir_fd=here))
