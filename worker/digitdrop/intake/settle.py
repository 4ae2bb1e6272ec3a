"""Is the file complete yet? A function of what the folder shows and a given `now`."""

import math
from dataclasses import dataclass
from typing import Final

from digitdrop.intake.listing import ListedFile

_CHANGING: Final = 0.5  # seconds between listings while files are there that still change
_FEW: Final = (
    1_000  # files; where more still change, each is looked at only when it may be settled
)
_LEAP: Final = 1.0  # seconds between two clocks that no drift explains
_EMPTY: Final = 10


def timeout_for(size: int, max_wait: float) -> float:
    """Give the seconds without a change that an unfinished file is waited for.

    An empty file is waited for ten times as long: scanners and browsers make the name first,
    and some write long after that.

    Args:
        size: bytes of the file.
        max_wait: seconds for a picture that is cut short.
    """
    return max_wait if size else _EMPTY * max_wait


@dataclass(frozen=True, slots=True)
class Clocks:
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
        self, *, quiet: float, patience: float, trust_ctime: bool, limit: int = 1_000_000
    ) -> None:
        """Call a file settled once it is unchanged for `quiet` seconds.

        Args:
            quiet: seconds without a change.
            patience: seconds without a change after which even a picture that
                ends too early is settled: nobody is writing it any more.
            trust_ctime: the files are on a disk of this machine, so that one whose
                ctime lies `quiet` seconds back has not changed since. Nobody can
                set a ctime back, and a backlog of any size need not be remembered.
            limit: how many changing files to remember, at some 100 bytes each.
        """
        self._quiet = quiet
        self._patience = patience
        self._trust_ctime = trust_ctime
        self._since = _Memory(limit)
        """Since when a file looks the same, by its name and stamp."""
        self._until = _Memory(limit)
        """Until when a file is put off, by its name and content."""
        self._changing = self._were_changing = 0
        self._newest = -math.inf
        self._ahead: float | None = None
        self._leapt = -math.inf

    def is_settled(self, found: ListedFile, now: Clocks) -> bool:
        """Say whether a file may be read now; asked for each file at each listing."""
        if not found.stamp.size:
            self.truncated(found, now)
        if self._is_awaited(found, now):
            return False
        if self._trust_ctime and self._is_steady(now) and self._age(found, now) >= self._quiet:
            return True
        return self._is_unchanged(found, now)

    def may_be_tried(self, found: ListedFile, now: Clocks) -> bool:
        """Say whether a file that was just closed by its writer, or moved in, may be tried."""
        return found.stamp.size > 0 and not self._is_awaited(found, now)

    def truncated(self, found: ListedFile, now: Clocks) -> None:
        """Note that the file ends before its picture does: it may try again once it changes."""
        patience = timeout_for(found.stamp.size, self._patience)
        self._until.keep(_content(found), now.monotonic + patience)

    def retried(self, found: ListedFile, now: Clocks) -> None:
        """Note that a file tried at once cannot be read: it may try again once it is quiet."""
        self._until.keep(_content(found), now.monotonic + self._quiet)

    def is_given_up(self, found: ListedFile, now: Clocks) -> bool:
        """Say whether the file ended too early for so long that it counts as it is."""
        until = self._until.get(_content(found))
        return until is not None and now.monotonic >= until

    def is_in_hand(self, found: ListedFile) -> None:
        """Keep in mind a file that is being read, so that no listing shows it."""
        until = self._until.get(_content(found))
        if until is not None:
            self._until.keep(_content(found), until)

    def end_of_listing(self) -> None:
        """Forget what the listing did not show any more."""
        self._since.end_of_listing()
        self._until.end_of_listing()
        self._were_changing, self._changing = self._changing, 0

    def due(self, now: Clocks, *, at_most: float = math.inf) -> float:
        """Say after how many seconds to list again; infinite if nothing waits.

        Args:
            now: from when to count.
            at_most: seconds between listings where not many files wait. Many are left in
                peace until the last of them may be settled: on a network share each look
                is asked of a server.
        """
        changing = self._changing or self._were_changing
        if changing > _FEW:
            return max(_CHANGING, self._newest + self._quiet - now.monotonic)
        if changing:
            return min(_CHANGING, at_most)
        return min(max(_CHANGING, self._until.first() - now.monotonic), at_most)

    def _is_awaited(self, found: ListedFile, now: Clocks) -> bool:
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
        """Say whether the wall clock has not leapt for so long that it tells a file's age."""
        ahead = now.wall_ns / 1e9 - now.monotonic
        if self._ahead is not None and abs(ahead - self._ahead) > _LEAP:
            self._leapt = now.monotonic
        self._ahead = ahead
        return now.monotonic - self._leapt >= self._quiet

    @staticmethod
    def _age(found: ListedFile, now: Clocks) -> float:
        return (now.wall_ns - found.stamp.ctime_ns) / 1e9


class _Memory:
    """Times by key: of what the last listing showed, and of what was met since."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._last: dict[int, float] = {}
        self._met: dict[int, float] = {}

    def __bool__(self) -> bool:
        return bool(self._last or self._met)

    def get(self, key: int) -> float | None:
        """Give the time of a key; None if it has none."""
        return self._met.get(key, self._last.get(key))

    def keep(self, key: int, time: float) -> float:
        """Keep the time that a key has, else give it this one; not beyond the limit."""
        time = self._last.get(key, time)
        if len(self._met) < self._limit:
            return self._met.setdefault(key, time)
        return self._met.get(key, time)

    def first(self) -> float:
        """Give the earliest time; infinite if there is none."""
        return min(
            min(self._met.values(), default=math.inf), min(self._last.values(), default=math.inf)
        )

    def end_of_listing(self) -> None:
        """Forget what was not met since the last one."""
        self._last, self._met = self._met, {}


def _content(found: ListedFile) -> int:
    """Tell contents apart; putting a file back changes its ctime, and nothing else."""
    stamp = found.stamp
    return hash((found.name, stamp.size, stamp.mtime_ns, stamp.inode))
