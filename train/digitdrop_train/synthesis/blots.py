"""What happens to a frame's ink and paper: lines, drops, gaps, edges."""

from __future__ import annotations

import cv2
import numpy as np

from digitdrop.preprocess.mnist_frame import SIDE
from digitdrop.values import Frame
from digitdrop_train.synthesis.geometry import as_ink, full_ink, sixteenths

Chance = np.random.Generator


def specks(frame: Frame, chance: Chance) -> Frame:
    """Salt and pepper."""
    kind = chance.random(frame.shape, np.float32)
    share = chance.uniform(0.005, 0.2)
    spoiled = frame.copy()
    spoiled[kind < share] = 255
    spoiled[kind > 1 - share] = 0
    return spoiled


def erase(frame: Frame, chance: Chance) -> Frame:
    """A small patch is missing (random erasing, Zhong et al. 2017)."""
    spoiled = frame.copy()
    width, height = chance.integers(3, 7, 2)
    x, y = chance.integers(4, SIDE - 4 - width), chance.integers(4, SIDE - 4 - height)
    spoiled[y : y + height, x : x + width] = 0
    return spoiled


def lines(frame: Frame, chance: Chance) -> Frame:
    """Rests of ruled or squared paper, or a stray hair."""
    spoiled = frame.copy()
    for _ in range(int(chance.integers(1, 4))):
        ends = chance.uniform(0, SIDE, (2, 2))
        if chance.random() < 0.7:  # ruled paper lies straight
            ends = np.stack([ends[0], ends[0]])
            ends[:, chance.integers(2)] = (0, SIDE)
        shade = int(chance.integers(60, 256))
        cv2.line(spoiled, sixteenths(ends[0]), sixteenths(ends[1]), shade, 1, cv2.LINE_AA, 4)
    return np.maximum(spoiled, frame)


def dots(frame: Frame, chance: Chance) -> Frame:
    """A dotted line across, as forms have them."""
    ends = chance.uniform(0, SIDE, (2, 2))
    ends[:, chance.integers(2)] = (0, SIDE)
    spoiled = frame.copy()
    for along in np.arange(chance.random(), SIDE, chance.uniform(1.5, 4)) / SIDE:
        at = sixteenths(ends[0] + along * (ends[1] - ends[0]))
        cv2.circle(spoiled, at, int(chance.integers(8, 16)), 255, -1, cv2.LINE_AA, 4)
    return spoiled


def zigzag(frame: Frame, chance: Chance) -> Frame:
    """A line to and fro across it, as a pen tried out or a crack."""
    turns = int(chance.integers(5, 14))
    along = np.linspace(-2, SIDE + 2, turns)
    swing = chance.uniform(1, 5) * (-1) ** np.arange(turns) + chance.normal(0, 0.8, turns)
    start, end = chance.uniform(4, SIDE - 4, 2)
    middle = np.linspace(start, end, turns)
    path = np.stack([along, middle + swing], axis=1)
    if chance.random() < 0.5:
        path = path[:, ::-1]
    fine = np.round(path * 16).astype(np.int32)
    spoiled = frame.copy()
    cv2.polylines(spoiled, [fine], False, int(chance.integers(150, 256)), 1, cv2.LINE_AA, 4)
    return np.maximum(spoiled, frame)


def bands(frame: Frame, chance: Chance) -> Frame:
    """Black on white at one side or two, as a table's edge or a print's border makes it."""
    spoiled = frame.copy()
    upright = spoiled if chance.random() < 0.5 else spoiled.T
    first, last = chance.integers(2, 10, 2)
    kind = chance.random()
    if kind < 0.75:
        upright[:, :first] ^= 255
    if kind > 0.25:
        upright[:, -last:] ^= 255
    return spoiled


def outline(frame: Frame, chance: Chance) -> Frame:
    """Only the edges of its strokes, as hollow letters have them (Canny 1986)."""
    soft = cv2.GaussianBlur(frame, (0, 0), chance.uniform(0.3, 1.1))
    if chance.random() < 0.5:
        low, high = sorted(chance.uniform(40, 200, 2))
        return as_ink(cv2.Canny(soft, low, high))
    grown = cv2.resize(soft, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    edge = cv2.morphologyEx(grown, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return full_ink(cv2.resize(edge, (SIDE, SIDE), interpolation=cv2.INTER_AREA))


def spatter(frame: Frame, chance: Chance) -> Frame:
    """Drops of ink, or of water on the ink."""
    rough = chance.standard_normal((SIDE, SIDE)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), chance.uniform(0.7, 1.8))
    drops = smooth > np.quantile(smooth, chance.uniform(0.85, 0.97))
    shade = int(chance.integers(120, 256)) if chance.random() < 0.7 else 0
    return np.where(drops, shade, frame).astype(np.uint8)


def gaps(frame: Frame, chance: Chance) -> Frame:
    """Strokes that a dry pen broke."""
    coarse = chance.random((14, 14), np.float32)
    holes = cv2.resize(coarse, (SIDE, SIDE)) < chance.uniform(0.15, 0.3)
    return np.where(holes, frame // 4, frame).astype(np.uint8)
