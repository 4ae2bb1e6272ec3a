"""Held-out pictures that are read as the worker reads them, for choosing how far to believe it.

Half of the digits are as MNIST has them, half are photographed, scanned and drawn
(`scenes`); beside them lie numbers, letters, scribbles and empty paper.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from digitdrop.preprocess.normalise import look
from digitdrop.values import NOT_A_DIGIT, SEVERAL, Grey, Sight
from digitdrop_train.data import Digits
from digitdrop_train.synthesis.scenes import blank, nondigit, scene

Chance = np.random.Generator

SLICE = 50
"""Pictures that one process makes at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One picture as `glyph` sees it, and what it really shows."""

    sight: Sight
    label: int
    """0-9, `NOT_A_DIGIT` or `SEVERAL`."""
    plain: bool
    """Whether it is a frame of MNIST as it is."""


def questions(digits: Digits, count: int, *, seed: int, makers: Executor) -> list[Question]:
    """Make `count` plain digits, as many realistic ones, and half as many of other things.

    The same arguments give the same questions, whoever makes them.
    """
    order = np.random.default_rng(seed).permutation(len(digits))
    shown = digits[np.resize(order, count)]
    plain = [
        Question(sight=look(frame), label=int(label), plain=True)
        for frame, label in zip(shown.frames, shown.labels, strict=True)
    ]
    starts = range(0, count, SLICE)
    parts = (shown[start : start + SLICE] for start in starts)
    made = makers.map(partial(_realistic, seed=seed), parts, starts)
    return plain + [question for part in made for question in part]


def _realistic(shown: Digits, start: int, *, seed: int) -> list[Question]:
    chance = np.random.default_rng((seed, start))
    asked = []
    for index, (frame, label) in enumerate(zip(shown.frames, shown.labels, strict=True)):
        asked.append(_question(scene([frame], chance), int(label)))
        if index % 2:
            asked.append(_other(shown, chance))
    return asked


def _other(shown: Digits, chance: Chance) -> Question:
    kind = chance.random()
    if kind < 0.4:
        members = chance.integers(len(shown), size=int(chance.integers(2, 6)))
        return _question(scene(list(shown.frames[members]), chance), SEVERAL)
    picture = blank(chance) if kind < 0.55 else nondigit(chance)
    return _question(picture, NOT_A_DIGIT)


def _question(picture: Grey, label: int) -> Question:
    return Question(sight=look(picture), label=label, plain=False)
