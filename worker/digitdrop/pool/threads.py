"""Decode and normalise on several cores: threads, since Pillow and OpenCV let others run."""

import time
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDone
from typing import TypeAlias

import cv2

from digitdrop.pipeline import Prepared, prepare
from digitdrop.pool.probe import TIME_LIMIT
from digitdrop.pool.settings import PoolOptions
from digitdrop.pool.slow_lane import SHARE, SlowLane, tell
from digitdrop.system.shutdown import Stopped
from digitdrop.values import Drop

_GRACE = 3.0  # seconds that all pictures together get to be finished once the worker shall stop
_LOOK = 0.1


class ReadTimeout(Exception):
    """A picture has kept its thread busy for longer than any picture may."""


class ThreadTask:
    """A drop that is being seen."""

    def __init__(self, drop: Drop) -> None:
        """Name the drop; `future` is set by who has it seen."""
        self.drop = drop
        self.future: Future[Prepared | None] = Future()
        self.began: float | None = None
        """When, by the monotonic clock; None until then."""


ThreadBatch: TypeAlias = Sequence[ThreadTask]
"""Drops in their order; those not begun when a stop comes end as None."""


class ReaderThreads:
    """Some threads that see pictures."""

    def __init__(self, terms: PoolOptions, lane: SlowLane | None = None) -> None:
        """Start no thread before there is work for it.

        Args:
            terms: on which pictures are read.
            lane: where a picture goes on that takes long; None to wait for each.
        """
        self._terms = terms
        self._lane = lane
        self._grace = _GRACE
        cv2.setNumThreads(1)  # the cores are taken by pictures read side by side
        self._pool = self._new_pool()
        self._open: list[ThreadTask] = []
        self._stuck: list[ThreadTask] = []
        self._has_no_more = False

    def begin(self, drops: Sequence[Drop]) -> ThreadBatch:
        """Have drops seen in parallel, once those begun before are."""
        jobs = [ThreadTask(drop) for drop in drops]
        for job in jobs:
            job.future = self._pool.submit(self._see, job)
        self._open = [job for job in self._open if not job.future.done()] + jobs
        return jobs

    def end(self, seeing: ThreadBatch) -> list[Prepared]:
        """Give what was seen, in its order, without what was not begun when a stop came.

        What takes long is left out, too: it goes on in the lane. Where no thread was to be
        had, the future of a job is cancelled: it is to be seen elsewhere.

        Raises:
            Hung: one has not ended after `TIME_LIMIT` seconds.
            Stopped: the worker shall stop, and one does not end.
        """
        return [seen for job in seeing if (seen := self._result(job))]

    @property
    def are_stuck(self) -> bool:
        """Whether as many threads as may read are busy with pictures that went on elsewhere."""
        self.stuck_for()
        return len(self._stuck) >= self._terms.workers

    @property
    def are_all_stuck(self) -> bool:
        """Whether no thread is left: no more are begun, for each may take much memory."""
        return self._has_no_more and self._are_too_many

    @property
    def _are_too_many(self) -> bool:
        self.stuck_for()
        return len(self._stuck) >= 2 * self._terms.workers

    def stuck_for(self) -> float:
        """Say for how many seconds a thread has been busy with one picture; 0 if none is."""
        self._stuck = [job for job in self._stuck if not job.future.done()]
        now = time.monotonic()
        return max((now - (job.began or now) for job in self._stuck), default=0.0)

    def close(self) -> None:
        """Let go of the threads, without waiting for one that hangs."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._terms.workers, thread_name_prefix="reader")

    def _see(self, job: ThreadTask) -> Prepared | None:
        if self._terms.is_stopping():
            return None
        job.began = time.monotonic()
        return prepare(job.drop, self._terms.limits, known=self._terms.known)

    def _result(self, job: ThreadTask) -> Prepared | None:
        patience = TIME_LIMIT
        while patience > 0 and self._grace > 0:
            try:
                seen = job.future.result(timeout=_LOOK)
            except NotDone:
                if self._leaves(job):
                    return None
                patience -= _LOOK
                self._grace -= _LOOK if self._terms.is_stopping() else 0
            except CancelledError:
                return None
            else:
                self._terms.moved()
                return seen
        raise Stopped if self._terms.is_stopping() else ReadTimeout

    def _leaves(self, job: ThreadTask) -> bool:
        """Have a picture go on in the lane if it has taken long enough; others get new threads."""
        if self._lane is None or self._lane.is_full or not job.began:
            return False
        if time.monotonic() - job.began < SHARE:
            return False
        self._has_no_more = self._are_too_many
        tell(job.drop)
        self._lane.put(job.drop, thread=job.future)
        self._stuck.append(job)
        cancelled = [one for one in self._open if one.future.cancel()]  # they have not begun
        if not self._has_no_more:
            last, self._pool = self._pool, self._new_pool()
            last.shutdown(wait=False)
            for one in cancelled:
                one.future = self._pool.submit(self._see, one)
        return True
