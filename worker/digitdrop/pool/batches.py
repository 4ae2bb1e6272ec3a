"""Batches of pictures: read by threads of this process, or by the pool where many wait."""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from digitdrop.errors import OutOfMemory
from digitdrop.inference.classifier import Classifier
from digitdrop.pipeline import Outcome, Prepared, classify, utc_now
from digitdrop.pool.pool import WorkerPool
from digitdrop.pool.probe import TIME_LIMIT
from digitdrop.pool.settings import PoolOptions
from digitdrop.pool.slow_lane import SlowLane
from digitdrop.pool.task import Task
from digitdrop.pool.threads import ReaderThreads
from digitdrop.system.shutdown import Stopped
from digitdrop.values import Drop, Failure, Reading

Begun = TypeVar("Begun")

_SECONDS: Final = 0.25
_LARGEST: Final = 1024
_LOOK: Final = 0.1
_GRACE: Final = 3.0  # seconds that all pictures together get to be finished at a stop
_LONG: Final = 0.1
"""Seconds of full batches after which a pool is worth its start, which takes 0.3 s of CPU time in
all: threads have to wait for one another. Measured in docs/performance.md, "What was done"."""
_IDLE: Final = 5.0
"""Seconds without work after which the pool is dismissed, which frees 90 MB with two workers."""


class ReadTimeout(Exception):
    """A picture has kept its thread busy for longer than any picture may."""


def one_ahead(begun: Iterable[Begun]) -> Iterator[Begun]:
    """Yield each item once the next one is taken, so that work begun by `begun` goes on.

    >>> [*one_ahead(print("begin", name) or name for name in "ab")]
    begin a
    begin b
    ['a', 'b']
    """
    last: list[Begun] = []
    for item in begun:
        yield from last
        last = [item]
    yield from last


@dataclass(frozen=True, slots=True)
class Batch:
    """Drops that are read together: being read already, or once their end is waited for."""

    drops: Sequence[Drop]
    tasks: Sequence[Task] = ()
    """Empty if nothing reads them yet."""
    begun: float = field(default_factory=time.monotonic)
    """Monotonic time."""

    @property
    def is_under_way(self) -> bool:
        """True if it is read while something else is done."""
        return bool(self.tasks)

    @property
    def is_in_pool(self) -> bool:
        """True if processes read it."""
        return any(task.is_in_pool for task in self.tasks)

    def give_up(self) -> None:
        """Have no more drops begun by threads: nobody will wait for the end."""
        for task in self.tasks:
            task.finish()


class BatchSize:
    """The number of files in a batch that takes about a quarter of a second, as measured so far.

    Rows appear, and a stop takes effect, after each batch; but each batch waits for the disk.
    """

    def __init__(self, least: int) -> None:
        """Begin with few; each of `least` workers gets a file, and a batch has two at least."""
        self._least = max(2, least)
        self.size = max(16, least)
        self._ended = -math.inf
        """Monotonic time of the end of the last full batch."""

    def ended(self, batch: Batch) -> None:
        """Adapt to the time that a full batch took since the one before ended.

        A smaller batch is no measure: most of its time goes into claim, record and fsync.
        """
        if len(batch.drops) < self.size:
            return
        now = time.monotonic()
        seconds = now - max(batch.begun, self._ended)
        fitting = int(len(batch.drops) / max(seconds, 1e-6) * _SECONDS)
        self.size = max(self._least, min(_LARGEST, fitting, 4 * self.size))
        self._ended = now


class BatchReader:
    """Reads batches: by threads at first, by the pool where full batches go on."""

    def __init__(self, options: PoolOptions, classifier: Classifier) -> None:
        """Start neither thread nor process before there is work for it.

        Args:
            options: for threads and processes.
            classifier: the network, of which each process gets a copy.
        """
        self._options = options
        self._classifier = classifier
        self.workers = options.workers
        """Pictures read at a time."""
        self._grace = _GRACE
        self._since: float | None = None
        """Monotonic time since which batches have been full."""
        self._lane = SlowLane(options)
        self._late: list[Prepared] = []
        """Pictures that took long, prepared and not classified yet."""
        self._threads = ReaderThreads(options)
        self._pool = WorkerPool(options, classifier, self._lane)

    def begin(self, drops: Sequence[Drop], *, more: bool = False) -> Batch:
        """Have drops read, by the pool if it is ready; at most two batches at a time.

        Args:
            drops: the batch.
            more: as many or more are waiting, so that these are best begun at once, and
                a pool may be worth its start; with a single worker nothing is gained.
        """
        more = more and self.workers > 1
        are_stuck = self._threads.are_stuck
        if are_stuck or (more and self._is_worth_a_pool()):
            self._pool.start()
        if self._threads.are_all_stuck:
            self._wait_for_pool()
        if (more or are_stuck) and self._pool.is_ready():
            tasks = [Task(drop) for drop in drops]
            self._pool.begin(tasks)
            return Batch(drops, tasks)
        return Batch(drops, self._begin_here(drops) if more else ())

    def end(self, batch: Batch) -> list[Outcome]:
        """Return the outcomes of a batch, in order.

        Left out are drops not begun when a stop came, and drops that `late` returns: they
        take long, or found too little memory beside others.

        Raises:
            ReadTimeout: a picture read here never ends, or nothing is left that could read.
            Stopped: the worker shall stop, and a picture read here does not end.
        """
        results = []
        for task in batch.tasks or self._begin_here(batch.drops):
            self._wait_for(task)
            if task.result and not task.is_stuck:
                results.append(task.result)
        if self._threads.are_stuck:
            self._pool.start()
        outcomes = self._classified(results)
        self.suspect([one.drop for one in outcomes if _is_starved(one)], crashes=0)
        return [one for one in outcomes if not _is_starved(one)]

    def suspect(self, drops: Sequence[Drop], *, crashes: int) -> None:
        """Have drops read in the slow lane, where they harm nothing else; see `late`.

        Args:
            drops: any number.
            crashes: processes that died while they had them.
        """
        for drop in drops:
            self._lane.put(Task(drop, crashes=crashes))

    def late(self) -> list[Outcome]:
        """Return the outcomes of pictures that took long, once each; does not wait."""
        self._late += self._lane.ended()
        outcomes = self._classified(self._late) if self._late else []
        self._late = []  # only now: memory may have run out
        return outcomes

    def late_drops(self) -> set[Drop]:
        """Return the drops whose outcome `late` has yet to return."""
        return self._lane.drops().union(one.drop for one in self._late)

    @property
    def is_stuck(self) -> bool:
        """True if a thread is still busy with a picture that `late` returns, or returned."""
        return self._threads.stuck_for() > 0

    def idle(self) -> None:
        """Note that no drop waits just now; processes that have been idle for long are ended.

        Raises:
            ReadTimeout: a thread never ends; its picture was read, or given up, elsewhere.
        """
        self._since = None
        if self._threads.stuck_for() > 2 * TIME_LIMIT and not self._lane.drops():
            raise ReadTimeout
        if self._pool.idle_for() > _IDLE and not self._threads.are_stuck:
            self._pool.dismiss()

    def close(self) -> None:
        """End threads and processes, without waiting for a picture that hangs."""
        self._pool.dismiss()
        self._lane.close()
        self._threads.close()

    def _classified(self, results: Sequence[Prepared | Reading]) -> list[Outcome]:
        digits = self._options.digits
        return classify(results, self._classifier, digits=digits, now=utc_now)

    def _begin_here(self, drops: Sequence[Drop]) -> list[Task]:
        tasks = [Task(drop) for drop in drops]
        self._threads.begin(tasks)
        return tasks

    def _wait_for(self, task: Task) -> None:
        """Wait until a task is done, here or in the pool, or goes on in the slow lane.

        Raises:
            ReadTimeout, Stopped: see `end`.
            MemoryError: raised by the thread that read it, as anything else.
        """
        left = TIME_LIMIT  # counted, so that a worker that was suspended blames nothing
        while not task.is_done:
            if self._waited(task):
                self._options.moved()
                continue
            if not task.is_in_pool and self._goes_on_elsewhere(task):
                return
            left -= _LOOK
            self._grace -= _LOOK if self._options.is_stopping() else 0
            if self._grace <= 0 and task.is_in_pool:
                for rest in self._pool.dismiss():
                    rest.finish()
            elif self._grace <= 0:
                raise Stopped
            elif left <= 0 and not task.is_in_pool:
                raise ReadTimeout
        if task.error:
            raise task.error

    def _waited(self, task: Task) -> bool:
        if not task.is_in_pool:
            return self._threads.wait(task, _LOOK)
        has_moved = self._pool.advance(_LOOK)
        if orphans := self._pool.orphans:
            self._pool.orphans = []
            for one in orphans:
                one.is_in_pool = False
            self._threads.begin(orphans)
        return has_moved

    def _goes_on_elsewhere(self, task: Task) -> bool:
        """Return True if a task goes on in the lane: it takes long.

        A task that no thread is left for goes to the pool, where it is waited for.
        """
        if task.began is None and self._threads.are_all_stuck:
            self._wait_for_pool()
            self._pool.begin([task])
        if task.began is None or not self._lane.takes(time.monotonic() - task.began):
            return False
        if is_left := self._threads.leave(task):
            self._lane.take_over(task)
        return is_left

    def _wait_for_pool(self) -> None:
        """Wait until the pool can read: no thread is left."""
        self._pool.start()
        left = TIME_LIMIT
        while not self._pool.is_ready():
            if self._options.is_stopping():
                raise Stopped
            left -= _LOOK
            if left < 0 or not self._pool.is_started:
                raise ReadTimeout
            time.sleep(_LOOK)
            self._options.moved()

    def _is_worth_a_pool(self) -> bool:
        now = time.monotonic()
        self._since = self._since or now
        return now - self._since > _LONG


def _is_starved(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and isinstance(outcome.error, OutOfMemory)
