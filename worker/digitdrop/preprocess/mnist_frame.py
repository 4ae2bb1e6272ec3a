"""Ink -> a frame in MNIST's own geometry."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.values import Frame, Ink

FRAME_SIDE = 28
BOX = 20
"""MNIST fits the ink into 20x20 pixels of the 28x28 (LeCun et al. 1998)."""
_CENTRE = 14.0
"""Pixel index of the centre of mass, within half a pixel, since shifts are whole pixels (measured:
13.5-14.5 in all of MNIST; `xnist` of QMNIST has the algorithm)."""
_HAIRLINE = 1.9
"""Strokes thinner than this, in pixels of the frame, are thickened: 95 % of MNIST's strokes are
wider, and thin ones vanish when the picture is averaged down."""
_USUAL_WIDTH = 0.65
"""Width over height of most digits (in MNIST's test set the median is 0.8, with the 1 0.2)."""


def is_framed(picture: npt.NDArray[np.uint8]) -> bool:
    """Return True if a picture, light ink on black, already has MNIST's geometry.

    It is True for 9,997 of MNIST's 10,000 test pictures, and hardly ever by chance.
    """
    if picture.shape != (FRAME_SIDE, FRAME_SIDE) or picture.max() < 254:
        return False
    if max(cv2.boundingRect(picture)[2:]) != BOX:
        return False
    x, y = _centre_of_mass(picture)
    return abs(x - _CENTRE) <= 0.51 and abs(y - _CENTRE) <= 0.51


def to_frame(ink: Ink) -> Frame:
    """Fit ink into a frame as MNIST's authors did.

    The longer side becomes 20 pixels by averaging, and the strongest ink 255. The centre of mass
    moves to the frame's centre by a whole number of pixels.

    Args:
        ink: any size; the digit touches all four sides.

    >>> frame = to_frame(np.full((40, 40), 200, np.uint8))
    >>> frame.shape, int(frame.max()), [int(side) for side in cv2.boundingRect(frame)]
    ((28, 28), 255, [5, 5, 20, 20])
    """
    boxed = _boxed(_thickened(ink))
    x, y = _centre_of_mass(boxed)
    left = min(max(math.floor(_CENTRE + 0.5 - x), 0), FRAME_SIDE - BOX)
    top = min(max(math.floor(_CENTRE + 0.5 - y), 0), FRAME_SIDE - BOX)
    frame = np.zeros((FRAME_SIDE, FRAME_SIDE), np.uint8)
    frame[top : top + BOX, left : left + BOX] = boxed
    return frame


def narrowed(square: Ink) -> Ink:
    """Return a digit that was stretched into a square in its usual shape.

    Returns:
        At least 64 pixels high, and `_USUAL_WIDTH` times as wide.
    """
    side = max(64, len(square))
    size = (round(_USUAL_WIDTH * side), side)
    method = cv2.INTER_LINEAR if side > len(square) else cv2.INTER_AREA
    return np.asarray(cv2.resize(square, size, interpolation=method), np.uint8)


def _boxed(ink: Ink) -> Ink:
    height, width = ink.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = cv2.copyMakeBorder(
        ink, top, side - height - top, left, side - width - left, cv2.BORDER_CONSTANT, value=0
    )
    if side < BOX:
        up = side * math.ceil(2 * BOX / side)
        square = cv2.resize(square, (up, up), interpolation=cv2.INTER_LINEAR)
    boxed = cv2.resize(square, (BOX, BOX), interpolation=cv2.INTER_AREA)
    peak = max(1, int(boxed.max()))
    return cv2.convertScaleAbs(boxed, alpha=255 / peak)  # type: ignore[return-value]


def _thickened(ink: Ink) -> Ink:
    """Widen hairlines before the reduction, so that it does not thin them out."""
    scale = BOX / max(ink.shape)
    if scale >= 0.7:
        return ink  # a dilation by one pixel would already be too much
    width = _stroke_width(ink > 96)
    # In a row of digits each is much smaller than the box: do not fill up the digits.
    wanted = min(_HAIRLINE / scale, 0.12 * max(ink.shape[0], ink.shape[1] // 3))
    grow = round(wanted - width)
    if grow < 1:
        return ink
    size = grow + 1
    pad = (size + 1) // 2
    padded = cv2.copyMakeBorder(ink, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return cv2.dilate(padded, brush)  # type: ignore[return-value]


def _stroke_width(mask: npt.NDArray[np.bool_]) -> float:
    """Return the typical width of strokes, in pixels; 0 without ink."""
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    inside = distance[padded > 0]
    # Along a stroke of width w the distance to its edge grows from 0 to w/2.
    return float(4 * inside.mean() - 1) if inside.size else 0.0


def _centre_of_mass(picture: npt.NDArray[np.uint8]) -> tuple[float, float]:
    moments = cv2.moments(picture)
    mass = moments["m00"] or 1.0
    return moments["m10"] / mass, moments["m01"] / mass
