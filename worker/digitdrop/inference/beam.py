"""Probabilities along a strip -> the likeliest strings of signs (prefix beam search for CTC)."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from digitdrop.inference.alphabet import BLANK, Signs

SignProbabilities: TypeAlias = npt.NDArray[np.float32]
"""Shape (rows, 15): each row sums to 1; the columns are `alphabet`'s signs and `BLANK`."""

WIDTH = 12
"""Strings that are followed at a time."""
LEAST_SIGN = 2e-3
"""A sign less likely than this in a row begins no string there."""
PLAINLY_BLANK = 0.9995
"""Runs of rows in which the blank has at least this are one row: most of a strip is paper."""


def likeliest(rows: SignProbabilities) -> list[tuple[Signs, float]]:
    """Return the likeliest strings with their probabilities, the likeliest first.

    The probability of a string is the sum over all its alignments that the beam has met (Graves
    et al. 2006, section 3; Hannun 2017). Those of all strings sum to 1 at most.
    """
    # Of each string, the mass of its alignments that end in a blank, and that end in its sign.
    beam: dict[Signs, tuple[float, float]] = {(): (1.0, 0.0)}
    for row in _condensed(rows):
        blank = float(row[BLANK])
        begins = [
            (sign, float(row[sign])) for sign in np.flatnonzero(row[:BLANK] >= LEAST_SIGN).tolist()
        ]
        grown: dict[Signs, tuple[float, float]] = {}
        for string, (in_blank, in_sign) in beam.items():
            both = in_blank + in_sign
            stays = in_sign * float(row[string[-1]]) if string else 0.0
            _add(grown, string, both * blank, stays)
            for sign, likely in begins:
                # The same sign again is another one only behind a blank.
                before = in_blank if string and string[-1] == sign else both
                _add(grown, (*string, sign), 0.0, before * likely)
        kept = sorted(grown.items(), key=lambda item: -sum(item[1]))[:WIDTH]
        beam = dict(kept)
    return [(string, sum(masses)) for string, masses in beam.items()]


def _condensed(rows: SignProbabilities) -> SignProbabilities:
    """Leave one row of each run that is plainly blank."""
    paper = rows[:, BLANK] >= PLAINLY_BLANK
    repeated = np.append(False, paper[1:] & paper[:-1])
    return np.asarray(rows[~repeated], np.float32)


def _add(
    beam: dict[Signs, tuple[float, float]], string: Signs, in_blank: float, in_sign: float
) -> None:
    was_blank, was_sign = beam.get(string, (0.0, 0.0))
    beam[string] = was_blank + in_blank, was_sign + in_sign


def places(rows: SignProbabilities) -> list[tuple[int, float]]:
    """Return the likeliest sign of each run along the strip, and its middle as a row number."""
    best = rows.argmax(axis=1)
    starts = np.flatnonzero(np.append(True, best[1:] != best[:-1]))
    ends = np.append(starts[1:], len(best))
    return [
        (int(best[start]), (start + end - 1) / 2)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        if best[start] != BLANK
    ]
