"""Files that cannot be handled for now: each is retried after a wait of its own."""

import errno
import logging
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final, TypeAlias

from digitdrop.errors import InputError
from digitdrop.escape import escape
from digitdrop.health.worker_status import Deferred
from digitdrop.intake.settle import Clocks
from digitdrop.system.log_fields import about
from digitdrop.values import Drop, iso

logger = logging.getLogger(__name__)

OnDeferred: TypeAlias = Callable[[tuple[Deferred, ...], int], None]
"""Called with the items that have waited longest, and with the number of all items."""

_FIRST_WAIT: Final = 0.5  # seconds before the first retry; the wait doubles each time ...
_LONGEST_WAIT: Final = 60.0  # ... up to this
_MOST_REPORTED: Final = 100
_MOST_ACTIONS: Final = 1_000  # beyond this number no more files are claimed
_AT_ONCE: Final = 0.1  # seconds of retries before new drops get their turn


@dataclass(slots=True)
class _Item:
    deferred: Deferred
    due: float
    wait: float
    is_seen: bool = True
    """True if the item was met since the last listing ended."""


@dataclass(frozen=True, slots=True)
class _Action:
    drop: Drop
    cannot: str
    act: Callable[[], object]


class DeferredQueue:
    """Files and folders that wait for a retry; all others go on meanwhile.

    Files in the inbox are retried when a listing shows them (`is_due`). Claimed files have an
    action that `retry` repeats. Everything is in memory: a restart finds the files where they
    lie. Memory is bounded: an item beyond the limit is not kept, and so is always due.
    """

    def __init__(
        self,
        clock: Callable[[], Clocks],
        on_change: OnDeferred = lambda _, __: None,
        *,
        limit: int = 10_000,
    ) -> None:
        """Begin empty.

        Args:
            clock: reads the time.
            on_change: called after every change.
            limit: number of items to keep.
        """
        self._clock = clock
        self._on_change = on_change
        self._limit = limit
        self._items: dict[str, _Item] = {}
        self._actions: dict[str, _Action] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def put(self, name: str, *, cannot: str, error: Exception, key: str = "") -> None:
        """Keep an item after a failure; the wait doubles with each. Log only the first.

        Args:
            name: for people; relative to the inbox, with `/` between its parts.
            cannot: completes "cannot ...": `be taken`, `be listed`.
            error: the failure.
            key: distinguishes two items of the same name; the name itself if empty.
        """
        now, known = self._clock(), self._items.get(key or name)
        if known:
            known.wait = min(2 * known.wait, _LONGEST_WAIT)
            known.due, known.is_seen = now.monotonic + known.wait, True
            return
        if len(self._items) >= self._limit:
            return
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        since = iso(datetime.fromtimestamp(now.wall_ns / 1e9, UTC))
        deferred = Deferred(name=name, cannot=cannot, why=why, since=since)
        self._items[key or name] = _Item(deferred, now.monotonic + _FIRST_WAIT, _FIRST_WAIT)
        logger.warning(
            "%s cannot %s: %s; it is tried again, and others go on",
            escape(name),
            cannot,
            why,
            extra=about(file=escape(name), cannot=cannot, state="begins"),
        )
        self._changed()

    def is_due(self, key: str) -> bool:
        """Return True if an item may be tried; always for one that is not kept."""
        item = self._items.get(key)
        if item is None:
            return True
        item.is_seen = True
        return self._clock().monotonic >= item.due

    def done(self, key: str, *, how: str = "now it can") -> None:
        """Forget an item that was handled or is gone; nothing if it is not kept."""
        item = self._items.pop(key, None)
        if item is None:
            return
        name, cannot = escape(item.deferred.name), item.deferred.cannot
        extra = about(file=name, cannot=cannot, state="ends")
        logger.info("%s could not %s: %s", name, cannot, how, extra=extra)
        self._changed()

    def end_of_listing(self, cannot: str, *, how: str = "it is not there any more") -> None:
        """Forget the items of a kind that were not met since the last listing ended.

        Args:
            cannot: the kind, as given to `put`.
            how: the reason, for the log.
        """
        of_kind = {key: one for key, one in self._items.items() if one.deferred.cannot == cannot}
        for key, item in of_kind.items():
            if not item.is_seen:
                self.done(key, how=how)
            item.is_seen = False

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
            self.postpone(drop, cannot, error, act)
        else:
            if key not in self._actions:  # `act` may have postponed another action
                self.done(key)

    def postpone(
        self, drop: Drop, cannot: str, error: Exception, act: Callable[[], object]
    ) -> None:
        """Keep an action that has just failed; arguments as of `attempt`."""
        key = drop.id or ""
        self._actions[key] = _Action(drop, cannot, act)
        self.put(drop.name, cannot=cannot, error=error, key=key)

    def is_postponed(self, drop: Drop) -> bool:
        """Return True if an action of a claimed file is kept."""
        return (drop.id or "") in self._actions

    def due(self) -> float:
        """Return the seconds until the next `retry`; infinite if no action is kept."""
        now = self._clock().monotonic
        items = [self._items.get(key) for key in self._actions]
        return min((max(0.0, one.due - now) if one else 0.0 for one in items), default=math.inf)

    def retry(self) -> None:
        """Retry the actions that are due, for 0.1 s at most."""
        self._retry([one for key, one in self._actions.items() if self.is_due(key)])

    def make_room(self) -> None:
        """Retry all actions if 1,000 or more are kept.

        Raises:
            OSError: 1,000 or more still fail, so single files are not the cause.
        """
        if len(self._actions) < _MOST_ACTIONS:
            return
        self._retry(list(self._actions.values()))
        if len(self._actions) >= _MOST_ACTIONS:
            waiting = f"{len(self._actions):,} claimed files can be neither filed nor put back"
            raise OSError(errno.EBUSY, waiting)

    def _retry(self, actions: Iterable[_Action]) -> None:
        until = time.monotonic() + _AT_ONCE
        for one in actions:
            self.attempt(one.drop, one.cannot, one.act)
            if not self.is_postponed(one.drop):
                self._hasten(one.cannot)
            elif time.monotonic() > until:
                return

    def _hasten(self, cannot: str) -> None:
        """Make all items of a kind due: the cause may be over for all of them."""
        now = self._clock().monotonic
        for item in self._items.values():
            if item.deferred.cannot == cannot:
                item.due = min(item.due, now)

    def _changed(self) -> None:
        first = islice((item.deferred for item in self._items.values()), _MOST_REPORTED)
        self._on_change(tuple(first), len(self._items))
