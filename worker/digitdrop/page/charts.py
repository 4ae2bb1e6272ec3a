"""Compute the part of the page above its rows: counts, charts and advice."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from digitdrop.page.tally import CONFIDENCE_BINS, Tally
from digitdrop.page.view import LABELS
from digitdrop.values import Status, time_text

_DAYS: Final = 30
"""Largest number of columns in the chart by day; all earlier days are one number."""

_WHOLE: Final = 100  # the highest column, in units of the chart
_LEAST: Final = 1.5  # the lowest column: a single row among thousands stays visible


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar, in the colour of a status; start and length in 0-100."""

    status: str
    start: float
    length: float
    count: int


@dataclass(frozen=True, slots=True)
class Column:
    """A bar, and its name for people."""

    label: str
    total: int
    pieces: tuple[Piece, ...]

    def count_of(self, status: str) -> int:
        """Return the number of rows of one status."""
        return sum(piece.count for piece in self.pieces if piece.status == status)


def page_context(tally: Tally, now: datetime) -> dict[str, object]:
    """Return the values that the template needs of the counts.

    Args:
        tally: the rows.
        now: the time of the page; aware.
    """
    shares, days, confidences = _by_status(tally), _by_day(tally), _by_confidence(tally)
    return {
        "tally": tally,
        "labels": LABELS,
        "shares": shares,
        "statuses": [piece.status for piece in shares.pieces],
        "days": days,
        "earlier": tally.rows - sum(column.total for column in days),
        "confidences": confidences,
        "guessed": sum(column.total for column in confidences),
        "confident": confidences[-1].total,  # 95 % and more
        "made": time_text(now),
        "made_iso": now.astimezone(UTC).isoformat(timespec="seconds"),
    }


def advice(outbox: Path) -> str:
    """Return a text on the pictures that need a person."""
    if (outbox / "review" / "7").is_dir():
        return (
            "Look at the picture. Move its file into review/7/ if it shows 7, or into "
            "review/none/ if it shows no single number: it then gets a row of its own. For a "
            "longer number make the folder, as in review/0042/. "
            "What is in failed/ could not be read at all."
        )
    return "They lie in review/ and failed/; move away what you have dealt with."


def _by_status(tally: Tally) -> Column:
    """Return one bar with the shares of all rows."""
    return _column("all", tally.statuses, highest=tally.rows, least=0)


def _by_day(tally: Tally) -> list[Column]:
    """Return a column for each of the last days from the first row to the last, empty ones too."""
    if not tally.days:
        return []
    last = max(tally.days)
    first = max(min(tally.days), last - timedelta(days=_DAYS - 1))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return _columns((f"{day.day} {day:%b %Y}", tally.days.get(day, Counter())) for day in days)


def _by_confidence(tally: Tally) -> list[Column]:
    step = 100 // CONFIDENCE_BINS
    return _columns(
        (f"{step * number}\u2013{step * (number + 1)} %", counts)
        for number, counts in enumerate(tally.confidences)
    )


def _columns(named: Iterable[tuple[str, Mapping[str, int]]]) -> list[Column]:
    bins = list(named)
    highest = max((sum(counts.values()) for _, counts in bins), default=0)
    return [_column(label, counts, highest=highest, least=_LEAST) for label, counts in bins]


def _column(label: str, counts: Mapping[str, int], *, highest: int, least: float) -> Column:
    pieces, start = [], 0.0
    for status in Status:
        if count := counts.get(status, 0):
            length = max(least, _WHOLE * count / highest)
            pieces.append(Piece(status, round(start, 2), round(length, 2), count))
            start += length
    return Column(label, sum(counts.values()), tuple(pieces))
