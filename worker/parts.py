"""What a service is told at its start, and its parts made of that. `daemon` puts them together."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from worker.claim import Hand
from worker.deferred import DeferredQueue
from worker.health.outlets import outlets
from worker.health.pulse import Pulse
from worker.health.told import Told, iso
from worker.loop import now
from worker.mounts import lies_in, remote_file_system
from worker.pager import PAGE, Pager
from worker.pipeline import utc_now
from worker.postponed import Postponed
from worker.record import REPORT, Report
from worker.recorder import Recorder
from worker.review.correct import Corrector
from worker.settle import Settler
from worker.shelve import SHELVES
from worker.stopper import Stopped, Stopper
from worker.table.rotation import Rotation
from worker.tidy.clear import Clearer
from worker.tidy.upkeep import Upkeep
from worker.values import Limits, Status
from worker.watch import Events, Polling, Watch

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a worker is told at its start."""

    inbox: Path
    outbox: Path
    settle: float
    """Seconds that a file must be unchanged before it is read."""
    max_wait: float
    """Seconds without a change that a picture which ends too early is waited for."""
    poll: bool
    """List, and expect no events."""
    workers: int
    """Pictures read at a time."""
    limits: Limits
    keep_done: timedelta | None = None
    """How long a picture stays in `done/` after the end of its day (UTC); None for ever."""
    rotation: Rotation | None = None
    """When the report is closed and a new one begun; None for never."""
    page: bool = False
    """Whether `report.html` is kept up to date."""
    metrics: Path | None = None
    """File for Prometheus; None for none."""


def pulse_of(service: Service, model: str, holder: str, remote: str | None) -> Pulse:
    """Make what tells how the worker is.

    Args:
        service: what it was told.
        model: name of the network.
        holder: who has the report, as its lock says.
        remote: the inbox's file system, if others write to it unseen.
    """
    if service.poll:
        looking = "polling, as asked for"
    elif remote:
        looking = f"polling, for the inbox is on {remote}, which sends no events"
    else:
        looking = "events"
    told = Told(
        holder=holder,
        pid=os.getpid(),
        since=iso(utc_now()),
        model=model,
        inbox=str(service.inbox.resolve()),
        settle=service.settle,
        max_wait=service.max_wait,
        looking=looking,
    )
    return Pulse(told, outlets(service.inbox, service.outbox, service.metrics), now)


def upkeep_of(
    service: Service,
    report: Report,
    stopper: Stopper,
    pager: Pager | None,
    recorder: Callable[[Hand], Recorder],
    deferred: DeferredQueue,
    postponed: Postponed,
) -> Upkeep:
    """Make what is done for the outbox beside reading.

    Args:
        service: what the worker was told.
        report: where corrections look for their rows.
        stopper: tells of the end.
        pager: has the page made; None for no page.
        recorder: makes one for a hand.
        deferred: keeps pictures that cannot be taken for now.
        postponed: keeps those that cannot leave the hand for now.
    """
    review = service.outbox / SHELVES[Status.UNCERTAIN]
    hand = Hand(review, service.outbox)
    is_local = not remote_file_system(service.outbox)
    corrector = Corrector(
        review=review,
        hand=hand,
        rows=report,
        recorder=recorder(hand),
        deferred=deferred,
        postponed=postponed,
        settler=Settler(quiet=service.settle, patience=service.max_wait, trust_ctime=is_local),
        stopper=stopper,
        clock=now,
    )
    keep = service.keep_done
    clearer = Clearer(service.outbox, report, keep=keep, clock=utc_now) if keep else None
    return Upkeep(corrector, clearer, pager)


def between(stopper: Stopper, pulse: Pulse) -> Callable[[], None]:
    """Make what is called between the pieces of long work: it beats, and gives way to a stop."""

    def act() -> None:
        pulse.beat()
        if stopper.is_stopping():
            raise Stopped

    return act


def refuses(inbox: Path) -> Callable[[Path], str]:
    """Make what says why nothing may be filed into a folder: it would be read again."""
    return lambda folder: "it leads into the inbox" if lies_in(folder, inbox) else ""


def pager_of(service: Service) -> Pager | None:
    """Make what has the page made, if one is wanted."""
    if not service.page:
        return None
    return Pager(report=service.outbox / REPORT, page=service.outbox / PAGE)


def watch_of(service: Service, remote: str | None, stopper: Stopper) -> Watch:
    """Make what says when to look at the inbox; it wakes the stopper."""
    if remote and not service.poll:
        logger.info("the inbox is on %s, which sends no events: listing it instead", remote)
    if service.poll or remote:
        return Polling(service.inbox)
    return Events(service.inbox, stopper.wake)
