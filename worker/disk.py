"""What the system calls leave to do: making a rename last, and never writing over a file."""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from worker.regular import fresh

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF}


def sync_folders(folders: Iterable[Path]) -> None:
    """Make names durable: once this returns, a power cut cannot undo renames in these folders.

    Windows and some network shares cannot sync a folder, and keep their own order.
    """
    if os.name == "nt":
        return
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise
        finally:
            os.close(descriptor)


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
        with fresh(aside) as file:
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
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folders([folder.parent])


def move(source: Path, target: Path) -> None:
    """Move a file on one file system, and never over another file.

    Killed in the middle, both names may be left, of one and the same file:
    moving again completes it.

    Raises:
        FileExistsError: another file has the target's name.
        OSError: `EXDEV` between file systems; whatever else the system says.
    """
    link(source, target)
    source.unlink(missing_ok=True)


def link(source: Path, target: Path) -> None:
    """Give a file a second name, or find that it has it already.

    Where that is not possible the file is renamed instead: on FAT and some network
    shares, and on Linux for files of other people (fs.protected_hardlinks).

    Raises:
        FileExistsError: another file has the target's name.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        if not is_same_file(source, target):
            raise
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LINKS:
            raise
        rename_exclusively(source, target)


def is_same_file(one: Path, other: Path) -> bool:
    """Say whether two names, neither followed if it is a link, are of one file."""
    try:
        return os.path.samestat(one.lstat(), other.lstat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def copy_durably(source: Path, target: Path, *, aside: Path) -> None:
    """Copy a file's bytes and times to another file system, whole or not at all.

    Once this returns, a power cut cannot take the copy back. It is written
    aside and renamed; what an earlier try left aside is replaced.
    """
    shutil.copyfile(source, aside, follow_symlinks=False)
    with suppress(OSError):  # times and mode are a courtesy, and FAT keeps neither
        shutil.copystat(source, aside, follow_symlinks=False)
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(target)
    sync_folders([target.parent])


def rename_exclusively(source: Path, target: Path) -> None:
    """Rename a file in one step, and never over another one.

    Raises:
        FileExistsError: another file has the target's name.
    """
    if os.name != "nt" and not _renamed_by_linux(source, target):
        # Nobody can make the name in the instant between these two lines but a person who
        # writes it by hand into the outbox, or a writer who drops the same name again.
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
        source.rename(target)
    elif os.name == "nt":
        source.rename(target)  # never over another file, on Windows


def _renamed_by_linux(source: Path, target: Path) -> bool:
    """Rename unless the target exists, in one step; False where the system cannot."""
    library = _library()
    if library is None:
        return False
    here, no_replace = -100, 1  # AT_FDCWD and RENAME_NOREPLACE, see rename(2)
    if not library.renameat2(here, os.fsencode(source), here, os.fsencode(target), no_replace):
        return True
    number = ctypes.get_errno()
    if number in {errno.EINVAL, errno.ENOSYS}:
        return False
    raise OSError(number, os.strerror(number), os.fspath(source), None, os.fspath(target))


@cache
def _library() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None, use_errno=True) if os.name != "nt" else None
    return library if hasattr(library, "renameat2") else None
