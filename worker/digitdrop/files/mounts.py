"""Mounts: file systems that other machines write to, and disks that are away."""

import errno
import os
import re
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mountinfo")

# Other machines, or the host of a virtual one, write to these; inotify(7) reports the changes of
# this kernel alone. FUSE stands for sshfs, rclone, s3fs, mergerfs and their like.
_REMOTE: Final = re.compile(
    r"nfs4?|cifs|smb3|smbfs|9p|virtiofs|vboxsf|prl_fs|vmhgfs|fuse(?:\..+)?|fakeowner|drvfs"
    r"|ceph|glusterfs|lustre|gpfs|afs|beegfs|ocfs2|gfs2|davfs|ncpfs"
)


def remote_file_system(folder: Path, *, mounts: Path = _MOUNTS) -> str | None:
    """Return the file system of a folder if other machines may write to it; None if it is local.

    Every folder counts as local on systems other than Linux. Listings every few seconds find
    the files there for which no event comes.

    Args:
        folder: may be missing.
        mounts: the list of mounts, see proc_pid_mountinfo(5).
    """
    try:
        listed = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    kind = _file_system(listed, os.fspath(folder.resolve()))
    return kind if kind and _REMOTE.fullmatch(kind) else None


class HomeDisk:
    """The disk that a folder is on: it may go away, unmounted or hidden by another mount.

    The folder itself may be deleted and made again. On another disk it must not be used:
    its files would be hidden once its own disk is back.
    """

    def __init__(self, folder: Path, device: int | None = None) -> None:
        """Remember the disk on which the folder is, or would be made.

        Args:
            folder: may be missing.
            device: number of that disk, if it is known from earlier.
        """
        self._folder = folder
        self.device = _device(folder) if device is None else device

    def is_there(self) -> bool:
        """Return True if the folder is, or would be made, on the same disk as before."""
        return _device(self._folder) == self.device

    def check(self) -> None:
        """Raise an error if the disk is away.

        Raises:
            OSError: the disk is away.
        """
        if not self.is_there():
            advice = "its disk is away: mount it, or start the worker anew to use this one"
            raise OSError(errno.ENODEV, advice, os.fspath(self._folder))


def lies_in(folder: Path, other: Path) -> bool:
    """Return True if a folder is `other` or lies in it, also by links and mounts.

    Args:
        folder: may be missing; then its nearest parent counts.
        other: may be missing; then no folder lies in it.
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
    """Return the type of the nearest mount at or above a folder."""
    nearest, kind = "", None
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), before.split(" ")[4])
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(nearest):  # a later mount hides an earlier one
            nearest, kind = point, after.split(" ")[0]
    return kind
