"""Time that has surely passed, measured by a clock that may be wrong.

A machine may start in the year 2099 until it reaches a time server, and a person may type a
wrong year. Pictures deleted by such a clock do not come back when the clock is corrected.
"""

import logging
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from digitdrop.intake.settle import Clocks
from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.retention.notes import read_note, write_note

logger = logging.getLogger(__name__)

NOTE: Final = ".time-passed"
"""Name of the note in the outbox: the last trusted time, in ISO 8601."""

STEADY: Final = 3600.0
"""Seconds without a leap after which a clock is trusted to be right."""

FASTER: Final = 24
"""Factor by which trusted time then runs faster until it catches up: a day in an hour."""

_LEAP: Final = 10.0  # seconds by which no two clocks drift apart
_SPACING: Final = 3600.0  # seconds between two notes
_DAY: Final = timedelta(days=1)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SteadyClock:
    """A clock that is never later than the machine's and never leaps ahead.

    Trusted time advances with the seconds that pass while the worker runs. If the machine's
    clock is ahead, because the machine was off or the clock was set, trusted time follows by a
    day an hour, once the clock has run without a leap for an hour.
    """

    def __init__(self, outbox: Path, clock: Callable[[], Clocks]) -> None:
        """Read no clock yet.

        Args:
            outbox: folder of the note, which keeps trusted time over a restart.
            clock: reads the clocks of the machine.
        """
        self._outbox = outbox
        self._clock = clock
        self._at: Clocks | None = None
        self._trusted = _NEVER
        """May be later than the clock, which may start in 1970 and be corrected."""
        self._leapt = self._noted = 0.0

    def __call__(self) -> datetime:
        """Return the trusted time, aware, in UTC; 1970 while nothing is known."""
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
            logger.warning("cannot write the time to %s: %s", self._outbox, error.strerror)
        return min(_wall(now), self._trusted)

    def _begin(self, now: Clocks) -> None:
        wall = _wall(now)
        self._trusted = _read(self._outbox) or _as_archived(self._outbox, wall)
        self._leapt, self._noted = now.monotonic, -math.inf  # write the note at once
        if wall - self._trusted > _DAY:
            logger.warning(
                "the clock is %d days ahead of when this outbox was last in use: pictures are "
                "cleared by a time that follows it by a day an hour",
                (wall - self._trusted).days,
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
        self._trusted = max(self._trusted, min(_wall(now), self._trusted + passed))

    def _is_steady(self, now: Clocks) -> bool:
        return now.monotonic - self._leapt >= STEADY

    def _note(self, now: Clocks) -> None:
        """Write the note; first correct trusted time if a wrong clock has advanced it."""
        self._noted = now.monotonic
        wall = _wall(now)
        if self._trusted > wall and self._is_steady(now):
            self._trusted = min(self._trusted, _as_archived(self._outbox, wall))
        write_note(self._outbox / NOTE, self._trusted)


def _wall(now: Clocks) -> datetime:
    return datetime.fromtimestamp(now.wall_ns / 1e9, UTC)


def _read(outbox: Path) -> datetime | None:
    time = read_note(outbox / NOTE, datetime.fromisoformat)
    return time if time and time.tzinfo else None


def _as_archived(outbox: Path, wall: datetime) -> datetime:
    """Return the clock's time, limited to the last day of the archive."""
    days = [
        datetime.fromisoformat(path.name).replace(tzinfo=UTC)
        for folder in set(ARCHIVE_FOLDERS.values())
        for path in (outbox / folder).glob("????-??-??")
        if _is_day(path.name)
    ]
    return max(*days, min(wall, max(days) + _DAY)) if days else wall


def _is_day(name: str) -> bool:
    with suppress(ValueError):
        return bool(date.fromisoformat(name))
    return False
