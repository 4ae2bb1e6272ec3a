"""Frames of the class `NOT_A_DIGIT`: letters, scribbles, pieces, lines, blots, textures.

A network that has only seen digits is sure of everything, also of wrong candidates. Signs that
nobody can tell from a digit (O, l, S, Z and their like) are left out.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator

from digitdrop.preprocess.mnist_frame import FRAME_SIDE
from digitdrop.values import Frame, Ink
from digitdrop_train.data import Dataset
from digitdrop_train.synthesis.augment import augment
from digitdrop_train.synthesis.geometry import as_frame, clip_ink, crop
from digitdrop_train.synthesis.letters import letter
from digitdrop_train.synthesis.strokes import (
    CANVAS,
    CANVAS_MARGIN,
    Polyline,
    draw_strokes,
    pen_width,
)

Negative = Callable[[Dataset, Generator], Ink]


def not_a_digit(digits: Dataset, rng: Generator) -> Frame:
    """Make a frame of the class `NOT_A_DIGIT`, uint8 (28, 28); some are cut out of `digits`."""
    lot = rng.random()
    for probability, negative in NEGATIVES:
        if lot < probability:
            ink = negative(digits, rng)
            break
        lot -= probability
    else:
        return _texture(rng)
    frame = as_frame(ink) if ink.shape != (FRAME_SIDE, FRAME_SIDE) or rng.random() < 0.5 else ink
    return augment(frame, rng) if rng.random() < 0.4 else frame


def _any_digit(digits: Dataset, rng: Generator) -> Frame:
    frame: Frame = digits.frames[rng.integers(len(digits))]
    return frame


def _digit_among(digits: Dataset, wanted: tuple[int, ...], rng: Generator) -> Frame:
    """Pick a digit with a wanted label, or any digit of a set that has none."""
    if not np.isin(digits.labels, wanted).any():
        return _any_digit(digits, rng)
    while True:
        index = rng.integers(len(digits))
        if int(digits.labels[index]) in wanted:
            return np.asarray(digits.frames[index])


def printed_or_written_letter(_digits: Dataset, rng: Generator) -> Ink:
    """Draw a letter or sign, see `letter`."""
    return letter(rng)


def wild_curves(_digits: Dataset, rng: Generator) -> Ink:
    """Draw one to three curves through 9-15 points each: fewer points may make a digit."""
    curves: list[Polyline] = []
    for _ in range(int(rng.integers(1, 4))):
        points = int(rng.integers(9, 16))
        curves.append(rng.uniform(CANVAS_MARGIN / 2, CANVAS - CANVAS_MARGIN / 2, (points, 2)))
    return draw_strokes(curves, min(pen_width(rng), 9))


def lying_digit(digits: Dataset, rng: Generator) -> Ink:
    """Lay a 2 or a 3 on its side; most other digits would still look like some digit."""
    frame = _digit_among(digits, (2, 3), rng)
    return np.rot90(frame, int(rng.choice((1, 3)))).copy()


def piece_of_a_digit(digits: Dataset, rng: Generator) -> Ink:
    """Cut 6-9 pixels a side out of a digit, and enlarge them to a frame."""
    frame = _digit_among(digits, (0, 2, 3, 4, 5, 6, 8, 9), rng)
    side = int(rng.integers(6, 10))
    x, y = rng.integers(6, 22 - side, 2)
    return clip_ink(cv2.resize(frame[y : y + side, x : x + side], (FRAME_SIDE, FRAME_SIDE)))


def inverted_digit(digits: Dataset, rng: Generator) -> Ink:
    """Take the paper for the ink, as a candidate of the wrong polarity does."""
    margin = int(rng.integers(0, 6))
    frame = crop(_any_digit(digits, rng))
    inverted = 255 - np.pad(frame, margin)
    if rng.random() < 0.4:  # paper that is darker towards one side
        ramp = np.linspace(rng.uniform(0.2, 0.9), 1, inverted.shape[1])
        inverted = (inverted * (ramp if rng.random() < 0.5 else ramp[::-1])).astype(np.uint8)
    return inverted


def ruled_lines(_digits: Dataset, rng: Generator) -> Ink:
    """Draw the lines of ruled or squared paper, or the edge of a table."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    across = int(rng.integers(1, 6))
    down = int(rng.integers(0, 6)) if across == 1 else int(rng.integers(0, 4))
    slope = rng.normal(0, 5)
    pen = int(rng.integers(1, 8))
    for place in rng.uniform(8, CANVAS - 8, across):
        y = round(float(place))
        cv2.line(canvas, (4, y), (CANVAS - 4, round(y + slope)), 255, pen, cv2.LINE_AA)
    if across == 1 and down == 1:
        down = 0  # a cross may be a 4 or a 7
    for place in rng.uniform(8, CANVAS - 8, down):
        x = round(float(place))
        cv2.line(canvas, (x, 4), (round(x - slope), CANVAS - 4), 255, pen, cv2.LINE_AA)
    return canvas


def filled_blots(_digits: Dataset, rng: Generator) -> Ink:
    """Draw 1-12 ellipses, filled: a hole could make a 0."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    for _ in range(int(rng.choice((1, 1, 2, 3, 6, 12)))):
        middle = rng.integers(25, CANVAS - 25, 2)
        axes = rng.integers(4, 26, 2)
        size = int(max(axes.min(), axes.max() * 0.6)), int(axes.max())  # a slim one is a 1
        angle = float(rng.uniform(0, 180))
        cv2.ellipse(canvas, middle.tolist(), size, angle, 0, 360, 255, -1, cv2.LINE_AA)
    if rng.random() < 0.4:  # shade, stretched to ink: its edge is as wide as itself
        canvas = clip_ink(cv2.GaussianBlur(canvas, (0, 0), rng.uniform(4, 16)))
    return canvas


def stretched_grain(_digits: Dataset, rng: Generator) -> Ink:
    """Stretch faint grain to full ink, as preprocessing does with an empty page."""
    coarse = rng.standard_normal((FRAME_SIDE, FRAME_SIDE)).astype(np.float32)
    smooth = cv2.GaussianBlur(coarse, (0, 0), rng.uniform(0.4, 3))
    level = np.quantile(smooth, rng.uniform(0.6, 0.97))
    return clip_ink((smooth - level) / (smooth.max() - level + 1e-6) * 400)


def _texture(rng: Generator) -> Frame:
    """Fill the whole frame with noise, a ramp, or waves."""
    lot = rng.random()
    if lot < 0.4:
        level, spread = rng.uniform(0, 255), rng.uniform(5, 90)
        values = level + rng.standard_normal((FRAME_SIDE, FRAME_SIDE)) * spread
    elif lot < 0.6:
        right, down = rng.uniform(-255, 255, 2)
        along = np.linspace(0, 1, FRAME_SIDE)
        values = rng.uniform(0, 255) + np.add.outer(right * along, down * along)
    else:
        x, y = np.mgrid[0:FRAME_SIDE, 0:FRAME_SIDE] * rng.uniform(0.1, 1.5, (2, 1, 1))
        values = 128 + 127 * np.sin(x + y + rng.uniform(0, 6)) * np.cos(x - y)
    return clip_ink(values)


NEGATIVES: tuple[tuple[float, Negative], ...] = (
    (0.40, printed_or_written_letter),
    (0.15, wild_curves),
    (0.05, lying_digit),
    (0.05, piece_of_a_digit),
    (0.10, inverted_digit),
    (0.08, ruled_lines),
    (0.05, filled_blots),
    (0.06, stretched_grain),
)
"""Probability of each kind; they sum to 0.94, and the rest are textures that fill the frame."""
