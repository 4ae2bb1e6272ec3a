"""Decode and normalise on several cores: threads, since Pillow and OpenCV let others run."""

from collections.abc import Callable, Collection, Container, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDone
from pathlib import Path

import cv2

from worker.crew.trial import TIME_LIMIT
from worker.pipeline import Seen, see
from worker.stopper import Stopped
from worker.values import Drop, Limits

_GRACE = 3.0  # seconds that pictures get to be finished once the worker shall stop
_LOOK = 0.2


class Hung(Exception):
    """A picture has kept its thread busy for longer than any picture may."""


class Readers:
    """Some threads that see pictures."""

    def __init__(
        self,
        workers: int,
        limits: Limits,
        *,
        is_stopping: Callable[[], bool],
        known: Container[str] = (),
        moved: Callable[[], None] = lambda: None,
    ) -> None:
        """Start no thread before there is work for it.

        Args:
            workers: pictures at a time.
            limits: what one file may cost.
            is_stopping: once it says so, no picture is begun.
            known: ids of rows that need not be read again.
            moved: called, in the thread that asks, whenever a picture is done.
        """
        self._moved = moved
        self._known = known
        self._limits = limits
        self._is_stopping = is_stopping
        cv2.setNumThreads(1)  # the cores are taken by pictures read side by side
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="reader")

    def see(self, drops: Sequence[Drop], *, deadly: Collection[Path] = ()) -> list[Seen]:
        """See drops in parallel, in their order, without those not begun when a stop comes.

        Args:
            drops: what to read.
            deadly: files that must not be decoded.

        Raises:
            Hung: one has not ended after `TIME_LIMIT` seconds.
            Stopped: the worker shall stop, and one does not end.
        """
        futures = [self._pool.submit(self._see, drop, deadly) for drop in drops]
        return [seen for future in futures if (seen := self._result(future))]

    def close(self) -> None:
        """Let go of the threads, without waiting for one that hangs."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _see(self, drop: Drop, deadly: Collection[Path]) -> Seen | None:
        if self._is_stopping():
            return None
        return see(drop, self._limits, known=self._known, deadly=deadly)

    def _result(self, future: "Future[Seen | None]") -> Seen | None:
        patience = TIME_LIMIT
        while patience > 0:
            try:
                seen = future.result(timeout=_LOOK)
            except NotDone:
                patience -= _LOOK
                if self._is_stopping():
                    patience = min(patience, _GRACE)
            else:
                self._moved()
                return seen
        raise Stopped if self._is_stopping() else Hung
