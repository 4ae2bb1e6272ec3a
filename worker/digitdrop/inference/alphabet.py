"""The signs that the number reader tells apart, and the whole number that they write."""

import re
from typing import Final, TypeAlias

Signs: TypeAlias = tuple[int, ...]
"""Signs from left to right, each 0-13."""

POINT: Final = 10
"""A full stop, a comma, a dot or a colon."""
DASH: Final = 11
"""A dash, a minus sign, or an equals sign."""
SLASH: Final = 12
OTHER: Final = 13
"""A letter, a sign, a crossed box, half a digit: no part of a number."""
BLANK: Final = 14
"""No sign; the blank of CTC (Graves et al. 2006)."""
SIGNS: Final = 15
STRIDE: Final = 4
"""Columns of a strip for each row of probabilities."""

_WRITTEN: Final = "0123456789.-/?"
_SLANTED_ONE: Final = re.compile(r"^/(?=\d)")
_TAIL: Final = re.compile(r"(?<=\d)[.\-/]+$")
_GROUPED: Final = re.compile(r"(?!0\.)\d{1,3}(?:\.\d{3})+")
"""Thousands: exactly three digits behind each mark, and no lone 0 before the first."""


def spelled(signs: Signs) -> str:
    """Write signs as text.

    >>> spelled((2, 0, POINT, 5))
    '20.5'
    """
    return "".join(_WRITTEN[sign] for sign in signs)


def whole_number(signs: Signs) -> str | None:
    """Return the digits of a whole number; None where the signs are none.

    Marks behind the last digit end the number and are left out, as are thousands separators. No
    number begins with a slash: it is a slanted 1.

    >>> whole_number((1, POINT, 2, 5, 0)), whole_number((3, 6, 8, DASH)), whole_number((0, 0, 4))
    ('1250', '368', '004')
    >>> [whole_number(signs) for signs in ((2, 0, POINT, 5), (0, POINT, 1, 2, 5), (DASH, 7))]
    [None, None, None]
    """
    text = _TAIL.sub("", _SLANTED_ONE.sub("1", spelled(signs)))
    if _GROUPED.fullmatch(text):
        text = text.replace(".", "")
    return text if text.isdecimal() else None
