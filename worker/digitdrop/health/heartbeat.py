"""How the worker is: gathered from its parts, told through the outlets when it moves on."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from digitdrop.health.worker_status import Deferred, StatusSink, WorkerStatus
from digitdrop.intake.settle import Clocks
from digitdrop.values import Reading, iso


class Heartbeat:
    """Beats whenever a part of the worker has moved on; nothing beats by itself.

    So a worker that hangs is silent, and one that is idle takes no more time than
    its listings do.
    """

    def __init__(
        self, told: WorkerStatus, outlets: Sequence[StatusSink], clock: Callable[[], Clocks]
    ) -> None:
        """Begin with what is known at the start."""
        self._told = told
        self._outlets = outlets
        self._clock = clock
        self._read: Counter[str] = Counter()

    def beat(self) -> None:
        """Say that the worker has moved on; quick, and never raises OSError."""
        now = self._clock().monotonic
        for outlet in self._outlets:
            outlet.tell(self._told, now)

    def ready(self) -> None:
        """Note that the inbox is watched, and that it has been listed once to its end."""
        if not self._told.is_ready:
            self._told = replace(self._told, is_ready=True)
            self.beat()

    def observing(self, how: str) -> None:
        """Note how files are noticed; the same again is no news."""
        if how != self._told.looking:
            self._told = replace(self._told, looking=how)

    def rows_written(self, readings: Sequence[Reading]) -> None:
        """Count new rows of the report."""
        self._read.update(str(reading.verdict.status) for reading in readings)
        self._told = replace(self._told, read=dict(self._read), last=iso(readings[-1].time))

    def outage(self, what: str, why: str) -> None:
        """Note what cannot be done for now; said again, it keeps its first time.

        Args:
            what: completes "cannot ...".
            why: empty when it can be done again.
        """
        start = f"cannot {what}: "
        known = {text: at for text, at in self._told.trouble.items() if text.startswith(start)}
        others = {text: at for text, at in self._told.trouble.items() if text not in known}
        since = next(iter(known.values()), _iso(self._clock()))
        trouble = {**others, start + why: since} if why else others
        if trouble != self._told.trouble:
            self._told = replace(self._told, trouble=trouble)
        self.beat()

    def deferred(self, first: tuple[Deferred, ...], count: int) -> None:
        """Note what cannot be handled for now: the first of it, and how much there is."""
        self._told = replace(self._told, deferred=first, deferred_files=count)

    def end(self) -> None:
        """Say that the worker stops."""
        for outlet in self._outlets:
            outlet.end(self._told)


def _iso(now: Clocks) -> str:
    return iso(datetime.fromtimestamp(now.wall_ns / 1e9, UTC))
