"""Files and folders that cannot be handled for now: each waits by itself, and the others go on."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final, TypeAlias

from digitdrop.escape import escape
from digitdrop.health.worker_status import Deferred
from digitdrop.intake.settle import Clocks
from digitdrop.system.log_fields import about
from digitdrop.values import iso

logger = logging.getLogger(__name__)

OnDeferred: TypeAlias = Callable[[tuple[Deferred, ...], int], None]
"""Called with the items that have waited longest, and with the number of all items."""

_FIRST_WAIT: Final = 0.5  # seconds before the first retry; the wait doubles each time ...
_LONGEST_WAIT: Final = 60.0  # ... up to this
_MOST_REPORTED: Final = 100


@dataclass(slots=True)
class _Item:
    deferred: Deferred
    due: float
    wait: float
    is_seen: bool = True
    """True if the item was met since the last listing ended."""


class DeferredQueue:
    """Items that are retried, each after a wait of its own.

    Has no clock and reads no disk. Memory is bounded: an item beyond the limit is not kept,
    and so is tried whenever it is met.
    """

    def __init__(self, on_change: OnDeferred = lambda _, __: None, *, limit: int = 10_000) -> None:
        """Begin empty.

        Args:
            on_change: called after every change.
            limit: number of items to keep.
        """
        self._on_change = on_change
        self._limit = limit
        self._items: dict[str, _Item] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def put(self, name: str, *, cannot: str, error: Exception, now: Clocks, key: str = "") -> None:
        """Keep an item after a failure; log a warning at the first one.

        Args:
            name: for people; relative to the inbox, with `/` between its parts.
            cannot: completes "cannot ...", such as `be taken`.
            error: the failure.
            now: begin of the wait, which doubles each time.
            key: distinguishes two items of the same name; the name itself if empty.
        """
        known = self._items.get(key or name)
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

    def is_due(self, key: str, now: Clocks) -> bool:
        """Return True if an item may be tried; always for one that is not kept."""
        item = self._items.get(key)
        if item is None:
            return True
        item.is_seen = True
        return now.monotonic >= item.due

    def wait(self, key: str, now: Clocks) -> float:
        """Return the seconds until an item may be tried; 0 for one that is not kept."""
        item = self._items.get(key)
        return max(0.0, item.due - now.monotonic) if item else 0.0

    def due(self, now: Clocks) -> float:
        """Return the seconds until the next item may be tried; infinite if there is none."""
        return min((self.wait(key, now) for key in self._items), default=math.inf)

    def hasten(self, cannot: str, now: Clocks) -> None:
        """Make all items of a kind due: one of them was just handled."""
        for item in self._items.values():
            if item.deferred.cannot == cannot:
                item.due = min(item.due, now.monotonic)

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

    def _changed(self) -> None:
        first = islice((item.deferred for item in self._items.values()), _MOST_REPORTED)
        self._on_change(tuple(first), len(self._items))
