"""What is no digit: letters, scribbles, pieces, lines, blots, textures.

A network that has only ever seen digits is sure of everything, also of the wrong readings of
a picture. What nobody can tell from a digit (O, l, S, Z and their like) is left out.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from digitdrop.preprocess.mnist_frame import SIDE
from digitdrop.values import Frame
from digitdrop_train.data import Digits
from digitdrop_train.synthesis.augment import augment
from digitdrop_train.synthesis.geometry import Ink, as_ink, crop, fit
from digitdrop_train.synthesis.letters import letter
from digitdrop_train.synthesis.strokes import CANVAS, MARGIN, Line, draw, thickness

Chance = np.random.Generator
Maker = Callable[[Digits, Chance], Ink]


def not_a_digit(pool: Digits, chance: Chance) -> Frame:
    """Make a frame of the class `NOT_A_DIGIT`; `pool` gives the digits to take apart."""
    kind = chance.random()
    for share, maker in MAKERS:
        if kind < share:
            made = maker(pool, chance)
            break
        kind -= share
    else:
        return _texture(chance)
    frame = fit(made) if made.shape != (SIDE, SIDE) or chance.random() < 0.5 else made
    return augment(frame, chance) if chance.random() < 0.4 else frame


def _any(pool: Digits, chance: Chance) -> Frame:
    frame: Frame = pool.frames[chance.integers(len(pool))]
    return frame


def _one_of(pool: Digits, digits: tuple[int, ...], chance: Chance) -> Frame:
    """Pick one of some digits; of a pool without any, whatever there is."""
    if not np.isin(pool.labels, digits).any():
        return _any(pool, chance)
    while True:
        index = chance.integers(len(pool))
        if int(pool.labels[index]) in digits:
            return np.asarray(pool.frames[index])


def _letter(_pool: Digits, chance: Chance) -> Ink:
    return letter(chance)


def _scribble(_pool: Digits, chance: Chance) -> Ink:
    """Draw one to three wild curves; the more points, the less can it be a digit."""
    curves: list[Line] = []
    for _ in range(int(chance.integers(1, 4))):
        corners = chance.uniform(MARGIN / 2, CANVAS - MARGIN / 2, (int(chance.integers(9, 16)), 2))
        curves.append(corners)
    return draw(curves, min(thickness(chance), 9))


def _turned(pool: Digits, chance: Chance) -> Ink:
    """Lay a 2 or a 3 on its side; turned otherwise, most digits look like some digit."""
    frame = _one_of(pool, (2, 3), chance)
    return np.rot90(frame, int(chance.choice((1, 3)))).copy()


def _zoomed(pool: Digits, chance: Chance) -> Ink:
    """Cut a piece out of a digit made three to five times larger."""
    frame = _one_of(pool, (0, 2, 3, 4, 5, 6, 8, 9), chance)
    side = int(chance.integers(6, 10))
    x, y = chance.integers(6, 22 - side, 2)
    return as_ink(cv2.resize(frame[y : y + side, x : x + side], (SIDE, SIDE)))


def _inverted(pool: Digits, chance: Chance) -> Ink:
    """Take the paper for the ink, as a wrong reading of the polarity does."""
    margin = int(chance.integers(0, 6))
    frame = crop(_any(pool, chance))
    grown = 255 - np.pad(frame, margin)
    if chance.random() < 0.4:  # paper that is darker towards one side
        ramp = np.linspace(chance.uniform(0.2, 0.9), 1, grown.shape[1])
        grown = (grown * (ramp if chance.random() < 0.5 else ramp[::-1])).astype(np.uint8)
    return grown


def _lines(_pool: Digits, chance: Chance) -> Ink:
    """Draw what ruled and squared paper or a table's edge leaves."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    across = int(chance.integers(1, 6))
    down = int(chance.integers(0, 6)) if across == 1 else int(chance.integers(0, 4))
    slope = chance.normal(0, 5)
    pen = int(chance.integers(1, 8))
    for place in chance.uniform(8, CANVAS - 8, across):
        y = round(float(place))
        cv2.line(canvas, (4, y), (CANVAS - 4, round(y + slope)), 255, pen, cv2.LINE_AA)
    if across == 1 and down == 1:
        down = 0  # a cross may be a 4 or a 7
    for place in chance.uniform(8, CANVAS - 8, down):
        x = round(float(place))
        cv2.line(canvas, (x, 4), (round(x - slope), CANVAS - 4), 255, pen, cv2.LINE_AA)
    return canvas


def _blot(_pool: Digits, chance: Chance) -> Ink:
    """Drop one to some blots: filled, with no hole that could make it a 0."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    for _ in range(int(chance.choice((1, 1, 2, 3, 6, 12)))):
        middle = chance.integers(25, CANVAS - 25, 2)
        axes = chance.integers(4, 26, 2)
        size = int(max(axes.min(), axes.max() * 0.6)), int(axes.max())  # a slim one is a 1
        angle = float(chance.uniform(0, 180))
        cv2.ellipse(canvas, middle.tolist(), size, angle, 0, 360, 255, -1, cv2.LINE_AA)
    if chance.random() < 0.4:  # shade, stretched to ink: its edge is as wide as itself
        canvas = as_ink(cv2.GaussianBlur(canvas, (0, 0), chance.uniform(4, 16)))
    return canvas


def _specks(_pool: Digits, chance: Chance) -> Ink:
    """Blow up grain, as a step does that stretches an empty page."""
    coarse = chance.standard_normal((SIDE, SIDE)).astype(np.float32)
    smooth = cv2.GaussianBlur(coarse, (0, 0), chance.uniform(0.4, 3))
    level = np.quantile(smooth, chance.uniform(0.6, 0.97))
    return as_ink((smooth - level) / (smooth.max() - level + 1e-6) * 400)


def _texture(chance: Chance) -> Frame:
    """Fill the whole frame: noise, a ramp, or waves."""
    kind = chance.random()
    if kind < 0.4:
        level, spread = chance.uniform(0, 255), chance.uniform(5, 90)
        values = level + chance.standard_normal((SIDE, SIDE)) * spread
    elif kind < 0.6:
        right, down = chance.uniform(-255, 255, 2)
        along = np.linspace(0, 1, SIDE)
        values = chance.uniform(0, 255) + np.add.outer(right * along, down * along)
    else:
        x, y = np.mgrid[0:SIDE, 0:SIDE] * chance.uniform(0.1, 1.5, (2, 1, 1))
        values = 128 + 127 * np.sin(x + y + chance.uniform(0, 6)) * np.cos(x - y)
    return as_ink(values)


MAKERS: tuple[tuple[float, Maker], ...] = (
    (0.40, _letter),
    (0.15, _scribble),
    (0.05, _turned),
    (0.05, _zoomed),
    (0.10, _inverted),
    (0.08, _lines),
    (0.05, _blot),
    (0.06, _specks),
)
"""How often each is made; what is missing to 1 are textures that fill the frame."""
