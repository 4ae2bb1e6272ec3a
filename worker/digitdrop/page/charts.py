"""The page's charts as numbers: where each bar begins, how long it is, and what it says."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from digitdrop.page.tally import CONFIDENCE_BINS, Tally
from digitdrop.values import Status

DAYS: Final = 30
"""Columns of the chart by day, at most; earlier days are told in one number."""
_WHOLE: Final = 100  # the highest column, in units of the chart
_LEAST: Final = 1.5  # of any column that is not empty: one among thousands is seen


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar, in one status's colour."""

    status: str
    start: float
    length: float
    count: int


@dataclass(frozen=True, slots=True)
class Column:
    """A bar of pieces, and its name for people."""

    label: str
    total: int
    pieces: tuple[Piece, ...]

    def count_of(self, status: str) -> int:
        """Count the rows of one status."""
        return sum(piece.count for piece in self.pieces if piece.status == status)


def by_status(statuses: Mapping[str, int]) -> Column:
    """Lay the shares of all rows end to end, in 100 units."""
    return _column("all", statuses, whole=sum(statuses.values()), least=0)


def by_day(tally: Tally) -> list[Column]:
    """Give a column for each of the last days that the rows span, those without one too."""
    if not tally.days:
        return []
    last = max(tally.days)
    first = max(min(tally.days), last - timedelta(days=DAYS - 1))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return _columns((_day(day), tally.days.get(day, Counter())) for day in days)


def by_confidence(tally: Tally) -> list[Column]:
    """Give a column for each bin of the histogram."""
    step = 100 // CONFIDENCE_BINS
    return _columns(
        (f"{step * number}\u2013{step * (number + 1)} %", bin_)
        for number, bin_ in enumerate(tally.confidences)
    )


def _columns(named: Iterable[tuple[str, Mapping[str, int]]]) -> list[Column]:
    bins = list(named)
    most = max((sum(counts.values()) for _, counts in bins), default=0)
    return [_column(label, counts, whole=most, least=_LEAST) for label, counts in bins]


def _column(label: str, counts: Mapping[str, int], *, whole: int, least: float) -> Column:
    pieces, start = [], 0.0
    for status in Status:
        count = counts.get(status, 0)
        if count:
            length = max(least, _WHOLE * count / whole)
            pieces.append(Piece(status, round(start, 2), round(length, 2), count))
            start += length
    return Column(label, sum(counts.values()), tuple(pieces))


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
