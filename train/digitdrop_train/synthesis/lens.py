"""What a poor camera, scanner or fax makes of a frame."""

from __future__ import annotations

import cv2
import numpy as np

from digitdrop.preprocess.mnist_frame import SIDE
from digitdrop.values import Frame
from digitdrop_train.synthesis.geometry import as_ink, full_ink, sixteenths

Chance = np.random.Generator


def few_pixels(frame: Frame, chance: Chance) -> Frame:
    """Draw it with 11-20 pixels, then enlarge it again."""
    side = int(chance.integers(11, 21))
    small = cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA)
    return full_ink(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR))


def blur(frame: Frame, chance: Chance) -> Frame:
    """Out of focus."""
    return full_ink(cv2.GaussianBlur(frame, (0, 0), chance.uniform(0.4, 1.3)))


def shake(frame: Frame, chance: Chance) -> Frame:
    """Blurred along one direction."""
    angle, reach = chance.uniform(0, np.pi), chance.uniform(1, 2.5)
    end = np.array([np.cos(angle), np.sin(angle)]) * reach
    kernel = np.zeros((7, 7), np.uint8)
    cv2.line(kernel, sixteenths(3 - end), sixteenths(3 + end), 255, 1, cv2.LINE_AA, 4)
    return full_ink(cv2.filter2D(frame, -1, kernel.astype(np.float32) / kernel.sum()))


def noise(frame: Frame, chance: Chance) -> Frame:
    """Grain over ink and paper."""
    grain = chance.standard_normal(frame.shape, np.float32) * chance.uniform(8, 110)
    return as_ink(frame + grain)


def contrast(frame: Frame, chance: Chance) -> Frame:
    """Fainter ink, greyer paper, another gamma."""
    gamma = np.exp(chance.uniform(-0.8, 0.8))
    low, high = chance.uniform(0, 60), chance.uniform(140, 255)
    return as_ink((frame / 255.0) ** gamma * (high - low) + low)


def uneven(frame: Frame, chance: Chance) -> Frame:
    """Ink that fades from one side to the other."""
    slope = chance.uniform(-0.5, 0.5, 2)
    along = np.linspace(-0.5, 0.5, SIDE)
    weight = 0.8 + slope[0] * along[None, :] + slope[1] * along[:, None]
    return as_ink(frame * weight)


def thresholded(frame: Frame, chance: Chance) -> Frame:
    """Black or white, as fax machines and thresholds leave it."""
    return np.where(frame > chance.integers(70, 170), 255, 0).astype(np.uint8)
