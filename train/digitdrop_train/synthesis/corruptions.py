"""Corruptions of a frame: poor cameras and scanners here, damaged ink and paper in `defects`.

Each takes a frame, uint8 (28, 28) with 255 = ink, and a random generator, and returns a new
frame. Many are simple forms of the corruptions in MNIST-C (Mu and Gilmer 2019).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator

from digitdrop.preprocess.mnist_frame import FRAME_SIDE
from digitdrop.values import Frame
from digitdrop_train.synthesis.defects import (
    dotted_line,
    erased_patch,
    hollow,
    inverted_edges,
    pen_gaps,
    salt_and_pepper,
    spatter,
    stray_lines,
    zigzag,
)
from digitdrop_train.synthesis.geometry import clip_ink, sixteenths, stretch_ink

Corruption = Callable[[Frame, Generator], Frame]


def low_resolution(frame: Frame, rng: Generator) -> Frame:
    """Reduce the frame to 11-20 pixels a side, then enlarge it again."""
    side = int(rng.integers(11, 21))
    small = cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA)
    return stretch_ink(cv2.resize(small, (FRAME_SIDE, FRAME_SIDE), interpolation=cv2.INTER_LINEAR))


def defocus(frame: Frame, rng: Generator) -> Frame:
    """Blur with a Gaussian of sigma 0.4-1.3 pixels."""
    return stretch_ink(cv2.GaussianBlur(frame, (0, 0), rng.uniform(0.4, 1.3)))


def motion_blur(frame: Frame, rng: Generator) -> Frame:
    """Blur along one direction, over 2-5 pixels."""
    angle, reach = rng.uniform(0, np.pi), rng.uniform(1, 2.5)
    end = np.array([np.cos(angle), np.sin(angle)]) * reach
    kernel = np.zeros((7, 7), np.uint8)
    cv2.line(kernel, sixteenths(3 - end), sixteenths(3 + end), 255, 1, cv2.LINE_AA, 4)
    return stretch_ink(cv2.filter2D(frame, -1, kernel.astype(np.float32) / kernel.sum()))


def gaussian_noise(frame: Frame, rng: Generator) -> Frame:
    """Add noise with a standard deviation of 8-110 grey levels."""
    grain = rng.standard_normal(frame.shape, np.float32) * rng.uniform(8, 110)
    return clip_ink(frame + grain)


def contrast(frame: Frame, rng: Generator) -> Frame:
    """Make ink fainter and paper greyer, and change the gamma."""
    gamma = np.exp(rng.uniform(-0.8, 0.8))
    low, high = rng.uniform(0, 60), rng.uniform(140, 255)
    return clip_ink((frame / 255.0) ** gamma * (high - low) + low)


def fading(frame: Frame, rng: Generator) -> Frame:
    """Let the ink fade from one side to the other."""
    slope = rng.uniform(-0.5, 0.5, 2)
    along = np.linspace(-0.5, 0.5, FRAME_SIDE)
    weight = 0.8 + slope[0] * along[None, :] + slope[1] * along[:, None]
    return clip_ink(frame * weight)


def threshold(frame: Frame, rng: Generator) -> Frame:
    """Make every pixel 0 or 255, as fax machines do; a frame of any size."""
    return np.where(frame > rng.integers(70, 170), 255, 0).astype(np.uint8)


CORRUPTIONS: tuple[tuple[float, Corruption], ...] = (
    (0.07, low_resolution),
    (0.06, defocus),
    (0.03, motion_blur),
    (0.07, gaussian_noise),
    (0.04, salt_and_pepper),
    (0.06, contrast),
    (0.03, fading),
    (0.04, erased_patch),
    (0.05, stray_lines),
    (0.02, dotted_line),
    (0.03, zigzag),
    (0.03, inverted_edges),
    (0.04, hollow),
    (0.03, spatter),
    (0.06, threshold),
    (0.03, pen_gaps),
)
"""Probability of each corruption; they sum to 0.69."""


def corrupt(frame: Frame, rng: Generator) -> Frame:
    """Apply one of `CORRUPTIONS`, drawn by its probability, or none."""
    lot = rng.random()
    for probability, corruption in CORRUPTIONS:
        if lot < probability:
            return corruption(frame, rng)
        lot -= probability
    return frame
