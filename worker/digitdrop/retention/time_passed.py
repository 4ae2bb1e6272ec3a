"""How much time has passed, told by a clock that may be wrong.

A machine may start with the year 2099 until it hears from a time server, and somebody may
type a wrong year. What is deleted by such a clock does not come back when it is put right.
"""

import logging
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from digitdrop.files.disk import sync_folders, write_whole
from digitdrop.files.regular import open_regular
from digitdrop.intake.settle import Clocks
from digitdrop.outbox.archive import ARCHIVE_FOLDERS

logger = logging.getLogger(__name__)

NOTE: Final = ".time-passed"
"""Its name in the outbox: the time that was believed last, in ISO 8601."""

STEADY: Final = 3600.0
"""Seconds that a clock must go on without a leap before it is believed more than it shows."""

FASTER: Final = 24
"""How many times faster believed time then goes until it has caught up: a day in an hour."""

_LEAP: Final = 10.0  # seconds between two clocks that no drift explains
_SPACING: Final = 3600.0  # seconds between two notes
_DAY: Final = timedelta(days=1)
_LONGEST: Final = 100  # bytes: far more than a time takes
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SteadyClock:
    """Tells a time that is never later than the clock's, and cannot be made to leap ahead.

    It goes on with the seconds that the worker has seen pass. Where the clock is ahead
    of that, since the machine was off or somebody set it, believed time follows once the
    clock has gone on evenly for an hour, at a day an hour.
    """

    def __init__(self, outbox: Path, clock: Callable[[], Clocks]) -> None:
        """Read no clock yet.

        Args:
            outbox: where the time is noted, so that a restart does not begin anew.
            clock: tells the time.
        """
        self._outbox = outbox
        self._clock = clock
        self._at: Clocks | None = None
        self._believed = _NEVER
        """May be later than the clock, which may start in 1970 and be put right."""
        self._leapt = self._noted = 0.0

    def __call__(self) -> datetime:
        """Tell the time that is believed, aware, in UTC; 1970 while nothing can be known."""
        now = self._clock()
        try:
            if self._at is None:
                self._begin(now)
            else:
                self._go_on(now, self._at)
            self._at = now
            if now.monotonic - self._noted >= _SPACING:
                self._note(now)
        except OSError as error:
            logger.warning("cannot keep note of the time in %s: %s", self._outbox, error.strerror)
        return min(_wall(now), self._believed)

    def _begin(self, now: Clocks) -> None:
        wall = _wall(now)
        self._believed = _read(self._outbox) or _as_shelved(self._outbox, wall)
        self._leapt, self._noted = now.monotonic, -math.inf  # it is noted at once
        if wall - self._believed > _DAY:
            logger.warning(
                "the clock is %d days ahead of when this outbox was last in use: pictures are "
                "cleared by a time that follows it by a day an hour",
                (wall - self._believed).days,
            )

    def _go_on(self, now: Clocks, before: Clocks) -> None:
        seconds = now.monotonic - before.monotonic
        leap = (now.wall_ns - before.wall_ns) / 1e9 - seconds
        if abs(leap) > _LEAP:
            self._leapt = now.monotonic
        if abs(leap) > _DAY.total_seconds():
            logger.warning(
                "the clock leapt by %+.0f days: nothing is cleared by that", leap / 86400
            )
        passed = timedelta(seconds=seconds * (FASTER if self._is_steady(now) else 1))
        self._believed = max(self._believed, min(_wall(now), self._believed + passed))

    def _is_steady(self, now: Clocks) -> bool:
        return now.monotonic - self._leapt >= STEADY

    def _note(self, now: Clocks) -> None:
        """Note what is believed; take back what a wrong clock has made believed before."""
        self._noted = now.monotonic
        wall = _wall(now)
        if self._believed > wall and self._is_steady(now):
            self._believed = min(self._believed, _as_shelved(self._outbox, wall))
        content = f"{self._believed.isoformat()}\n".encode()
        write_whole(self._outbox / NOTE, content, aside=self._outbox / f"{NOTE}.part")
        sync_folders([self._outbox])


def _wall(now: Clocks) -> datetime:
    return datetime.fromtimestamp(now.wall_ns / 1e9, UTC)


def _read(outbox: Path) -> datetime | None:
    try:
        with open_regular(outbox / NOTE) as file:
            time = datetime.fromisoformat(file.read(_LONGEST).decode("ascii").strip())
    except FileNotFoundError:
        return None
    except ValueError:
        logger.warning("%s tells no time, so it is passed over", outbox / NOTE)
        return None
    return time if time.tzinfo else None


def _as_shelved(outbox: Path, wall: datetime) -> datetime:
    """Give the moment of the last day of which there are pictures that is nearest to the clock."""
    days = [
        datetime.fromisoformat(path.name).replace(tzinfo=UTC)
        for shelf in set(ARCHIVE_FOLDERS.values())
        for path in (outbox / shelf).glob("????-??-??")
        if _is_day(path.name)
    ]
    return max(*days, min(wall, max(days) + _DAY)) if days else wall


def _is_day(name: str) -> bool:
    with suppress(ValueError):
        return bool(date.fromisoformat(name))
    return False
