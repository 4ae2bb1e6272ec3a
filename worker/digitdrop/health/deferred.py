"""What cannot be handled for now: each item waits by itself, and all others go on."""

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
"""Told the items that have waited longest, and how many there are in all."""

_FIRST_WAIT: Final = 0.5  # seconds until an item is tried again; then twice as long ...
_LONGEST_WAIT: Final = 60.0  # ... and never longer than this
_MOST_TOLD: Final = 100


@dataclass(slots=True)
class _Item:
    told: Deferred
    due: float
    wait: float
    is_seen: bool = True
    """Whether it was met since the last listing ended."""


class DeferredQueue:
    """Files and folders that are tried again, each after a time of its own.

    It has no clock and reads no disk. Its memory is bounded: an item beyond the limit
    is not kept, so it is tried again whenever somebody meets it.
    """

    def __init__(self, tell: OnDeferred = lambda _, __: None, *, limit: int = 10_000) -> None:
        """Begin with none.

        Args:
            tell: told of every change.
            limit: how many to keep.
        """
        self._tell = tell
        self._limit = limit
        self._items: dict[str, _Item] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def put(self, name: str, *, cannot: str, why: str, now: Clocks, key: str = "") -> None:
        """Keep an item, or keep it for longer; the log has one warning of it.

        Args:
            name: for people; relative to the inbox, with `/` between its parts.
            cannot: completes "cannot ...", such as `be taken`.
            why: as the system says it.
            now: from when its wait counts; it doubles each time.
            key: tells apart two items of one name; the name itself if empty.
        """
        known = self._items.get(key or name)
        if known:
            known.wait = min(2 * known.wait, _LONGEST_WAIT)
            known.due, known.is_seen = now.monotonic + known.wait, True
            return
        if len(self._items) >= self._limit:
            return
        since = iso(datetime.fromtimestamp(now.wall_ns / 1e9, UTC))
        told = Deferred(name=name, cannot=cannot, why=why, since=since)
        self._items[key or name] = _Item(told, now.monotonic + _FIRST_WAIT, _FIRST_WAIT)
        logger.warning(
            "%s cannot %s: %s; it is tried again, and others go on",
            escape(name),
            cannot,
            why,
            extra=about(file=escape(name), cannot=cannot, state="begins"),
        )
        self._changed()

    def is_due(self, key: str, now: Clocks) -> bool:
        """Say whether an item may be tried; one that is not kept always may."""
        item = self._items.get(key)
        if item is None:
            return True
        item.is_seen = True
        return now.monotonic >= item.due

    def wait(self, key: str, now: Clocks) -> float:
        """Say after how many seconds an item may be tried; 0 for one that is not kept."""
        item = self._items.get(key)
        return max(0.0, item.due - now.monotonic) if item else 0.0

    def due(self, now: Clocks) -> float:
        """Say after how many seconds the next item may be tried; infinite if there is none."""
        return min((self.wait(key, now) for key in self._items), default=math.inf)

    def hasten(self, cannot: str, now: Clocks) -> None:
        """Have all items of one kind tried again at once: one of them was handled."""
        for item in self._items.values():
            if item.told.cannot == cannot:
                item.due = min(item.due, now.monotonic)

    def done(self, key: str, *, how: str = "now it can") -> None:
        """Forget an item that was handled, or is gone; nothing if it is not kept."""
        item = self._items.pop(key, None)
        if item is None:
            return
        name = escape(item.told.name)
        extra = about(file=name, cannot=item.told.cannot, state="ends")
        logger.info("%s could not %s: %s", name, item.told.cannot, how, extra=extra)
        self._changed()

    def end_of_listing(self, cannot: str, *, how: str = "it is not there any more") -> None:
        """Forget the items of one kind that nobody met since the last listing ended.

        Args:
            cannot: the kind, as given to `put`.
            how: what the log says of them.
        """
        of_kind = {key: one for key, one in self._items.items() if one.told.cannot == cannot}
        for key, item in of_kind.items():
            if not item.is_seen:
                self.done(key, how=how)
            item.is_seen = False

    def _changed(self) -> None:
        first = islice((item.told for item in self._items.values()), _MOST_TOLD)
        self._tell(tuple(first), len(self._items))
