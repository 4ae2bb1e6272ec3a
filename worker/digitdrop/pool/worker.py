"""A worker process of the pool, as its parent sees it, and the code that runs in it."""

import ctypes
import multiprocessing
import time
from collections import deque
from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Protocol, TypeAlias, cast

from digitdrop.errors import InputError
from digitdrop.inference.classifier import Classifier
from digitdrop.pipeline import Outcome, classify, prepare, utc_now
from digitdrop.pool.child import ChildProcess
from digitdrop.pool.settings import PoolOptions
from digitdrop.pool.task import Task
from digitdrop.system.memory import shortage
from digitdrop.values import DigitCount, Drop, Failure, Limits, Reading, Verdict

_SILENCE = 0.5  # seconds without results, but for a picture that takes longer itself

_Message: TypeAlias = Classifier | Sequence[Drop]
_Result: TypeAlias = tuple[str, str, datetime, Verdict | InputError]
"""Of a drop: id, SHA-256, the time, and the verdict or the error.

The drop itself is not sent back: that would take longer than recording it.
"""
_Results: TypeAlias = list[_Result] | None
"""Of the next drops, in their order; None when the network may be sent, and when it is there."""


class WorkerProcess(ChildProcess[_Message, _Results]):
    """A process with a network of its own, which reads the drops sent to it."""

    def __init__(self, options: PoolOptions) -> None:
        """Start it; raises OSError if no process can be started."""
        self._progress = multiprocessing.get_context("spawn").RawValue(ctypes.c_int64, 0)
        super().__init__(_work, options.limits, options.digits, options.known, self._progress)
        self.is_ready = False
        self.pending: deque[Task] = deque()
        """Tasks sent whose results are still to come, in order."""
        self.heard = time.monotonic()
        """Monotonic time of its last results."""
        self._has_network = False
        self._results = 0
        self._last = 0
        self._since = time.monotonic()

    def send(self, tasks: Sequence[Task]) -> None:
        """Have drops read; raises ConnectionError when it is dead."""
        if not self.pending:
            self.heard = time.monotonic()
        self.pending.extend(tasks)
        self.channel.send([task.drop for task in tasks])

    def receive(self, classifier: Classifier) -> None:
        """Take its results, or send the network when it asks for it; raises one of `DIED`."""
        results = self.channel.recv()
        self.heard = time.monotonic()
        if results is not None:
            for result in results:
                task = self.pending.popleft()
                task.finish(_unpacked(result, task.drop, classifier.name))
            self._results += len(results)
        elif self._has_network:
            self.is_ready = True
        else:
            self._has_network = True
            self.channel.send(classifier)  # it is waiting for it, so this does not block

    def current(self) -> Task | None:
        """Return the task that it decodes just now; None while it does something else."""
        begun, is_within = divmod(self._progress.value, 2)
        place = begun - self._results
        return self.pending[place] if is_within and 0 <= place < len(self.pending) else None

    def busy_for(self, now: float) -> float:
        """Return for how many seconds it has been seen to decode one and the same picture.

        Args:
            now: monotonic time.
        """
        if self._progress.value != self._last:
            self._last, self._since = self._progress.value, now
        return now - self._since if self.current() else 0.0


class _Counter(Protocol):
    """A number in memory that both processes share: right even if one is stuck or dead."""

    value: int
    """Twice the number of drops that were decoded, and 1 more while the next one is."""


def _work(
    channel: "Connection[_Results, _Message]",
    limits: Limits,
    digits: DigitCount,
    known: Container[str],
    progress: _Counter,
) -> None:
    channel.send(None)
    classifier = cast("Classifier", channel.recv())
    channel.send(None)
    while True:
        drops = cast("Sequence[Drop]", channel.recv())
        for results in _read(drops, classifier, limits, digits, known, progress):
            channel.send(results)


def _read(
    drops: Sequence[Drop],
    classifier: Classifier,
    limits: Limits,
    digits: DigitCount,
    known: Container[str],
    progress: _Counter,
) -> Iterator[list[_Result]]:
    """Read drops one by one; yield many results at once, but do not be silent for long."""
    prepared, since = [], time.monotonic()
    for index, drop in enumerate(drops, 1):
        progress.value += 1
        prepared.append(prepare(drop, limits, known=known))
        progress.value += 1
        if index == len(drops) or time.monotonic() - since > _SILENCE:
            try:
                outcomes = classify(prepared, classifier, digits=digits, now=utc_now)
            except MemoryError:
                short = shortage("the network")
                yield [(one.id, one.sha256, utc_now(), short) for one in prepared]
            else:
                yield [_packed(outcome) for outcome in outcomes]
            prepared, since = [], time.monotonic()


def _packed(outcome: Outcome) -> _Result:
    if isinstance(outcome, Failure):
        return outcome.id, outcome.sha256, utc_now(), outcome.error
    return outcome.id, outcome.sha256, outcome.time, outcome.verdict


def _unpacked(result: _Result, drop: Drop, model: str) -> Outcome:
    row_id, sha256, read_at, found = result
    if isinstance(found, InputError):
        return Failure(id=row_id, drop=drop, sha256=sha256, error=found)
    return Reading(id=row_id, drop=drop, time=read_at, verdict=found, sha256=sha256, model=model)
