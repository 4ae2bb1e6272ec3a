"""What a page counts: rows by status, by day and by confidence; the newest; the open ones."""

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
"""Of the histogram: 5 percentage points each."""
MOST_OPEN: Final = 2000
"""Pictures that need a person of which a page keeps track; further ones are older."""


@dataclass(frozen=True, slots=True, order=True)
class TimedRow:
    """A row, in the order of time; among rows of one moment, of the report."""

    time: datetime
    number: int
    id: str = field(compare=False)
    row: Row = field(compare=False)


RowFilter: TypeAlias = Callable[[list[TimedRow]], list[TimedRow]]
"""Leaves of rows, newest first, those whose pictures still wait for a person."""


class Tally:
    """Counts rows one by one; its size depends on the days they span, not on how many they are."""

    def __init__(self, *, newest: int, sieve: RowFilter) -> None:
        """Begin with no row; keep so many of the newest."""
        self._most = newest
        self._sieve = sieve
        self._newest: list[TimedRow] = []  # a heap
        self._open: list[TimedRow] = []
        self.rows = 0
        self.statuses: Counter[str] = Counter()
        self.days: defaultdict[date, Counter[str]] = defaultdict(Counter)
        self.confidences: tuple[Counter[str], ...] = tuple(
            Counter() for _ in range(CONFIDENCE_BINS)
        )

    def add(self, row_id: str, row: Row) -> None:
        """Count a row; a line that is none counts for nothing, see `verify`."""
        if not row.is_whole:
            return
        self.rows += 1
        self.statuses[row.status] += 1
        self.days[row.time.astimezone(UTC).date()][row.status] += 1
        if row.confidence is not None and 0 <= row.confidence <= 1:
            self.confidences[min(int(row.confidence * CONFIDENCE_BINS), CONFIDENCE_BINS - 1)][
                row.status
            ] += 1
        entry = TimedRow(row.time, self.rows, row_id, row)
        if len(self._newest) < self._most:
            heapq.heappush(self._newest, entry)
        else:
            heapq.heappushpop(self._newest, entry)
        if ARCHIVE_FOLDERS[row.status] in {"review", "failed"}:
            self._open.append(entry)
            if len(self._open) >= 2 * MOST_OPEN:  # seldom, since each looks at the disk
                self.open()

    @property
    def pictures(self) -> int:
        """How many pictures were read: a correction is a second row about one of them."""
        return self.rows - self.statuses[Status.CORRECTED]

    def newest(self) -> list[TimedRow]:
        """Give the newest rows, newest first."""
        return sorted(self._newest, reverse=True)

    def open(self) -> list[TimedRow]:
        """Give the newest rows whose pictures wait for a person, newest first."""
        found = self._sieve(sorted(self._open, reverse=True))
        self._open = found[:MOST_OPEN]
        return self._open
