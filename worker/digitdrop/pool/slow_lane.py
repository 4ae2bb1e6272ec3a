"""A process for pictures that take long or may be deadly: others are read meanwhile.

It may die of a picture, or be killed because of one, at no cost for anything else.
"""

import logging
import time
from collections import deque
from collections.abc import Container
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

import cv2

from digitdrop.errors import InputError, Unreadable
from digitdrop.escape import escape
from digitdrop.pipeline import Prepared, location_of, prepare
from digitdrop.pool.lifeline import begun, live_for_parent
from digitdrop.pool.probe import TIME_LIMIT
from digitdrop.pool.settings import PoolOptions
from digitdrop.system.log_fields import about
from digitdrop.system.memory import is_short, shortage
from digitdrop.values import Drop, Failure, Limits

logger = logging.getLogger(__name__)

SHARE: Final = 0.7
"""Seconds that a picture may keep others waiting; from then on it is read in the lane."""

_MOST: Final = 100  # pictures; where so many take long, it is no matter of single ones
_START: Final = 60.0  # seconds that the process may take until it can read
_PAUSE: Final = 5.0  # seconds after one that could not start
_TRIES: Final = 3  # starts that fail in a row, after which what waits is not read for now
_DEADLY: Final = 2  # crashes
_ALONE: Final = 2**26  # bytes that must be free: nothing else is read in that process


@dataclass(slots=True, eq=False)
class _Case:
    drop: Drop
    thread: "Future[Prepared | None] | None" = None
    """What still reads it as well, since no thread can be ended."""
    crashes: int = 0
    """How often a process died while it was read."""


class SlowLane:
    """Sees pictures one after the other, in a process that is there only when needed."""

    def __init__(self, terms: PoolOptions) -> None:
        """Start no process before there is work for it."""
        self._terms = terms
        self._waiting: deque[_Case] = deque()
        self._case: _Case | None = None
        self._process: SpawnProcess | None = None
        self._is_ready = False
        self._since = 0.0
        """When the process, or the picture in it, was begun."""
        self._not_before = 0.0
        self._failed_starts = 0
        """In a row."""

    def __len__(self) -> int:
        return len(self._waiting) + (self._case is not None)

    def drops(self) -> set[Drop]:
        """Give what is read or waits here."""
        return {case.drop for case in (self._case, *self._waiting) if case}

    @property
    def is_full(self) -> bool:
        """Whether so many wait that one more may as well keep others waiting."""
        return len(self) >= _MOST

    def put(
        self, drop: Drop, *, thread: "Future[Prepared | None] | None" = None, crashes: int = 0
    ) -> None:
        """Have a picture seen here.

        Args:
            drop: the picture.
            thread: what sees it already, and may come first after all.
            crashes: how often a process died while the picture was read; of two it is
                said to be the cause.
        """
        self._waiting.append(_Case(drop, thread, crashes))

    def ended(self) -> list[Prepared]:
        """Give what was seen since; does not wait."""
        done = self._from_threads()
        while self._case or (self._waiting and self._begin()):
            answer = self._answer()
            if not answer:
                break
            done.append(answer)
        if self._failed_starts >= _TRIES:
            done += self._given_up()
        return done

    def dismiss(self) -> None:
        """End the process, whatever it does, and forget what it was to read."""
        self._waiting.clear()
        self._kill()

    def rest(self) -> None:
        """Let the process go if it has nothing to do."""
        if not len(self):
            self._kill()

    def _from_threads(self) -> list[Prepared]:
        done = []
        if self._case and self._case.thread and self._case.thread.done():
            self._waiting.appendleft(self._case)
            self._kill()
        for case in [one for one in self._waiting if one.thread and one.thread.done()]:
            self._waiting.remove(case)
            seen = case.thread.result() if case.thread else None
            if seen:
                done.append(seen)
        return done

    def _begin(self) -> bool:
        now = time.monotonic()
        if now < self._not_before:
            return False
        if not self._process and not self._start():
            return False
        self._case, self._since = self._waiting.popleft(), now
        with suppress(ConnectionError):  # it is dead, as `_answer` will find
            self._channel.send(self._case.drop)
        return True

    def _start(self) -> bool:
        limits = replace(self._terms.limits, spare=_ALONE)
        try:
            self._process, self._channel = begun(_work, limits, self._terms.known)
        except OSError:
            self._failed()
            return False
        self._is_ready = False
        return True

    def _failed(self) -> None:
        logger.warning("cannot start the process for pictures that take long: trying again")
        self._failed_starts += 1
        self._not_before = time.monotonic() + _PAUSE

    def _given_up(self) -> list[Prepared]:
        """Answer what waits for a process that cannot be started, but for what a thread reads."""
        self._failed_starts = 0
        cases = [case for case in self._waiting if not case.thread]
        self._waiting = deque(case for case in self._waiting if case.thread)
        return [self._refused(case.drop, shortage("a process that reads it")) for case in cases]

    def _answer(self) -> Prepared | None:
        """Give what was seen of the picture under way, or that nothing can be; None if open."""
        case = self._case
        if not case:
            return None
        try:
            while self._channel.poll():
                said = self._channel.recv()
                self._since = time.monotonic()
                if said:
                    self._case = None
                    return replace(said, drop=case.drop)
                self._is_ready = True
                self._failed_starts = 0
        except (EOFError, ConnectionError, MemoryError):
            return self._died(case)
        if time.monotonic() - self._since <= (TIME_LIMIT if self._is_ready else _START):
            return None
        if not self._is_ready:
            return self._died(case)
        self._kill()
        slow = Unreadable(f"takes longer than {TIME_LIMIT:.0f} seconds to read")
        return self._refused(case.drop, slow)

    def _died(self, case: _Case) -> Prepared | None:
        was_ready = self._is_ready
        self._kill()
        if not was_ready:
            self._failed()
        else:
            case.crashes += 1
            if case.crashes >= _DEADLY:
                starved = is_short(self._terms.limits.spare)  # where libraries end their process
                twice = Unreadable("crashed the reader twice")
                return self._refused(case.drop, shortage("this picture") if starved else twice)
        self._waiting.append(case)
        return None

    def _refused(self, drop: Drop, error: InputError) -> Prepared:
        """Load a picture, but do not decode it."""
        seen = prepare(
            drop, self._terms.limits, known=self._terms.known, poison=[location_of(drop)]
        )
        if isinstance(seen, Failure) and isinstance(seen.error, Unreadable):
            return replace(seen, error=error)
        return seen

    def _kill(self) -> None:
        self._case = None
        if self._process:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._channel.close()
            self._process = None


def tell(drop: Drop) -> None:
    """Say in the log that a picture goes on in the lane."""
    name = escape(drop.name)
    logger.info("%s takes long to read: others go on", name, extra=about(file=name))


def _work(
    channel: "Connection[Prepared | None, Drop]", limits: Limits, known: Container[str]
) -> None:
    """See whatever is told until nobody is there to tell."""
    live_for_parent()
    cv2.setNumThreads(1)
    try:
        channel.send(None)
        while True:
            channel.send(prepare(channel.recv(), limits, known=known))
    except (EOFError, ConnectionError, MemoryError):
        return
