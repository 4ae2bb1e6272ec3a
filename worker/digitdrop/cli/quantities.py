"""Ages, sizes and times as people type them: 30d, 12h, 100MB, 2.5."""

import math
import re
from datetime import timedelta
from typing import Final

from digitdrop.outbox.rotation import Period, Rotation

_SPANS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SIZES: Final = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_PERIODS: Final[dict[str, Period]] = {"day": "day", "month": "month"}
_YEAR: Final = 31_536_000  # seconds
_LONGEST: Final = timedelta(days=36_500)


def seconds(text: str | float) -> float:
    """Read a number of seconds.

    Raises:
        ValueError: it is no number, negative, or more than a year.
    """
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found <= _YEAR:  # also where it is no number
        raise ValueError(f"{text!r} is not a number of seconds from 0 to {_YEAR:,} (a year)")
    return found


def age(text: str) -> timedelta:
    """Read an age in hours, days or weeks.

    Raises:
        ValueError: it is no age, zero, or beyond a hundred years.

    >>> age("30d")
    datetime.timedelta(days=30)
    """
    match = re.fullmatch(r"(\d{1,6}) ?([hdw])", text.strip(), re.ASCII)
    span = int(match[1]) * _SPANS[match[2]] if match else timedelta()
    if not timedelta() < span <= _LONGEST:
        raise ValueError(
            f"{text!r} is no age: expected a number of hours, days or weeks, as in 12h, 30d or 2w"
        )
    return span


def rotation(text: str) -> Rotation:
    """Read when a report is closed and a new one begun.

    Raises:
        ValueError: it is neither a period nor a size.
    """
    if period := _PERIODS.get(text.strip().lower()):
        return Rotation(period=period)
    match = re.fullmatch(r"(\d{1,12}) ?([KMG]?B)", text.strip().upper(), re.ASCII)
    if not match or not int(match[1]):
        raise ValueError(
            f"{text!r} says not when the report turns over: expected day, month, or a size as in "
            "100MB"
        )
    return Rotation(size=int(match[1]) * _SIZES[match[2]])


def age_text(age: timedelta) -> str:
    """Write an age so that `age` reads it, in the largest unit that divides it.

    >>> age_text(timedelta(days=14))
    '2w'
    """
    letter, span = next(one for one in reversed(_SPANS.items()) if not age % one[1])
    return f"{age // span}{letter}"


def rotation_text(rotation: Rotation) -> str:
    """Write a rotation so that `rotation` reads it."""
    if rotation.period or not rotation.size:
        return rotation.period or ""
    name, unit = next(one for one in reversed(_SIZES.items()) if not rotation.size % one[1])
    return f"{rotation.size // unit}{name}"
