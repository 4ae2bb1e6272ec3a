"""Any drawing to MNIST's own geometry, as the worker's `glyph` hands it to the network."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from worker.values import Frame

Ink: TypeAlias = npt.NDArray[np.uint8]
"""Shape (height, width), any size: a drawing, 0 = paper, 255 = ink."""

BOX = 20
"""The longer side of the ink in a frame, in pixels (LeCun et al. 1998)."""
SIDE = 28
FAINT = 32
"""Less ink than this, of 255, does not count for the box: resampling leaves it behind."""


def crop(ink: Ink) -> Ink:
    """Cut the drawing down to the box of its ink; an empty one comes back as it is."""
    x, y, width, height = cv2.boundingRect((ink > FAINT).view(np.uint8))
    return ink[y : y + height, x : x + width] if width else ink


def fit(ink: Ink, *, box: int = BOX) -> Frame:
    """Put a drawing into a frame: the longer side `box`, the centre of mass in the middle.

    Args:
        ink: a drawing; what is fainter than `FAINT` does not count for its box.
        box: the longer side in the frame, 1-28 pixels.

    Returns:
        uint8 (28, 28), its darkest pixel 255; all paper when there is no ink.
    """
    cropped = crop(ink)
    if not cropped.any():
        return np.zeros((SIDE, SIDE), np.uint8)
    height, width = cropped.shape
    scale = box / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    smaller = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(cropped, size, interpolation=smaller)
    return centre(_full(scaled))


def _full(ink: Ink) -> Ink:
    return cv2.convertScaleAbs(ink, alpha=255 / max(1, int(ink.max())))


def centre(ink: Ink) -> Frame:
    """Paste a drawing of at most 28 x 28 so that its centre of mass is at pixel 14 or just above.

    MNIST moves by whole pixels, to a mean of 14.0.
    """
    height, width = ink.shape
    moments = cv2.moments(ink)
    mass = max(moments["m00"], 1)
    left = round(14 - moments["m10"] / mass)
    top = round(14 - moments["m01"] / mass)
    left = min(max(left, 0), SIDE - width)
    top = min(max(top, 0), SIDE - height)
    frame = np.zeros((SIDE, SIDE), np.uint8)
    frame[top : top + height, left : left + width] = ink
    return frame
