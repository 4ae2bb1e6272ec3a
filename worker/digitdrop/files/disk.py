"""What the system calls leave to do: making a rename last, and never writing over a file."""

import ctypes
import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from digitdrop.files.regular import create_anew
from digitdrop.files.tree import opened_folder

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF}


def sync_folders(folders: Iterable[Path]) -> None:
    """Make names durable: once this returns, a power cut cannot undo renames in these folders.

    Windows and some network shares cannot sync a folder, and keep their own order.
    """
    if os.name == "nt":
        return
    for folder in folders:
        with opened_folder(folder) as descriptor:
            sync(descriptor)


def sync(descriptor: int) -> None:
    """Make what lies in an open folder durable, where the file system can."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def write_whole(path: Path, content: bytes, *, aside: Path) -> None:
    """Write a file in the place of one of its name, which whoever has it open keeps.

    Once this returns, a power cut leaves one of the two, and neither in part.
    `sync_folders` makes it the new one.

    Args:
        path: its name.
        content: all of it.
        aside: a name in the same folder that nobody else uses; it is gone afterwards,
            but for a process that is killed.

    Raises:
        OSError: the disk is full, read-only or failing; the earlier file is as it was.
    """
    try:
        with create_anew(aside) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; once this returns, a power cut cannot undo that.

    Raises:
        FileExistsError: a file has the name.
        OSError: whatever else the system says.
    """
    for made in make_folders(folder):
        sync_folders([made.parent])


def make_folders(folder: Path) -> Iterator[Path]:
    """Make a folder and those above it, without recursion; yield each that was not there.

    Raises:
        FileExistsError: a file has the name.
        OSError: whatever else the system says.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        yield one


def move(source: Path, target: Path, *, into: int | None = None) -> None:
    """Move a file on one file system, and never over another file.

    Killed in the middle, both names may be left, of one and the same file:
    moving again completes it.

    Args:
        source: its name.
        target: its name to be.
        into: descriptor of the folder that the target's last part is made in, whatever
            has that folder's name by now; None to go by name.

    Raises:
        FileExistsError: another file has the target's name.
        OSError: `EXDEV` between file systems; whatever else the system says.
    """
    link(source, target, into=into)
    source.unlink(missing_ok=True)


def link(source: Path, target: Path, *, into: int | None = None) -> None:
    """Give a file a second name, or find that it has it already; arguments as of `move`.

    Where that is not possible the file is renamed instead: on FAT and some network
    shares, and on Linux for files of other people (fs.protected_hardlinks).

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
    """Say whether two names, neither followed if it is a link, are of one file."""
    try:
        return os.path.samestat(one.lstat(), os.stat(other, dir_fd=into, follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return False


def rename_exclusively(source: Path, target: Path | str, *, into: int | None = None) -> None:
    """Rename a file in one step, and never over another one; arguments as of `move`.

    Raises:
        FileExistsError: another file has the target's name.
    """
    if os.name != "nt" and not _renamed_by_linux(source, target, into):
        # Nobody can make the name in the instant between these two lines but a person who
        # writes it by hand into the outbox, or a writer who drops the same name again.
        if _is_taken(target, into):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
        os.rename(source, target, dst_dir_fd=into)
    elif os.name == "nt":
        source.rename(target)  # never over another file, on Windows


def _is_taken(target: Path | str, into: int | None) -> bool:
    try:
        os.stat(target, dir_fd=into, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _renamed_by_linux(source: Path, target: Path | str, into: int | None) -> bool:
    """Rename unless the target exists, in one step; False where the system cannot."""
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
