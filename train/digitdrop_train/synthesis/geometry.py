"""Any drawing to MNIST's own geometry, by the worker's own step."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.mnist_frame import BOX, SIDE, to_frame
from digitdrop.values import Frame

Ink: TypeAlias = npt.NDArray[np.uint8]
"""Shape (height, width), any size: a drawing, 0 = paper, 255 = ink."""

FAINT = 32
"""Ink of less than this, of 255, does not count for the box: resampling leaves it behind."""


def as_ink(values: npt.ArrayLike) -> Ink:
    """Cut values of any kind down to whole numbers of 0-255."""
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def sixteenths(point: npt.NDArray[np.float64]) -> tuple[int, int]:
    """Return a point (x, y) as OpenCV takes it between pixels: times 16, with `shift` 4."""
    return round(float(point[0]) * 16), round(float(point[1]) * 16)


def full_ink(frame: cv2.typing.MatLike) -> Frame:
    """Stretch it so that its darkest ink is full again, as `glyph` does."""
    return as_ink(cv2.convertScaleAbs(frame, alpha=255 / max(1, int(frame.max()))))


def thickened(ink: Ink, size: int) -> Ink:
    """Widen every stroke by `size` - 1 pixels."""
    return as_ink(cv2.dilate(ink, _round(size)))


def thinned(ink: Ink, size: int) -> Ink:
    """Narrow every stroke by `size` - 1 pixels; those that are narrower vanish."""
    return as_ink(cv2.erode(ink, _round(size)))


def _round(size: int) -> Ink:
    return as_ink(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))


def crop(ink: Ink) -> Ink:
    """Cut a drawing down to the box of its ink; an empty one comes back as it is."""
    x, y, width, height = cv2.boundingRect((ink > FAINT).view(np.uint8))
    return ink[y : y + height, x : x + width] if width else ink


def fit(ink: Ink, *, box: int = BOX) -> Frame:
    """Put a drawing into a frame as `glyph` does, or with another box than MNIST's.

    Args:
        ink: a drawing; what is fainter than `FAINT` does not count for its box.
        box: the longer side of the ink in the frame, 1-28 pixels.

    Returns:
        uint8 (28, 28), its darkest pixel 255 (near it, where the box is another than usual);
        all paper when there is no ink.
    """
    frame = to_frame(np.ascontiguousarray(crop(ink)))
    if box == BOX:
        return frame
    scale, middle = box / BOX, SIDE / 2
    matrix = np.array([[scale, 0, (1 - scale) * middle], [0, scale, (1 - scale) * middle]])
    return as_ink(cv2.warpAffine(frame, matrix, (SIDE, SIDE)))
