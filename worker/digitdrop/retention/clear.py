"""Delete old pictures from `done/`, a little at a time; their rows stay.

A note in the outbox has the last day of which pictures may be deleted. It is written before
the first of them goes, so that `verify` never reports a deleted picture as lost.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from digitdrop.errors import Gone, Unavailable
from digitdrop.files.load import sha256_of
from digitdrop.files.tree import walk
from digitdrop.intake.claims import remove_empty
from digitdrop.intake.ignore import is_junk
from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.outbox.rows import Rows
from digitdrop.retention.notes import CLEARED, cleared_until, write_note
from digitdrop.values import Status

logger = logging.getLogger(__name__)

_DONE: Final = ARCHIVE_FOLDERS[Status.OK]
_STEP: Final = 0.01  # seconds: about the longest delay of a picture that arrives meanwhile
_GROUP: Final = 10_000  # pictures in memory, looked up in one pass over the report
_SOON: Final = timedelta(seconds=5)  # after a disk error; the wait doubles each time ...
_LATE: Final = timedelta(minutes=10)  # ... up to this
_DAY: Final = timedelta(days=1)
_END: Final = object()


class Clearer:
    """Deletes the pictures of `done/` after a time."""

    def __init__(
        self, outbox: Path, rows: Rows, *, keep: timedelta, clock: Callable[[], datetime]
    ) -> None:
        """Delete nothing yet.

        Args:
            outbox: the folder with `done/`.
            rows: only pictures with a row in it are deleted.
            keep: time that a picture stays after the end of its day (UTC).
            clock: reads the time, aware; must not leap ahead, see `SteadyClock`.
        """
        self._outbox = outbox
        self._rows = rows
        self._keep = keep
        self._clock = clock
        self._work: Iterator[None] = iter(())
        self._is_busy = False
        self._until = date.min
        self._pause = timedelta()
        self._not_before = datetime.min.replace(tzinfo=UTC)

    def step(self) -> bool:
        """Work for 10 ms; return True if more is left to do now."""
        if self._is_busy and self._last_day(self._clock()) < self._until:
            self._is_busy, self._until = False, date.min  # the clock was corrected meanwhile
        if not self._is_busy and not self._begins():
            return False
        until = time.perf_counter() + _STEP
        try:
            while next(self._work, _END) is not _END:
                if time.perf_counter() >= until:
                    return True
        except OSError as error:
            self._put_off(error)
        else:
            self._pause = timedelta()
        self._is_busy = False
        return False

    def _put_off(self, error: OSError) -> None:
        if not self._pause:
            logger.warning("cannot clear %s/: %s; trying until it succeeds", _DONE, error)
        self._pause = min(max(2 * self._pause, _SOON), _LATE)
        self._not_before = self._clock() + self._pause
        self._until = date.min

    def _begins(self) -> bool:
        """Begin if another day is due; return False if none is."""
        now = self._clock()
        last = self._last_day(now)
        self._is_busy = now >= self._not_before and last > self._until
        if self._is_busy:
            self._until, self._work = last, self._clear(last)
        return self._is_busy

    def _last_day(self, now: datetime) -> date:
        try:
            return (now - self._keep).astimezone(UTC).date() - _DAY
        except OverflowError:  # longer ago than the first day
            return date.min

    def _clear(self, last: date) -> Iterator[None]:
        days = _days(self._outbox / _DONE, last)
        if not days:
            return
        write_note(self._outbox / CLEARED, max(last, cleared_until(self._outbox) or last))
        yield
        gone = kept = 0
        files = (path for day in days for path in _files(day))
        while group := (yield from _some(files)):
            recorded: set[Path] = set()
            yield from self._find_recorded(group, last, recorded)
            for path in group:
                if path in recorded or is_junk(path.name):
                    path.unlink(missing_ok=True)
                gone, kept = gone + (path in recorded), kept + path.exists()
                yield
        for day in days:
            remove_empty(day)
            yield
        if gone or kept:
            logger.info("cleared %d pictures up to %s out of %s/", gone, last, _DONE)
        if kept:
            logger.warning("%d files up to %s stay in %s/: they have no row", kept, last, _DONE)

    def _find_recorded(self, group: list[Path], last: date, found: set[Path]) -> Iterator[None]:
        """Add the files to `found` whose digest has a row of `done/` up to that day."""
        digests: dict[str, list[Path]] = {}
        for path in group:
            with suppress(Gone, Unavailable):
                digests.setdefault(sha256_of(path), []).append(path)
            yield
        for some in self._rows.rows_of_in_steps(digests):
            for _, row in some:
                if (
                    ARCHIVE_FOLDERS[row.status] == _DONE
                    and row.time.astimezone(UTC).date() <= last
                ):
                    found.update(digests.get(row.sha256, ()))
            yield


def _some(files: Iterator[Path]) -> Generator[None, None, list[Path]]:
    """Return up to 10,000 files; yield after each."""
    group = []
    for path in islice(files, _GROUP):
        group.append(path)
        yield
    return group


def _days(done: Path, last: date) -> list[Path]:
    """Return the folders of the days up to the last one, oldest first."""
    try:
        folders = sorted(path for path in done.iterdir() if path.is_dir())
    except FileNotFoundError:
        return []
    return [path for path in folders if _is_up_to(last, path) and not path.is_symlink()]


def _is_up_to(last: date, folder: Path) -> bool:
    try:
        return date.fromisoformat(folder.name) <= last
    except ValueError:
        return False


def _files(folder: Path) -> Iterator[Path]:
    """Yield the regular files in a folder and below; links are not followed."""
    for name, entry in walk(folder):
        if entry.is_file(follow_symlinks=False):
            yield folder / name
