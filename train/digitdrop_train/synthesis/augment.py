"""Augmentation: one digit rotated, sheared, bent, thickened, thinned and corrupted.

Every function draws from the random generator that it is given and from nothing else: the same
seed gives the same pictures in any process.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from digitdrop.preprocess.candidates import STRETCHED
from digitdrop.preprocess.mnist_frame import FRAME_SIDE, narrowed
from digitdrop.values import Frame, Ink
from digitdrop_train.synthesis.corruptions import corrupt, threshold
from digitdrop_train.synthesis.geometry import as_frame, clip_ink, crop, thicken, thin

LARGE = 2 * FRAME_SIDE
"""Digits are warped and thickened at twice their size: MNIST's strokes are only some three
pixels wide."""
GENTLE = 0.3
"""Default probability that a digit is changed only a little."""
RESHAPED = 0.2
"""Probability of a much narrower or wider digit, as form boxes and other programs leave it.
MCDNN learned widths of 10-20 pixels (Ciresan, Meier and Schmidhuber 2012)."""
BOXED = 0.2
"""Probability that a digit is stretched to fill a square, as scanners of forms have stored
digits. `STRETCHED` of the squares get the usual width back, as the worker does it."""
FULLEST_BOX = 0.6
"""Largest share of ink in the bounding box of a digit to be stretched: an upright 1 would become
all black."""
ELASTIC_SIGMA, ELASTIC_ALPHA = 4.0, 34.0
"""Smoothness and strength of the bending, in pixels of a 28-pixel frame (Simard, Steinkraus and
Platt 2003)."""


def augment(frame: Frame, rng: Generator, *, gentle: float = GENTLE) -> Frame:
    """Make another picture of the same digit; the given frame is not changed.

    Three in four have the geometry that the worker gives: a box of 20 pixels, centred by mass.
    The others have a box of another size, or lie off centre.

    Args:
        frame: uint8 (28, 28), 255 = ink.
        rng: source of all randomness.
        gentle: probability, 0-1, of a little rotation, shear and bending only.
    """
    if rng.random() < gentle:
        return _placed(warp(frame, rng, strength=0.5), rng)
    ink = _other_pen(warp(frame, rng), rng)
    if rng.random() < BOXED:
        ink = _boxed(ink, rng)
    return corrupt(_placed(ink, rng), rng)


def warp(frame: Frame, rng: Generator, *, strength: float = 1.0) -> Ink:
    """Rotate, shear, stretch and bend a frame at twice its size; return uint8 (56, 56)."""
    turn = np.deg2rad(np.clip(rng.normal(0, 7), -20, 20)) * strength
    slant = rng.uniform(-0.25, 0.25) * strength
    wide, high = np.exp(rng.uniform(-0.16, 0.16, 2) * strength)
    if rng.random() < RESHAPED * strength:
        wide *= np.exp(rng.uniform(-0.45, 0.45))
    cos, sin = np.cos(turn), np.sin(turn)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.array([[wide, slant], [0, high]])
    middle = (FRAME_SIDE - 1) / 2
    # Source of each pixel of the large picture, in pixels of the frame.
    grid = (np.arange(LARGE, dtype=np.float32) + 0.5) * (FRAME_SIDE / LARGE) - 0.5 - middle
    x = linear[0, 0] * grid[None, :] + linear[0, 1] * grid[:, None] + middle
    y = linear[1, 0] * grid[None, :] + linear[1, 1] * grid[:, None] + middle
    if rng.random() < 0.4 * strength:
        bend = _elastic(rng)
        x, y = x + bend[0], y + bend[1]
    maps = np.asarray(x, np.float32), np.asarray(y, np.float32)
    return clip_ink(cv2.remap(frame, *maps, cv2.INTER_CUBIC))


def _elastic(rng: Generator) -> npt.NDArray[np.float32]:
    """Return a smooth displacement field, float32 (2, 56, 56), in pixels of the frame."""
    # Smooth at a quarter of the size: the field has no finer detail than its sigma.
    side, sigma = FRAME_SIDE // 2, ELASTIC_SIGMA / 2
    alpha = ELASTIC_ALPHA * rng.uniform(0.5, 1.15)
    rough = rng.uniform(-1, 1, (side, side, 2)).astype(np.float32)
    # Halving the resolution halves the smoothing's damping of white noise.
    smooth = cv2.GaussianBlur(rough, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) * (alpha / 2)
    large = np.asarray(cv2.resize(smooth, (LARGE, LARGE)), np.float32)
    return np.moveaxis(large, -1, 0)


def _other_pen(ink: Ink, rng: Generator) -> Ink:
    """Thin or thicken the strokes, by up to two thirds of a usual stroke."""
    lot = rng.random()
    if lot < 0.2:
        thinner = thin(ink, int(rng.integers(2, 4)))
        if (thinner > 128).sum() < 0.3 * (ink > 128).sum():
            return ink  # a hairline would vanish
        return thinner
    if lot < 0.4:
        return thicken(ink, int(rng.integers(2, 6)))
    return ink


def _boxed(ink: Ink, rng: Generator) -> Ink:
    """Stretch a digit into a coarse square with hard edges, as old forms store digits."""
    tight = crop(ink)
    if np.count_nonzero(tight > 127) > FULLEST_BOX * tight.size:
        return ink
    side = round(np.exp(rng.uniform(np.log(13), np.log(40))))
    square = clip_ink(cv2.resize(tight, (side, side), interpolation=cv2.INTER_AREA))
    if rng.random() < 0.6:
        square = threshold(square, rng)
    return narrowed(square) if rng.random() < STRETCHED else square


def _placed(ink: Ink, rng: Generator) -> Frame:
    lot = rng.random()
    if lot < 0.75:
        return as_frame(ink)
    if lot < 0.9 or ink.shape != (LARGE, LARGE):  # a square has no place in a frame of its own
        return as_frame(ink, box=int(rng.integers(17, 24)))
    small = cv2.resize(ink, (FRAME_SIDE, FRAME_SIDE), interpolation=cv2.INTER_AREA)
    shift = rng.uniform(-2.5, 2.5, 2)
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    return clip_ink(cv2.warpAffine(small, matrix, (FRAME_SIDE, FRAME_SIDE)))
