"""The service: its folders, its parts, its life from start to stop."""

import errno
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from worker import lock
from worker.claim import Hand
from worker.classify import Classifier
from worker.crew.turns import Turns
from worker.disk import make_folder
from worker.errors import FolderError
from worker.health.outlets import outlets
from worker.health.pulse import Pulse
from worker.health.told import Told, iso
from worker.intake import Intake
from worker.loop import Loop, now
from worker.mounts import HomeDisk, remote_file_system
from worker.pager import PAGE, Pager
from worker.pipeline import utc_now
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


def serve(service: Service, classifier: Classifier, stopper: Stopper) -> None:
    """Read what is dropped until asked to stop.

    Raises:
        SetupError: a folder or the report cannot be used, or another worker has it.
        Hung: a picture never ends; start again, and it will be set aside.
    """
    check_folders(service.inbox, service.outbox)
    with lock.held(service.outbox / REPORT) as holder:
        _serve(service, classifier, stopper, holder)


def _serve(service: Service, classifier: Classifier, stopper: Stopper, holder: str) -> None:
    remote = remote_file_system(service.inbox)
    pulse = _pulse(service, classifier.name, holder, remote)
    stopper.tell_trouble(pulse.trouble)
    hand, report = (
        Hand(service.inbox, service.outbox),
        Report(service.outbox / REPORT, service.rotation),
    )
    _check_rights(hand, report)
    turns = Turns(
        service.workers,
        service.limits,
        classifier,
        is_stopping=stopper.is_stopping,
        moved=pulse.beat,
    )
    settler = Settler(quiet=service.settle, patience=service.max_wait, trust_ctime=not remote)
    pager = _pager(service) if service.page else None

    def recorder(hand: Hand) -> Recorder:
        return Recorder(
            hand=hand,
            report=report,
            outbox=service.outbox,
            stopper=stopper,
            pulse=pulse,
            pager=pager,
        )

    intake = Intake(
        hand=hand,
        report=report,
        recorder=recorder(hand),
        turns=turns,
        model=classifier.name,
        settler=settler,
        limits=service.limits,
        stopper=stopper,
        clock=now,
        pulse=pulse,
    )
    watch = _watch(service, remote, stopper)
    upkeep = _upkeep(service, report, stopper, pager, recorder)
    loop = Loop(
        folder=service.inbox,
        intake=intake,
        settler=settler,
        watch=watch,
        upkeep=upkeep,
        home=HomeDisk(service.outbox),
        stopper=stopper,
        clock=now,
        pulse=pulse,
    )
    pulse.beat()
    if strangers := hand.strangers():
        logger.warning("%d files in the claim folder belong to another outbox", strangers)
    try:
        loop.run()
    except Stopped:
        logger.info("stopping in the middle; what is in hand is read at the next start")
    finally:
        watch.stop()
        turns.close()
        if pager:
            pager.close()
    pulse.end()
    logger.info("stopped")


def _pulse(service: Service, model: str, holder: str, remote: str | None) -> Pulse:
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


def _upkeep(
    service: Service,
    report: Report,
    stopper: Stopper,
    pager: Pager | None,
    recorder: Callable[[Hand], Recorder],
) -> Upkeep:
    review = service.outbox / SHELVES[Status.UNCERTAIN]
    hand = Hand(review, service.outbox)
    is_local = not remote_file_system(service.outbox)
    corrector = Corrector(
        review=review,
        hand=hand,
        rows=report,
        recorder=recorder(hand),
        settler=Settler(quiet=service.settle, patience=service.max_wait, trust_ctime=is_local),
        stopper=stopper,
        clock=now,
    )
    keep = service.keep_done
    clearer = Clearer(service.outbox, report, keep=keep, clock=utc_now) if keep else None
    return Upkeep(corrector, clearer, pager)


def _pager(service: Service) -> Pager:
    return Pager(report=service.outbox / REPORT, page=service.outbox / PAGE)


def _watch(service: Service, remote: str | None, stopper: Stopper) -> Watch:
    if remote and not service.poll:
        logger.info("the inbox is on %s, which sends no events: listing it instead", remote)
    if service.poll or remote:
        return Polling(service.inbox)
    return Events(service.inbox, stopper.wake)


def _check_rights(hand: Hand, report: Report) -> None:
    """Refuse to start where a person must act; what passes by itself, the loop waits for."""
    try:
        hand.prepare()
        report.prepare()
    except OSError as error:
        if error.errno not in _PASSING:
            raise FolderError(
                f"cannot use {error.filename}: {error.strerror}; "
                "the worker needs to read, write, rename and delete in inbox and outbox"
            ) from error


_PASSING: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ESTALE, errno.EAGAIN}


def check_folders(inbox: Path, outbox: Path) -> None:
    """Make the two folders if need be, and refuse to read what the worker writes."""
    for name, folder in (("inbox", inbox), ("outbox", outbox)):
        try:
            make_folder(folder)
        except FileExistsError as error:
            raise FolderError(
                f"the {name} {folder} is a file: name a folder with --{name}"
            ) from error
        except OSError as error:
            raise FolderError(
                f"cannot make the {name} {folder}: {error.strerror}; name another with --{name}"
            ) from error
    one, other = inbox.resolve(), outbox.resolve()
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise FolderError(
            f"the inbox {one} and the outbox {other} lie in each other: "
            "choose two folders side by side, or the worker would read what it writes"
        )
