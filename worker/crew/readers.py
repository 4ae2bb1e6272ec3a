"""Decode and normalise on several cores: threads, since Pillow and OpenCV let others run."""

from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDone
from pathlib import Path

import cv2

from worker.crew.terms import Terms
from worker.crew.trial import TIME_LIMIT
from worker.pipeline import Seen, see
from worker.stopper import Stopped
from worker.values import Drop

_GRACE = 3.0  # seconds that pictures get to be finished once the worker shall stop
_LOOK = 0.2


class Hung(Exception):
    """A picture has kept its thread busy for longer than any picture may."""


class Readers:
    """Some threads that see pictures."""

    def __init__(self, terms: Terms) -> None:
        """Start no thread before there is work for it."""
        self._terms = terms
        cv2.setNumThreads(1)  # the cores are taken by pictures read side by side
        self._pool = ThreadPoolExecutor(terms.workers, thread_name_prefix="reader")

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
        if self._terms.is_stopping():
            return None
        return see(drop, self._terms.limits, known=self._terms.known, deadly=deadly)

    def _result(self, future: "Future[Seen | None]") -> Seen | None:
        patience = TIME_LIMIT
        while patience > 0:
            try:
                seen = future.result(timeout=_LOOK)
            except NotDone:
                patience -= _LOOK
                if self._terms.is_stopping():
                    patience = min(patience, _GRACE)
            else:
                self._terms.moved()
                return seen
        raise Stopped if self._terms.is_stopping() else Hung
