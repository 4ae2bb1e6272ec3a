"""Decode and normalise on several cores: threads, since Pillow and OpenCV let others run."""

from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDone
from pathlib import Path
from typing import TypeAlias

import cv2

from worker.crew.terms import Terms
from worker.crew.trial import TIME_LIMIT
from worker.pipeline import Seen, see
from worker.stopper import Stopped
from worker.values import Drop

_GRACE = 3.0  # seconds that all pictures together get to be finished once the worker shall stop
_LOOK = 0.2

Seeing: TypeAlias = Sequence[Future[Seen | None]]
"""Drops that are being seen, in their order; those not begun when a stop comes end as None."""


class Hung(Exception):
    """A picture has kept its thread busy for longer than any picture may."""


class Readers:
    """Some threads that see pictures."""

    def __init__(self, terms: Terms) -> None:
        """Start no thread before there is work for it."""
        self._terms = terms
        self._grace = _GRACE
        cv2.setNumThreads(1)  # the cores are taken by pictures read side by side
        self._pool = ThreadPoolExecutor(terms.workers, thread_name_prefix="reader")

    def begin(self, drops: Sequence[Drop], *, deadly: Collection[Path] = ()) -> Seeing:
        """Have drops seen in parallel, once those begun before are.

        Args:
            drops: what to read.
            deadly: files that must not be decoded.
        """
        return [self._pool.submit(self._see, drop, deadly) for drop in drops]

    def end(self, seeing: Seeing) -> list[Seen]:
        """Give what was seen, in its order, without what was not begun when a stop came.

        Raises:
            Hung: one has not ended after `TIME_LIMIT` seconds.
            Stopped: the worker shall stop, and one does not end.
        """
        return [seen for future in seeing if (seen := self._result(future))]

    def close(self) -> None:
        """Let go of the threads, without waiting for one that hangs."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _see(self, drop: Drop, deadly: Collection[Path]) -> Seen | None:
        if self._terms.is_stopping():
            return None
        return see(drop, self._terms.limits, known=self._terms.known, deadly=deadly)

    def _result(self, future: "Future[Seen | None]") -> Seen | None:
        patience = TIME_LIMIT
        while patience > 0 and self._grace > 0:
            try:
                seen = future.result(timeout=_LOOK)
            except NotDone:
                patience -= _LOOK
                self._grace -= _LOOK if self._terms.is_stopping() else 0
            else:
                self._terms.moved()
                return seen
        raise Stopped if self._terms.is_stopping() else Hung
