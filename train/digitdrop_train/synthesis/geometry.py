"""Drawings, and their way into a frame with MNIST's geometry.

A drawing is `Ink`: uint8 (height, width) of any size, 0 = paper, 255 = ink. The step into the
frame is the worker's own, so that training and serving cannot disagree.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.mnist_frame import BOX, FRAME_SIDE, to_frame
from digitdrop.values import Frame, Ink

FAINTEST_INK = 32
"""Ink below this level, 0-255, does not count for the bounding box. Resampling leaves faint
pixels around every stroke."""


def clip_ink(values: npt.ArrayLike) -> Ink:
    """Clip numbers of any type to 0-255 and cut off their fractions.

    >>> clip_ink([-3.5, 17.9, 300]).tolist()
    [0, 17, 255]
    """
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def sixteenths(point: npt.NDArray[np.float64]) -> tuple[int, int]:
    """Return a point (x, y) in sixteenths of a pixel, for OpenCV's drawing with `shift=4`.

    >>> sixteenths(np.array([1.5, 2.0]))
    (24, 32)
    """
    return round(float(point[0]) * 16), round(float(point[1]) * 16)


def stretch_ink(frame: cv2.typing.MatLike) -> Frame:
    """Scale a frame so that its darkest ink is 255, as the worker's preprocessing does."""
    return clip_ink(cv2.convertScaleAbs(frame, alpha=255 / max(1, int(frame.max()))))


def thicken(ink: Ink, size: int) -> Ink:
    """Widen every stroke by `size` - 1 pixels."""
    return clip_ink(cv2.dilate(ink, _disc(size)))


def thin(ink: Ink, size: int) -> Ink:
    """Narrow every stroke by `size` - 1 pixels; narrower strokes vanish."""
    return clip_ink(cv2.erode(ink, _disc(size)))


def _disc(size: int) -> Ink:
    return clip_ink(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))


def crop(ink: Ink) -> Ink:
    """Cut a drawing down to the bounding box of its ink; return an empty drawing as it is.

    >>> crop(np.pad(np.full((2, 3), 255, np.uint8), 5)).shape
    (2, 3)
    """
    x, y, width, height = cv2.boundingRect((ink > FAINTEST_INK).view(np.uint8))
    return ink[y : y + height, x : x + width] if width else ink


def as_frame(ink: Ink, *, box: int = BOX) -> Frame:
    """Put a drawing into a frame as the worker's preprocessing does.

    Args:
        ink: the drawing; ink below `FAINTEST_INK` does not count for its bounding box.
        box: longer side of the ink in the frame, 1-28 pixels; MNIST's is 20.

    Returns:
        uint8 (28, 28). The darkest pixel is 255, or near it with another box than MNIST's.
        Without ink, the frame is all paper.
    """
    frame = to_frame(np.ascontiguousarray(crop(ink)))
    if box == BOX:
        return frame
    scale, middle = box / BOX, FRAME_SIDE / 2
    matrix = np.array([[scale, 0, (1 - scale) * middle], [0, scale, (1 - scale) * middle]])
    return clip_ink(cv2.warpAffine(frame, matrix, (FRAME_SIDE, FRAME_SIDE)))
