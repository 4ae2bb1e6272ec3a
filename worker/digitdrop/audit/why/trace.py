"""All that may decide whether a picture is read, at one moment; changes nothing."""

import errno
import os
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from digitdrop.audit.why.history import Recorded, lies_at, rows_about
from digitdrop.audit.why.location import Location, Place, locate
from digitdrop.audit.why.waiting import Waiting, examine
from digitdrop.errors import FolderError, Gone, InputError
from digitdrop.files import lock
from digitdrop.health import worker_status as told
from digitdrop.health.worker_status import WorkerStatus
from digitdrop.intake import ignore
from digitdrop.outbox.inventory import Digests
from digitdrop.outbox.report import REPORT
from digitdrop.outbox.rows import Rows
from digitdrop.retention.notes import cleared_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What can be seen of one picture."""

    now: datetime
    inbox: Path
    outbox: Path
    spot: Location
    waiting: Waiting | None
    """More of a file that lies in the inbox; None of any other."""
    rows: tuple[Recorded, ...]
    """What the report says of it, oldest first."""
    shelved: Path | None
    """Where the picture of the last of these rows lies; None if it is gone, or there is no row."""
    cleared: date | None
    """Up to which day pictures of `done/` may have been deleted."""
    holder: str | None
    """Who writes the report; None if no worker is running."""
    told: WorkerStatus | None
    """What that one tells of itself."""


def trace(asked: Path, inbox: Path, outbox: Path, now: datetime) -> Trace:
    """Look for a picture by its path, or by its name as it was dropped.

    Raises:
        FolderError: there is no such inbox.
        ReportError: the report's lock may not be looked at.
        OSError: the report, or what is in hand, may not be read.
    """
    if not os.path.isdir(inbox):  # noqa: PTH112 - Path asks no less, and raises where it may not
        raise FolderError(f"there is no inbox {inbox}: is its disk mounted, is --inbox right?")
    spot = locate(asked, inbox, outbox)
    try:
        waiting = examine(inbox, spot.name, now) if spot.place is Place.INBOX else None
        spot, sha256 = _content(spot)
    except FileNotFoundError:  # moved just now
        return trace(asked, inbox, outbox, now)
    rows = rows_about(Rows(outbox / REPORT).lines(), name=spot.name, sha256=sha256)
    holder = lock.holder(outbox / REPORT)
    return Trace(
        now=now,
        inbox=inbox,
        outbox=outbox,
        spot=spot,
        waiting=waiting,
        rows=tuple(rows),
        shelved=lies_at(inbox, outbox, rows[-1]) if rows else None,
        cleared=cleared_until(outbox),
        holder=holder,
        told=told.read_worker_status(outbox, holder) if holder else None,
    )


def _content(spot: Location) -> tuple[Location, str]:
    """Give the SHA-256 of what was read, or may have been, under whatever name."""
    if spot.path is None or spot.place not in {Place.OUTBOX, Place.ELSEWHERE}:
        return spot, ""
    if kind := ignore.by_kind(spot.path.lstat().st_mode):
        return replace(spot, unread=kind), ""
    try:
        return spot, Digests().read(spot.path)
    except Gone as error:
        raise FileNotFoundError(errno.ENOENT, str(error), str(spot.path)) from error
    except InputError as error:
        return replace(spot, unread=f"it {error}, so that no row is known by its content"), ""
