"""File a picture away once its row is written: `outbox/{done,review,failed}/DATE/NAME`."""

import errno
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path, PurePosixPath

from worker.disk import copy_durably, link, sync_folders
from worker.values import Drop, Status

SHELVES = {
    Status.OK: "done",
    Status.UNCERTAIN: "review",
    Status.NOT_A_DIGIT: "review",
    Status.SEVERAL: "review",
    Status.BLANK: "review",
    Status.UNREADABLE: "failed",
}
"""Which folder of the outbox a status leads to."""


def shelf(outbox: Path, status: Status, time: datetime) -> Path:
    """Name the folder where a picture of this status, read at this time (UTC), goes."""
    return outbox / SHELVES[status] / time.date().isoformat()


def file_away(drops: Iterable[tuple[Drop, Path]]) -> None:
    """Move pictures out of hand to their shelves, never over another file.

    Once this returns, a power cut cannot take them back. Killed in the
    middle, a picture is in hand, on its shelf, or both by the same inode;
    filing it away again completes it. On another file system than the inbox's
    the copy carries the row's id in its name, which makes that exact.

    Args:
        drops: each in hand, with its shelf.

    Raises:
        OSError: the disk is full, read-only or failing; do it again later.
    """
    placed = [(drop, _place(drop, shelf)) for drop, shelf in drops if drop.path.exists()]
    sync_folders({target.parent for _, target in placed})
    for drop, _ in placed:
        drop.path.unlink(missing_ok=True)


def _place(drop: Drop, shelf: Path) -> Path:
    target = shelf / drop.name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        link(drop.path, target)
    except FileExistsError:
        target = _named_by_id(target, drop)
        link(drop.path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        target = _named_by_id(target, drop)
        if not target.exists():
            copy_durably(drop.path, target)
    return target


def _named_by_id(target: Path, drop: Drop) -> Path:
    """Put the row's id before the suffix, within the 255 bytes that a name may have."""
    name = PurePosixPath(target.name)
    stem, tail = name.stem, f"~{drop.id}{name.suffix}"
    while stem and len(f"{stem}{tail}".encode("utf-8", "surrogateescape")) > 255:
        stem = stem[:-1]
    return target.with_name(f"{stem}{tail}"[-255:] if stem else f"{drop.id}"[:255])
