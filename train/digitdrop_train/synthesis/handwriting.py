"""A digit of MNIST written with another pen in another size, and laid out on an empty sheet.

Sheets and written pieces are `Coverage`: float32 (height, width), 1 = covered by ink.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from digitdrop.values import Frame
from digitdrop_train.synthesis.papers import Coverage

FINE = 5
"""Digits are written at this many times MNIST's resolution, then brought to their size."""
LONGEST_SHEET = 400
"""A longer sheet is reduced to this, in pixels."""


def random_height(rng: Generator) -> int:
    """Return a height of 14-260 pixels; its logarithm is uniform."""
    return round(math.exp(rng.uniform(math.log(14), math.log(260))))


def random_pen(rng: Generator) -> float:
    """Return a pen's width as a share of the digit's height; 0 = as in MNIST, half the time."""
    return 0.0 if rng.random() < 0.5 else math.exp(rng.uniform(math.log(0.012), math.log(0.12)))


def write_digit(frame: Frame, tall: int, pen: float, rng: Generator) -> Coverage:
    """Write the digit of a frame, cropped to its ink, a little turned and slanted.

    Args:
        frame: uint8 (28, 28), 255 = ink.
        tall: longer side of the digit, in pixels.
        pen: as `random_pen` gives it.
        rng: decides the turn and the slant.
    """
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
    """Draw the middle line of a shape again with a pen of this width in pixels."""
    depth = cv2.distanceTransform(shape, cv2.DIST_L2, 5)
    ridge = (depth > 0.5) & (depth >= cv2.dilate(depth, np.ones((3, 3))) - 0.45)
    line = cv2.morphologyEx(ridge.astype(np.uint8) * 255, cv2.MORPH_CLOSE, np.ones((3, 3)))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width + 1, width + 1))
    return cv2.dilate(line, brush).astype(np.uint8)


def bent_to_height(sheet: npt.NDArray[np.uint8], tall: int, rng: Generator) -> Coverage:
    """Turn and slant a drawing, 255 = ink, and crop it to its ink, `tall` pixels high."""
    turn = np.eye(2) + rng.normal(0, 0.1, (2, 2))
    middle = np.array(sheet.shape[::-1]) / 2
    move = np.c_[turn, middle - turn @ middle]
    shape = cv2.warpAffine(sheet, move, sheet.shape[::-1]).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(shape)
    cropped = shape[top : top + max(1, height), left : left + max(1, width)]
    size = (max(1, round(cropped.shape[1] * (tall / cropped.shape[0]))), tall)
    resized = cv2.resize(cropped, size, interpolation=cv2.INTER_AREA)
    return resized.astype(np.float32) / np.float32(255)


def lay_out(covers: Sequence[Coverage], rng: Generator) -> Coverage:
    """Put written pieces side by side on an empty sheet, with some room around them.

    Returns:
        A sheet whose longer side is at most `LONGEST_SHEET` pixels.
    """
    tall = max(cover.shape[0] for cover in covers)
    gaps = rng.normal(0.12, 0.12, len(covers)) * tall
    wide = int(sum(cover.shape[1] for cover in covers) + max(0.0, gaps.sum()) + tall)
    room = [int(tall * _margin(rng)) for _ in range(4)]
    sheet = np.zeros((room[0] + tall + room[1], room[2] + wide + room[3]), np.float32)
    left = room[2]
    right = left
    for cover, gap in zip(covers, gaps, strict=True):
        height, width = cover.shape
        top = room[0] + int(rng.uniform(0.3, 0.7) * (tall - height))
        part = sheet[top : top + height, left : left + width]
        np.maximum(part, cover[:, : part.shape[1]], out=part)
        right = min(left + width, sheet.shape[1])
        left = max(0, right + int(gap))
    return _reduced(sheet[:, : right + room[3]])


def _reduced(sheet: Coverage) -> Coverage:
    scale = LONGEST_SHEET / max(sheet.shape)
    if scale >= 1:
        return sheet
    small = cv2.resize(sheet, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _margin(rng: Generator) -> float:
    """Return the room on one side, as a share of the writing's height."""
    return float(rng.choice([rng.uniform(0, 0.1), rng.uniform(0.1, 0.6), rng.uniform(0.3, 2)]))
