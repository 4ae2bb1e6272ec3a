"""Make the page from the report and the archive."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from digitdrop.errors import ReportError
from digitdrop.files import lock
from digitdrop.files.mounts import HomeDisk
from digitdrop.health import worker_status
from digitdrop.health.worker_status import WorkerStatus
from digitdrop.outbox.inventory import Digests
from digitdrop.outbox.report import REPORT
from digitdrop.outbox.rows import Rows
from digitdrop.outbox.to_review import count_to_review
from digitdrop.page.charts import advice, page_context
from digitdrop.page.growth import Growth
from digitdrop.page.pictures import Thumbnails, find_pictures
from digitdrop.page.publish import publish, render
from digitdrop.page.tally import Tally, TimedRow
from digitdrop.page.view import Viewer, corrected_labels
from digitdrop.status.needs import of_worker
from digitdrop.values import Status, time_text

_OPEN: Final = 120  # most pictures that need a person
_OPEN_AT_ONCE: Final = 12  # of these, the pictures that are visible at first
_ARCHIVING: Final = timedelta(seconds=10)  # after this a picture is in the archive


@dataclass(frozen=True, slots=True)
class PageState:
    """The numbers of a page."""

    rows: int
    shown: int
    open: int
    """Pictures in `review/` and `failed/` that wait for a person."""
    is_complete: bool
    """True if no thumbnail is left to make, and every picture is in the archive."""

    def __str__(self) -> str:
        """Return the numbers in words."""
        rows = f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}"
        shown = f", the newest {self.shown:,} shown" if self.shown < self.rows else ""
        needs = "1 picture needs" if self.open == 1 else f"{self.open:,} pictures need"
        return f"{rows}{shown}; {needs} a person"


class Maker:
    """Makes one page again and again; each time costs as much as the new rows."""

    def __init__(
        self, *, outbox: Path, output: Path, newest: int, home: HomeDisk | None = None
    ) -> None:
        """Take the thumbnails of the earlier page; write nothing yet.

        Args:
            outbox: the folder with the report and the pictures.
            output: the path of the page.
            newest: number of rows to show.
            home: the disk of the outbox, if that may be away by now.
        """
        self._outbox = outbox
        self._output = output
        self._home = home or HomeDisk(outbox)
        self._rows = Rows(outbox / REPORT)
        self._newest = newest
        self._growth = Growth(self._rows)
        self._tally = self._empty_tally()
        self._digests = Digests()
        self._thumbnails = Thumbnails(output)
        self._made_from: object = None
        self._is_complete = False

    def is_due(self) -> bool:
        """Return True if something has changed since the last page, or thumbnails are missing.

        While the outbox's disk is away, it returns False.
        """
        return self._home.is_there() and (
            not self._is_complete or self._state() != self._made_from
        )

    def make(self, *, now: datetime, timeout: float) -> PageState:
        """Make the page.

        Args:
            now: the time that the page shows; aware.
            timeout: seconds for thumbnails; the others are left to the next page.

        Raises:
            FolderError: a foreign file has the page's name.
            OSError: the report cannot be read, or the page cannot be written; try again later.
        """
        until = time.monotonic() + timeout
        state, worker = self._state(), self._worker()
        inbox = Path(worker.inbox) if worker else None
        self._read()
        shown, still_open = self._tally.newest(), self._tally.open()
        paths = find_pictures(self._outbox, _merged(shown, still_open), self._digests)
        still_open = [entry for entry in still_open if entry.id in paths]
        pictured = [*still_open[:_OPEN], *shown]
        all_made = self._thumbnails.make(pictured, paths, until=until)
        viewer = Viewer(
            outbox=self._outbox, output=self._output, paths=paths, thumbnails=self._thumbnails
        )
        right = corrected_labels(shown)
        values = page_context(self._tally, now) | {
            "items": (items := viewer.items(shown, right)),
            "open_items": viewer.items(still_open[:_OPEN], right),
            "open_count": (to_review := sum(count_to_review(self._outbox, inbox).values())),
            "needs": of_worker(worker) if worker else [],
            "status_choices": sorted(_choices([item.status for item in items]), key=_rank),
            "day_choices": sorted(_choices([item.day for item in items]), reverse=True),
            "first_open": _OPEN_AT_ONCE,
            "advice": advice(self._outbox),
            "last": time_text(shown[0].time) if shown else "",
        }
        publish(render(values), self._output)
        self._made_from = state
        archived = all(entry.id in paths or _is_archived(entry, now) for entry in shown)
        self._is_complete = all_made and archived
        return PageState(self._tally.rows, len(items), to_review, self._is_complete)

    def _read(self) -> None:
        holds, rows = self._growth.rows()
        if not holds:
            self._tally = self._empty_tally()
        for row_id, row in rows:
            self._tally.add(row_id, row)

    def _empty_tally(self) -> Tally:
        return Tally(newest=self._newest, still_open=self._still_open)

    def _still_open(self, entries: list[TimedRow]) -> list[TimedRow]:
        """Return the rows whose pictures are still in `review/` or `failed/`."""
        paths, now = find_pictures(self._outbox, entries, self._digests), datetime.now(UTC)
        return [entry for entry in entries if entry.id in paths or not _is_archived(entry, now)]

    def _state(self) -> object:
        """Return a value that changes with the report, or with the needs of the worker."""
        files = []
        for path in self._rows.files():
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            files.append((path, status.st_ino, status.st_size, status.st_mtime_ns))
        worker = self._worker()
        return files, of_worker(worker) if worker else []

    def _worker(self) -> WorkerStatus | None:
        """Read the status of the running worker; None if there is none."""
        try:
            holder = lock.holder(self._outbox / REPORT)
        except ReportError:
            return None
        return worker_status.read_worker_status(self._outbox, holder) if holder else None


def _is_archived(entry: TimedRow, now: datetime) -> bool:
    """Return True if a picture must be in the archive by now."""
    return abs(now - entry.time) > _ARCHIVING  # a clock may have been set back since


def _merged(*groups: list[TimedRow]) -> list[TimedRow]:
    """Return each row once, newest first."""
    return sorted({entry for group in groups for entry in group}, reverse=True)


def _rank(choice: tuple[str, int]) -> int:
    return list(Status).index(Status(choice[0]))


def _choices(values: list[str]) -> list[tuple[str, int]]:
    return [(value, values.count(value)) for value in dict.fromkeys(values)]
