"""Separate writing from the print of ruled and squared paper, by shape and by strength."""

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.components import Mask
from digitdrop.values import Ink

LEAST = 100
"""Smaller pictures, in pixels, are crops of one digit: a long line there is a stroke."""
_RUN = 0.1
"""A line has straight runs of at least this share of the picture."""
_LENGTH = 0.8
"""A line, perhaps in pieces, reaches over this share of the picture: strokes seldom do."""
_HIDDEN = 0.3
"""A line has no longer gap than this share of the picture."""
_LINE_TURN = 0.04
"""Across a gap a line rises or falls by at most about this slope."""
_MARGIN = 0.04
"""A line that ends closer to the border than this share of the picture reaches the border."""
_THICK = 0.03
"""A line is no thicker than this share of the picture."""

_CROSSINGS = 3
"""Print crosses the picture's border at least this many times, a digit hardly ever."""
_BOLDER = 1.3
"""Writing is separated from print by strength only if it is this many times as strong."""
_FEW = 50
"""Fewer pixels than this do not show two different strengths."""


def unruled(mask: Mask) -> tuple[Mask, int]:
    """Remove long thin lines, upright, level, or a little turned; mend strokes that cross them.

    Returns:
        The mask without the lines, and the number of lines that reach the border: print
        mostly does, strokes seldom do. At least 1 if anything was removed.
    """
    level, rows = _lines(mask)
    upright, columns = _lines(np.ascontiguousarray(mask.T))
    lines = level | upright.T
    count = rows + columns
    if not count:
        return mask, 0
    rest = mask & ~lines
    reach = max(3, round(_THICK * max(mask.shape)) | 1)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    # Lines leave crumbs; only thicker remains grow back into the gap.
    firm = cv2.morphologyEx(rest, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    mended = cv2.bitwise_and(cv2.dilate(firm, brush), lines)
    return np.asarray(rest | mended, np.uint8), count


def bold(mask: Mask, ink: Ink) -> Mask | None:
    """Return the writing on paler print, in a picture whose border is often crossed by marks.

    This finds print whose lines are not straight, or in pictures so small that a line may be
    a stroke.

    Args:
        mask: the marks, print among them.
        ink: their strength.

    Returns:
        The stronger of the two classes that split the marks best (Otsu 1979); None if all
        marks are of one strength.
    """
    rim = np.concatenate([mask[0], mask[1:, -1], mask[-1, -2::-1], mask[-2:0:-1, 0]])
    if np.count_nonzero(rim[1:] > rim[:-1]) < _CROSSINGS:
        return None
    core = cv2.erode(mask, np.ones((2, 2), np.uint8))  # the soft edges of strokes are pale
    strength = ink[core > 0]
    if len(strength) < _FEW:
        return None
    split = cv2.threshold(strength, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0]
    strong = strength > split
    if strong.all() or strength[strong].mean() < _BOLDER * strength[~strong].mean():
        return None
    return (ink > split).view(np.uint8)


def _lines(mask: Mask) -> tuple[Mask, int]:
    """Return the level lines of a mask, and the number of those that reach the border."""
    height, width = mask.shape
    none = np.zeros_like(mask)
    if max(height, width) < LEAST or cv2.boundingRect(mask)[2] < _LENGTH * width:
        return none, 0
    thick = max(2, round(_THICK * max(height, width)))
    run = max(8, round(_RUN * width))
    # One pixel up and down lets a line turned by a few degrees run on.
    fat = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(fat, cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    bulk = cv2.morphologyEx(fat, cv2.MORPH_OPEN, np.ones((thick + 3, 3), np.uint8))
    runs = cv2.subtract(runs, cv2.morphologyEx(bulk, cv2.MORPH_OPEN, np.ones((1, run), np.uint8)))
    if cv2.boundingRect(runs)[2] < _LENGTH * width:
        return none, 0
    # The digit itself may hide a part of the line; turned, it goes on a little higher.
    gap = round(_HIDDEN * width)
    joined = cv2.dilate(runs, np.ones((3 + 2 * round(_LINE_TURN * gap), gap), np.uint8))
    count, labels = cv2.connectedComponents(joined, connectivity=8)
    y, x = np.nonzero(runs)
    owner = np.asarray(labels[y, x], np.int64)
    left, right = _extent(owner, x, count)
    top, bottom = _extent(owner, y, count)
    across = right - left + 1
    seen = np.bincount(owner, minlength=count)
    slim = bottom - top + 1 <= thick + 0.15 * across
    chosen = (across >= _LENGTH * width) & (seen >= width) & slim
    chosen[0] = False
    if not chosen.any():
        return none, 0
    margin = _MARGIN * width
    reaching = chosen & ((left <= margin) | (right >= width - 1 - margin))
    found = (chosen[labels] & (runs > 0)).astype(np.uint8) & mask
    return found, max(1, int(reaching.sum()))


def _extent(
    owner: npt.NDArray[np.int64], place: npt.NDArray[np.int64], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first and the last place of each owner."""
    first, last = np.full(count, place.max()), np.full(count, place.min())
    np.minimum.at(first, owner, place)
    np.maximum.at(last, owner, place)
    return first, last
