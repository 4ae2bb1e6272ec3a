"""Decide when a file is complete, from listings and from the time of day that callers pass in."""

import math
from dataclasses import dataclass
from itertools import chain
from typing import Final

from digitdrop.intake.listing import ListedFile

_CHANGING: Final = 0.5  # seconds between listings while some files still change
_FEW: Final = 1_000  # files; if more change, the inbox is listed when the last may be settled
_LEAP: Final = 1.0  # seconds between two clocks that drift does not explain
_EMPTY: Final = 10


def timeout_for(size: int, max_wait: float) -> float:
    """Return the seconds without a change after which an unfinished file counts as it is.

    An empty file waits ten times as long: scanners and browsers create the name first, and some
    write long after that.

    Args:
        size: bytes of the file.
        max_wait: seconds for a picture that is cut short.

    >>> timeout_for(size=0, max_wait=60), timeout_for(size=512, max_wait=60)
    (600, 60)
    """
    return max_wait if size else _EMPTY * max_wait


@dataclass(frozen=True, slots=True)
class Clocks:
    """One moment on two clocks."""

    monotonic: float
    """Seconds that no clock change can turn back; for durations."""
    wall_ns: int
    """Nanoseconds since the epoch, by the clock that stamps files on a local disk."""

    def age(self, found: ListedFile) -> float:
        """Return the seconds since the file's ctime; negative if the ctime lies ahead."""
        return (self.wall_ns - found.stamp.ctime_ns) / 1e9


class Settler:
    """Remembers which files still change, and which end before their picture does.

    It reads neither a clock nor a disk: callers pass both in. Its memory is bounded: beyond
    `limit` files, new files wait for a later listing.
    """

    def __init__(
        self, *, quiet: float, timeout: float, trust_ctime: bool, limit: int = 1_000_000
    ) -> None:
        """Call a file settled once it is unchanged for `quiet` seconds.

        Args:
            quiet: seconds without a change.
            timeout: seconds without a change after which a truncated picture is settled as well:
                nobody is writing it any more.
            trust_ctime: True for a disk of this machine, where a ctime `quiet` seconds ago proves
                that the file has not changed since: nobody can set a ctime back. So a backlog
                of any size need not be remembered.
            limit: largest number of changing files to remember, at some 100 bytes each.
        """
        self._quiet = quiet
        self._timeout = timeout
        self._trust_ctime = trust_ctime
        self._since = _Times(limit)
        """The time since when a file is unchanged, by its name and stamp."""
        self._until = _Times(limit)
        """The time until which a file waits, by its name and content."""
        self._changing = self._were_changing = 0
        self._newest = -math.inf
        self._ahead: float | None = None
        self._leapt = -math.inf

    def is_settled(self, found: ListedFile, now: Clocks) -> bool:
        """Return True if a file may be read now; call it for each file at each listing."""
        if not found.stamp.size:
            self.truncated(found, now)
        if self._must_wait(found, now):
            return False
        if self._trust_ctime and self._is_steady(now) and now.age(found) >= self._quiet:
            return True
        return self._is_unchanged(found, now)

    def may_be_tried(self, found: ListedFile, now: Clocks) -> bool:
        """Return True if a file that was just closed or moved in may be read at once."""
        return found.stamp.size > 0 and not self._must_wait(found, now)

    def truncated(self, found: ListedFile, now: Clocks) -> None:
        """Make a file that ends before its picture does wait for a change or for the timeout."""
        timeout = timeout_for(found.stamp.size, self._timeout)
        self._until.keep(_content(found), now.monotonic + timeout)

    def retried(self, found: ListedFile, now: Clocks) -> None:
        """Make a file wait that was tried at once and could not be read, until it is quiet."""
        self._until.keep(_content(found), now.monotonic + self._quiet)

    def is_given_up(self, found: ListedFile, now: Clocks) -> bool:
        """Return True if a truncated file has reached its timeout."""
        until = self._until.get(_content(found))
        return until is not None and now.monotonic >= until

    def remember(self, found: ListedFile) -> None:
        """Keep the waiting time of a claimed file, which no listing shows."""
        until = self._until.get(_content(found))
        if until is not None:
            self._until.keep(_content(found), until)

    def end_of_listing(self) -> None:
        """Forget the files that the listing did not show."""
        self._since.end_of_listing()
        self._until.end_of_listing()
        self._were_changing, self._changing = self._changing, 0

    def due(self, now: Clocks, *, at_most: float = math.inf) -> float:
        """Return the seconds until the next listing; infinite if no file waits.

        Args:
            now: the moment from which to count.
            at_most: longest time between listings in seconds. It does not count while more than
                1,000 files change: on a network share each look at a file is a request.
        """
        changing = self._changing or self._were_changing
        if changing > _FEW:
            return max(_CHANGING, self._newest + self._quiet - now.monotonic)
        if changing:
            return min(_CHANGING, at_most)
        return min(max(_CHANGING, self._until.first() - now.monotonic), at_most)

    def _must_wait(self, found: ListedFile, now: Clocks) -> bool:
        until = self._until.get(_content(found)) if self._until else None
        if until is None or now.monotonic >= until:
            return False
        self._until.keep(_content(found), until)
        return True

    def _is_unchanged(self, found: ListedFile, now: Clocks) -> bool:
        since = self._since.keep(hash((found.name, found.stamp)), now.monotonic)
        if now.monotonic - since >= self._quiet and since < now.monotonic:
            return True
        self._changing += 1
        self._newest = max(self._newest, since)
        return False

    def _is_steady(self, now: Clocks) -> bool:
        """Return True if the wall clock has not leapt lately, so that it gives a file's age."""
        ahead = now.wall_ns / 1e9 - now.monotonic
        if self._ahead is not None and abs(ahead - self._ahead) > _LEAP:
            self._leapt = now.monotonic
        self._ahead = ahead
        return now.monotonic - self._leapt >= self._quiet


class _Times:
    """Times by key, of the last listing and of the present one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._last: dict[int, float] = {}
        self._present: dict[int, float] = {}

    def __bool__(self) -> bool:
        return bool(self._last or self._present)

    def get(self, key: int) -> float | None:
        """Return the time of a key; None if it has none."""
        return self._present.get(key, self._last.get(key))

    def keep(self, key: int, time: float) -> float:
        """Keep the time that a key has, or give it this one; beyond the limit nothing is kept."""
        time = self._last.get(key, time)
        if len(self._present) < self._limit:
            return self._present.setdefault(key, time)
        return self._present.get(key, time)

    def first(self) -> float:
        """Return the earliest time; infinite if there is none."""
        return min(chain(self._present.values(), self._last.values()), default=math.inf)

    def end_of_listing(self) -> None:
        """Forget the keys that the present listing did not have."""
        self._last, self._present = self._present, {}


def _content(found: ListedFile) -> int:
    """Return a key of name and content; a requeued file differs in its ctime alone."""
    stamp = found.stamp
    return hash((found.name, stamp.size, stamp.mtime_ns, stamp.inode))
