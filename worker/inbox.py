"""What lies in a folder now: listing, ignore rules, regular files only."""

import logging
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

CLAIMED: Final = ".claimed"
"""Folder in the inbox for what is in hand: the same file system, so a claim is one rename."""

# The names that writers give to files which are not finished, and what systems leave beside
# people's files: browsers, rsync, Syncthing, scp clients, editors, Office, NFS, macOS, Windows.
_TEMPORARY: Final = re.compile(
    r"""
      [.~\#].*                                          # hidden; ~$report; #autosave#
    | .*~
    | .*\.(?:tmp|temp|part|partial|filepart|crdownload|download|downloading|uploading|upload
        |swp|swx|swo|bak|lock|aria2|!sync|!ut|opdownload|unconfirmed|incomplete)
    | thumbs\.db | desktop\.ini | ehthumbs\.db | 4913   # 4913: vim tries out a folder
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_FOREIGN_FOLDERS: Final = re.compile(
    r"\..*|@eadir|__macosx|system volume information|\$recycle\.bin", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What changes when a file does; ctime cannot be set by its owner."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    def same_content_as(self, other: "Stamp") -> bool:
        """Say whether only the name, owner or mode may differ: what a rename leaves alone."""
        return (self.size, self.mtime_ns, self.inode) == (other.size, other.mtime_ns, other.inode)


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file that may be a drop."""

    name: str
    """Relative to the folder, with `/` between its parts."""
    stamp: Stamp


def listing(folder: Path, *, in_order: bool = False) -> Iterator[Found]:
    """List the regular files in a folder and below; lazily, whatever their number.

    Symbolic links, FIFOs, sockets and devices are not listed, temporary and
    hidden names neither. A sub-folder that cannot be read is passed over with
    a warning; a file that vanishes meanwhile is not listed.

    Args:
        folder: where to look.
        in_order: sort each folder by name; it is held in memory as a whole then.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    return _listing(os.fspath(folder), "", in_order=in_order)


def find(folder: Path, name: str) -> Found | None:
    """Look at one name in the folder; None if it is no drop, for any reason."""
    *folders, last = name.split("/")
    if is_temporary(last) or any(map(_FOREIGN_FOLDERS.fullmatch, folders)):
        return None
    try:
        status = os.lstat(folder / name)
    except (OSError, ValueError):
        return None
    return Found(name, stamp(status)) if stat.S_ISREG(status.st_mode) else None


def is_temporary(name: str) -> bool:
    """Say whether a file's last name is one that writers use before they are done."""
    return _TEMPORARY.fullmatch(name) is not None


def stamp(status: os.stat_result) -> Stamp:
    """Take from a stat what tells two states of a file apart."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _listing(root: str, below: str, *, in_order: bool) -> Iterator[Found]:
    with os.scandir(f"{root}/{below}") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name) if in_order else entries:
            name = below + entry.name
            if entry.is_dir(follow_symlinks=False):
                if not _FOREIGN_FOLDERS.fullmatch(entry.name):
                    yield from _below(root, f"{name}/", in_order=in_order)
            elif entry.is_file(follow_symlinks=False) and not is_temporary(entry.name):
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield Found(name, stamp(status))


def _below(root: str, below: str, *, in_order: bool) -> Iterator[Found]:
    try:
        yield from _listing(root, below, in_order=in_order)
    except OSError as error:
        logger.warning("cannot list the folder %r: %s", below, error.strerror)
