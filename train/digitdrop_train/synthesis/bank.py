"""Frames as the worker really meets them: whole pictures, read by its own `glyph`.

Making a picture and reading it takes a hundred times as long as augmenting a frame, so
they are made once, before the first epoch, and shown in a new guise in each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import partial

import numpy as np

from digitdrop.preprocess.normalise import look
from digitdrop.values import NOT_A_DIGIT, SEVERAL, Frame
from digitdrop_train.data import Digits
from digitdrop_train.synthesis.geometry import crop, fit
from digitdrop_train.synthesis.scenes import blank, likeness, nondigit, scene
from digitdrop_train.synthesis.strokes import drawn

Chance = np.random.Generator
Labelled = tuple[Frame, int]

SLICE = 50
"""Pictures that one process makes at a time."""
DIGIT, NUMBER, BLANK = 0.5, 0.18, 0.09
"""How often a picture shows one digit, several, and nothing; the rest are other things."""
DRAWN = 0.28
"""The share of the single digits that are drawn from strokes."""
SAME, OTHER = 0.75, 0.2
"""A reading as like the digit as `SAME` shows it; one less like it than `OTHER` does not."""
ALIKE = 0.6
"""As much must a reading look like the whole number to be taken for it: half is paper."""
NARROW, EVEN = 7, 0.35
"""Ink narrower than this, in pixels, and of a width that varies less than this, may be a 1."""


def bank(digits: Digits, count: int, *, seed: int, makers: Executor) -> Digits:
    """Make pictures of these digits and of other things; return what `glyph` sees in them.

    Readings that are neither right nor plainly wrong are left out. The same arguments
    give the same frames, whoever makes them.

    Args:
        digits: what is written on the pictures.
        count: of pictures, rounded up to whole parts; each gives none to some frames.
        seed: decides all the rest.
        makers: the processes that do it.
    """
    slices = (digits[np.arange(start, start + SLICE) % len(digits)] for start in _starts(count))
    parts = makers.map(partial(_part, seed=seed), slices, _starts(count))
    frames, labels = zip(*(labelled for part in parts for labelled in part), strict=True)
    return Digits(frames=np.stack(frames), labels=np.array(labels, np.uint8))


def _starts(count: int) -> range:
    return range(0, count, SLICE)


def _part(digits: Digits, start: int, *, seed: int) -> list[Labelled]:
    chance = np.random.default_rng((seed, start))
    return [labelled for index in range(SLICE) for labelled in _picture(digits, index, chance)]


def _picture(digits: Digits, index: int, chance: Chance) -> Iterator[Labelled]:
    kind = chance.random()
    if kind < DIGIT:
        yield from _digit(digits, index, chance)
    elif kind < DIGIT + NUMBER:
        members = chance.integers(len(digits), size=int(chance.choice((2, 2, 2, 3, 4, 5))))
        yield from _number(list(digits.frames[members]), chance)
    else:
        picture = blank(chance) if kind < DIGIT + NUMBER + BLANK else nondigit(chance)
        yield from _nothing(look(picture).frames)


def _digit(digits: Digits, index: int, chance: Chance) -> Iterator[Labelled]:
    written, label = digits.frames[index], int(digits.labels[index])
    if chance.random() < DRAWN:
        label = int(chance.integers(10))
        written = drawn(label, chance)
    for frame in look(scene([written], chance)).frames:
        like = likeness(frame, written)
        if like >= SAME:
            yield frame, label
        elif like < OTHER:
            yield from _nothing([frame])


def _number(members: Sequence[Frame], chance: Chance) -> Iterator[Labelled]:
    written = fit(_side_by_side(members))
    for frame in look(scene(members, chance)).frames:
        # One member alone is a digit, whatever lies beside it; a patch of paper is neither.
        alone = max(likeness(frame, member) for member in members)
        if likeness(frame, written) > max(ALIKE, alone):
            yield frame, SEVERAL


def _nothing(frames: Sequence[Frame]) -> Iterator[Labelled]:
    return ((frame, NOT_A_DIGIT) for frame in frames if not _is_a_bar(frame))


def _is_a_bar(frame: Frame) -> bool:
    """Tell whether a reading of no digit can still not be told from a 1."""
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
