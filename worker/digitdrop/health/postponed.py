"""Files in hand that cannot leave it for now: each is tried again by itself, between new drops."""

import errno
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from digitdrop.errors import InputError
from digitdrop.health.deferred import DeferredQueue
from digitdrop.intake.settle import Clocks
from digitdrop.values import Drop

_MOST: Final = 1_000  # files; where so many cannot leave the hand, no more are taken
_AT_ONCE: Final = 0.1  # seconds: as long as new drops wait for what is tried again


@dataclass(frozen=True, slots=True)
class _Act:
    drop: Drop
    cannot: str
    act: Callable[[], None]


class Postponed:
    """What is still to be done with files in hand, in memory only: a restart finds it all."""

    def __init__(self, queue: DeferredQueue, clock: Callable[[], Clocks]) -> None:
        """Begin with nothing.

        Args:
            queue: says when each is tried again, and tells of it.
            clock: tells the time.
        """
        self._queue = queue
        self._clock = clock
        self._acts: dict[str, _Act] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._acts

    def attempt(self, drop: Drop, cannot: str, act: Callable[[], None]) -> None:
        """Do something with a file in hand, now or later.

        Args:
            drop: the file; its id tells it from others.
            cannot: completes "cannot ...": `be put back`, `be filed`.
            act: may be repeated; raises OSError or InputError to be tried again.
        """
        key = drop.id or ""
        self._acts.pop(key, None)
        try:
            act()
        except (OSError, InputError) as error:
            self.put(drop, cannot, error, act)
        else:
            if key not in self._acts:  # else something else is to be tried again by now
                self._queue.done(key)

    def put(self, drop: Drop, cannot: str, error: Exception, act: Callable[[], None]) -> None:
        """Have something tried again that was tried just now; arguments as of `attempt`."""
        key = drop.id or ""
        self._acts[key] = _Act(drop, cannot, act)
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        self._queue.put(drop.name, cannot=cannot, why=why, now=self._clock(), key=key)

    def due(self) -> float:
        """Say after how many seconds to call `retry`; infinite if nothing waits."""
        now = self._clock()
        return min((self._queue.wait(key, now) for key in self._acts), default=float("inf"))

    def retry(self) -> None:
        """Try again what is due, for a moment."""
        now = self._clock()
        self._try(one for key, one in list(self._acts.items()) if self._queue.is_due(key, now))

    def make_room(self) -> None:
        """Do nothing while few files wait in hand; else try them all again.

        Raises:
            OSError: too many still wait: that is no trouble of single files any more.
        """
        if len(self._acts) < _MOST:
            return
        self._try(list(self._acts.values()))
        if len(self._acts) >= _MOST:
            told = f"{len(self._acts):,} files in hand cannot leave it"
            raise OSError(errno.EBUSY, told)

    def _try(self, acts: Iterable[_Act]) -> None:
        until = time.monotonic() + _AT_ONCE
        for one in acts:
            self.attempt(one.drop, one.cannot, one.act)
            if (one.drop.id or "") not in self._acts:  # what held it up may be over for others
                self._queue.hasten(one.cannot, self._clock())
            elif time.monotonic() > until:
                return
