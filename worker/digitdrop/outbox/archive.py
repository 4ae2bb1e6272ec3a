"""File a picture away once its row is written: `outbox/{done,review,failed}/DATE/NAME`."""

import errno
import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from digitdrop.errors import Gone, InputError, TooLarge
from digitdrop.escape import escape
from digitdrop.files.copying import copy_durably
from digitdrop.files.disk import link, make_folder, sync_folders
from digitdrop.values import Drop, Status

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


TOO_LARGE: Final = ".too-large"
"""Folder in the inbox for what has more bytes than are read, where `failed/` is on another
file system: such a file is renamed, since a copy could take hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Far:
    """How pictures get to shelves on another file system, and to which they must not."""

    between: Callable[[], None] = lambda: None
    """Called after each MiB of a copy; what it raises ends the copy, and nothing is left."""
    kept: Path | None = None
    """Where a longer file than `most` goes instead; None to copy it whatever its length."""
    most: int = 0
    """Bytes."""
    refuse: Callable[[Path], str] = lambda _: ""
    """Says why nothing may be put into a folder; empty if it may."""


def is_day(folder: str) -> bool:
    """Say whether a folder of a shelf has a day's name, as the worker makes them."""
    return _DAY.fullmatch(folder) is not None


_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DEEPEST: Final = 32  # folders that are made again on a shelf, since each of them is synced


def shelf(outbox: Path, status: Status, time: datetime) -> Path:
    """Name the folder where a picture of this status, read at this time (UTC), goes."""
    return _folder(outbox, SHELVES[status], time.date())


@lru_cache(maxsize=8)
def _folder(outbox: Path, shelf: str, day: date) -> Path:
    return outbox / shelf / day.isoformat()


def file_away(
    drops: Sequence[tuple[Drop, Path]],
    *,
    check: Callable[[], None] = lambda: None,
    far: Far | None = None,
) -> dict[str, Exception]:
    """Move pictures out of hand to their shelves, never over another file.

    Once this returns, a power cut cannot take them back. Killed in the
    middle, a picture is in hand, on its shelf, or both by the same inode;
    filing it away again completes it. On another file system than the inbox's
    the copy carries the row's id in its name, which makes that exact.

    Args:
        drops: each in hand, with its shelf.
        check: raises OSError while the shelves' disk is away. Asked before a folder is made,
            and before the only other name of a picture goes.
        far: how to copy to another file system.

    Returns:
        What stays in hand, by the id of its row, and why; all others are filed away.

    Raises:
        OSError: `check` did.
    """
    far = far or Far()
    refused: dict[str, Exception] = {}
    placed: dict[Path, list[Drop]] = {}
    refuse = cache(far.refuse)
    for drop, shelf in drops:
        with _refusing(refused, [drop], check):
            if why := refuse(next(names(drop, shelf)).parent):
                raise OSError(errno.ELOOP, why, str(shelf))
            if target := _place(drop, shelf, check, far):
                placed.setdefault(target.parent, []).append(drop)
    for folder, pictures in placed.items():
        with _refusing(refused, pictures, check):
            sync_folders([folder])
    check()
    for drop in (drop for pictures in placed.values() for drop in pictures):
        if drop.id not in refused:
            with _refusing(refused, [drop], check):
                drop.path.unlink(missing_ok=True)
    return refused


@contextmanager
def _refusing(
    refused: dict[str, Exception], drops: Sequence[Drop], check: Callable[[], None]
) -> Iterator[None]:
    """Note what is the matter with some pictures, unless the whole disk is away."""
    try:
        yield
    except (OSError, InputError) as error:
        check()
        refused.update((drop.id or "", error) for drop in drops)


def _place(drop: Drop, shelf: Path, check: Callable[[], None], far: Far) -> Path | None:
    """Give a picture a name on its shelf; None if it is not there any more."""
    refused: OSError = FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(shelf))
    for target in names(drop, shelf):  # the first will nearly always do: no more are thought up
        try:
            return _put(drop, target, check, far)
        except OSError as error:
            if error.errno not in _UNFIT:
                raise
            refused = error
        except Gone:
            return None
        except TooLarge:
            return _keep(drop, shelf, check, far)
    raise refused


def _put(drop: Drop, target: Path, check: Callable[[], None], far: Far) -> Path | None:
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
        return _copy(drop, target, check, far)


def _linked(drop: Drop, target: Path, check: Callable[[], None]) -> Path | None:
    """Link a picture to its shelf, whose folder is there but for the first one of a day."""
    try:
        link(drop.path, target)
    except FileNotFoundError:
        if not os.path.lexists(drop.path):
            return None
        check()
        make_folder(target.parent)
        link(drop.path, target)
    return target


def _copy(drop: Drop, target: Path, check: Callable[[], None], far: Far) -> Path:
    if not target.parent.is_dir():  # a link to another disk may be refused before that is seen
        check()
        make_folder(target.parent)
    aside = target.with_name(f".{drop.id}.part")
    most = far.most if far.kept else None
    copy_durably(drop.path, target, aside=aside, most=most, between=far.between)
    return target


def _keep(drop: Drop, shelf: Path, check: Callable[[], None], far: Far) -> Path | None:
    """Rename what is too large for a copy into a folder of the inbox's own file system."""
    if not far.kept:
        return None
    target = _place(drop, far.kept / shelf.name, check, far)
    if target:
        logger.warning(
            "%s has more than %d bytes, so it is not copied to %s: it lies in %s",
            escape(drop.name), far.most, shelf, target.parent,
        )  # fmt: skip
    return target


def names(drop: Drop, shelf: Path) -> Iterator[Path]:
    """Give the names that a picture may have on its shelf, the best first."""
    target = shelf / drop.name
    if drop.name.count("/") <= _DEEPEST:
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
