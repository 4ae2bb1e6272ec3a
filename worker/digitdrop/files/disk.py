"""Make names and files durable, and move files without overwriting others."""

import ctypes
import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

from digitdrop.files.regular import create_anew
from digitdrop.files.tree import opened_folder

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF}


def sync_folders(folders: Iterable[Path]) -> None:
    """Make names durable: once this returns, a power cut cannot undo renames in these folders.

    On Windows nothing is done: it cannot sync a folder. Nor can some network shares.
    """
    if os.name == "nt":
        return
    for folder in folders:
        with opened_folder(folder) as descriptor:
            sync(descriptor)


def sync(descriptor: int) -> None:
    """Make the names in an open folder durable, if the file system can."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def write_whole(path: Path, content: bytes, *, aside: Path) -> None:
    """Replace a file by these bytes, as `replacing` does."""
    with replacing(path, aside=aside) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, *, aside: Path) -> Iterator[BinaryIO]:
    """Open a new file, and put it in the place of `path` at the end of the context.

    Afterwards a power cut leaves the old file or the new one, and neither in part;
    `sync_folders` makes sure that it is the new one. After an error in the context the old
    file is as it was.

    Args:
        path: name of the file.
        aside: a name in the same folder that nobody else uses, for the unfinished file. It
            is left behind only if the process is killed.

    Raises:
        OSError: the disk is full, read-only or failing.
    """
    try:
        with create_anew(aside) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with suppress(OSError):  # the next attempt replaces it
            aside.unlink(missing_ok=True)
        raise


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents; once this returns, a power cut cannot undo that.

    Raises:
        FileExistsError: a file has the name.
        OSError: the system refuses.
    """
    for made in make_folders(folder):
        sync_folders([made.parent])


def make_folders(folder: Path) -> Iterator[Path]:
    """Make a folder and its missing parents, without recursion; yield each that was made.

    Raises:
        FileExistsError: a file has the name.
        OSError: the system refuses.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        made.mkdir(exist_ok=True)
        yield made


def move(source: Path, target: Path, *, into: int | None = None) -> None:
    """Move a file within a file system; never overwrite another file.

    A kill in the middle may leave both names of the same file: moving again completes it.

    Args:
        source: present name of the file.
        target: new name of the file.
        into: descriptor of the target's folder, in case another one has taken that folder's
            name; None to use the name.

    Raises:
        FileExistsError: another file has the target's name.
        OSError: `EXDEV` between file systems; or the system refuses.
    """
    link(source, target, into=into)
    source.unlink(missing_ok=True)


def link(source: Path, target: Path, *, into: int | None = None) -> None:
    """Give a file a second name, unless it has that name already; arguments as of `move`.

    Rename the file where there are no hard links: on FAT and some network shares, and on
    Linux for files of other people (fs.protected_hardlinks).

    Raises:
        FileExistsError: another file has the target's name.
    """
    name = target if into is None else target.name
    try:
        os.link(source, name, dst_dir_fd=into, follow_symlinks=False)
    except FileExistsError:
        if not is_same_file(source, name, into=into):
            raise
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LINKS:
            raise
        rename_exclusively(source, name, into=into)


def is_same_file(one: Path, other: Path | str, *, into: int | None = None) -> bool:
    """Return True if two names belong to one file; links are not followed."""
    try:
        return os.path.samestat(one.lstat(), os.stat(other, dir_fd=into, follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return False


def rename_exclusively(source: Path, target: Path | str, *, into: int | None = None) -> None:
    """Rename a file in one step; never overwrite another one; arguments as of `move`.

    Raises:
        FileExistsError: another file has the target's name.
    """
    if os.name == "nt":
        source.rename(target)  # Windows never overwrites
    elif not _renamed_by_linux(source, target, into):
        # Only a person who writes into the outbox by hand, or a sender who drops the same
        # name again, can make the name in the instant between these two calls.
        if _is_taken(target, into):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
        os.rename(source, target, dst_dir_fd=into)


def _is_taken(target: Path | str, into: int | None) -> bool:
    try:
        os.stat(target, dir_fd=into, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _renamed_by_linux(source: Path, target: Path | str, into: int | None) -> bool:
    """Rename in one step unless the target exists; return False if the system cannot."""
    library = _library()
    if library is None:
        return False
    here, no_replace = -100, 1  # AT_FDCWD and RENAME_NOREPLACE, see rename(2)
    to = here if into is None else into
    if not library.renameat2(here, os.fsencode(source), to, os.fsencode(target), no_replace):
        return True
    number = ctypes.get_errno()
    if number in {errno.EINVAL, errno.ENOSYS}:
        return False
    raise OSError(number, os.strerror(number), os.fspath(source), None, os.fspath(target))


@cache
def _library() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None, use_errno=True) if os.name != "nt" else None
    return library if hasattr(library, "renameat2") else None
