"""The service: its options, its parts, and its life from start to stop."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from digitdrop.corrections.record import Corrector
from digitdrop.files import lock
from digitdrop.files.mounts import HomeDisk, lies_in, remote_file_system
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.heartbeat import Heartbeat
from digitdrop.health.worker_status import WorkerStatus
from digitdrop.inference.classifier import Classifier
from digitdrop.intake.claims import Claims
from digitdrop.intake.settle import Settler
from digitdrop.intake.watch import EventWatch, PollingWatch, Watch
from digitdrop.outbox.archive import ARCHIVE_FOLDERS, TOO_LARGE, CopyOptions
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.report import REPORT, Report
from digitdrop.outbox.rotation import Rotation
from digitdrop.pipeline import utc_now
from digitdrop.pool.batches import BatchReader
from digitdrop.pool.settings import PoolOptions
from digitdrop.retention.clear import Clearer
from digitdrop.retention.time_passed import SteadyClock
from digitdrop.service.batch import BatchService
from digitdrop.service.folders import check_folders, check_rights
from digitdrop.service.loop import ServiceLoop, now
from digitdrop.service.maintenance import Maintenance
from digitdrop.service.pager import PAGE, Pager
from digitdrop.service.requeue import Requeue
from digitdrop.status.sinks import status_sinks
from digitdrop.system.shutdown import Shutdown, Stopped
from digitdrop.values import DigitCount, Limits, Status, iso

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Options of a service."""

    inbox: Path
    outbox: Path
    settle: float
    """Seconds that a file must be unchanged before it is read."""
    max_wait: float
    """Seconds without a change after which a truncated picture is read as it is."""
    poll: bool
    """True to list the inbox without waiting for events."""
    workers: int
    """Pictures read at the same time."""
    limits: Limits
    digits: DigitCount
    """Number of digits that a number may have."""
    keep_done: timedelta | None = None
    """Time that a picture stays in `done/` after the end of its day (UTC); None for ever."""
    rotation: Rotation | None = None
    """Limits after which the report is closed and a new one begun; None for no limit."""
    page: bool = False
    """True to keep `report.html` up to date."""
    metrics: Path | None = None
    """File for Prometheus; None for no file."""


def serve(service: Service, classifier: Classifier, shutdown: Shutdown) -> None:
    """Read dropped pictures until the stop is requested.

    Raises:
        SetupError: a folder or the report cannot be used, or another worker uses it.
        ReadTimeout: a picture never ends; start again, and it is set aside.
    """
    check_folders(service.inbox, service.outbox)
    with lock.lock_report(service.outbox / REPORT) as holder:
        parts = _Parts(service, classifier, shutdown, holder)
        parts.heartbeat.beat()
        if foreign := parts.claims.count_foreign():
            logger.warning("%d files in the claim folder belong to another outbox", foreign)
        try:
            parts.loop.run()
        except Stopped:
            logger.info("stopping within a batch: claimed files are read at the next start")
        finally:
            parts.close()
        parts.heartbeat.end()
        logger.info("stopped")


class _Parts:
    """The parts of a service, each made once and connected."""

    def __init__(
        self, service: Service, classifier: Classifier, shutdown: Shutdown, holder: str
    ) -> None:
        inbox, outbox = service.inbox, service.outbox
        home = HomeDisk(outbox)
        remote = remote_file_system(inbox)
        self.heartbeat = _heartbeat(service, home, model=classifier.name, holder=holder)
        self.claims = Claims(inbox, outbox)
        report = Report(outbox / REPORT, service.rotation)
        check_rights(self.claims, report)
        deferred = DeferredQueue(now, self.heartbeat.deferred)

        def settler(*, trust_ctime: bool) -> Settler:
            return Settler(quiet=service.settle, timeout=service.max_wait, trust_ctime=trust_ctime)

        def recorder(claims: Claims, kept: Path | None = None) -> Recorder:
            return Recorder(
                claims=claims,
                report=report,
                outbox=outbox,
                home=home,
                shutdown=shutdown,
                deferred=deferred,
                heartbeat=self.heartbeat,
                copying=CopyOptions(
                    between=_between(shutdown, self.heartbeat),
                    kept=kept,
                    most=service.limits.bytes,
                    refuse=lambda folder: (
                        "it leads into the inbox" if lies_in(folder, inbox) else ""
                    ),
                ),
            )

        records, settles = (
            recorder(self.claims, inbox / TOO_LARGE),
            settler(trust_ctime=not remote),
        )
        self.reader = BatchReader(
            PoolOptions(
                workers=service.workers,
                limits=service.limits,
                digits=service.digits,
                is_stopping=shutdown.is_stopping,
                moved=self.heartbeat.beat,
            ),
            classifier,
        )
        review = outbox / ARCHIVE_FOLDERS[Status.UNCERTAIN]
        corrected = Claims(review, outbox)
        corrector = Corrector(
            review=review,
            claims=corrected,
            rows=report,
            recorder=recorder(corrected),
            settler=settler(trust_ctime=not remote_file_system(outbox)),
            heartbeat=self.heartbeat,
            deferred=deferred,
            clock=now,
        )
        passed, keep = SteadyClock(outbox, now), service.keep_done
        self.pager = (
            Pager(report=outbox / REPORT, page=outbox / PAGE, home=home) if service.page else None
        )
        self.watch = _watch(service, remote, shutdown)
        self.loop = ServiceLoop(
            folder=inbox,
            service=BatchService(
                claims=self.claims,
                report=report,
                recorder=records,
                reader=self.reader,
                requeue=Requeue(
                    claims=self.claims,
                    settler=settles,
                    model=classifier.name,
                    recorder=records,
                    deferred=deferred,
                    clock=now,
                ),
                deferred=deferred,
                shutdown=shutdown,
                heartbeat=self.heartbeat,
            ),
            settler=settles,
            watch=self.watch,
            maintenance=Maintenance(
                corrector,
                Clearer(outbox, report, keep=keep, clock=passed) if keep else None,
                self.pager,
            ),
            home=home,
            shutdown=shutdown,
            clock=now,
            heartbeat=self.heartbeat,
            deferred=deferred,
        )

    def close(self) -> None:
        """End threads and processes, without waiting for a picture that hangs."""
        self.watch.stop()
        self.reader.close()
        if self.pager:
            self.pager.close()


def _heartbeat(service: Service, home: HomeDisk, *, model: str, holder: str) -> Heartbeat:
    status = WorkerStatus(
        holder=holder,
        pid=os.getpid(),
        since=iso(utc_now()),
        model=model,
        inbox=str(service.inbox.resolve()),
        settle=service.settle,
        max_wait=service.max_wait,
    )
    sinks = status_sinks(service.inbox, service.outbox, service.metrics, home)
    return Heartbeat(status, sinks, now)


def _between(shutdown: Shutdown, heartbeat: Heartbeat) -> Callable[[], None]:
    """Return a callback for long copies: it beats, and raises Stopped after a stop request."""

    def act() -> None:
        heartbeat.beat()
        if shutdown.is_stopping():
            raise Stopped

    return act


def _watch(service: Service, remote: str | None, shutdown: Shutdown) -> Watch:
    if remote and not service.poll:
        logger.info("the inbox is on %s, which sends no events: listing it instead", remote)
    if service.poll:
        return PollingWatch(service.inbox)
    if remote:
        return PollingWatch(service.inbox, f"for the inbox is on {remote}, which sends no events")
    return EventWatch(service.inbox, shutdown.wake)
