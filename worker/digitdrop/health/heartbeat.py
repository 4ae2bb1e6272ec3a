"""The worker's status, gathered from its parts and sent to its sinks when the worker moves on."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from digitdrop.health.worker_status import Deferred, StatusSink, WorkerStatus
from digitdrop.intake.settle import Clocks
from digitdrop.values import Reading, iso


class Heartbeat:
    """Beats when a part of the worker has moved on. There is no timer.

    So a worker that hangs is silent, and an idle worker costs no more than its listings.
    """

    def __init__(
        self, status: WorkerStatus, sinks: Sequence[StatusSink], clock: Callable[[], Clocks]
    ) -> None:
        """Begin with the status at the start of the worker."""
        self._status = status
        self._sinks = sinks
        self._clock = clock
        self._read: Counter[str] = Counter()

    def beat(self) -> None:
        """Signal that the worker has moved on; quick, and never raises OSError."""
        now = self._clock().monotonic
        for sink in self._sinks:
            sink.tell(self._status, now)

    def ready(self) -> None:
        """Record that the inbox is watched and was listed once to its end."""
        if not self._status.is_ready:
            self._status = replace(self._status, is_ready=True)
            self.beat()

    def observing(self, how: str) -> None:
        """Record the way in which new files are noticed: events or listings."""
        if how != self._status.looking:
            self._status = replace(self._status, looking=how)

    def rows_written(self, readings: Sequence[Reading]) -> None:
        """Count new rows of the report."""
        self._read.update(str(reading.verdict.status) for reading in readings)
        self._status = replace(self._status, read=dict(self._read), last=iso(readings[-1].time))

    def outage(self, operation: str, why: str) -> None:
        """Record an outage, or its end; a repeated outage keeps its first time.

        Args:
            operation: completes "cannot ...".
            why: the reason; empty at the end of the outage.
        """
        start = f"cannot {operation}: "
        known = {text: at for text, at in self._status.trouble.items() if text.startswith(start)}
        others = {text: at for text, at in self._status.trouble.items() if text not in known}
        since = next(iter(known.values()), _iso(self._clock()))
        trouble = {**others, start + why: since} if why else others
        if trouble != self._status.trouble:
            self._status = replace(self._status, trouble=trouble)
        self.beat()

    def deferred(self, first: tuple[Deferred, ...], count: int) -> None:
        """Record the files that are retried: the first of them, and their number."""
        self._status = replace(self._status, deferred=first, deferred_files=count)

    def end(self) -> None:
        """Tell the sinks that the worker stops."""
        for sink in self._sinks:
            sink.end(self._status)


def _iso(now: Clocks) -> str:
    return iso(datetime.fromtimestamp(now.wall_ns / 1e9, UTC))
