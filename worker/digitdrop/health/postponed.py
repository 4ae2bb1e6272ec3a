"""Claimed files that cannot be archived or requeued for now: each is retried by itself."""

import errno
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from digitdrop.errors import InputError
from digitdrop.health.deferred import DeferredQueue
from digitdrop.intake.settle import Clocks
from digitdrop.values import Drop

_MOST: Final = 1_000  # files; beyond this number no more are claimed
_AT_ONCE: Final = 0.1  # seconds of retries before new drops get their turn


@dataclass(frozen=True, slots=True)
class _Action:
    drop: Drop
    cannot: str
    act: Callable[[], object]


class Postponed:
    """Actions still to be done with claimed files.

    Kept in memory only: a restart finds the files among its claims.
    """

    def __init__(self, queue: DeferredQueue, clock: Callable[[], Clocks]) -> None:
        """Begin empty.

        Args:
            queue: times and reports the retries.
            clock: reads the time.
        """
        self._queue = queue
        self._clock = clock
        self._actions: dict[str, _Action] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._actions

    def attempt(self, drop: Drop, cannot: str, act: Callable[[], object]) -> None:
        """Do something with a claimed file, now or later.

        Args:
            drop: the file; its id is the key.
            cannot: completes "cannot ...": `be put back`, `be filed`.
            act: must be safe to repeat; raises OSError or InputError to be retried.
        """
        key = drop.id or ""
        self._actions.pop(key, None)
        try:
            act()
        except (OSError, InputError) as error:
            self.put(drop, cannot, error, act)
        else:
            if key not in self._actions:  # `act` may have postponed another action
                self._queue.done(key)

    def put(self, drop: Drop, cannot: str, error: Exception, act: Callable[[], object]) -> None:
        """Postpone an action that has just failed; arguments as of `attempt`."""
        key = drop.id or ""
        self._actions[key] = _Action(drop, cannot, act)
        self._queue.put(drop.name, cannot=cannot, error=error, now=self._clock(), key=key)

    def due(self) -> float:
        """Return the seconds until the next `retry`; infinite if nothing waits."""
        now = self._clock()
        return min((self._queue.wait(key, now) for key in self._actions), default=float("inf"))

    def retry(self) -> None:
        """Retry the actions that are due, for 0.1 s at most."""
        now = self._clock()
        due = [one for key, one in self._actions.items() if self._queue.is_due(key, now)]
        self._retry(due)

    def make_room(self) -> None:
        """Retry everything if 1,000 files wait; do nothing if fewer do.

        Raises:
            OSError: 1,000 or more still wait, so single files are not the cause.
        """
        if len(self._actions) < _MOST:
            return
        self._retry(list(self._actions.values()))
        if len(self._actions) >= _MOST:
            waiting = f"{len(self._actions):,} claimed files can be neither filed nor put back"
            raise OSError(errno.EBUSY, waiting)

    def _retry(self, actions: Iterable[_Action]) -> None:
        until = time.monotonic() + _AT_ONCE
        for one in actions:
            self.attempt(one.drop, one.cannot, one.act)
            if (one.drop.id or "") not in self._actions:  # the cause may be over for others too
                self._queue.hasten(one.cannot, self._clock())
            elif time.monotonic() > until:
                return
