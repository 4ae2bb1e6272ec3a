"""Figures for people: rows by day and status, and the errors that users really see."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Final

from digitdrop.review.store import Store

_Z: Final = 1.959964  # of the normal distribution, for 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """Corrected readings among those that were `ok`, of one model and one digit."""

    model: str
    digit: str
    """Empty for all digits together."""
    readings: int
    wrong: int
    low: float
    """Lower end of the 95 % interval by Wilson, 0-1."""
    high: float


def wilson(wrong: int, readings: int) -> tuple[float, float]:
    """Return the 95 % interval of a share.

    >>> [round(end, 4) for end in wilson(0, 100)]
    [0.0, 0.037]
    >>> [round(end, 4) for end in wilson(5, 100)]
    [0.0215, 0.1118]
    """
    if not readings:
        return 0.0, 1.0
    share, square = wrong / readings, _Z**2 / readings
    centre = share + square / 2
    reach = _Z * math.sqrt(share * (1 - share) / readings + square / (4 * readings))
    low = (centre - reach) / (1 + square) if wrong else 0.0
    return max(0.0, low), min(1.0, (centre + reach) / (1 + square))


def error_rates(store: Store) -> list[ErrorRate]:
    """Return the error rates by model, first of all digits, then by digit."""
    readings: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for model, digit, count in store.read_as_ok():
        readings[model, ""] += count
        readings[model, digit] += count
    for model, digit, answer in store.corrected_ok():
        if answer != digit:
            wrong[model, ""] += 1
            wrong[model, digit] += 1
    rates = []
    for (model, digit), count in sorted(readings.items()):
        low, high = wilson(wrong[model, digit], count)
        rates.append(
            ErrorRate(
                model=model,
                digit=digit,
                readings=count,
                wrong=wrong[model, digit],
                low=low,
                high=high,
            )
        )
    return rates


def by_day(store: Store) -> list[tuple[str, dict[str, int]]]:
    """Return the number of rows by day and status, the last day first."""
    days: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (day, status), count in store.days.items():
        days[day][status] = count
    return sorted(days.items(), reverse=True)
