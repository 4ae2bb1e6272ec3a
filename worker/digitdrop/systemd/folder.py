"""Make a folder for somebody else, as root, where that one may move things meanwhile."""

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
_MOST: Final = 40  # links on the way, as the kernel has it
_MODE: Final = 0o2770  # as UMask= of the unit: people of that group may drop and put right


def make_folder_for(folder: Path, user: int, group: int) -> None:
    """Make a folder, and those above it, and give the last to a user; an earlier one is left.

    Each step goes by a descriptor of the folder before, and follows root's links alone.
    What was made is given away by its own descriptor: nobody can put another in its place.

    Raises:
        ServiceError: a link of somebody else's lies on the way.
        FileExistsError: it is there.
        OSError: it cannot be made.
    """
    with _opened(folder.absolute().parent) as parent:
        os.mkdir(folder.name, 0o700, dir_fd=parent)
        made = os.open(folder.name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
        try:
            _check_is_ours(made, folder)
            os.fchown(made, user, group)
            os.fchmod(made, _MODE)
        finally:
            os.close(made)


def _check_is_ours(made: int, folder: Path) -> None:
    """See that it is the folder just made: root's, closed to others, and empty."""
    status = os.fstat(made)
    is_new = status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & 0o777 == 0o700
    if not is_new or os.listdir(made):
        raise ServiceError(f"somebody else put another folder in the place of {folder}")


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """Open a folder from the root on, a part at a time; what is missing is made."""
    parts, links = deque(folder.parts[1:]), 0
    here = os.open("/", _FOLDER)
    try:
        while parts:
            name = parts.popleft()
            try:
                there = _entered(here, name)
            except OSError as error:
                if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
                    raise
                target = _followed(here, name, folder)
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


def _entered(here: int, name: str) -> int:
    try:
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=here)
    except FileNotFoundError:
        os.mkdir(name, 0o755, dir_fd=here)
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=here)


def _followed(here: int, name: str, folder: Path) -> Path:
    """Read a link that root made.

    Raises:
        ServiceError: somebody else made it, and could make it lead anywhere.
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
