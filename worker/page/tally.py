"""What a page counts: rows by status, by day and by confidence; the newest; the open ones."""

import heapq
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, TypeAlias

from worker.row import Row
from worker.shelve import SHELVES

BINS: Final = 20
"""Of the histogram: 5 percentage points each."""
MOST_OPEN: Final = 2000
"""Pictures that may need a person of which a page keeps track; further ones are older."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A row, in the order of time; among rows of one moment, of the report."""

    time: datetime
    number: int
    id: str = field(compare=False)
    row: Row = field(compare=False)


Heap: TypeAlias = list[Entry]


class Tally:
    """Counts rows one by one; its size depends on the days they span, not on how many they are."""

    def __init__(self, *, newest: int) -> None:
        """Begin with no row; keep so many of the newest."""
        self._most_newest = newest
        self._newest: Heap = []
        self._open: Heap = []
        self.rows = 0
        self.statuses: Counter[str] = Counter()
        self.days: defaultdict[date, Counter[str]] = defaultdict(Counter)
        self.confidences: tuple[Counter[str], ...] = tuple(Counter() for _ in range(BINS))

    def add(self, row_id: str, row: Row) -> None:
        """Count a row; a line that is none counts for nothing, see `verify`."""
        if not row.is_whole:
            return
        self.rows += 1
        self.statuses[row.status] += 1
        self.days[row.time.astimezone(UTC).date()][row.status] += 1
        if row.confidence is not None and 0 <= row.confidence <= 1:
            self.confidences[min(int(row.confidence * BINS), BINS - 1)][row.status] += 1
        entry = Entry(row.time, self.rows, row_id, row)
        _keep(self._newest, entry, self._most_newest)
        if SHELVES[row.status] in {"review", "failed"}:
            _keep(self._open, entry, MOST_OPEN)

    def newest(self) -> list[Entry]:
        """Give the newest rows, newest first."""
        return sorted(self._newest, reverse=True)

    def perhaps_open(self) -> list[Entry]:
        """Give the newest rows whose pictures went to `review/` or `failed/`, newest first."""
        return sorted(self._open, reverse=True)


def _keep(heap: Heap, entry: Entry, most: int) -> None:
    if len(heap) < most:
        heapq.heappush(heap, entry)
    elif most:
        heapq.heappushpop(heap, entry)
