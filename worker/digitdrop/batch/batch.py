"""Read files and folders once; they stay where they are."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from digitdrop import pipeline
from digitdrop.batch.ahead import CrashNote, read_ahead
from digitdrop.batch.sources import find_drops
from digitdrop.errors import Gone, InputError, OutOfMemory, ReportError, RunBrokeOff
from digitdrop.escape import escape
from digitdrop.files import lock
from digitdrop.inference.classifier import Classifier
from digitdrop.outbox.report import Report
from digitdrop.pipeline import Outcome
from digitdrop.pool.batches import BatchReader
from digitdrop.pool.settings import PoolOptions
from digitdrop.system.log_fields import about
from digitdrop.system.shutdown import Shutdown, Stopped
from digitdrop.values import DigitCount, Failure, Limits, Reading, Status, count_text

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Summary:
    """Counts of a one-shot run."""

    counts: Counter[Status] = field(default_factory=Counter)
    """Rows by status, with the rows of earlier runs over the same pictures."""
    known: int = 0
    """Number of rows that were in the report already."""
    unread: Counter[str] = field(default_factory=Counter)
    """Pictures in folders that were passed over, by their kind, which is not read; and folders."""
    starved: int = 0
    """Pictures without a row: there was too little memory to read them, even alone."""
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
        """True if any picture could not be read, or was passed over."""
        return self.counts[Status.UNREADABLE] > 0 or bool(self.unread)

    def __str__(self) -> str:
        """Return the counts as one line."""
        parts = count_text(self.counts)
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


def run_batch(
    sources: Sequence[Path],
    report_path: Path,
    classifier: Classifier,
    *,
    limits: Limits,
    digits: DigitCount,
    workers: int,
    shutdown: Shutdown,
    progress: Callable[[int], None],
) -> Summary:
    """Read every picture once; run again, it goes on where it stopped.

    A picture has its row once its path and content are in the report.

    Args:
        sources: files and folders.
        report_path: the CSV, begun or continued.
        classifier: the network.
        limits: limits of one picture.
        digits: number of digits that a number may have.
        workers: pictures read at a time.
        shutdown: ends the run after the current batch.
        progress: called with the number of pictures done since its last call.

    Raises:
        SetupError: a source does not exist, or the report cannot be opened.
        RunBrokeOff: the report cannot be written any more.
        ReadTimeout: a thread never ends; its picture is in the report all the same.
    """
    if report_path.is_dir():
        raise ReportError(f"{report_path} is a folder: name a file with --report")
    with lock.lock_report(report_path):
        report, note = Report(report_path), CrashNote(report_path)
        known = _known(report, report_path)
        is_stopping = shutdown.is_stopping
        options = PoolOptions(
            workers=workers,
            limits=limits,
            digits=digits,
            is_stopping=is_stopping,
            known=frozenset(known),
        )
        reader = BatchReader(options, classifier)
        summary = Summary()
        drops = find_drops(sources, unread=summary.unread)
        try:
            for done, outcomes in read_ahead(drops, reader, note, shutdown):
                summary.add_known([known[one.id] for one in outcomes if one.id in known])
                new = _logged([one for one in outcomes if one.id not in known])
                summary.starved += sum(_fails_with(OutOfMemory, one) for one in new)
                new = [one for one in new if not _fails_with((Gone, OutOfMemory), one)]
                readings = pipeline.readings(new, model=classifier.name, now=pipeline.utc_now)
                _append(report, readings)
                summary.add(readings)
                progress(done)
                if is_stopping():
                    summary.was_stopped = True
                    break
            note.clear()
        except Stopped:
            summary.was_stopped = True
        finally:
            reader.close()
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


def _logged(outcomes: list[Outcome]) -> list[Outcome]:
    """Log all failures; return the outcomes."""
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
        raise RunBrokeOff(
            f"cannot write the report: {error}; make room or make it writable, then run it "
            "again: it goes on where it stopped"
        ) from error
