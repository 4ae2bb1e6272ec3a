"""Takes the paper away: what is left is how much darker than it each point is.

A part of `glyph`. Everything here speaks of dark ink on light paper; for light
ink the caller hands in the inverted picture.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from worker.values import Grey

SMALL = 64
"""Long side, in pixels, at which the paper is estimated: it changes slowly."""
FLAT = 0.2
"""Paper is even if its brightness spreads over less than this share of the contrast."""

Ink = npt.NDArray[np.uint8]
"""Shape (height, width): how much darker than the paper, 0 = paper, 255 = black on white."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tones:
    """The two classes that split a picture's brightness best (Otsu 1979)."""

    threshold: int
    """Up to here it is dark."""
    dark: int
    """Median of the darker class."""
    light: int
    """Median of the lighter class."""
    dark_is_even: bool
    light_is_even: bool


def tones(grey: Grey) -> Tones:
    """Split a picture into a dark and a light class."""
    threshold = int(cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0])
    counts = histogram(grey)
    below, above = counts.copy(), counts.copy()
    below[threshold + 1 :] = 0
    above[: threshold + 1] = 0
    low, dark, dark_top = (quantile(below, share) for share in (0.05, 0.5, 0.95))
    light_bottom, light, high = (quantile(above, share) for share in (0.05, 0.5, 0.95))
    limit = FLAT * (light - dark)
    return Tones(
        threshold=threshold,
        dark=dark,
        light=light,
        dark_is_even=dark_top - low <= limit,
        light_is_even=high - light_bottom <= limit,
    )


def above_paper(grey: Grey, split: Tones) -> Ink:
    """Return how much darker than the paper each point is."""
    if split.light_is_even:
        return cv2.subtract(np.full_like(grey, split.light), grey)  # type: ignore[return-value]
    return _flattened(grey)


def _flattened(grey: Grey) -> Ink:
    """Take away paper in uneven light.

    The paper is first guessed as a smooth surface over the whole picture, which
    follows shadows and vignetting up to the border; then what is darker is left
    out and the rest averaged closer by, which follows folds.
    """
    small = shrunk(grey, SMALL)
    level = small.astype(np.float32)
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
    # Ink swallows a share of the light: what lies in the shadow counts as much.
    gain = 255 / np.maximum(paper, 60)
    size = (grey.shape[1], grey.shape[0])
    darker = cv2.resize(paper * gain, size) - grey * cv2.resize(gain, size)
    ink: Ink = np.clip(darker, 0, 255).astype(np.uint8)
    return ink


def _surface(level: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Fit a polynomial surface to the paper, letting go of what is not paper."""
    terms = _terms(*level.shape)
    values = level.ravel().astype(np.float64)
    weight = np.ones_like(values)
    for _ in range(5):
        weighted = terms * weight
        factors = np.linalg.lstsq(weighted @ terms.T, weighted @ values, rcond=None)[0]
        off = values - factors @ terms
        sigma = max(1.5, 1.4826 * float(np.median(np.abs(off))))
        # Ink is darker than paper: what is darker is trusted less (Cauchy weights).
        weight = 1 / (1 + np.square(off / np.where(off < 0, sigma, 2 * sigma)))
    return np.asarray(factors @ terms, np.float32).reshape(level.shape)


@lru_cache(maxsize=64)
def _terms(height: int, width: int) -> npt.NDArray[np.float64]:
    """Return x^i y^j for i + j <= 4 at each pixel, as rows."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([(x**i * y**j).ravel() for i in range(5) for j in range(5 - i)])


def darkness(grey: Grey) -> float:
    """Return how many times more stands out dark from its surroundings than light."""
    small = shrunk(grey, SMALL)
    window = min(max(small.shape) * 9 // 20 | 1, 255)
    darker = cv2.medianBlur(small, window).astype(np.float32) - small
    floor = 2 * noise(darker)
    dark = float(np.square(np.maximum(darker - floor, 0)).mean())
    light = float(np.square(np.maximum(-darker - floor, 0)).mean())
    return (dark + 0.1) / (light + 0.1)


def noise(values: npt.NDArray[np.float32]) -> float:
    """Return the standard deviation of the paper, of which there is more than ink."""
    middle = float(np.median(values))
    return 1.4826 * float(np.median(np.abs(values - middle)))


def histogram(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Count how often each level 0-255 occurs."""
    return cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel()  # type: ignore[return-value]


def quantile(counts: npt.NDArray[np.float32], share: float) -> int:
    """Return the level which this share of the counted pixels does not exceed."""
    total = np.cumsum(counts, dtype=np.float64)
    return int(np.searchsorted(total, share * total[-1]))


def shrunk(grey: Grey, long_side: int) -> Grey:
    """Reduce a picture by averaging until its long side fits; never enlarge it."""
    height, width = grey.shape
    scale = long_side / max(height, width)
    if scale >= 1:
        return grey
    size = (max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale)))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
