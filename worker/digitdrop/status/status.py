"""Read the state of a worker from the folders, the report and its status file."""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from digitdrop.files import lock
from digitdrop.health.worker_status import WorkerStatus, read_worker_status
from digitdrop.intake.listing import Survey, survey
from digitdrop.intake.owner import claims_with_owners
from digitdrop.outbox.report import REPORT
from digitdrop.outbox.rows import Rows
from digitdrop.outbox.to_review import count_to_review
from digitdrop.status.count import Counts, count_rows


@dataclass(slots=True)
class ClaimCounts:
    """Claimed files, of this outbox and of others."""

    files: int = 0
    """Number of files of this outbox."""
    first: str = ""
    """Name of the file that was claimed first; empty if that is not known."""
    since: datetime | None = None
    """Time of that claim, in UTC."""
    foreign: int = 0
    """Number of files whose rows go to another outbox."""
    foreign_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The state of a worker and its folders at one moment."""

    now: datetime
    """Aware."""
    inbox: Path
    outbox: Path
    holder: str | None
    """The holder of the report's lock; None if no worker is running."""
    worker: WorkerStatus | None
    """The holder's status file; None if there is none."""
    survey: Survey
    """The contents of the inbox; empty if the inbox is away."""
    claims: ClaimCounts
    """Files that were claimed and are not archived yet."""
    to_review: dict[str, int] = field(default_factory=dict)
    """Pictures in `review/` and `failed/` that wait for a person."""
    running_for: float
    """Seconds since the worker started; 0 if none is running."""
    rows: Counts
    is_writable: bool
    """True if the user of the command could write the report."""
    free: dict[str, int | None]
    """Bytes left on the disks of inbox and outbox; None where a folder is away."""

    @property
    def oldest_age(self) -> float:
        """Seconds since the file that waits longest came, or last changed; 0 if none waits."""
        oldest = self.survey.oldest
        return max(0.0, self.now.timestamp() - oldest.stamp.ctime_ns / 1e9) if oldest else 0.0

    @property
    def in_hand(self) -> int:
        """Number of claimed files, of all outboxes."""
        return self.claims.files + self.claims.foreign


def read_condition(inbox: Path, outbox: Path, now: datetime) -> Condition:
    """Read the state of a worker; change nothing.

    Raises:
        ReportError: the report's lock may not be looked at.
        OSError: the report or the claim folder may not be read.
    """
    report = outbox / REPORT
    holder = lock.holder(report)
    return Condition(
        now=now,
        inbox=inbox,
        outbox=outbox,
        holder=holder,
        worker=read_worker_status(outbox, holder) if holder else None,
        running_for=now.timestamp() - lock.held_since(report) if holder else 0.0,
        survey=_surveyed(inbox),
        claims=_claims(inbox, outbox),
        to_review=count_to_review(outbox, inbox),
        rows=count_rows(Rows(report).lines(), now),
        is_writable=_is_writable(report),
        free={"inbox": _free(inbox), "outbox": _free(outbox)},
    )


def _surveyed(inbox: Path) -> Survey:
    with suppress(OSError):  # it is away: `free` is None then
        return survey(inbox)
    return Survey()


def _claims(inbox: Path, outbox: Path) -> ClaimCounts:
    claims = ClaimCounts()
    for one in claims_with_owners(inbox, outbox):
        if not one.is_file:
            continue
        if one.is_foreign:
            claims.foreign += 1
            known = filter(None, (claims.foreign_since, one.since))
            claims.foreign_since = min(known, default=None)
        else:
            claims.files += 1
            if one.since and (claims.since is None or one.since < claims.since):
                claims.first, claims.since = one.drop.name, one.since
    return claims


def _is_writable(report: Path) -> bool:
    if report.exists():
        return report.is_file() and os.access(report, os.W_OK)
    return os.access(report.parent, os.W_OK)


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
