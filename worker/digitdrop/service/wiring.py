"""What a service is told at its start, and its parts made of that. `daemon` puts them together."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from digitdrop.corrections.record import Corrector
from digitdrop.files.mounts import lies_in, remote_file_system
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.heartbeat import Pulse
from digitdrop.health.postponed import Postponed
from digitdrop.health.worker_status import Told
from digitdrop.intake.claims import Hand
from digitdrop.intake.settle import Settler
from digitdrop.intake.watch import Events, Polling, Watch
from digitdrop.outbox.archive import SHELVES
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.report import REPORT, Report
from digitdrop.outbox.rotation import Rotation
from digitdrop.pipeline import utc_now
from digitdrop.retention.clear import Clearer
from digitdrop.retention.time_passed import Passed
from digitdrop.service.loop import now
from digitdrop.service.maintenance import Upkeep
from digitdrop.service.pager import PAGE, Pager
from digitdrop.status.sinks import outlets
from digitdrop.system.shutdown import Stopped, Stopper
from digitdrop.values import DigitCount, Limits, Status, iso

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
    digits: DigitCount
    """How many digits a number may have."""
    keep_done: timedelta | None = None
    """How long a picture stays in `done/` after the end of its day (UTC); None for ever."""
    rotation: Rotation | None = None
    """When the report is closed and a new one begun; None for never."""
    page: bool = False
    """Whether `report.html` is kept up to date."""
    metrics: Path | None = None
    """File for Prometheus; None for none."""


def pulse_of(service: Service, model: str, holder: str) -> Pulse:
    """Make what tells how the worker is.

    Args:
        service: what it was told.
        model: name of the network.
        holder: who has the report, as its lock says.
    """
    told = Told(
        holder=holder,
        pid=os.getpid(),
        since=iso(utc_now()),
        model=model,
        inbox=str(service.inbox.resolve()),
        settle=service.settle,
        max_wait=service.max_wait,
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
    passed = Passed(service.outbox, now)
    clearer = Clearer(service.outbox, report, keep=keep, clock=passed) if keep else None
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
    if service.poll:
        return Polling(service.inbox)
    if remote:
        return Polling(service.inbox, f"for the inbox is on {remote}, which sends no events")
    return Events(service.inbox, stopper.wake)
