"""Whole pictures made of MNIST frames: what people drop, before it is read.

Put through `decode`'s successor `glyph`, they show the network the frames that
it will meet, wrong readings among them, and give the pictures on which
temperature and thresholds are chosen. Pen and sheet, paper and camera, and what
is no digit have rooms of their own: `pen`, `sheet`, `papers`, `things`.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from digitdrop.values import Frame, Grey
from digitdrop_train.synthesis.handwriting import penned, some_height, some_pen
from digitdrop_train.synthesis.papers import Cover, drawing, photo, scan, shade
from digitdrop_train.synthesis.script import written
from digitdrop_train.synthesis.sheet import bent, laid_out
from digitdrop_train.synthesis.things import letters, plot, scribble, view

TIGHT = 0.12
"""How often one digit is cropped to its ink, as collections of digits keep them."""


def scene(frames: Sequence[Frame], rng: np.random.Generator) -> Grey:
    """Return a picture of one digit, or of the number that several make.

    Args:
        frames: the digits from left to right.
        rng: decides everything else: pen, size, place, paper, light, camera.

    Returns:
        uint8 of shape (height, width), the long side 14-400 pixels.
    """
    if len(frames) == 1 and rng.random() < TIGHT:
        return _tight(frames[0], rng)
    tall = some_height(rng) if len(frames) == 1 else int(rng.integers(24, 90))
    pen = some_pen(rng)
    return _taken(laid_out([penned(frame, tall, pen, rng) for frame in frames], rng), rng)


def nondigit(rng: np.random.Generator) -> Grey:
    """Return a picture of something else: a letter, a scribble, a plot, a photograph."""
    kind = rng.random()
    if kind < 0.2:
        return _taken(laid_out([bent(written(rng), some_height(rng), rng)], rng), rng)
    if kind < 0.4:
        return _taken(letters(1, rng), rng)
    if kind < 0.5:
        return _taken(letters(int(rng.integers(3, 12)), rng), rng)
    if kind < 0.75:
        return _taken(scribble(rng), rng)
    if kind < 0.85:
        return _taken(plot(rng), rng)
    return view(rng)


def blank(rng: np.random.Generator) -> Grey:
    """Return a picture of paper with nothing on it."""
    sides = rng.integers(20, 400, 2)
    empty = np.zeros(sides, np.float32)
    if rng.random() < 0.15:
        return np.full(sides, rng.integers(256), np.uint8)
    if rng.random() < 0.4:
        return shade((int(sides[0]), int(sides[1])), rng)
    return photo(empty, rng) if rng.random() < 0.8 else scan(empty, rng)


def likeness(one: Frame, other: Frame) -> float:
    """Return how alike two frames look, -1 to 1; from `bank.SAME` on they show the same digit.

    Meant to tell the right reading of a scene from the wrong ones: pens and
    papers change a digit a little, a wrong reading is something else.
    """
    blurred = np.stack(
        [cv2.GaussianBlur(frame / 255, (0, 0), 1.5).ravel() for frame in (one, other)]
    )
    return float(np.atleast_2d(np.corrcoef(blurred))[0, 1])


def _taken(cover: Cover, rng: np.random.Generator) -> Grey:
    way = rng.random()
    small = max(cover.shape) < 80  # hardly anybody takes such a photo
    if way < (0.6 if small else 0.25):
        return drawing(cover, rng)
    return scan(cover, rng) if way < (0.85 if small else 0.4) else photo(cover, rng)


def _tight(frame: Frame, rng: np.random.Generator) -> Grey:
    """Return a digit cropped to its ink, and often stretched to fill a square."""
    cover = penned(frame, 100, some_pen(rng), rng)
    side = round(math.exp(rng.uniform(math.log(14), math.log(64))))
    square = rng.random() < 0.6
    width = side if square else max(4, round(side * cover.shape[1] / cover.shape[0]))
    cover = cv2.resize(cover, (width, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    return drawing(cover, rng)
