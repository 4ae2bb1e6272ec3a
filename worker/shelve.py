"""File a picture away once its row is written: `outbox/{done,review,failed}/DATE/NAME`."""

import errno
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from worker.disk import copy_durably, link, make_folder, sync_folders
from worker.values import Drop, Status

logger = logging.getLogger(__name__)

SHELVES = {
    Status.OK: "done",
    Status.UNCERTAIN: "review",
    Status.NOT_A_DIGIT: "review",
    Status.SEVERAL: "review",
    Status.BLANK: "review",
    Status.UNREADABLE: "failed",
    Status.CORRECTED: "done",
}
"""Which folder of the outbox a status leads to."""

# A file system may refuse a name that another one took: too long, or with a sign that FAT keeps
# for itself; and a file may lie where the name has a folder.
_UNFIT: Final = {
    errno.EEXIST,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EINVAL,
    errno.EILSEQ,
}


def shelf(outbox: Path, status: Status, time: datetime) -> Path:
    """Name the folder where a picture of this status, read at this time (UTC), goes."""
    return _folder(outbox, SHELVES[status], time.date())


@lru_cache(maxsize=8)
def _folder(outbox: Path, shelf: str, day: date) -> Path:
    return outbox / shelf / day.isoformat()


def file_away(
    drops: Iterable[tuple[Drop, Path]], *, check: Callable[[], None] = lambda: None
) -> None:
    """Move pictures out of hand to their shelves, never over another file.

    Once this returns, a power cut cannot take them back. Killed in the
    middle, a picture is in hand, on its shelf, or both by the same inode;
    filing it away again completes it. On another file system than the inbox's
    the copy carries the row's id in its name, which makes that exact.

    A picture that may not be read cannot be copied to another file system: it
    stays in hand, with a warning.

    Args:
        drops: each in hand, with its shelf.
        check: raises OSError while the shelves' disk is away. Asked before a folder is made,
            and before the only other name of a picture goes.

    Raises:
        OSError: the disk is full, read-only, failing or away; do it again later.
    """
    placed = [(drop, target) for drop, shelf in drops if (target := _place(drop, shelf, check))]
    sync_folders({target.parent for _, target in placed})
    check()
    for drop, _ in placed:
        drop.path.unlink(missing_ok=True)


def _place(drop: Drop, shelf: Path, check: Callable[[], None]) -> Path | None:
    """Give a picture a name on its shelf; None if it cannot leave, or is not there."""
    refused: OSError = FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(shelf))
    for target in names(drop, shelf):  # the first will nearly always do: no more are thought up
        try:
            return _put(drop, target, check)
        except OSError as error:
            if error.errno not in _UNFIT:
                raise
            refused = error
    raise refused


def _put(drop: Drop, target: Path, check: Callable[[], None]) -> Path | None:
    is_named_by_id = (drop.id or "") in target.name
    if is_named_by_id and target.exists():
        return target  # by an earlier try
    try:
        return _linked(drop, target, check)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        if not is_named_by_id:  # whose copy it is, only its name could tell
            raise FileExistsError(errno.EEXIST, "no name for a copy", str(target)) from error
        return _copy(drop, target, check)


def _linked(drop: Drop, target: Path, check: Callable[[], None]) -> Path | None:
    """Link a picture to its shelf, whose folder is there but for the first one of a day."""
    try:
        link(drop.path, target)
    except FileNotFoundError:
        if not drop.path.exists():
            return None
        check()
        make_folder(target.parent)
        link(drop.path, target)
    return target


def _copy(drop: Drop, target: Path, check: Callable[[], None]) -> Path | None:
    try:
        drop.path.open("rb").close()
    except PermissionError:
        logger.warning("%r may not be read, so it cannot be moved: it stays in hand", drop.name)
        return None
    if not target.parent.is_dir():  # a link to another disk may be refused before that is seen
        check()
        make_folder(target.parent)
    copy_durably(drop.path, target, aside=target.with_name(f".{drop.id}.part"))
    return target


def names(drop: Drop, shelf: Path) -> Iterator[Path]:
    """Give the names that a picture may have on its shelf, the best first."""
    target = shelf / drop.name
    yield target
    yield named_by_id(target, drop)
    yield named_by_id(shelf / target.name, drop)
    yield shelf / f"{drop.id}"


def named_by_id(target: Path, drop: Drop) -> Path:
    """Put the row's id before the suffix, within the 255 bytes that a name may have."""
    name = PurePosixPath(target.name)
    stem, tail = name.stem, f"~{drop.id}{name.suffix}"
    while stem and len(f"{stem}{tail}".encode("utf-8", "surrogateescape")) > 255:
        stem = stem[:-1]
    return target.with_name(f"{stem}{tail}" if stem else f"{drop.id}")
