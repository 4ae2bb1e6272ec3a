"""Count the rows of a report: by status, day and confidence; keep the newest and the open ones."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, TypeAlias

from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.outbox.row import Row
from digitdrop.values import Status

CONFIDENCE_BINS: Final = 20
"""Bins of the histogram, 5 percentage points each."""
MOST_OPEN: Final = 2000
"""Largest number of open pictures that are kept, the newest."""


@dataclass(frozen=True, slots=True, order=True)
class TimedRow:
    """A row, sorted by time; rows of one moment by their place in the report."""

    time: datetime
    number: int
    id: str = field(compare=False)
    row: Row = field(compare=False)


RowFilter: TypeAlias = Callable[[list[TimedRow]], list[TimedRow]]
"""Takes rows, newest first, and returns those whose pictures still wait for a person."""


class Tally:
    """Counts rows; its memory depends on the number of days, not on the number of rows."""

    def __init__(self, *, newest: int, still_open: RowFilter) -> None:
        """Start without rows.

        Args:
            newest: number of the newest rows to keep.
            still_open: filters the rows whose pictures wait for a person.
        """
        self._most = newest
        self._still_open = still_open
        self._newest: list[TimedRow] = []  # a heap
        self._open: list[TimedRow] = []
        self.rows = 0
        self.statuses: Counter[str] = Counter()
        self.days: defaultdict[date, Counter[str]] = defaultdict(Counter)
        self.confidences: tuple[Counter[str], ...] = tuple(
            Counter() for _ in range(CONFIDENCE_BINS)
        )

    def add(self, row_id: str, row: Row) -> None:
        """Count a row; a damaged row does not count, see `verify`."""
        if not row.is_whole:
            return
        self.rows += 1
        self.statuses[row.status] += 1
        self.days[row.time.astimezone(UTC).date()][row.status] += 1
        if row.confidence is not None and 0 <= row.confidence <= 1:
            number = min(int(row.confidence * CONFIDENCE_BINS), CONFIDENCE_BINS - 1)
            self.confidences[number][row.status] += 1
        entry = TimedRow(row.time, self.rows, row_id, row)
        heapq.heappush(self._newest, entry)
        if len(self._newest) > self._most:
            heapq.heappop(self._newest)
        if ARCHIVE_FOLDERS[row.status] in {"review", "failed"}:
            self._open.append(entry)
            if len(self._open) >= 2 * MOST_OPEN:  # rarely, since each call reads the disk
                self.open()

    @property
    def pictures(self) -> int:
        """Number of pictures: a correction is a second row of a picture."""
        return self.rows - self.statuses[Status.CORRECTED]

    def newest(self) -> list[TimedRow]:
        """Return the newest rows, newest first."""
        return sorted(self._newest, reverse=True)

    def open(self) -> list[TimedRow]:
        """Return the newest rows whose pictures wait for a person, newest first."""
        self._open = self._still_open(sorted(self._open, reverse=True))[:MOST_OPEN]
        return self._open
