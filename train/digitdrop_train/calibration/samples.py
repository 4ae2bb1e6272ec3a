"""The calibration set: held-out pictures, read as the worker reads them.

Half of the digits are frames as MNIST has them; half are photographed, scanned and drawn, see
`synthesis.scenes`. Beside them are numbers, letters, scribbles and empty paper.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.random import Generator

from digitdrop.preprocess.normalise import normalise
from digitdrop.values import NOT_A_DIGIT, SEVERAL, Candidates, Grey
from digitdrop_train.data import Dataset
from digitdrop_train.progress import track
from digitdrop_train.synthesis.scenes import blank, nondigit, scene

SLICE = 50
"""Digits from which one process makes pictures at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One picture: its candidate frames and its true label."""

    candidates: Candidates
    label: int
    """0-9, `NOT_A_DIGIT` or `SEVERAL`."""
    plain: bool
    """True for a frame of MNIST as it is."""


def make_samples(digits: Dataset, count: int, *, seed: int, executor: Executor) -> list[Sample]:
    """Make `count` plain digits, as many realistic ones, and half as many other pictures.

    The same arguments give the same samples, whatever the number of processes. Of fewer than
    `count` digits each is used several times; each realistic picture has a paper of its own.

    Args:
        digits: held-out digits, at least one.
        count: number of plain digits.
        seed: decides the order and all that is made.
        executor: processes that make the pictures.
    """
    order = np.random.default_rng(seed).permutation(len(digits))
    chosen = digits[np.resize(order, count)]
    plain = [
        Sample(candidates=normalise(frame), label=int(label), plain=True)
        for frame, label in zip(chosen.frames, chosen.labels, strict=True)
    ]
    starts = range(0, count, SLICE)
    slices = (chosen[start : start + SLICE] for start in starts)
    parts = executor.map(partial(_realistic, seed=seed), slices, starts)
    shown = track(parts, len(starts), "making the calibration set")
    return plain + [sample for part in shown for sample in part]


def _realistic(digits: Dataset, start: int, *, seed: int) -> list[Sample]:
    rng = np.random.default_rng((seed, start))
    samples = []
    for index, (frame, label) in enumerate(zip(digits.frames, digits.labels, strict=True)):
        samples.append(_sample(scene([frame], rng), int(label)))
        if index % 2:
            samples.append(_no_digit(digits, rng))
    return samples


def _no_digit(digits: Dataset, rng: Generator) -> Sample:
    lot = rng.random()
    if lot < 0.4:
        members = rng.integers(len(digits), size=int(rng.integers(2, 6)))
        return _sample(scene(list(digits.frames[members]), rng), SEVERAL)
    picture = blank(rng) if lot < 0.55 else nondigit(rng)
    return _sample(picture, NOT_A_DIGIT)


def _sample(picture: Grey, label: int) -> Sample:
    return Sample(candidates=normalise(picture), label=label, plain=False)
