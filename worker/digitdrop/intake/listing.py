"""What lies in a folder now: listing, without what the rules of `ignore` leave alone."""

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

Aside: TypeAlias = Callable[[str], object]
"""Told the names of files and folders that are left alone."""

CLAIMED: Final = ".claimed"
"""Folder in the inbox for what is in hand: the same file system, so a claim is one rename."""

_MOST_REFUSED: Final = 100


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
class ListedFile:
    """A regular file that may be a drop."""

    name: str
    """Relative to the folder, with `/` between its parts."""
    stamp: Stamp


def _warn(folder: str, error: OSError) -> None:
    logger.warning("cannot list the folder %r: %s", folder, error.strerror)


def listing(
    folder: Path,
    *,
    in_order: bool = False,
    aside: Aside = lambda _: None,
    refused: OnUnlistable = _warn,
) -> Iterator[ListedFile]:
    """List the regular files in a folder and below; lazily, whatever their number.

    Symbolic links, FIFOs, sockets and devices are not listed, temporary and
    hidden names neither. A sub-folder that cannot be read is passed over; a file
    that vanishes meanwhile is not listed.

    Args:
        folder: where to look.
        in_order: sort each folder by name; it is held in memory as a whole then.
        aside: told of all that has a name, and is not listed.
        refused: told of the sub-folders that cannot be listed; the log is by default.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    for name, entry in walk(folder, enter=_is_ours, refused=refused, in_order=in_order):
        # As `ignore.by_kind`, but the folder tells the kind of an entry without a stat.
        if entry.is_file(follow_symlinks=False) and not ignore.by_name(entry.name):
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield ListedFile(name, stamp(status))
        else:
            aside(name)


def count_listed(folder: Path, *, aside: Aside = lambda _: None) -> int:
    """Count what `listing` would list, without a look at each file; folders away count nothing."""
    total = 0
    with suppress(OSError):
        for name, entry in walk(folder, enter=_is_ours):
            if entry.is_file(follow_symlinks=False) and not ignore.by_name(entry.name):
                total += 1
            else:
                aside(name)
    return total


@dataclass(slots=True)
class Survey:
    """All that lies in an inbox at one moment; what may be read, and what may not."""

    waiting: int = 0
    """Files that are read, or will be."""
    oldest: ListedFile | None = None
    """The one of them that came, or last changed, first; not one beside an unfinished file."""
    left_alone: Counter[IgnoreRule] = field(default_factory=Counter)
    """How many entries each rule leaves alone; a foreign folder is one, whatever lies in it."""
    examples: dict[IgnoreRule, str] = field(default_factory=dict)
    """The name of one of them."""
    refused: dict[str, str] = field(default_factory=dict)
    """Folders that cannot be listed, and why; 100 at most."""


def survey(folder: Path) -> Survey:
    """Look at everything in an inbox once, also at what is left alone.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    found, held = Survey(), set[str]()
    count_listed(folder, aside=lambda name: held.update(ignore.finished(name)))

    def refused(name: str, error: OSError) -> None:
        if len(found.refused) < _MOST_REFUSED:
            found.refused[name] = error.strerror or str(error)

    for name, entry in walk(folder, enter=_is_ours, refused=refused):
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        rule = _rule(entry.name, status.st_mode)
        if rule is None:
            one = ListedFile(name, stamp(status))
            found.waiting += 1
            if name not in held and (
                not found.oldest or one.stamp.ctime_ns < found.oldest.stamp.ctime_ns
            ):
                found.oldest = one
        elif name != CLAIMED:
            found.left_alone[rule] += 1
            found.examples.setdefault(rule, name)
    return found


def find_drop(folder: Path, name: str) -> ListedFile | None:
    """Look at one name in the folder; None if it is no drop, for any reason."""
    if ignore.by_path(name):
        return None
    try:
        status = os.lstat(folder / name)
    except (OSError, ValueError):
        return None
    return None if ignore.by_kind(status.st_mode) else ListedFile(name, stamp(status))


def stamp(status: os.stat_result) -> Stamp:
    """Take from a stat what tells two states of a file apart."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _rule(name: str, mode: int) -> IgnoreRule | None:
    kind = ignore.by_kind(mode)
    if kind is IgnoreRule.FOLDER:  # the others are entered
        return IgnoreRule.FOREIGN_FOLDER
    return ignore.by_name(name) or kind


def _is_ours(folder: str) -> bool:
    return not ignore.is_foreign_folder(folder)
