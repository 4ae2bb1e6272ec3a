"""How is the worker doing? Read from the folders, the report, and what it tells of itself."""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from worker import lock
from worker.health import told
from worker.health.count import Counts, count
from worker.health.told import Told
from worker.held import in_hand
from worker.inbox import Found, listing
from worker.record import REPORT
from worker.table.rows import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What there is to know of a worker at one moment."""

    now: datetime
    inbox: Path
    outbox: Path
    holder: str | None
    """Who writes the report; None if no worker is running."""
    told: Told | None
    """What that one tells of itself."""
    waiting: int
    """Files in the inbox."""
    in_hand: int
    """Files that were claimed and not filed away yet."""
    oldest: Found | None
    """The file that waits longest."""
    running_for: float
    """Seconds since the worker started; 0 if none is running."""
    rows: Counts
    is_writable: bool
    """Whether the report could be written by who asks."""
    free: dict[str, int | None]
    """Bytes left on the disks of inbox and outbox; None where a folder is away."""

    @property
    def oldest_age(self) -> float:
        """Seconds since the file that waits longest came, or last changed; 0 if none waits."""
        if not self.oldest:
            return 0.0
        return max(0.0, self.now.timestamp() - self.oldest.stamp.ctime_ns / 1e9)


def look(inbox: Path, outbox: Path, now: datetime) -> Condition:
    """See how it is; changes nothing.

    Raises:
        ReportError: the report's lock may not be looked at.
        OSError: the report, or what is in hand, may not be read.
    """
    report = outbox / REPORT
    holder = lock.holder(report)
    waiting, oldest = _waiting(inbox)
    return Condition(
        now=now,
        inbox=inbox,
        outbox=outbox,
        holder=holder,
        told=told.read(outbox, holder) if holder else None,
        running_for=now.timestamp() - lock.held_since(report) if holder else 0.0,
        waiting=waiting,
        in_hand=sum(1 for _ in in_hand(inbox)),
        oldest=oldest,
        rows=count(Rows(report).lines(), now),
        is_writable=_is_writable(report),
        free={"inbox": _free(inbox), "outbox": _free(outbox)},
    )


def _waiting(inbox: Path) -> tuple[int, Found | None]:
    waiting, oldest = 0, None
    try:
        for found in listing(inbox):
            waiting += 1
            if not oldest or found.stamp.ctime_ns < oldest.stamp.ctime_ns:
                oldest = found
    except OSError:  # it is away, as its missing disk space tells
        pass
    return waiting, oldest


def _is_writable(report: Path) -> bool:
    if report.exists():
        return report.is_file() and os.access(report, os.W_OK)
    return os.access(report.parent, os.W_OK)


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
