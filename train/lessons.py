"""What one epoch shows: every digit in a new guise, drawn digits, and what is no digit.

The pictures of an epoch are made in chunks by other processes, beside the training. Each
chunk has a seed of its own, so they are the same however many processes make them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import islice

import numpy as np

from train.augment import augment
from train.data import Digits
from train.negatives import not_a_digit, several
from train.strokes import drawn
from worker.values import NOT_A_DIGIT, SEVERAL

CHUNK = 1536
"""Digits of MNIST in a chunk: some tenths of a second's work."""
AHEAD = 6
"""Chunks made in advance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What is shown beside the digits of MNIST, each as a share of their number."""

    drawn: float = 0.12
    """Digits drawn from strokes, in the forms that MNIST has few of."""
    not_a_digit: float = 0.15
    several: float = 0.10


def chunk(digits: Digits, shares: Shares, seed: tuple[int, ...]) -> Digits:
    """Make a chunk: these digits augmented, and what comes beside them, shuffled.

    Runs in another process; the same arguments give the same pictures.
    """
    chance = np.random.default_rng(seed)
    frames = [augment(frame, chance) for frame in digits.frames]
    labels = [int(label) for label in digits.labels]
    for _ in range(round(shares.drawn * len(digits))):
        digit = int(chance.integers(10))
        frames.append(augment(drawn(digit, chance), chance))
        labels.append(digit)
    for share, maker, label in (
        (shares.not_a_digit, not_a_digit, NOT_A_DIGIT),
        (shares.several, several, SEVERAL),
    ):
        count = round(share * len(digits))
        frames += [maker(digits, chance) for _ in range(count)]
        labels += [label] * count
    order = chance.permutation(len(frames))
    return Digits(frames=np.stack(frames)[order], labels=np.array(labels, np.uint8)[order])


class Lessons:
    """Epoch after epoch of batches, made ahead of time in other processes."""

    def __init__(
        self, digits: Digits, *, batch: int, seed: int, shares: Shares, makers: Executor
    ) -> None:
        """Plan to show `digits` and what goes with them; nothing is made yet."""
        self._digits = digits
        self._batch = batch
        self._seed = seed
        self._shares = shares
        self._makers = makers

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        sizes = [min(CHUNK, len(self._digits) - start) for start in self._starts()]
        beside = (self._shares.drawn, self._shares.not_a_digit, self._shares.several)
        count = sum(size + sum(round(share * size) for share in beside) for size in sizes)
        return count // self._batch

    def epochs(self, count: int) -> Iterator[Iterator[Digits]]:
        """Yield each epoch as an iterator over its `steps` batches, all of them full."""
        chunks = self._ahead(count)
        per_epoch = len(self._starts())
        for _ in range(count):
            yield islice(_batches(islice(chunks, per_epoch), self._batch), self.steps)

    def _ahead(self, epochs: int) -> Iterator[Digits]:
        orders = self._orders(epochs)
        waiting: deque[Future[Digits]] = deque(islice(orders, AHEAD))
        while waiting:
            made = waiting.popleft().result()
            waiting.extend(islice(orders, 1))
            yield made

    def _orders(self, epochs: int) -> Iterator[Future[Digits]]:
        for epoch in range(epochs):
            order = np.random.default_rng((self._seed, epoch)).permutation(len(self._digits))
            for start in self._starts():
                shown = self._digits[order[start : start + CHUNK]]
                seed = (self._seed, epoch, start)
                yield self._makers.submit(chunk, shown, self._shares, seed)

    def _starts(self) -> range:
        return range(0, len(self._digits), CHUNK)


def _batches(chunks: Iterator[Digits], size: int) -> Iterator[Digits]:
    """Cut chunks into full batches; what is left of one goes before the next."""
    frames, labels = np.empty((0, 28, 28), np.uint8), np.empty(0, np.uint8)
    for made in chunks:
        frames = np.concatenate([frames, made.frames])
        labels = np.concatenate([labels, made.labels])
        full = len(labels) // size * size
        for start in range(0, full, size):
            end = start + size
            yield Digits(frames=frames[start:end], labels=labels[start:end])
        frames, labels = frames[full:], labels[full:]
