"""The slow lane: a process for pictures that take long or may be poison, one after the other.

Others are read meanwhile. The process may die of a picture, or be killed because of one, at no
cost for anything else; it lives only while there is a picture for it.
"""

import logging
import time
from collections import deque
from collections.abc import Container
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Final

from digitdrop.errors import InputError, Unreadable
from digitdrop.escape import escape
from digitdrop.pipeline import Prepared, location_of, prepare
from digitdrop.pool.child import DIED, ChildProcess
from digitdrop.pool.probe import TIME_LIMIT
from digitdrop.pool.settings import PoolOptions
from digitdrop.pool.task import Task
from digitdrop.system.log_fields import about
from digitdrop.system.memory import is_short, shortage
from digitdrop.values import Drop, Failure, Limits, Picture

logger = logging.getLogger(__name__)

SLOW: Final = 0.7
"""Seconds that a picture may keep others waiting; from then on it is one for the lane."""

_THREAD: Final = 5.0
"""Seconds more that a thread gets before the lane begins its picture as well: most slow pictures
are large, and two processes that decode the same one take twice the memory."""
_MOST: Final = 100  # pictures; where so many take long, the lane is no way around them
_START: Final = 60.0  # seconds that the process may take until it can read
_PAUSE: Final = 5.0  # seconds after a start that failed
_TRIES: Final = 3  # starts that fail in a row, after which the pictures are not read for now
_POISON: Final = 2  # crashes
_ALONE: Final = 2**26  # bytes that must be free: nothing else is read in that process


class SlowLane:
    """Prepares pictures one after the other in a process of its own."""

    def __init__(self, options: PoolOptions) -> None:
        """Start no process before there is work for it."""
        self._options = options
        self._waiting: deque[Task] = deque()
        self._current: Task | None = None
        self._process: ChildProcess[Drop, Prepared | None] | None = None
        self._is_ready = False
        self._since = 0.0
        """Monotonic time at which the process, or the picture in it, was begun."""
        self._not_before = 0.0
        self._failed_starts = 0
        """Number in a row."""

    def drops(self) -> set[Drop]:
        """Return the drops that are read or wait here."""
        return {task.drop for task in (self._current, *self._waiting) if task}

    def takes(self, seconds: float) -> bool:
        """Return True if a picture that has been read for so many seconds may go on here."""
        return seconds > SLOW and len(self._waiting) < _MOST

    def put(self, task: Task) -> None:
        """Have a picture read here; its result comes from `ended`, not from the task.

        If a thread still reads it, the first result counts.
        """
        self._waiting.append(task)

    def take_over(self, task: Task) -> None:
        """Have a picture read here that takes long elsewhere, and log that."""
        name = escape(task.drop.name)
        logger.info("%s takes long to read: others go on", name, extra=about(file=name))
        self.put(task)

    def ended(self) -> list[Prepared]:
        """Return the pictures prepared since the last call; does not wait."""
        done = self._by_threads()
        while (self._current or self._begin()) and (prepared := self._result()):
            done.append(prepared)
        if self._failed_starts >= _TRIES:
            done += self._given_up()
        if not self._current and not self._waiting:
            self._kill()
        return done

    def close(self) -> None:
        """Kill the process, whatever it does, and forget its pictures."""
        self._waiting.clear()
        self._kill()

    def _by_threads(self) -> list[Prepared]:
        if self._current and self._current.is_stuck and self._current.is_done:
            self._waiting.appendleft(self._current)
            self._kill()
        ended = [
            task for task in self._waiting if task.is_stuck and task.is_done and not task.error
        ]
        for task in ended:
            self._waiting.remove(task)
        return [task.result for task in ended if isinstance(task.result, Picture | Failure)]

    def _begin(self) -> bool:
        now = time.monotonic()
        due = (task for task in self._waiting if now - (task.began or 0.0) > SLOW + _THREAD)
        task = next(due, None)
        if not task or now < self._not_before:
            return False
        if not self._process:
            limits = replace(self._options.limits, spare=_ALONE)
            try:
                self._process = ChildProcess(_prepare_each, limits, self._options.known)
            except OSError:
                self._start_failed()
                return False
            self._is_ready = False
        self._waiting.remove(task)
        self._current, self._since = task, now
        with suppress(ConnectionError):  # it is dead, as `_result` will find
            self._process.channel.send(task.drop)
        return True

    def _result(self) -> Prepared | None:
        """Return the picture under way once it is prepared or given up; else None."""
        task = self._current
        if not task or not self._process:
            return None
        try:
            while self._process.channel.poll():
                prepared = self._process.channel.recv()
                self._since = time.monotonic()
                if prepared:
                    self._current = None
                    return replace(prepared, drop=task.drop)
                self._is_ready = True
                self._failed_starts = 0
        except DIED:
            return self._died(task)
        if time.monotonic() - self._since <= (TIME_LIMIT if self._is_ready else _START):
            return None
        if not self._is_ready:
            return self._died(task)
        self._kill()
        slow = Unreadable(f"takes longer than {TIME_LIMIT:.0f} seconds to read")
        return self._refused(task.drop, slow)

    def _died(self, task: Task) -> Prepared | None:
        self._kill()
        if not self._is_ready:
            self._start_failed()
        else:
            task.crashes += 1
            if task.crashes >= _POISON:
                starved = is_short(self._options.limits.spare)  # libraries end their process then
                twice = Unreadable("crashed the reader twice")
                return self._refused(task.drop, shortage("this picture") if starved else twice)
        self._waiting.append(task)
        return None

    def _start_failed(self) -> None:
        logger.warning("cannot start the process for pictures that take long: trying again")
        self._failed_starts += 1
        self._not_before = time.monotonic() + _PAUSE

    def _given_up(self) -> list[Prepared]:
        """Refuse all pictures, but for those that a thread reads: no process can be started."""
        self._failed_starts = 0
        tasks = [task for task in self._waiting if not task.is_stuck]
        self._waiting = deque(task for task in self._waiting if task.is_stuck)
        return [self._refused(task.drop, shortage("a process that reads it")) for task in tasks]

    def _refused(self, drop: Drop, error: InputError) -> Prepared:
        """Load a picture, but do not decode it."""
        prepared = prepare(
            drop, self._options.limits, known=self._options.known, poison=[location_of(drop)]
        )
        if isinstance(prepared, Failure) and isinstance(prepared.error, Unreadable):
            return replace(prepared, error=error)
        return prepared

    def _kill(self) -> None:
        self._current = None
        if self._process:
            self._process.end()
            self._process = None


def _prepare_each(
    channel: "Connection[Prepared | None, Drop]", limits: Limits, known: Container[str]
) -> None:
    channel.send(None)
    while True:
        channel.send(prepare(channel.recv(), limits, known=known))
