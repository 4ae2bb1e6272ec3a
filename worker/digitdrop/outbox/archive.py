"""The archive of pictures that have a row: `outbox/{done,review,failed}/DATE/NAME`."""

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

ARCHIVE_FOLDERS = {
    Status.OK: "done",
    Status.UNCERTAIN: "review",
    Status.NOT_A_DIGIT: "review",
    Status.SEVERAL: "review",
    Status.BLANK: "review",
    Status.UNREADABLE: "failed",
    Status.CORRECTED: "done",
}
"""Folder of the outbox for each status."""

TOO_LARGE: Final = ".too-large"
"""Folder in the inbox for files over the size limit, if `failed/` is on another file system.
Such a file is renamed, since copying it could take hours."""

_DEEPEST: Final = 32  # folders of a name that are made again in the archive: each is synced

_UNFIT: Final = {
    errno.EEXIST,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EINVAL,
    errno.EILSEQ,
}
"""Errors that another name may avoid: the name is taken, is too long, has a character that FAT
reserves, or needs a folder where a file lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOptions:
    """Options for an archive folder on another file system."""

    between: Callable[[], None] = lambda: None
    """Called after each MiB of a copy. An exception ends the copy and removes its part."""
    kept: Path | None = None
    """Folder for files longer than `most`; None to copy files of any length."""
    most: int = 0
    """Bytes."""
    refuse: Callable[[Path], str] = lambda _: ""
    """Returns the reason not to use a folder; an empty string for a usable folder."""


def is_day(folder: str) -> bool:
    """Return True if a folder of the archive has a day's name, such as `2026-12-01`."""
    return _DAY.fullmatch(folder) is not None


_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def archive_folder(outbox: Path, status: Status, time: datetime) -> Path:
    """Return the folder for a picture of this status that was read at this time (UTC)."""
    return _folder(outbox, ARCHIVE_FOLDERS[status], time.date())


@lru_cache(maxsize=8)
def _folder(outbox: Path, name: str, day: date) -> Path:
    return outbox / name / day.isoformat()


def archive(
    drops: Sequence[tuple[Drop, Path]],
    *,
    check: Callable[[], None] = lambda: None,
    copying: CopyOptions | None = None,
) -> dict[str, Exception]:
    """Move claimed pictures to their folders, never over another file.

    Once this returns, a power cut cannot undo the moves. After a kill, a picture is claimed,
    archived, or both under the same inode; archiving it again completes the move. On another
    file system the copy has the row's id in its name, which makes a repetition safe.

    Args:
        drops: claimed pictures with their folders.
        check: raises OSError while the disk of the archive is away. Called before a folder
            is made, and before the claimed name of a picture is removed.
        copying: for another file system.

    Returns:
        Errors by row id of the pictures that stay claimed; all others are archived.

    Raises:
        OSError: from `check`.
    """
    copying = copying or CopyOptions()
    refused: dict[str, Exception] = {}
    placed: dict[Path, list[Drop]] = {}
    refuse = cache(copying.refuse)
    for drop, folder in drops:
        with _refusing(refused, [drop], check):
            if why := refuse(next(archive_names(drop, folder)).parent):
                raise OSError(errno.ELOOP, why, str(folder))
            if target := _place(drop, folder, check, copying):
                placed.setdefault(target.parent, []).append(drop)
    for parent, pictures in placed.items():
        with _refusing(refused, pictures, check):
            sync_folders([parent])
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
    """Keep the error of some pictures, unless the whole disk is away."""
    try:
        yield
    except (OSError, InputError) as error:
        check()
        refused.update((drop.id or "", error) for drop in drops)


def _place(
    drop: Drop, folder: Path, check: Callable[[], None], copying: CopyOptions
) -> Path | None:
    """Give a picture a name in its folder; None if the picture is gone."""
    refused: OSError = FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
    for target in archive_names(drop, folder):  # the first nearly always fits
        try:
            return _put(drop, target, check, copying)
        except OSError as error:
            if error.errno not in _UNFIT:
                raise
            refused = error
        except Gone:
            return None
        except TooLarge:
            return _keep(drop, folder, check, copying)
    raise refused


def _put(drop: Drop, target: Path, check: Callable[[], None], copying: CopyOptions) -> Path | None:
    """Link a picture, or copy it to another file system; None if the picture is gone."""
    is_named_by_id = (drop.id or "") in target.name
    if is_named_by_id and target.exists():
        return target  # from an earlier attempt
    try:
        try:
            link(drop.path, target)
        except FileNotFoundError:
            if not os.path.lexists(drop.path):
                return None
            _make(target.parent, check)  # missing for the first picture of a day
            link(drop.path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        if not is_named_by_id:  # a copy must show by its name whose copy it is
            raise FileExistsError(errno.EEXIST, "no name for a copy", str(target)) from error
        if not target.parent.is_dir():  # EXDEV may come before the missing folder is noticed
            _make(target.parent, check)
        most = copying.most if copying.kept else None
        aside = target.with_name(f".{drop.id}.part")
        copy_durably(drop.path, target, aside=aside, most=most, between=copying.between)
    return target


def _make(folder: Path, check: Callable[[], None]) -> None:
    check()
    make_folder(folder)


def _keep(
    drop: Drop, folder: Path, check: Callable[[], None], copying: CopyOptions
) -> Path | None:
    """Rename a file that is too large for a copy into a folder on the inbox's file system."""
    if not copying.kept:
        return None
    target = _place(drop, copying.kept / folder.name, check, copying)
    if target:
        logger.warning(
            "%s has more than %d bytes, so it is not copied to %s: it lies in %s",
            escape(drop.name), copying.most, folder, target.parent,
        )  # fmt: skip
    return target


def archive_names(drop: Drop, folder: Path) -> Iterator[Path]:
    """Yield the names that a picture may have in its folder, the best first.

    Example:
        >>> drop = Drop(id="dabc", path=Path("x"), name="scans/7.png")
        >>> [path.as_posix() for path in archive_names(drop, Path("done/2026-12-01"))][:2]
        ['done/2026-12-01/scans/7.png', 'done/2026-12-01/scans/7~dabc.png']
    """
    target = folder / drop.name
    if drop.name.count("/") <= _DEEPEST:
        yield target
        yield named_by_id(target, drop)
    yield named_by_id(folder / target.name, drop)
    yield folder / f"{drop.id}"


def named_by_id(target: Path, drop: Drop) -> Path:
    """Insert the row's id before the suffix, within the 255 bytes of a file name."""
    name = PurePosixPath(target.name)
    stem, tail = name.stem, f"~{drop.id}{name.suffix}"
    while stem and len(f"{stem}{tail}".encode("utf-8", "surrogateescape")) > 255:
        stem = stem[:-1]
    return target.with_name(f"{stem}{tail}" if stem else f"{drop.id}")
