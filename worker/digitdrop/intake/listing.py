"""List the inbox, without the entries that the rules of `ignore` leave alone."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from digitdrop.files.tree import OnUnlistable, walk
from digitdrop.intake import ignore
from digitdrop.intake.ignore import IgnoreRule

logger = logging.getLogger(__name__)

OnIgnored: TypeAlias = Callable[[str], object]
"""Called with the name of each file or folder that is left alone."""

CLAIMED: Final = ".claimed"
"""Folder of claims. It lies in the inbox, on the same file system, so a claim is one rename."""

_MOST_REFUSED: Final = 100


@dataclass(frozen=True, slots=True)
class Stamp:
    """The properties of a file that change when it is written; its owner cannot set the ctime."""

    size: int
    """Bytes."""
    mtime_ns: int
    ctime_ns: int
    inode: int

    def same_content_as(self, other: "Stamp") -> bool:
        """Return True if only name, owner or mode may differ; a rename changes the ctime alone."""
        return (self.size, self.mtime_ns, self.inode) == (other.size, other.mtime_ns, other.inode)


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A regular file that may be a drop."""

    name: str
    """Path relative to the folder listed, with `/` between the parts."""
    stamp: Stamp


def _warn(folder: str, error: OSError) -> None:
    logger.warning("cannot list the folder %r: %s", folder, error.strerror)


def listing(
    folder: Path,
    *,
    in_order: bool = False,
    aside: OnIgnored = lambda _: None,
    refused: OnUnlistable = _warn,
) -> Iterator[ListedFile]:
    """Yield the regular files in a folder and below, lazily, whatever their number.

    Links, pipes, sockets, devices, and temporary and hidden names are left out, and so is a
    file that vanishes meanwhile.

    Args:
        folder: the folder to list.
        in_order: sort each folder by name; then a whole folder is held in memory.
        aside: called with each name that is left alone.
        refused: called for each sub-folder that cannot be listed; by default it is logged.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    for name, entry in walk(folder, enter=ignore.is_entered, refused=refused, in_order=in_order):
        if not _may_be_drop(entry):
            aside(name)
            continue
        with suppress(FileNotFoundError):
            yield ListedFile(name, stamp(entry.stat(follow_symlinks=False)))


def count_listed(folder: Path, *, aside: OnIgnored = lambda _: None) -> int:
    """Return the number of files that `listing` would yield; 0 for a folder that is not there.

    No file is looked up, so a count takes less time than a listing.
    """
    total = 0
    with suppress(OSError):
        for name, entry in walk(folder, enter=ignore.is_entered):
            if _may_be_drop(entry):
                total += 1
            else:
                aside(name)
    return total


def _may_be_drop(entry: "os.DirEntry[str]") -> bool:
    # As `ignore.by_kind`, but the folder has the kind of an entry: no stat is needed.
    return entry.is_file(follow_symlinks=False) and not ignore.by_name(entry.name)


@dataclass(slots=True)
class Survey:
    """All entries of an inbox at one moment: files that wait, and entries left alone."""

    waiting: int = 0
    """Number of files that are or will be read."""
    oldest: ListedFile | None = None
    """The waiting file of the earliest ctime, without files beside an unfinished one."""
    left_alone: Counter[IgnoreRule] = field(default_factory=Counter)
    """Number of entries that each rule leaves alone; a foreign folder counts as one entry."""
    examples: dict[IgnoreRule, str] = field(default_factory=dict)
    """The name of the first entry that each rule leaves alone."""
    refused: dict[str, str] = field(default_factory=dict)
    """Folders that cannot be listed, with the reason; 100 at most."""


def survey(folder: Path) -> Survey:
    """List an inbox once, with the entries that are left alone.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    found, blocked = Survey(), set[str]()
    count_listed(folder, aside=lambda name: blocked.update(ignore.final_names(name)))

    def refused(name: str, error: OSError) -> None:
        if len(found.refused) < _MOST_REFUSED:
            found.refused[name] = error.strerror or str(error)

    for name, entry in walk(folder, enter=ignore.is_entered, refused=refused):
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        rule = ignore.by_kind(status.st_mode)
        if rule is IgnoreRule.FOLDER:  # all others are entered
            rule = IgnoreRule.FOREIGN_FOLDER
        else:
            rule = ignore.by_name(entry.name) or rule
        if rule is None:
            found.waiting += 1
            oldest = found.oldest.stamp.ctime_ns if found.oldest else status.st_ctime_ns + 1
            if name not in blocked and status.st_ctime_ns < oldest:
                found.oldest = ListedFile(name, stamp(status))
        elif name != CLAIMED:
            found.left_alone[rule] += 1
            found.examples.setdefault(rule, name)
    return found


def find_drop(folder: Path, name: str) -> ListedFile | None:
    """Look up one name in the folder; return None if it is no drop, for any reason."""
    if ignore.by_path(name):
        return None
    try:
        status = os.lstat(folder / name)
    except (OSError, ValueError):
        return None
    return None if ignore.by_kind(status.st_mode) else ListedFile(name, stamp(status))


def stamp(status: os.stat_result) -> Stamp:
    """Return the part of a stat that differs between two states of a file."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
