"""The brightness of pictures: histograms, and the split into a dark and a light class."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.values import Grey

_FLAT = 0.2
"""A class is even if its brightness spreads over less than this share of the contrast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tones:
    """The two classes that split a picture's brightness best (Otsu 1979)."""

    threshold: int
    """The highest level of the darker class, 0-255."""
    dark: int
    """Median of the darker class."""
    light: int
    """Median of the lighter class."""
    dark_is_even: bool
    light_is_even: bool

    def inverted(self) -> "Tones":
        """Return the tones of the inverted picture."""
        return Tones(
            threshold=254 - self.threshold,
            dark=255 - self.light,
            light=255 - self.dark,
            dark_is_even=self.light_is_even,
            light_is_even=self.dark_is_even,
        )


def tones(grey: Grey) -> Tones:
    """Split a picture into a dark and a light class."""
    threshold = int(cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0])
    counts = histogram(grey)
    # In a small picture many points lie on the soft edge of a stroke: not counted.
    edge = min(max(16 / max(grey.shape), 0.12), 0.35)
    low, dark, dark_top = quantiles(counts[: threshold + 1], np.array([0.05, 0.5, 1 - edge]))
    bottom, light, high = quantiles(counts[threshold + 1 :], np.array([edge, 0.5, 0.95])) + (
        threshold + 1
    )
    limit = _FLAT * (light - dark)
    return Tones(
        threshold=threshold,
        dark=int(dark),
        light=int(light),
        dark_is_even=bool(dark_top - low <= limit),
        light_is_even=bool(high - bottom <= limit),
    )


def histogram(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the number of pixels of each level, shape (256,)."""
    return cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel()  # type: ignore[return-value]


def quantiles(
    counts: npt.NDArray[np.float32], shares: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Return the levels below or at which these shares of the counted pixels lie.

    Args:
        counts: as from `histogram`.
        shares: each 0-1.
    """
    total = counts.cumsum(dtype=np.float64)
    return np.asarray(total.searchsorted(shares * total[-1]), np.int64)


def shrunk(grey: Grey, long_side: int) -> Grey:
    """Return the picture, reduced by averaging if its long side is longer than `long_side`."""
    height, width = grey.shape
    scale = long_side / max(height, width)
    if scale >= 1:
        return grey
    size = (max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale)))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
