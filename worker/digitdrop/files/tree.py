"""Walk the folders below a folder: by descriptor, and without recursion.

A walk takes the same stack and as many open files however deep the folders are. A folder that
was swapped for a link, a pipe or a socket meanwhile is not entered.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from digitdrop.files.regular import open_regular

WalkEntry: TypeAlias = tuple[str, "os.DirEntry[str]"]
"""A name relative to the root of the walk, with `/` between its parts, and the entry itself."""
OnUnlistable: TypeAlias = Callable[[str, OSError], None]
"""Called with the name of a folder that cannot be listed, and the error."""

_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_FITS: Final = 4_096  # bytes of a path, the end included: Linux takes no more
_BY_DESCRIPTOR: Final = os.scandir in os.supports_fd  # not on Windows


def walk(
    root: Path | str,
    *,
    enter: Callable[[str], bool] = lambda _: True,
    refused: OnUnlistable = lambda _, __: None,
    in_order: bool = False,
) -> Iterator[WalkEntry]:
    """Yield everything below a folder but the folders that are entered, lazily.

    The `path` of an entry is meaningless. Its `stat` must be called before the next entry is
    taken.

    Args:
        root: the folder; may be a link.
        enter: returns True if a folder of this name is to be entered.
        refused: called for each folder that cannot be listed; the walk goes on without it.
        in_order: sort each folder by name; the entries of a folder are then held in memory.

    Raises:
        OSError: the root itself cannot be listed.
    """
    return (_in_order if in_order else _lazily)(os.fspath(root), enter, refused)


def _lazily(root: str, enter: Callable[[str], bool], refused: OnUnlistable) -> Iterator[WalkEntry]:
    waiting, way = [""], _Way(root)
    with closing(way):
        while waiting:
            below = waiting.pop()
            try:
                with way.scan(below) as entries:
                    for entry in entries:
                        name = f"{below}/{entry.name}" if below else entry.name
                        if entry.is_dir(follow_symlinks=False) and enter(entry.name):
                            waiting.append(name)
                        else:
                            yield name, entry
            except OSError as error:
                if not below:
                    raise
                refused(below, error)


def _in_order(
    root: str, enter: Callable[[str], bool], refused: OnUnlistable
) -> Iterator[WalkEntry]:
    open_folders = [iter(_sorted(root, ""))]
    while open_folders:
        for name, entry in open_folders[-1]:
            if not entry.is_dir(follow_symlinks=False) or not enter(entry.name):
                yield name, entry
                continue
            try:
                open_folders.append(iter(_sorted(root, name)))
            except OSError as error:
                refused(name, error)
            else:
                break
        else:
            open_folders.pop()


def _sorted(root: Path | str, below: str) -> list[WalkEntry]:
    found, way = [], _Way(root)
    with closing(way), way.scan(below) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                entry.stat(follow_symlinks=False)  # kept by the entry after the folder is closed
                found.append((f"{below}/{entry.name}" if below else entry.name, entry))
    return sorted(found, key=lambda item: item[1].name)


def folders(root: Path | str) -> list[str]:
    """Return the names of all folders below a folder, each after its parent.

    A folder that cannot be listed counts as empty.
    """
    found, waiting, way = list[str](), [""], _Way(root)
    with closing(way):
        while waiting:
            found.append(below := waiting.pop())
            with suppress(OSError), way.scan(below) as entries:
                waiting += [
                    f"{below}/{entry.name}" if below else entry.name
                    for entry in entries
                    if entry.is_dir(follow_symlinks=False)
                ]
    return found[1:]


class _Way:
    """Opens one folder after the other, from its parent if that was the last one.

    So a step takes the same time at any depth. By path, the system would visit each parent.
    """

    def __init__(self, root: Path | str) -> None:
        self._root = root
        self._real = os.path.realpath(root)
        self._last = ""
        self._descriptor = -1

    @contextmanager
    def scan(self, below: str) -> Iterator[Iterator["os.DirEntry[str]"]]:
        if not _BY_DESCRIPTOR:
            with os.scandir(Path(self._root, below)) as entries:
                yield entries
            return
        descriptor = self._opened(below)
        self.close()
        self._last, self._descriptor = below, descriptor
        with os.scandir(descriptor) as entries:
            yield entries

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _opened(self, below: str) -> int:
        above, _, name = below.rpartition("/")
        is_next = self._descriptor >= 0 and name and above == self._last
        if is_next and len(os.fsencode(self._real)) + len(os.fsencode(below)) < _FITS:
            return os.open(name, _FLAGS | _NO_LINK, dir_fd=self._descriptor)
        with opened_folder(self._root, below, real=self._real) as descriptor:
            return os.dup(descriptor)


@contextmanager
def opened_folder(root: Path | str, below: str = "", *, real: str | None = None) -> Iterator[int]:
    """Open a folder; follow no link below the root. Windows cannot open folders.

    The root itself may be a link: the operator named it.

    Args:
        root: the folder at which the path begins.
        below: path relative to the root, with `/` between its parts; empty for the root itself.
        real: the root with all links followed, if that is known: to find out takes time.

    Yields:
        A descriptor for `os.scandir`, `os.fsync` or a `dir_fd`.

    Raises:
        NotADirectoryError: something else has the name, or a link lies on the path.
        OSError: the system refuses.
    """
    path = os.path.join(root, below)  # noqa: PTH118 - a path more costs as much as the call
    try:
        descriptor = os.open(path, _FLAGS | (_NO_LINK if below else 0))
    except OSError as error:
        if error.errno == errno.ELOOP:  # its last part is a link
            raise _no_folder(path) from error
        raise
    try:
        if "/" in below and not _is_below(descriptor, root, below, real):
            raise _no_folder(path)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def made_folder(root: Path | str, below: str) -> Iterator[int]:
    """Make a folder and its missing parents, and open it as `opened_folder` does.

    Each folder is opened from its parent, so that the time grows with the depth alone.

    Raises:
        NotADirectoryError: something else has one of the names, or a link lies on the path.
        OSError: the path is too long, or the system refuses.
    """
    path = os.path.join(root, below)  # noqa: PTH118 - as above
    if len(os.fsencode(path)) >= _FITS:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path)
    descriptor = os.open(root, _FLAGS)
    try:
        for name in below.split("/"):
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=descriptor)
            if stat.S_ISLNK(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
                raise _no_folder(path)
            last, descriptor = descriptor, os.open(name, _FLAGS | _NO_LINK, dir_fd=descriptor)
            os.close(last)
        yield descriptor
    finally:
        os.close(descriptor)


def open_below(root: Path | str, below: str) -> BinaryIO:
    """Open a regular file for reading; follow no link below the root.

    Args:
        root: the folder at which the path begins; it may be a link.
        below: path of the file relative to the root, with `/` between its parts.

    Raises:
        OSError: there is no regular file, a link lies on the path, or the system refuses.
    """
    if not _BY_DESCRIPTOR:
        return open_regular(Path(root, below))
    folder, _, name = below.rpartition("/")
    with opened_folder(root, folder) as descriptor:
        return open_regular(Path(name), within=descriptor)


def _is_below(descriptor: int, root: Path | str, below: str, real: str | None) -> bool:
    """Return True if an open folder lies at its path, so that no link led there."""
    try:
        lies = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - no file of ours
    except OSError:  # not on Linux: a link made since is missed
        parents = Path(below).parents[:-1]  # the last is the root
        return not any(Path(root, parent).is_symlink() for parent in parents)
    return lies == os.path.join(real or os.path.realpath(root), below)  # noqa: PTH118


def _no_folder(path: str) -> NotADirectoryError:
    return NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
