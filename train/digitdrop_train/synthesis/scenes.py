"""Whole pictures as people drop them: a digit, a number, something else, or nothing.

Read by the worker's own preprocessing, they give the frames that the network will meet, also
those of wrong candidates, and the pictures on which temperature and thresholds are chosen.
A picture is uint8 (height, width), 0 = black, 255 = white.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator

from digitdrop.values import Frame, Grey
from digitdrop_train.synthesis.handwriting import (
    bent_to_height,
    lay_out,
    random_height,
    random_pen,
    write_digit,
)
from digitdrop_train.synthesis.letters import handwritten_letter
from digitdrop_train.synthesis.papers import Coverage, drawing, photo, scan, shade

TIGHT = 0.12
"""Probability that a single digit is cropped to its ink, as collections of digits store them."""
PRINTED_SIGNS = "ACEFHKMNPRTUVWXcdefhkmnprtuvwx@#%+*={}[]"
"""Left out: B b D g G I i J j l O o Q q S s y Z z & and the like, which may pass for digits."""


def scene(frames: Sequence[Frame], rng: Generator) -> Grey:
    """Return a picture of one digit, or of the number that several digits make.

    Args:
        frames: the digits from left to right, at least one.
        rng: decides all the rest: pen, size, place, paper, light, camera.

    Returns:
        A picture with a longer side of 14-400 pixels.
    """
    if len(frames) == 1 and rng.random() < TIGHT:
        return _tight_crop(frames[0], rng)
    tall = random_height(rng) if len(frames) == 1 else int(rng.integers(24, 90))
    pen = random_pen(rng)
    return _taken(lay_out([write_digit(frame, tall, pen, rng) for frame in frames], rng), rng)


def nondigit(rng: Generator) -> Grey:
    """Return a picture of something else: a letter, a word, a scribble, a plot, soft shapes."""
    lot = rng.random()
    if lot < 0.2:
        piece = bent_to_height(handwritten_letter(rng), random_height(rng), rng)
        return _taken(lay_out([piece], rng), rng)
    if lot < 0.4:
        return _taken(_printed(1, rng), rng)
    if lot < 0.5:
        return _taken(_printed(int(rng.integers(3, 12)), rng), rng)
    if lot < 0.75:
        return _taken(_scribble(rng), rng)
    return _taken(_plot(rng), rng) if lot < 0.85 else _soft_shapes(rng)


def blank(rng: Generator) -> Grey:
    """Return a picture of paper with nothing on it, 20-399 pixels a side."""
    sides = rng.integers(20, 400, 2)
    empty = np.zeros(sides, np.float32)
    if rng.random() < 0.15:
        return np.full(sides, rng.integers(256), np.uint8)
    if rng.random() < 0.4:
        return shade((int(sides[0]), int(sides[1])), rng)
    return photo(empty, rng) if rng.random() < 0.8 else scan(empty, rng)


def _taken(cover: Coverage, rng: Generator) -> Grey:
    """Picture a sheet by a paint program, a scanner or a camera."""
    lot = rng.random()
    small = max(cover.shape) < 80  # photos are hardly ever so small
    if lot < (0.6 if small else 0.25):
        return drawing(cover, rng)
    return scan(cover, rng) if lot < (0.85 if small else 0.4) else photo(cover, rng)


def _tight_crop(frame: Frame, rng: Generator) -> Grey:
    """Return a digit cropped to its ink, and often stretched to fill a square."""
    cover = write_digit(frame, 100, random_pen(rng), rng)
    side = round(math.exp(rng.uniform(math.log(14), math.log(64))))
    square = rng.random() < 0.6
    width = side if square else max(4, round(side * cover.shape[1] / cover.shape[0]))
    cover = cv2.resize(cover, (width, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    return drawing(cover, rng)


def _printed(count: int, rng: Generator) -> Coverage:
    """Return `count` letters and signs in one of eight plain fonts."""
    text = "".join(rng.choice(list(PRINTED_SIGNS), count))
    sheet = np.zeros((200, 160 * count + 100), np.uint8)
    font = int(rng.integers(0, 8)) | (cv2.FONT_ITALIC if rng.random() < 0.3 else 0)
    cv2.putText(sheet, text, (50, 140), font, 3.5, 255, int(rng.integers(3, 18)), cv2.LINE_AA)
    tall = random_height(rng) if count == 1 else int(rng.integers(12, 80))
    return lay_out([bent_to_height(sheet, tall, rng)], rng)


def _scribble(rng: Generator) -> Coverage:
    """Return one to three Bezier curves across one another."""
    sheet = np.zeros((200, 200), np.uint8)
    thick = int(rng.integers(2, 16))
    for _ in range(int(rng.integers(1, 4))):
        knots = rng.uniform(20, 180, (int(rng.integers(3, 8)), 2))
        steps = np.linspace(0, 1, 60)[:, None]
        order = len(knots) - 1
        curve = sum(
            math.comb(order, i) * steps**i * (1 - steps) ** (order - i) * knots[i]
            for i in range(order + 1)
        )
        curve = (curve - np.mean(curve, axis=0)) * rng.uniform(1, 1.8) + 100
        cv2.polylines(sheet, [curve.astype(np.int32)], False, 255, thick, cv2.LINE_AA)
    return lay_out([bent_to_height(sheet, random_height(rng), rng)], rng)


def _plot(rng: Generator) -> Coverage:
    """Return a plot with axes and numbers, as printed in articles."""
    sheet = np.zeros((200, 280), np.uint8)
    cv2.rectangle(sheet, (30, 15), (265, 175), 255, 1 if rng.random() < 0.7 else 2)
    for _ in range(int(rng.integers(1, 4))):
        heights = np.clip(95 + np.cumsum(rng.normal(0, 14, 16)), 15, 175)
        points = np.stack([np.linspace(30, 265, 16), heights], axis=1).astype(np.int32)
        cv2.polylines(sheet, [points], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    for x in range(40, 260, 45):
        cv2.putText(sheet, str(x), (x, 190), 0, 0.35, 255, 1, cv2.LINE_AA)
    return lay_out([sheet.astype(np.float32) / np.float32(255)], rng)


def _soft_shapes(rng: Generator) -> Grey:
    """Return soft shapes of all sizes, as in photographs of anything."""
    sides = rng.integers(28, 200, 2)
    seen = np.zeros(sides, np.float32)
    for octave in range(1, 6):
        size = (int(sides[1]), int(sides[0]))
        coarse = rng.standard_normal((2**octave + 1, 2**octave + 1), dtype=np.float32)
        seen += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC) / octave
    for _ in range(int(rng.integers(0, 5))):
        centre = (int(rng.integers(sides[1])), int(rng.integers(sides[0])))
        axes = (int(rng.integers(2, 50)), int(rng.integers(2, 50)))
        tone = float(rng.normal(0, 1.5))
        cv2.ellipse(seen, centre, axes, float(rng.uniform(0, 180)), 0, 360, tone, -1)
    grey: Grey = np.clip(127 + seen * rng.uniform(15, 60), 0, 255).astype(np.uint8)
    return grey
