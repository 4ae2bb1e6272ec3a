"""Is the file complete yet? A function of what the folder shows and a given `now`."""

import math
from dataclasses import dataclass
from typing import Final

from worker.inbox import Found, Stamp

_CHANGING: Final = 0.5  # seconds between listings while files are there that still change


@dataclass(frozen=True, slots=True)
class Now:
    """One moment on two clocks."""

    monotonic: float
    """Seconds that no clock change can turn back; for durations."""
    wall_ns: int
    """Nanoseconds since the epoch, the clock that files are stamped by on a local disk."""


class Settler:
    """Remembers which files still change, and which stopped short of a whole picture.

    It has no clock and reads no disk; both are handed in. What it remembers is
    bounded: beyond `limit` files, new ones have to wait for a later listing.
    """

    def __init__(
        self, *, quiet: float, patience: float, trust_ctime: bool, limit: int = 10_000
    ) -> None:
        """Call a file settled once it is unchanged for `quiet` seconds.

        Args:
            quiet: seconds without a change.
            patience: seconds without a change after which even a picture that
                ends too early is settled: nobody is writing it any more.
            trust_ctime: the files are on a disk of this machine, so that one whose
                ctime lies `quiet` seconds back has not changed since. Nobody can
                set a ctime back, and a backlog of any size need not be remembered.
            limit: how many changing files to remember.
        """
        self._quiet = quiet
        self._patience = patience
        self._trust_ctime = trust_ctime
        self._limit = limit
        self._since: dict[str, tuple[Stamp, float]] = {}
        self._put_off_until: dict[str, tuple[Stamp, float]] = {}
        self._shown: set[str] = set()

    def is_settled(self, found: Found, now: Now) -> bool:
        """Say whether a file may be read now; asked for each file at each listing."""
        if self._is_awaited(found, now):
            self._shown.add(found.name)
            return False
        if self._trust_ctime and found.stamp.ctime_ns <= now.wall_ns - self._quiet * 1e9:
            return True
        self._shown.add(found.name)
        return self._is_unchanged(found, now)

    def may_be_tried(self, found: Found, now: Now) -> bool:
        """Say whether a file that was just closed by its writer, or moved in, may be tried."""
        return found.stamp.size > 0 and not self._is_awaited(found, now)

    def cut_short(self, found: Found, now: Now) -> None:
        """Note that the file ends before its picture does: it may try again once it changes."""
        self._put_off(found, now.monotonic + self._patience)

    def doubted(self, found: Found, now: Now) -> None:
        """Note that a file tried at once cannot be read: it may try again once it is quiet."""
        self._put_off(found, now.monotonic + self._quiet)

    def is_given_up(self, found: Found, now: Now) -> bool:
        """Say whether the file ended too early for so long that it counts as it is."""
        known = self._put_off_until.get(found.name)
        return (
            known is not None
            and known[0].same_content_as(found.stamp)
            and now.monotonic >= known[1]
        )

    def end_of_listing(self) -> None:
        """Forget what the listing did not show any more."""
        for memory in (self._since, self._put_off_until):
            for name in memory.keys() - self._shown:
                del memory[name]
        self._shown.clear()

    def due(self, now: Now) -> float:
        """Say after how many seconds a listing may change anything; infinite if none waits."""
        if self._since:
            return _CHANGING
        first = min((until for _, until in self._put_off_until.values()), default=math.inf)
        return max(_CHANGING, first - now.monotonic)

    def _put_off(self, found: Found, until: float) -> None:
        self._shown.add(found.name)
        known = self._put_off_until.get(found.name)
        if not known or not known[0].same_content_as(found.stamp):
            self._put_off_until[found.name] = (found.stamp, until)

    def _is_awaited(self, found: Found, now: Now) -> bool:
        known = self._put_off_until.get(found.name)
        if known is None or not known[0].same_content_as(found.stamp):
            return False
        return now.monotonic < known[1]

    def _is_unchanged(self, found: Found, now: Now) -> bool:
        known = self._since.get(found.name)
        if known is None or known[0] != found.stamp:
            if known is not None or len(self._since) < self._limit:
                self._since[found.name] = (found.stamp, now.monotonic)
            return False
        return now.monotonic - known[1] >= self._quiet
