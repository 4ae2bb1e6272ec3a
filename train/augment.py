"""Other hands and other pens: one digit turned, slanted, bent, thickened and thinned.

Every function takes a generator of chance and draws from it alone, so the same seed
gives the same pictures, whoever makes them.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from train.geometry import Ink, fit
from train.spoil import spoil
from worker.framing import SIDE
from worker.values import Frame

Chance = np.random.Generator

LARGE = 2 * SIDE
"""Warped and thickened at twice the size: MNIST's strokes are only some three pixels wide."""
ELASTIC_SIGMA, ELASTIC_ALPHA = 4.0, 34.0
"""In pixels of a 28-pixel frame (Simard, Steinkraus and Platt 2003)."""


def augment(frame: Frame, chance: Chance) -> Frame:
    """Make another picture of the same digit.

    Three in four come out as `glyph` hands them over: the ink in a box of about 20
    pixels, centred by mass; the others sit a little aside.
    """
    gentle = chance.random() < 0.3
    ink = warp(frame, chance, strength=0.5 if gentle else 1.0)
    if gentle:
        return _placed(ink, chance)
    return spoil(_placed(_other_pen(ink, chance), chance), chance)


def warp(frame: Frame, chance: Chance, *, strength: float = 1.0) -> Ink:
    """Turn, slant, stretch and bend a frame at twice its size; uint8 (56, 56)."""
    turn = np.deg2rad(np.clip(chance.normal(0, 7), -20, 20)) * strength
    slant = chance.uniform(-0.25, 0.25) * strength
    wide, high = np.exp(chance.uniform(-0.16, 0.16, 2) * strength)
    cos, sin = np.cos(turn), np.sin(turn)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.array([[wide, slant], [0, high]])
    middle = (SIDE - 1) / 2
    # Where each pixel of the large picture comes from, in pixels of the frame.
    grid = (np.arange(LARGE, dtype=np.float32) + 0.5) * (SIDE / LARGE) - 0.5 - middle
    x = linear[0, 0] * grid[None, :] + linear[0, 1] * grid[:, None] + middle
    y = linear[1, 0] * grid[None, :] + linear[1, 1] * grid[:, None] + middle
    if chance.random() < 0.4 * strength:
        bend = _elastic(chance)
        x, y = x + bend[0], y + bend[1]
    return cv2.remap(frame, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC)


def _elastic(chance: Chance) -> npt.NDArray[np.float32]:
    # Smooth at a quarter of the size: the field has no finer detail than its sigma.
    side, sigma = SIDE // 2, ELASTIC_SIGMA / 2
    alpha = ELASTIC_ALPHA * chance.uniform(0.5, 1.15)
    rough = chance.uniform(-1, 1, (side, side, 2)).astype(np.float32)
    # Halving the resolution halves the smoothing's damping of white noise.
    smooth = cv2.GaussianBlur(rough, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) * (alpha / 2)
    return np.moveaxis(cv2.resize(smooth, (LARGE, LARGE)), -1, 0)


def _other_pen(ink: Ink, chance: Chance) -> Ink:
    """Thicken or thin the strokes by up to a stroke's half."""
    kind = chance.random()
    if kind < 0.2:
        return _thinned(ink, chance)
    if kind < 0.4:
        size = int(chance.integers(2, 6))
        return cv2.dilate(ink, _round(size))
    return ink


def _thinned(ink: Ink, chance: Chance) -> Ink:
    thinner = cv2.erode(ink, _round(int(chance.integers(2, 4))))
    # A hairline digit would vanish: keep it as it was.
    return thinner if np.count_nonzero(thinner > 128) > 0.3 * np.count_nonzero(ink > 128) else ink


def _round(size: int) -> npt.NDArray[np.uint8]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))


def _placed(ink: Ink, chance: Chance) -> Frame:
    kind = chance.random()
    if kind < 0.75:
        return fit(ink)
    if kind < 0.9:
        return fit(ink, box=int(chance.integers(17, 24)))
    small = cv2.resize(ink, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    shift = chance.uniform(-2.5, 2.5, 2)
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    return cv2.warpAffine(small, matrix, (SIDE, SIDE))
