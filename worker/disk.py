"""What the system calls leave to do: making a rename last, and never writing over a file."""

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


def sync_folders(folders: Iterable[Path]) -> None:
    """Make names durable: once this returns, a power cut cannot undo renames in these folders.

    Windows cannot sync a folder and keeps the order of its renames by itself.
    """
    if os.name == "nt":
        return
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


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

    Where the file system knows no hard links (FAT, some network shares), the file
    is renamed instead, over an empty file that reserves the name.

    Raises:
        FileExistsError: another file has the target's name.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        if not target.is_symlink() and target.samefile(source):
            return
        raise
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LINKS:
            raise
        _rename_exclusively(source, target)


def copy_durably(source: Path, target: Path) -> None:
    """Copy a file's bytes and times to another file system, whole or not at all.

    Once this returns, a power cut cannot take the copy back. The target is
    written aside as `.NAME.part` and renamed; an earlier target is replaced.
    """
    aside = target.with_name(f".{target.name}.part"[-255:])
    shutil.copyfile(source, aside, follow_symlinks=False)
    shutil.copystat(source, aside, follow_symlinks=False)
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(target)
    sync_folders([target.parent])


def _rename_exclusively(source: Path, target: Path) -> None:
    target.open("xb").close()
    source.replace(target)
