"""Which file systems tell a watcher what happens, and whose ctime can be trusted."""

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
