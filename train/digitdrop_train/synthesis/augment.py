"""Other hands and other pens: one digit turned, slanted, bent, thickened and thinned.

Every function takes a generator of chance and draws from it alone, so the same seed
gives the same pictures, whoever makes them.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.candidates import STRETCHED
from digitdrop.preprocess.mnist_frame import SIDE, narrowed
from digitdrop.values import Frame
from digitdrop_train.synthesis.corruptions import spoil
from digitdrop_train.synthesis.geometry import Ink, as_ink, crop, fit, thickened, thinned
from digitdrop_train.synthesis.lens import thresholded

Chance = np.random.Generator

LARGE = 2 * SIDE
"""Warped and thickened at twice the size: MNIST's strokes are only some three pixels wide."""
GENTLE = 0.3
"""How often a digit is changed only a little, unless told otherwise."""
RESHAPED = 0.2
"""How often a digit is made much narrower or wider, as boxes and other programs leave it:
MCDNN learned widths of 10-20 pixels (Ciresan, Meier and Schmidhuber 2012)."""
BOXED = 0.2
"""How often it is stretched to fill a square, as scanners of forms have stored digits, and as
often given its usual width back as `candidates` trusts it to need that."""
FULLEST = 0.6
"""The share of its box that ink may cover to be stretched: an upright 1 would be all black."""
ELASTIC_SIGMA, ELASTIC_ALPHA = 4.0, 34.0
"""In pixels of a 28-pixel frame (Simard, Steinkraus and Platt 2003)."""


def augment(frame: Frame, chance: Chance, *, gentle: float = GENTLE) -> Frame:
    """Make another picture of the same digit.

    Three in four come out as `glyph` hands them over: the ink in a box of 20 pixels,
    centred by mass; the others have a box of another size, or sit a little aside.

    Args:
        frame: what to change.
        chance: decides how.
        gentle: the probability that it is only turned, slanted and bent a little.
    """
    if chance.random() < gentle:
        return _placed(warp(frame, chance, strength=0.5), chance)
    ink = _other_pen(warp(frame, chance), chance)
    if chance.random() < BOXED:
        ink = _boxed(ink, chance)
    return spoil(_placed(ink, chance), chance)


def warp(frame: Frame, chance: Chance, *, strength: float = 1.0) -> Ink:
    """Turn, slant, stretch and bend a frame at twice its size; uint8 (56, 56)."""
    turn = np.deg2rad(np.clip(chance.normal(0, 7), -20, 20)) * strength
    slant = chance.uniform(-0.25, 0.25) * strength
    wide, high = np.exp(chance.uniform(-0.16, 0.16, 2) * strength)
    if chance.random() < RESHAPED * strength:
        wide *= np.exp(chance.uniform(-0.45, 0.45))
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
    maps = np.asarray(x, np.float32), np.asarray(y, np.float32)
    return as_ink(cv2.remap(frame, *maps, cv2.INTER_CUBIC))


def _elastic(chance: Chance) -> npt.NDArray[np.float32]:
    # Smooth at a quarter of the size: the field has no finer detail than its sigma.
    side, sigma = SIDE // 2, ELASTIC_SIGMA / 2
    alpha = ELASTIC_ALPHA * chance.uniform(0.5, 1.15)
    rough = chance.uniform(-1, 1, (side, side, 2)).astype(np.float32)
    # Halving the resolution halves the smoothing's damping of white noise.
    smooth = cv2.GaussianBlur(rough, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) * (alpha / 2)
    large = np.asarray(cv2.resize(smooth, (LARGE, LARGE)), np.float32)
    return np.moveaxis(large, -1, 0)


def _other_pen(ink: Ink, chance: Chance) -> Ink:
    """Thicken or thin the strokes, by up to two thirds of a usual one."""
    kind = chance.random()
    if kind < 0.2:
        thinner = thinned(ink, int(chance.integers(2, 4)))
        if (thinner > 128).sum() < 0.3 * (ink > 128).sum():
            return ink  # a hairline would vanish
        return thinner
    if kind < 0.4:
        return thickened(ink, int(chance.integers(2, 6)))
    return ink


def _boxed(ink: Ink, chance: Chance) -> Ink:
    """Stretch a digit into a square, as coarse and hard as forms of the past hold them."""
    tight = crop(ink)
    if np.count_nonzero(tight > 127) > FULLEST * tight.size:
        return ink
    side = round(np.exp(chance.uniform(np.log(13), np.log(40))))
    square = as_ink(cv2.resize(tight, (side, side), interpolation=cv2.INTER_AREA))
    if chance.random() < 0.6:
        square = thresholded(square, chance)
    return narrowed(square) if chance.random() < STRETCHED else square


def _placed(ink: Ink, chance: Chance) -> Frame:
    kind = chance.random()
    if kind < 0.75:
        return fit(ink)
    if kind < 0.9 or ink.shape != (LARGE, LARGE):  # a square has no place in a frame of its own
        return fit(ink, box=int(chance.integers(17, 24)))
    small = cv2.resize(ink, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    shift = chance.uniform(-2.5, 2.5, 2)
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    return as_ink(cv2.warpAffine(small, matrix, (SIDE, SIDE)))
