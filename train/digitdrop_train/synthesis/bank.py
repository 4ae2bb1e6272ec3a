"""The sample bank: frames as the worker meets them, from whole pictures read by its own steps.

Making and reading a picture takes a hundred times as long as augmenting a frame. So the bank is
made once, before the first epoch, and its frames are augmented anew in each epoch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import partial

import cv2
import numpy as np
from numpy.random import Generator

from digitdrop.preprocess.normalise import normalise
from digitdrop.values import NOT_A_DIGIT, SEVERAL, Frame
from digitdrop_train.data import Dataset
from digitdrop_train.progress import track
from digitdrop_train.synthesis.geometry import as_frame, crop
from digitdrop_train.synthesis.scenes import blank, nondigit, scene
from digitdrop_train.synthesis.strokes import draw_digit

Labelled = tuple[Frame, int]

PART = 50
"""Pictures that one process makes at a time."""
DIGIT, NUMBER, BLANK = 0.5, 0.18, 0.09
"""Probability that a picture shows one digit, several, nothing; the rest shows other things."""
STROKES = 0.28
"""Share of the single digits that are drawn stroke by stroke."""
SAME, OTHER = 0.75, 0.2
"""A frame whose likeness to the digit is at least `SAME` shows it; below `OTHER`, it does not."""
SAME_NUMBER = 0.6
"""Least likeness of a frame that shows the whole number; lower, as half of it is paper."""
NARROW, EVEN = 7, 0.35
"""Ink narrower than this, in pixels, with a width that varies less than this, may be a 1."""


def make_bank(digits: Dataset, count: int, *, seed: int, executor: Executor) -> Dataset:
    """Make pictures of digits and other things, and return the frames that the worker finds.

    Frames that are neither right nor plainly wrong are left out. The same arguments give the
    same frames, whatever the number of processes.

    Args:
        digits: written on the pictures, in turn.
        count: number of pictures, rounded up to a multiple of `PART`; each gives none to some
            frames.
        seed: decides all the rest.
        executor: processes that make the pictures.
    """
    starts = range(0, count, PART)
    slices = (digits[np.arange(start, start + PART) % len(digits)] for start in starts)
    parts = executor.map(partial(_part, seed=seed), slices, starts)
    shown = track(parts, len(starts), "making whole pictures")
    return Dataset.of([labelled for part in shown for labelled in part])


def _part(digits: Dataset, start: int, *, seed: int) -> list[Labelled]:
    rng = np.random.default_rng((seed, start))
    return [labelled for index in range(PART) for labelled in _picture(digits, index, rng)]


def _picture(digits: Dataset, index: int, rng: Generator) -> Iterator[Labelled]:
    lot = rng.random()
    if lot < DIGIT:
        yield from _one_digit(digits, index, rng)
    elif lot < DIGIT + NUMBER:
        members = rng.integers(len(digits), size=int(rng.choice((2, 2, 2, 3, 4, 5))))
        yield from _number(list(digits.frames[members]), rng)
    else:
        picture = blank(rng) if lot < DIGIT + NUMBER + BLANK else nondigit(rng)
        yield from _no_digits(normalise(picture).frames)


def _one_digit(digits: Dataset, index: int, rng: Generator) -> Iterator[Labelled]:
    written, label = digits.frames[index], int(digits.labels[index])
    if rng.random() < STROKES:
        label = int(rng.integers(10))
        written = draw_digit(label, rng)
    for frame in normalise(scene([written], rng)).frames:
        like = likeness(frame, written)
        if like >= SAME:
            yield frame, label
        elif like < OTHER:
            yield from _no_digits([frame])


def _number(members: Sequence[Frame], rng: Generator) -> Iterator[Labelled]:
    written = as_frame(_side_by_side(members))
    for frame in normalise(scene(members, rng)).frames:
        # A frame with one member alone shows a digit, whatever lies beside it; a patch of paper
        # shows neither.
        alone = max(likeness(frame, member) for member in members)
        if likeness(frame, written) > max(SAME_NUMBER, alone):
            yield frame, SEVERAL


def _no_digits(frames: Sequence[Frame]) -> Iterator[Labelled]:
    return ((frame, NOT_A_DIGIT) for frame in frames if not _may_be_a_one(frame))


def _may_be_a_one(frame: Frame) -> bool:
    ink = crop(frame)
    widths = (ink > 127).sum(axis=1)
    return bool(ink.shape[1] < NARROW and widths.std() < EVEN * widths.mean())


def _side_by_side(members: Sequence[Frame]) -> Frame:
    pieces = [crop(member) for member in members]
    high = max(len(piece) for piece in pieces)
    gap = 2
    padded = [
        np.pad(piece, (((high - len(piece)) // 2, (high - len(piece) + 1) // 2), (0, gap)))
        for piece in pieces
    ]
    return np.hstack(padded)


def likeness(first: Frame, second: Frame) -> float:
    """Return the correlation of two blurred frames, -1 to 1.

    Pens and papers change a digit a little, a wrong candidate is something else: see `SAME`.
    """
    blurred = np.stack(
        [cv2.GaussianBlur(frame / 255, (0, 0), 1.5).ravel() for frame in (first, second)]
    )
    return float(np.atleast_2d(np.corrcoef(blurred))[0, 1])
