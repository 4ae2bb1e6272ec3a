"""Corruptions of a frame: poor cameras and scanners, damaged ink and paper.

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


def salt_and_pepper(frame: Frame, rng: Generator) -> Frame:
    """Turn 0.5-20 % of the pixels into ink and as many into paper."""
    lot = rng.random(frame.shape, np.float32)
    share = rng.uniform(0.005, 0.2)
    corrupted = frame.copy()
    corrupted[lot < share] = 255
    corrupted[lot > 1 - share] = 0
    return corrupted


def erased_patch(frame: Frame, rng: Generator) -> Frame:
    """Erase a patch of 3-6 pixels a side (random erasing, Zhong et al. 2017)."""
    corrupted = frame.copy()
    width, height = rng.integers(3, 7, 2)
    x, y = rng.integers(4, FRAME_SIDE - 4 - width), rng.integers(4, FRAME_SIDE - 4 - height)
    corrupted[y : y + height, x : x + width] = 0
    return corrupted


def stray_lines(frame: Frame, rng: Generator) -> Frame:
    """Draw one to three lines across: rests of ruled paper, or a hair."""
    corrupted = frame.copy()
    for _ in range(int(rng.integers(1, 4))):
        ends = rng.uniform(0, FRAME_SIDE, (2, 2))
        if rng.random() < 0.7:  # ruled paper lies straight
            ends = np.stack([ends[0], ends[0]])
            ends[:, rng.integers(2)] = (0, FRAME_SIDE)
        shade = int(rng.integers(60, 256))
        cv2.line(corrupted, sixteenths(ends[0]), sixteenths(ends[1]), shade, 1, cv2.LINE_AA, 4)
    return np.maximum(corrupted, frame)


def dotted_line(frame: Frame, rng: Generator) -> Frame:
    """Draw a dotted line from edge to edge, as forms have them."""
    ends = rng.uniform(0, FRAME_SIDE, (2, 2))
    ends[:, rng.integers(2)] = (0, FRAME_SIDE)
    corrupted = frame.copy()
    for along in np.arange(rng.random(), FRAME_SIDE, rng.uniform(1.5, 4)) / FRAME_SIDE:
        centre = sixteenths(ends[0] + along * (ends[1] - ends[0]))
        cv2.circle(corrupted, centre, int(rng.integers(8, 16)), 255, -1, cv2.LINE_AA, 4)
    return corrupted


def zigzag(frame: Frame, rng: Generator) -> Frame:
    """Draw a zigzag across: a pen tried out, or a crack."""
    turns = int(rng.integers(5, 14))
    along = np.linspace(-2, FRAME_SIDE + 2, turns)
    swing = rng.uniform(1, 5) * (-1) ** np.arange(turns) + rng.normal(0, 0.8, turns)
    start, end = rng.uniform(4, FRAME_SIDE - 4, 2)
    middle = np.linspace(start, end, turns)
    path = np.stack([along, middle + swing], axis=1)
    if rng.random() < 0.5:
        path = path[:, ::-1]
    fine = np.round(path * 16).astype(np.int32)
    corrupted = frame.copy()
    cv2.polylines(corrupted, [fine], False, int(rng.integers(150, 256)), 1, cv2.LINE_AA, 4)
    return np.maximum(corrupted, frame)


def inverted_edges(frame: Frame, rng: Generator) -> Frame:
    """Invert a strip along one side or two opposite sides, as the border of a print does."""
    corrupted = frame.copy()
    upright = corrupted if rng.random() < 0.5 else corrupted.T
    first, last = rng.integers(2, 10, 2)
    lot = rng.random()
    if lot < 0.75:
        upright[:, :first] ^= 255
    if lot > 0.25:
        upright[:, -last:] ^= 255
    return corrupted


def hollow(frame: Frame, rng: Generator) -> Frame:
    """Keep only the edges of the strokes, as in hollow letters (Canny 1986)."""
    soft = cv2.GaussianBlur(frame, (0, 0), rng.uniform(0.3, 1.1))
    if rng.random() < 0.5:
        low, high = sorted(rng.uniform(40, 200, 2))
        return clip_ink(cv2.Canny(soft, low, high))
    grown = cv2.resize(soft, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    edge = cv2.morphologyEx(grown, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return stretch_ink(cv2.resize(edge, (FRAME_SIDE, FRAME_SIDE), interpolation=cv2.INTER_AREA))


def spatter(frame: Frame, rng: Generator) -> Frame:
    """Cover 3-15 % of the frame with drops of ink, or of water on the ink."""
    rough = rng.standard_normal((FRAME_SIDE, FRAME_SIDE)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), rng.uniform(0.7, 1.8))
    drops = smooth > np.quantile(smooth, rng.uniform(0.85, 0.97))
    shade = int(rng.integers(120, 256)) if rng.random() < 0.7 else 0
    return np.where(drops, shade, frame).astype(np.uint8)


def pen_gaps(frame: Frame, rng: Generator) -> Frame:
    """Break strokes as a dry pen does."""
    coarse = rng.random((14, 14), np.float32)
    holes = cv2.resize(coarse, (FRAME_SIDE, FRAME_SIDE)) < rng.uniform(0.15, 0.3)
    return np.where(holes, frame // 4, frame).astype(np.uint8)


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
