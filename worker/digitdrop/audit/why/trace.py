"""Gather all that the folders, the report and the worker show of one picture."""

import errno
import os
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from digitdrop.audit.why.history import Recorded, picture_of, rows_about
from digitdrop.audit.why.location import Location, Place, locate
from digitdrop.errors import FolderError, Gone, InputError
from digitdrop.files import lock
from digitdrop.health.worker_status import WorkerStatus, read_worker_status
from digitdrop.intake import ignore
from digitdrop.outbox.inventory import Digests
from digitdrop.outbox.report import REPORT
from digitdrop.outbox.rows import Rows
from digitdrop.retention.notes import cleared_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All that can be seen of one picture at one moment."""

    now: datetime
    """Aware."""
    inbox: Path
    outbox: Path
    location: Location
    status: os.stat_result | None
    """Of a file or folder in the inbox itself, never of a link's target; None elsewhere."""
    rows: tuple[Recorded, ...]
    """Its rows in the report, oldest first."""
    archived: Path | None
    """The picture of the last row, in its folder of the outbox; None if it is gone."""
    cleared: date | None
    """The last day (UTC) whose pictures of `done/` may have been deleted."""
    holder: str | None
    """The holder of the report's lock; None if no worker is running."""
    worker: WorkerStatus | None
    """The holder's status file; None if there is none."""


def trace(asked: Path, inbox: Path, outbox: Path, now: datetime) -> Trace:
    """Look for a picture by its path, or by its name as dropped; change nothing.

    Raises:
        FolderError: there is no such inbox.
        ReportError: the report's lock may not be looked at.
        OSError: the report or the claim folder may not be read.
    """
    if not os.path.isdir(inbox):  # noqa: PTH112 - Path asks no less, and raises where it may not
        raise FolderError(f"there is no inbox {inbox}: is its disk mounted, is --inbox right?")
    location = locate(asked, inbox, outbox)
    try:
        is_in_inbox = location.place is Place.INBOX
        status = os.lstat(inbox / location.name) if is_in_inbox else None
        location, sha256 = _content(location)
    except FileNotFoundError:  # it was moved just now
        return trace(asked, inbox, outbox, now)
    rows = rows_about(Rows(outbox / REPORT).lines(), name=location.name, sha256=sha256)
    holder = lock.holder(outbox / REPORT)
    return Trace(
        now=now,
        inbox=inbox,
        outbox=outbox,
        location=location,
        status=status,
        rows=tuple(rows),
        archived=picture_of(inbox, outbox, rows[-1]) if rows else None,
        cleared=cleared_until(outbox),
        holder=holder,
        worker=read_worker_status(outbox, holder) if holder else None,
    )


def _content(location: Location) -> tuple[Location, str]:
    """Return the SHA-256 of a file that may have been read before, under any name."""
    if location.path is None or location.place not in {Place.OUTBOX, Place.ELSEWHERE}:
        return location, ""
    if kind := ignore.by_kind(location.path.lstat().st_mode):
        return replace(location, unread=kind), ""
    try:
        return location, Digests().read(location.path)
    except Gone as error:
        raise FileNotFoundError(errno.ENOENT, str(error), str(location.path)) from error
    except InputError as error:
        return replace(location, unread=f"it {error}, so that no row is known by its content"), ""
