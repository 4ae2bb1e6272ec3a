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

SMALL = 96
"""Long side, in pixels, at which the paper is estimated: it changes slowly."""

Levels = npt.NDArray[np.float32]
"""Shape (height, width): grey levels, 0-255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tones:
    """The two classes that split a picture's brightness best (Otsu 1979)."""

    dark: float
    """Median of the darker class."""
    light: float
    """Median of the lighter class."""
    threshold: float
    dark_spread: float
    """From the 5th to the 95th percentile of the darker class."""
    light_spread: float

    @property
    def contrast(self) -> float:
        """Grey levels between the two."""
        return self.light - self.dark


def tones(grey: Grey) -> Tones:
    """Split a picture into a dark and a light class."""
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    counts = np.bincount(grey.ravel(), minlength=256)
    below, above = counts.copy(), counts.copy()
    below[int(threshold) + 1 :] = 0
    above[: int(threshold) + 1] = 0
    low, dark, dark_top = _quantiles(below)
    light_bottom, light, high = _quantiles(above)
    return Tones(
        dark=dark,
        light=light,
        threshold=float(threshold),
        dark_spread=dark_top - low,
        light_spread=high - light_bottom,
    )


def _quantiles(counts: npt.NDArray[np.int64]) -> tuple[float, float, float]:
    total = np.cumsum(counts)
    if not total[-1]:
        return 0.0, 0.0, 0.0
    found = np.searchsorted(total, np.array([0.05, 0.5, 0.95]) * total[-1])
    return float(found[0]), float(found[1]), float(found[2])


def flattened(grey: Grey) -> Levels:
    """Return how much darker than the paper around it each point is, 0-255.

    The paper is first guessed as a smooth surface over the whole picture, which
    follows shadows and vignetting up to the border; then what is darker is left
    out and the rest averaged closer by, which follows folds.
    """
    small = shrunk(grey, SMALL)
    level = small.astype(np.float32)
    surface = _surface(level)
    for sigma in (0.12, 0.07):
        darker = surface - level
        limit = max(4.0, 2.5 * noise(darker))
        free = cv2.erode((np.abs(darker) < limit).astype(np.float32), np.ones((3, 3), np.uint8))
        reach = (0, 0), sigma * max(small.shape)
        weight = cv2.GaussianBlur(free, *reach, borderType=cv2.BORDER_REFLECT)
        excess = cv2.GaussianBlur(free * -darker, *reach, borderType=cv2.BORDER_REFLECT)
        # Where ink covers everything around, the surface has to do.
        surface = surface + excess / (weight + 0.02)
    paper = cv2.resize(surface, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    # Ink swallows a share of the light: what lies in the shadow counts as much.
    ink: Levels = np.maximum(paper - grey, 0) * (255 / np.maximum(paper, 60))
    return np.minimum(ink, 255)


def _surface(level: Levels) -> Levels:
    """Fit a polynomial surface to the paper, letting go of what is not paper."""
    terms = _terms(*level.shape)
    values = level.ravel().astype(np.float64)
    weight = np.ones_like(values)
    for _ in range(6):
        weighted = terms * weight[:, None]
        factors = np.linalg.lstsq(weighted.T @ terms, weighted.T @ values, rcond=None)[0]
        off = values - terms @ factors
        sigma = max(1.5, 1.4826 * float(np.median(np.abs(off))))
        # Ink is darker than paper: what is darker is trusted less (Cauchy weights).
        weight = 1 / (1 + np.square(off / np.where(off < 0, 1.0 * sigma, 2.0 * sigma)))
    surface: Levels = (terms @ factors).reshape(level.shape).astype(np.float32)
    return surface


@lru_cache(maxsize=64)
def _terms(height: int, width: int) -> npt.NDArray[np.float64]:
    """Return x^i y^j for i + j <= 4 at each pixel, as columns."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    powers = [(x**i * y**j).ravel() for i in range(5) for j in range(5 - i)]
    return np.stack(powers, axis=1)


def darkness(grey: Grey) -> float:
    """Return how many times more stands out dark from its surroundings than light."""
    small = shrunk(grey, SMALL)
    window = min(max(small.shape) * 9 // 20 | 1, 255)
    darker = cv2.medianBlur(small, window).astype(np.float32) - small
    floor = 2 * noise(darker)
    dark = float(np.square(np.maximum(darker - floor, 0)).mean())
    light = float(np.square(np.maximum(-darker - floor, 0)).mean())
    return (dark + 0.1) / (light + 0.1)


def noise(values: Levels) -> float:
    """Return the standard deviation of the paper, of which there is more than ink."""
    middle = float(np.median(values))
    return 1.4826 * float(np.median(np.abs(values - middle)))


def shrunk(grey: Grey, long_side: int) -> Grey:
    """Reduce a picture by averaging until its long side fits; never enlarge it."""
    height, width = grey.shape
    scale = long_side / max(height, width)
    if scale >= 1:
        return grey
    size = (max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale)))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
