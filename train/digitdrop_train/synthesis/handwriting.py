"""One digit of MNIST, written with a pen of another width, in another size."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.values import Frame
from digitdrop_train.synthesis.papers import Cover

FINE = 5
"""Digits are written at this many times MNIST's resolution, then brought to their size."""


def some_height(rng: np.random.Generator) -> int:
    """Return how high something is, 14-260 pixels; as often between 14 and 28 as 100 and 200."""
    return round(math.exp(rng.uniform(math.log(14), math.log(260))))


def some_pen(rng: np.random.Generator) -> float:
    """Return the pen's width as a share of the digit's height; 0 = as it is in MNIST."""
    return 0.0 if rng.random() < 0.5 else math.exp(rng.uniform(math.log(0.012), math.log(0.12)))


def penned(frame: Frame, tall: int, pen: float, rng: np.random.Generator) -> Cover:
    """Write a frame's digit `tall` pixels high (its box's long side), with this pen."""
    left, top, width, height = cv2.boundingRect(frame)
    box = cv2.copyMakeBorder(
        frame[top : top + height, left : left + width], 3, 3, 3, 3, cv2.BORDER_CONSTANT, value=0
    )
    soft = cv2.resize(box, None, fx=FINE, fy=FINE, interpolation=cv2.INTER_CUBIC)
    shape = np.where(cv2.GaussianBlur(soft, (0, 0), 1.5) > 110, 255, 0).astype(np.uint8)
    if pen:
        shape = _redrawn(shape, max(1, round(100 * max(pen, 1.4 / tall))))
    turn = np.eye(2) + rng.normal(0, 0.06, (2, 2))
    turn *= tall / (20 * FINE)
    sides = np.array(shape.shape[::-1])
    out = np.ceil(np.abs(turn) @ sides).astype(int)
    move = np.c_[turn, out / 2 - turn @ (sides / 2)]
    small = turn[0, 0] < 0.6
    if small:  # average before reducing, as a camera does
        shape = cv2.GaussianBlur(shape, (0, 0), 0.4 / float(turn[0, 0])).astype(np.uint8)
    cover = cv2.warpAffine(shape, move, (int(out[0]), int(out[1])), flags=cv2.INTER_LINEAR)
    cover = cover.astype(np.float32) / max(1, int(cover.max()))
    left, top, width, height = cv2.boundingRect((cover > 0.1).astype(np.uint8))
    return np.asarray(cover[top : top + height, left : left + width], np.float32)


def _redrawn(shape: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.uint8]:
    """Draw the middle line of a shape again with a pen of this width."""
    depth = cv2.distanceTransform(shape, cv2.DIST_L2, 5)
    ridge = (depth > 0.5) & (depth >= cv2.dilate(depth, np.ones((3, 3))) - 0.45)
    line = cv2.morphologyEx(ridge.astype(np.uint8) * 255, cv2.MORPH_CLOSE, np.ones((3, 3)))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width + 1, width + 1))
    return cv2.dilate(line, brush).astype(np.uint8)
