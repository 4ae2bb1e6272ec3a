"""Subtract the paper: the result is how much darker than the paper each point is.

All functions here are for dark ink on light paper; for light ink the caller inverts the picture.
"""

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.histogram import Tones, histogram, quantiles, shrunk
from digitdrop.system.memory import matrices
from digitdrop.values import Grey, Ink

_SMALL = 64
"""Long side, in pixels, at which the paper is estimated: its brightness changes slowly."""
_REACH = 0.1
"""Strokes are thinner than this share of the long side, or so dark that shadows do not matter."""
DIM = 30
"""Paper darker than this is lightened as if it had this level: darker, it is mostly noise."""
_BROAD = 0.2
"""Strokes are thinner than this share of the long side, whatever the pen."""
_SHADOW = 0.85
"""A shadow covers at most this share of the picture; a larger dark area is the sheet itself."""


def even(grey: Grey, split: Tones) -> Ink:
    """Return the ink on paper of the same brightness everywhere."""
    return np.asarray(cv2.subtract(np.full_like(grey, split.light), grey), np.uint8)


def is_shadow(dark: npt.NDArray[np.bool_]) -> bool:
    """Return True if the dark part may be a shadow: it holds a square that no stroke would fill.

    A small picture is never taken for a shadow: there a stroke may fill such a square.
    """
    if max(dark.shape) < _SMALL // 2 or np.count_nonzero(dark) > _SHADOW * dark.size:
        return False
    step = max(1, max(dark.shape) // _SMALL)  # points will do: a shadow has no fine detail
    small = np.ascontiguousarray(dark[::step, ::step]).view(np.uint8)
    side = round(_BROAD * max(small.shape))
    return bool(cv2.erode(small, np.ones((side, side), np.uint8)).any())


def uneven(grey: Grey) -> tuple[Ink, Ink]:
    """Return the ink on paper in uneven light, estimated in two ways.

    First the paper is estimated as a smooth surface over the whole picture, which follows
    shadows and vignetting up to the border. Then points far from that surface are left out,
    and the others are averaged nearby, which follows folds.

    Returns:
        The ink over that surface; and the ink over the lightest surface on which a thin dark
        line may lie. In the second, the sharp edge of a shadow leaves no ink, but neither does
        a thick pen.
    """
    small = shrunk(grey, _SMALL)
    level = small.astype(np.float32)
    with matrices():
        paper = _surface(level)
    for sigma in (0.12, 0.07):
        darker = paper - level
        limit = max(4.0, 2.5 * noise(darker))
        free = cv2.erode((np.abs(darker) < limit).astype(np.float32), np.ones((3, 3), np.uint8))
        reach = (0, 0), sigma * max(small.shape)
        weight = cv2.GaussianBlur(free, *reach, borderType=cv2.BORDER_REFLECT)
        excess = cv2.GaussianBlur(free * -darker, *reach, borderType=cv2.BORDER_REFLECT)
        # Where ink covers everything around, the surface has to do.
        paper = paper + excess / (weight + 0.02)
    # Ink absorbs a share of the light: in the shadow it counts as much as elsewhere.
    gain = 255 / np.maximum(paper, DIM)
    size = (grey.shape[1], grey.shape[0])
    darker = cv2.resize(paper * gain, size) - grey * cv2.resize(gain, size)
    return np.clip(darker, 0, 255).astype(np.uint8), _dents(grey)


def _dents(grey: Grey) -> Ink:
    smooth = np.asarray(cv2.GaussianBlur(grey, (3, 3), 0), np.uint8)
    side = round(_REACH * max(grey.shape)) | 1
    around = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    ink = 255 - cv2.divide(smooth, np.maximum(around, DIM), scale=255)
    # The closing follows the lightest grains of the paper: its usual depth is no ink.
    depth = int(quantiles(histogram(np.asarray(ink, np.uint8)), _MIDDLE))
    return np.asarray(cv2.subtract(ink, np.full_like(ink, depth)), np.uint8)


def _surface(level: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Fit a polynomial surface to the paper; points that are not paper lose their weight.

    The sums of least squares are taken row by row and column by column: with one
    matrix of all terms at all pixels, the algebra library would start threads.
    """
    all_rows, all_columns = (_powers(side) for side in level.shape)
    rows, columns = all_rows[:, ::2], all_columns[:, ::2]
    values = level[::2, ::2].astype(np.float64)
    weight = np.ones_like(values)
    for _ in range(5):
        sums = rows @ weight @ columns.T
        target = (rows @ (weight * values) @ columns.T)[_IN_Y, _IN_X]
        terms = sums[np.add.outer(_IN_Y, _IN_Y), np.add.outer(_IN_X, _IN_X)]
        factors = np.zeros((5, 5))
        factors[_IN_Y, _IN_X] = np.linalg.lstsq(terms, target, rcond=None)[0]
        surface = rows[:5].T @ factors @ columns[:5]
        off = values - surface
        sigma = max(1.5, 1.4826 * float(np.median(np.abs(off))))
        # Ink is darker than paper: darker points get less weight (Cauchy weights).
        weight = 1 / (1 + np.square(off / np.where(off < 0, sigma, 2 * sigma)))
    return np.asarray(all_rows[:5].T @ factors @ all_columns[:5], np.float32)


_IN_Y, _IN_X = np.array([(i, j) for i in range(5) for j in range(5 - i)]).T
"""Exponents of the surface's terms: all of degree 4 or less."""


@lru_cache(maxsize=256)
def _powers(side: int) -> npt.NDArray[np.float64]:
    """Return the powers 0-8 of -1..1, shape (9, side)."""
    return np.vander(np.linspace(-1, 1, side), 9, increasing=True).T.copy()


def darkness(grey: Grey) -> float:
    """Return the energy of points darker than their surroundings over that of lighter ones."""
    small = shrunk(grey, _SMALL)
    around = cv2.medianBlur(small, max(small.shape) * 9 // 20 | 1)
    dark, light = (
        histogram(np.asarray(cv2.subtract(lighter, darker), np.uint8))
        for lighter, darker in ((around, small), (small, around))
    )
    both = dark + light
    both[0] = dark[0] - light[1:].sum()
    # Twice the noise, from the median deviation.
    floor = 2 * 1.4826 * float(quantiles(both, _MIDDLE))
    energy = np.square(np.maximum(np.arange(256) - floor, 0))
    return float((dark @ energy + 0.1 * small.size) / (light @ energy + 0.1 * small.size))


def noise(values: npt.NDArray[np.float32]) -> float:
    """Return the standard deviation of the paper, which covers more than half of the picture."""
    middle = float(np.median(values))
    return 1.4826 * float(np.median(np.abs(values - middle)))


_MIDDLE = np.array(0.5)
