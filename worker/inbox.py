"""What lies in a folder now: listing, without what the rules of `ignore` leave alone."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker import ignore

logger = logging.getLogger(__name__)

CLAIMED: Final = ".claimed"
"""Folder in the inbox for what is in hand: the same file system, so a claim is one rename."""


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


def count(folder: Path) -> int:
    """Count what `listing` would list, without a look at each file; folders away count nothing."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    total += 0 if ignore.is_foreign(entry.name) else count(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    total += ignore.by_name(entry.name) is None
    except OSError:
        return total
    return total


def find(folder: Path, name: str) -> Found | None:
    """Look at one name in the folder; None if it is no drop, for any reason."""
    if ignore.by_path(name):
        return None
    try:
        status = os.lstat(folder / name)
    except (OSError, ValueError):
        return None
    return None if ignore.by_kind(status.st_mode) else Found(name, stamp(status))


def stamp(status: os.stat_result) -> Stamp:
    """Take from a stat what tells two states of a file apart."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _listing(root: str, below: str, *, in_order: bool) -> Iterator[Found]:
    with os.scandir(f"{root}/{below}") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name) if in_order else entries:
            name = below + entry.name
            if entry.is_dir(follow_symlinks=False):
                if not ignore.is_foreign(entry.name):
                    yield from _below(root, f"{name}/", in_order=in_order)
            # As `ignore.by_kind`, but the folder tells the kind of an entry without a stat.
            elif entry.is_file(follow_symlinks=False) and not ignore.by_name(entry.name):
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
