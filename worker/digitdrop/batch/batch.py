"""The same pipeline once over files and folders, which stay where they are."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from digitdrop import pipeline
from digitdrop.batch.sources import drops
from digitdrop.errors import Gone, InputError, OutOfMemory, ReportError
from digitdrop.escape import escape
from digitdrop.files import lock
from digitdrop.inference.classifier import Classifier
from digitdrop.outbox.report import Report
from digitdrop.pipeline import Outcome
from digitdrop.pool.batches import Turns
from digitdrop.pool.prefetch import Ahead
from digitdrop.pool.settings import Terms
from digitdrop.pool.started import Begun
from digitdrop.system.log_fields import about
from digitdrop.system.shutdown import Stopped, Stopper
from digitdrop.values import DigitCount, Failure, Limits, Reading, Status

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Summary:
    """What a one-shot run did."""

    counts: Counter[Status] = field(default_factory=Counter)
    """Rows by status: those of this run, and those that an earlier one left."""
    known: int = 0
    """How many of them were in the report already."""
    unread: Counter[str] = field(default_factory=Counter)
    """Pictures in folders that were passed over, by their kind, which is not read."""
    starved: int = 0
    """Pictures without a row, since there was too little memory to read them, even alone."""
    was_stopped: bool = False

    def add(self, readings: Iterable[Reading]) -> None:
        """Count new rows."""
        self.counts.update(reading.verdict.status for reading in readings)

    def add_known(self, statuses: Sequence[Status]) -> None:
        """Count rows that are in the report already."""
        self.counts.update(statuses)
        self.known += len(statuses)

    @property
    def failed(self) -> bool:
        """Whether any picture could not be read, or was passed over."""
        return self.counts[Status.UNREADABLE] > 0 or bool(self.unread)

    def __str__(self) -> str:
        """Say it in one line."""
        parts = ", ".join(f"{count:,} {status}" for status, count in self.counts.most_common())
        verb = "was" if self.known == 1 else "were"
        known = f" ({self.known:,} {verb} in the report already)" if self.known else ""
        starved = (
            f"; for {self.starved:,} there was not enough memory: run it again with more"
            if self.starved
            else ""
        )
        stopped = "; stopped: run it again to go on" if self.was_stopped else ""
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.unread.most_common())
        passed = f"; passed over, since these are not read: {kinds}" if kinds else ""
        total = self.counts.total()
        pictures = "picture" if total == 1 else "pictures"
        return f"{total:,} {pictures}{known}: {parts or 'none'}{passed}{starved}{stopped}"


def batch(
    sources: Sequence[Path],
    report_path: Path,
    classifier: Classifier,
    *,
    limits: Limits,
    digits: DigitCount,
    workers: int,
    stopper: Stopper,
    progress: Callable[[int], None],
) -> Summary:
    """Read every picture once; run again, it goes on where it stopped.

    A picture has its row once path and content are in the report.

    Args:
        sources: files and folders.
        report_path: the CSV, begun or continued.
        classifier: the network.
        limits: what one picture may cost.
        digits: how many digits a number may have.
        workers: pictures at a time.
        stopper: ends the run after the current turn.
        progress: told how many more pictures are done.

    Raises:
        SetupError: a source does not exist, or the report cannot be written.
        Hung: a thread never ends; run again, and all that was read is in the report.
    """
    if report_path.is_dir():
        raise ReportError(f"{report_path} is a folder: name a file with --report")
    with lock.held(report_path):
        report, begun = Report(report_path), Begun(report_path)
        known = _known(report, report_path)
        is_stopping = stopper.is_stopping
        terms = Terms(
            workers=workers,
            limits=limits,
            digits=digits,
            is_stopping=is_stopping,
            known=frozenset(known),
        )
        turns = Turns(terms, classifier)
        summary = Summary()
        try:
            ahead = Ahead(turns, begun, stopper=stopper)
            for done, outcomes in ahead.read(drops(sources, unread=summary.unread)):
                summary.add_known([known[one.id] for one in outcomes if one.id in known])
                new = _told([one for one in outcomes if one.id not in known])
                summary.starved += sum(_fails_with(OutOfMemory, one) for one in new)
                new = [one for one in new if not _fails_with((Gone, OutOfMemory), one)]
                readings = pipeline.readings(new, model=classifier.name, now=pipeline.utc_now)
                _append(report, readings)
                summary.add(readings)
                progress(done)
                if is_stopping():
                    summary.was_stopped = True
                    break
            begun.clear()
        except Stopped:
            summary.was_stopped = True
        finally:
            turns.close()
        return summary


def _known(report: Report, path: Path) -> dict[str, Status]:
    try:
        is_foreign = report.is_foreign()
        report.prepare()
        known = {row_id: row.status for row_id, row in report.all_rows()}
    except OSError as error:
        raise ReportError(f"cannot go on with the report: {error}") from error
    if is_foreign:
        raise ReportError(
            f"{path} is there and no report of ours, so it is left as it is: "
            "name another file with --report"
        )
    return known


def _told(outcomes: list[Outcome]) -> list[Outcome]:
    """Pass outcomes on, and tell of all failures."""
    for one in outcomes:
        if isinstance(one, Failure):
            name = escape(one.drop.name)
            logger.warning("%s: %s", name, one.error, extra=about(file=name))
    return outcomes


def _fails_with(kinds: type[InputError] | tuple[type[InputError], ...], one: Outcome) -> bool:
    return isinstance(one, Failure) and isinstance(one.error, kinds)


def _append(report: Report, readings: Sequence[Reading]) -> None:
    try:
        if readings:
            report.append(readings)
    except OSError as error:
        raise ReportError(
            f"cannot write the report: {error}; make room or make it writable, then run it "
            "again: it goes on where it stopped"
        ) from error
