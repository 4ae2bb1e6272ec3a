"""The service, put together: its life from start to stop."""

import logging
from pathlib import Path

from digitdrop.files import lock
from digitdrop.files.mounts import HomeDisk, remote_file_system
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.postponed import Postponed
from digitdrop.inference.classifier import Classifier
from digitdrop.intake.claims import Hand
from digitdrop.intake.settle import Settler
from digitdrop.outbox.archive import TOO_LARGE, Far
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.report import REPORT, Report
from digitdrop.pool.batches import Turns
from digitdrop.pool.settings import Terms
from digitdrop.service.batch import Intake
from digitdrop.service.folders import check_folders, check_rights
from digitdrop.service.loop import Loop, now
from digitdrop.service.requeue import PutBack
from digitdrop.service.wiring import (
    Service,
    between,
    pager_of,
    pulse_of,
    refuses,
    upkeep_of,
    watch_of,
)
from digitdrop.system.shutdown import Stopped, Stopper

logger = logging.getLogger(__name__)


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
    pulse = pulse_of(service, classifier.name, holder)
    stopper.tell_trouble(pulse.trouble)
    hand = Hand(service.inbox, service.outbox)
    report = Report(service.outbox / REPORT, service.rotation)
    check_rights(hand, report)
    terms = Terms(
        workers=service.workers,
        limits=service.limits,
        digits=service.digits,
        is_stopping=stopper.is_stopping,
        moved=pulse.beat,
    )
    turns = Turns(terms, classifier)
    settler = Settler(quiet=service.settle, patience=service.max_wait, trust_ctime=not remote)
    pager = pager_of(service)

    deferred = DeferredQueue(pulse.deferred)
    postponed = Postponed(deferred, now)

    def recorder(hand: Hand, kept: Path | None = None) -> Recorder:
        return Recorder(
            hand=hand,
            report=report,
            outbox=service.outbox,
            stopper=stopper,
            postponed=postponed,
            far=Far(
                between=between(stopper, pulse),
                kept=kept,
                most=service.limits.bytes,
                refuse=refuses(service.inbox),
            ),
            pulse=pulse,
        )

    records = recorder(hand, service.inbox / TOO_LARGE)
    put_back = PutBack(
        hand=hand,
        settler=settler,
        model=classifier.name,
        recorder=records,
        postponed=postponed,
        clock=now,
    )
    intake = Intake(
        hand=hand,
        report=report,
        recorder=records,
        turns=turns,
        put_back=put_back,
        deferred=deferred,
        postponed=postponed,
        clock=now,
        stopper=stopper,
        pulse=pulse,
    )
    watch = watch_of(service, remote, stopper)
    upkeep = upkeep_of(service, report, stopper, pager, recorder, deferred, postponed)
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
        deferred=deferred,
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
