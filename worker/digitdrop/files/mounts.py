"""Which file systems tell a watcher what happens, whose ctime can be trusted, which are away."""

import errno
import os
import re
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mountinfo")

# Another machine (or the host of a virtual one) writes there, and inotify(7) reports only what
# this kernel does. FUSE stands for sshfs, rclone, s3fs, mergerfs and their like.
_REMOTE: Final = re.compile(
    r"nfs4?|cifs|smb3|smbfs|9p|virtiofs|vboxsf|prl_fs|vmhgfs|fuse(?:\..+)?|fakeowner|drvfs"
    r"|ceph|glusterfs|lustre|gpfs|afs|beegfs|ocfs2|gfs2|davfs|ncpfs"
)


def remote_file_system(folder: Path) -> str | None:
    """Name the file system of a folder if others may write to it unseen; None if it is local.

    Known on Linux only; elsewhere the folder counts as local, and listings every few
    seconds find what no event tells.
    """
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    kind = _file_system(mounts, os.fspath(folder.resolve()))
    return kind if kind and _REMOTE.fullmatch(kind) else None


class HomeDisk:
    """Notices that the disk of a folder is away: unmounted, or with another one over it.

    The folder itself may be deleted and made again; only on another disk whatever is
    written into it would be hidden once its own disk is back.
    """

    def __init__(self, folder: Path, device: int | None = None) -> None:
        """Remember on which disk the folder is, or would be made.

        Args:
            folder: may be missing.
            device: number of that disk, if somebody else has looked before.
        """
        self._folder = folder
        self.device = _device(folder) if device is None else device

    def is_there(self) -> bool:
        """Say whether the folder is, or would be made, on the disk that it was on."""
        return _device(self._folder) == self.device

    def check(self) -> None:
        """Do nothing while the disk is there.

        Raises:
            OSError: it is away.
        """
        if not self.is_there():
            told = "its disk is away: mount it, or start the worker anew to use this one"
            raise OSError(errno.ENODEV, told, os.fspath(self._folder))


def lies_in(folder: Path, other: Path) -> bool:
    """Say whether a folder is another one, or lies in it, by whatever links and mounts.

    Args:
        folder: may be missing; then the nearest folder above it counts.
        other: may be missing; then nothing lies in it.
    """
    real = Path(os.path.realpath(folder))
    return any(_is_same(part, other) for part in (real, *real.parents))


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _device(folder: Path) -> int:
    try:
        return folder.stat().st_dev
    except (FileNotFoundError, NotADirectoryError):
        return _device(folder.parent)


def _file_system(mounts: str, folder: str) -> str | None:
    """Find the type of the mount nearest above a folder; see proc_pid_mountinfo(5)."""
    nearest, kind = "", None
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), before.split(" ")[4])
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(nearest):  # a later mount hides an earlier one
            nearest, kind = point, after.split(" ")[0]
    return kind
