"""The service, put together: its life from start to stop."""

import logging
from pathlib import Path

from digitdrop.files import lock
from digitdrop.files.mounts import HomeDisk, remote_file_system
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.postponed import Postponed
from digitdrop.inference.classifier import Classifier
from digitdrop.intake.claims import Claims
from digitdrop.intake.settle import Settler
from digitdrop.outbox.archive import TOO_LARGE, CopyOptions
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.report import REPORT, Report
from digitdrop.pool.batches import BatchReader
from digitdrop.pool.settings import PoolOptions
from digitdrop.service.batch import BatchService
from digitdrop.service.folders import check_folders, check_rights
from digitdrop.service.loop import ServiceLoop, now
from digitdrop.service.requeue import Requeue
from digitdrop.service.wiring import (
    Service,
    between,
    heartbeat_of,
    maintenance_of,
    pager_of,
    refuses,
    watch_of,
)
from digitdrop.system.shutdown import Shutdown, Stopped

logger = logging.getLogger(__name__)


def serve(service: Service, classifier: Classifier, shutdown: Shutdown) -> None:
    """Read what is dropped until asked to stop.

    Raises:
        SetupError: a folder or the report cannot be used, or another worker has it.
        Hung: a picture never ends; start again, and it will be set aside.
    """
    check_folders(service.inbox, service.outbox)
    with lock.lock_report(service.outbox / REPORT) as holder:
        _serve(service, classifier, shutdown, holder)


def _serve(service: Service, classifier: Classifier, shutdown: Shutdown, holder: str) -> None:
    remote = remote_file_system(service.inbox)
    heartbeat = heartbeat_of(service, classifier.name, holder)
    shutdown.on_outage(heartbeat.outage)
    claims = Claims(service.inbox, service.outbox)
    report = Report(service.outbox / REPORT, service.rotation)
    check_rights(claims, report)
    terms = PoolOptions(
        workers=service.workers,
        limits=service.limits,
        digits=service.digits,
        is_stopping=shutdown.is_stopping,
        moved=heartbeat.beat,
    )
    turns = BatchReader(terms, classifier)
    settler = Settler(quiet=service.settle, patience=service.max_wait, trust_ctime=not remote)
    pager = pager_of(service)

    deferred = DeferredQueue(heartbeat.deferred)
    postponed = Postponed(deferred, now)

    def recorder(claims: Claims, kept: Path | None = None) -> Recorder:
        return Recorder(
            claims=claims,
            report=report,
            outbox=service.outbox,
            shutdown=shutdown,
            postponed=postponed,
            far=CopyOptions(
                between=between(shutdown, heartbeat),
                kept=kept,
                most=service.limits.bytes,
                refuse=refuses(service.inbox),
            ),
            heartbeat=heartbeat,
        )

    records = recorder(claims, service.inbox / TOO_LARGE)
    put_back = Requeue(
        claims=claims,
        settler=settler,
        model=classifier.name,
        recorder=records,
        postponed=postponed,
        clock=now,
    )
    intake = BatchService(
        claims=claims,
        report=report,
        recorder=records,
        turns=turns,
        put_back=put_back,
        deferred=deferred,
        postponed=postponed,
        clock=now,
        shutdown=shutdown,
        heartbeat=heartbeat,
    )
    watch = watch_of(service, remote, shutdown)
    maintenance = maintenance_of(service, report, shutdown, pager, recorder, deferred, postponed)
    loop = ServiceLoop(
        folder=service.inbox,
        intake=intake,
        settler=settler,
        watch=watch,
        maintenance=maintenance,
        home=HomeDisk(service.outbox),
        shutdown=shutdown,
        clock=now,
        heartbeat=heartbeat,
        deferred=deferred,
    )
    heartbeat.beat()
    if strangers := claims.count_foreign():
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
    heartbeat.end()
    logger.info("stopped")
