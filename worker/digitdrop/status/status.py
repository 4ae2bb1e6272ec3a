"""How is the worker doing? Read from the folders, the report, and what it tells of itself."""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from digitdrop.files import lock
from digitdrop.health import worker_status as told
from digitdrop.health.worker_status import Told
from digitdrop.intake.claim_owners import held
from digitdrop.intake.listing import Survey, survey
from digitdrop.outbox.report import REPORT
from digitdrop.outbox.rows import Rows
from digitdrop.outbox.to_review import count_to_review
from digitdrop.status.count import Counts, count


@dataclass(slots=True)
class Hand:
    """What is in hand, of this outbox's worker and of others'."""

    files: int = 0
    """Those of this outbox."""
    first: str = ""
    """Name of the one that has been there longest; empty if that is not known."""
    since: datetime | None = None
    """Since when; in UTC."""
    foreign: int = 0
    """Those whose rows go to another outbox."""
    foreign_since: datetime | None = None


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
    survey: Survey
    """All that lies in the inbox; empty if that is away."""
    hand: Hand
    """Files that were claimed and not filed away yet."""
    to_review: dict[str, int] = field(default_factory=dict)
    """Pictures in `review/` and `failed/` that wait for a person."""
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
        oldest = self.survey.oldest
        return max(0.0, self.now.timestamp() - oldest.stamp.ctime_ns / 1e9) if oldest else 0.0

    @property
    def in_hand(self) -> int:
        """Files in anybody's hand."""
        return self.hand.files + self.hand.foreign


def look(inbox: Path, outbox: Path, now: datetime) -> Condition:
    """See how it is; changes nothing.

    Raises:
        ReportError: the report's lock may not be looked at.
        OSError: the report, or what is in hand, may not be read.
    """
    report = outbox / REPORT
    holder = lock.holder(report)
    return Condition(
        now=now,
        inbox=inbox,
        outbox=outbox,
        holder=holder,
        told=told.read(outbox, holder) if holder else None,
        running_for=now.timestamp() - lock.held_since(report) if holder else 0.0,
        survey=_surveyed(inbox),
        hand=_hand(inbox, outbox),
        to_review=count_to_review(outbox, inbox),
        rows=count(Rows(report).lines(), now),
        is_writable=_is_writable(report),
        free={"inbox": _free(inbox), "outbox": _free(outbox)},
    )


def _surveyed(inbox: Path) -> Survey:
    with suppress(OSError):  # it is away, as its missing disk space tells
        return survey(inbox)
    return Survey()


def _hand(inbox: Path, outbox: Path) -> Hand:
    hand = Hand()
    for one in held(inbox, outbox):
        if not one.is_file:
            continue
        if one.is_foreign:
            hand.foreign += 1
            hand.foreign_since = _earlier(hand.foreign_since, one.since)
        else:
            hand.files += 1
            if one.since and (hand.since is None or one.since < hand.since):
                hand.first, hand.since = one.drop.name, one.since
    return hand


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other


def _is_writable(report: Path) -> bool:
    if report.exists():
        return report.is_file() and os.access(report, os.W_OK)
    return os.access(report.parent, os.W_OK)


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
