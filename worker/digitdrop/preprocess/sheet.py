"""Find the sheet on a table, the cell between lines, the box around a digit.

Paper that dark straight edges bound is cut out of the picture. All functions here are for dark
ink on light paper; for light ink the caller inverts the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.components import Mask
from digitdrop.preprocess.histogram import Tones, shrunk
from digitdrop.values import Grey

_PRIOR = 0.95
"""Prior that bounded paper is the sheet, and what lies around it is no writing."""
_SHADED_PRIOR = 0.5
"""The same if what lies around the sheet may be a shadow."""
_SHADE = 0.3
"""A shadow is lighter than this share of the paper in the light."""
_LEAST_SIDE = 12
"""Sheets with a shorter side than this, in pixels, are not looked for."""
_LEAST_PICTURE = 28
"""In pictures with a shorter side than MNIST's frames, strokes are as broad as what may bound a
sheet, and none is looked for."""
_LEAST_AREA = 0.04
"""A sheet covers at least this share of the picture."""
_WHOLE = 0.985
"""A sheet that covers more than this share of the picture is the picture."""
_DARK_SIDE = 0.04
"""Without so large a dark share of the border, and ..."""
_DARK_LINE = 0.2
"""... without a row or column so dark, nothing bounds a sheet. A turned line covers few points
of any row."""
_RECTANGULAR = 0.86
"""Least area over that of the smallest rectangle around it, which may be turned; of an ellipse,
such as the inside of a 0, it is 0.785."""
_SOLID = 0.81
"""Least share of a sheet that is bare paper: of a bold 0, light on dark, it is 0.79."""
_BOUNDED = 0.85
"""Least share of a sheet's outline, away from the picture's border, with something dark beside."""
_OVERHANG = 0.85
"""A line is longer than ink on the sheet by more than this; a 1 beside another digit is not."""
_INK = 0.002
"""Least share of a sheet that is ink."""
_THIN = 0.08
"""Lines are thinner than this share of the long side."""
_TABLE = 0.04
"""A table, or a book's binding, covers at least this share of the picture."""
_EDGE = 0.012
"""Width of the soft edge of a sheet, as a share of the picture's long side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet of paper that was found in a picture."""

    grey: Grey
    """The part of the picture that holds it; beyond its edges is paper of the same brightness."""
    left: int
    top: int
    """Its place in the picture, in pixels."""
    prior: float
    """Prior probability, 0-1, that the writing is on it."""
    is_on_table: bool
    """True if a large part of the picture off it is darker than a shadow; False for a cell."""


def find_sheet(grey: Grey, split: Tones) -> Sheet | None:
    """Return the sheet of paper in a picture, if something dark bounds it and ink is on it.

    Args:
        grey: the picture, uint8 of shape (height, width).
        split: its tones.

    Returns:
        The sheet. None if the picture shows nothing but paper and ink, if two sheets have ink,
        or if the only one has none and no table lies around it.
    """
    if min(grey.shape) < _LEAST_PICTURE:
        return None
    dark: Mask = np.asarray(
        cv2.threshold(grey, split.threshold, 1, cv2.THRESH_BINARY_INV)[1], np.uint8
    )
    if not _may_be_bounded(dark):
        return None
    for mask in (dark,) if split.light_is_even else (dark, _strokes(grey)):
        hulls = _hulls(mask)
        found = [hull for hull in hulls if _holds_ink(hull, mask)]
        if not found and len(hulls) == 1 and mask is dark and _lies_on_table(hulls[0], dark):
            found = hulls  # beside a black table, ink is not dark
        if len(found) == 1:
            on_table = _lies_on_table(found[0], dark)
            shaded = split.dark > _SHADE * split.light and on_table
            prior = _SHADED_PRIOR if shaded else _PRIOR
            return _cut(grey, mask, found[0], prior=prior, is_on_table=on_table and not shaded)
        if found:
            return None
    return None


def _lies_on_table(hull: Mask, dark: Mask) -> bool:
    """Return True if a large part of the picture is dark and off the sheet."""
    off = dark & (1 - hull)
    rim = sum(int(np.count_nonzero(side)) for side in (off[0], off[-1], off[:, 0], off[:, -1]))
    large = int(np.count_nonzero(off)) >= _TABLE * dark.size
    return large and rim >= _DARK_SIDE * 2 * sum(dark.shape)


def _strokes(grey: Grey) -> Mask:
    """Return the mask of thin dark strokes and lines, in light that may be uneven."""
    side = round(_THIN * max(grey.shape)) | 1
    deep = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, np.ones((side, side), np.uint8))
    return np.asarray(cv2.threshold(deep, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1], np.uint8)


def _may_be_bounded(dark: Mask) -> bool:
    height, width = dark.shape
    rows = cv2.reduce(dark, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    columns = cv2.reduce(dark, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    if rows.max() >= _DARK_LINE * width or columns.max() >= _DARK_LINE * height:
        return True
    rim = rows[0] + rows[-1] + columns[0] + columns[-1]
    return bool(rim >= _DARK_SIDE * 2 * (height + width))


def _hulls(dark: Mask) -> list[Mask]:
    """Return the outlines, filled, of paper that is rectangular and bounded by something dark."""
    height, width = dark.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - dark, connectivity=4)
    found: list[Mask] = []
    for label in range(1, count):
        left, top, wide, high, area = stats[label].tolist()
        if min(wide, high) < _LEAST_SIDE or area < _SOLID * _LEAST_AREA * dark.size:
            continue
        inside = labels[top : top + high, left : left + wide] == label
        contours, _ = cv2.findContours(
            inside.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(left, top)
        )
        outline = max(contours, key=len)
        hull = cv2.convexHull(outline)
        filled = np.zeros((height, width), np.uint8)
        cv2.fillConvexPoly(filled, hull, 1)
        size = int(np.count_nonzero(filled))
        if not _LEAST_AREA * dark.size <= size <= _WHOLE * dark.size:
            continue
        _, (one, other), _ = cv2.minAreaRect(hull)
        if size < _RECTANGULAR * (one + 1) * (other + 1) or area < _SOLID * size:
            continue
        grown: Mask = np.asarray(cv2.dilate(filled, np.ones((3, 3), np.uint8)), np.uint8)
        ring = grown - filled
        if np.count_nonzero(ring & dark) >= _BOUNDED * np.count_nonzero(ring):
            found.append(filled)
    return found


def _holds_ink(hull: Mask, dark: Mask) -> bool:
    """Return True if there is ink on a sheet, smaller than what bounds the sheet."""
    _, _, width, height = cv2.boundingRect(hull)
    inner = _shrunk(hull) & dark
    if np.count_nonzero(inner) < max(4, _INK * np.count_nonzero(hull)):
        return False
    _, _, wide, high = cv2.boundingRect(inner)
    rows, columns = dark.shape
    cut_x, cut_y = width < _OVERHANG * columns, height < _OVERHANG * rows
    if cut_x and cut_y:
        return True
    return bool(wide <= _OVERHANG * width and high <= _OVERHANG * height)


def _shrunk(hull: Mask) -> Mask:
    edge = max(1, round(_EDGE * max(hull.shape)))
    brush = np.ones((2 * edge + 1, 2 * edge + 1), np.uint8)
    return np.asarray(cv2.erode(hull, brush), np.uint8)


def _cut(grey: Grey, dark: Mask, hull: Mask, *, prior: float, is_on_table: bool) -> Sheet | None:
    inner = _shrunk(hull)
    left, top, width, height = cv2.boundingRect(inner)
    if min(width, height) < _LEAST_SIDE // 2:
        return None
    inside = slice(top, top + height), slice(left, left + width)
    part, shown = grey[inside], inner[inside]
    paper = _paper(part, shown & (1 - dark[inside]))
    whole = np.asarray(np.where(shown > 0, part, paper), np.uint8)
    return Sheet(grey=whole, left=left, top=top, prior=prior, is_on_table=is_on_table)


def _paper(grey: Grey, is_paper: npt.NDArray[np.uint8]) -> Grey:
    """Return the brightness of the paper everywhere: the mean of that nearby."""
    small = shrunk(grey, 64).astype(np.float32)
    size = (grey.shape[1], grey.shape[0])
    weight = cv2.resize(
        is_paper.astype(np.float32), small.shape[::-1], interpolation=cv2.INTER_AREA
    )
    weight = np.where(weight > 0.99, 1, 0.001).astype(np.float32)  # no soft edges
    reach = (0, 0), 0.1 * max(small.shape)
    mean = np.asarray(
        cv2.GaussianBlur(small * weight, *reach) / cv2.GaussianBlur(weight, *reach), np.float32
    )
    return np.asarray(np.clip(np.rint(cv2.resize(mean, size)), 0, 255), np.uint8)
