"""The signs that the number reader tells apart, and how they are written out."""

from typing import Final

POINT: Final = 10
"""A full stop, a comma, a dot or a colon."""
DASH: Final = 11
"""A dash, a minus sign, or an equals sign."""
SLASH: Final = 12
OTHER: Final = 13
"""A letter, a sign, a crossed box, half a digit: no part of a number."""
BLANK: Final = 14
"""No sign begins or ends here; the blank of CTC (Graves et al. 2006)."""
SIGNS: Final = 15
STRIDE: Final = 4
"""Columns of a strip for each row of probabilities."""

WRITTEN: Final = "0123456789.-/?"
"""Each sign but `BLANK` as text."""


def spelled(signs: tuple[int, ...]) -> str:
    """Write signs as text.

    >>> spelled((2, 0, POINT, 5))
    '20.5'
    """
    return "".join(WRITTEN[sign] for sign in signs)
