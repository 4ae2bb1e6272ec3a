"""The service, put together: its life from start to stop."""

import logging
from pathlib import Path

from worker import lock
from worker.claim import Hand
from worker.classify import Classifier
from worker.crew.terms import Terms
from worker.crew.turns import Turns
from worker.deferred import DeferredQueue
from worker.folders import check_folders, check_rights
from worker.intake import Intake
from worker.loop import Loop, now
from worker.mounts import HomeDisk, remote_file_system
from worker.parts import Service, between, pager_of, pulse_of, refuses, upkeep_of, watch_of
from worker.postponed import Postponed
from worker.putback import PutBack
from worker.record import REPORT, Report
from worker.recorder import Recorder
from worker.settle import Settler
from worker.shelve import TOO_LARGE, Far
from worker.stopper import Stopped, Stopper

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
    pulse = pulse_of(service, classifier.name, holder, remote)
    stopper.tell_trouble(pulse.trouble)
    hand = Hand(service.inbox, service.outbox)
    report = Report(service.outbox / REPORT, service.rotation)
    check_rights(hand, report)
    terms = Terms(
        workers=service.workers,
        limits=service.limits,
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
