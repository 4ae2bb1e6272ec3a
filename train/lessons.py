"""What one epoch shows: every digit in a new guise, drawn digits, and what is no digit.

The last epochs are gentler: their digits are more like those that will be read.

The pictures of an epoch are made in chunks by other processes, beside the training. Each
chunk has a seed of its own, so they are the same however many processes make them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from train.augment import GENTLE, augment
from train.data import Digits
from train.negatives import not_a_digit, several
from train.strokes import drawn
from worker.values import NOT_A_DIGIT, SEVERAL, Frame

Chance = np.random.Generator
Indices: TypeAlias = npt.NDArray[np.intp]

CHUNK = 1536
"""Digits of MNIST in a chunk: some tenths of a second's work."""
AHEAD = 6
"""Chunks made in advance."""


LAST, GENTLER, UNCHANGED = 0.2, 0.7, 0.1
"""In the last fifth of the epochs this share is changed but little, and this not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What is shown beside the digits of MNIST, each as a share of their number."""

    drawn: float = 0.12
    """Digits drawn from strokes, in the forms that MNIST has few of."""
    seen: float = 0.16
    """Frames of the bank: digits and other things as `glyph` sees them."""
    not_a_digit: float = 0.08
    several: float = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be made in one chunk."""

    digits: Digits
    seen: Digits
    drawn: int
    not_a_digit: int
    several: int
    last: bool
    """Whether it belongs to the last, gentler epochs."""
    seed: tuple[int, ...]

    def __len__(self) -> int:
        extra = self.drawn + self.not_a_digit + self.several
        return len(self.digits) + len(self.seen) + extra


def chunk(order: Order) -> Digits:
    """Make a chunk and shuffle it; the same order gives the same pictures."""
    chance = np.random.default_rng(order.seed)
    gentle = GENTLER if order.last else GENTLE
    made = [
        (_shown(frame, chance, gentle, order.last), int(label))
        for frame, label in zip(order.digits.frames, order.digits.labels, strict=True)
    ]
    for frame, label in zip(order.seen.frames, order.seen.labels, strict=True):
        again = frame if chance.random() < 0.5 else augment(frame, chance, gentle=0.8)
        made.append((again, int(label)))
    for _ in range(order.drawn):
        digit = int(chance.integers(10))
        made.append((augment(drawn(digit, chance), chance, gentle=gentle), digit))
    nothing = (not_a_digit(order.digits, chance) for _ in range(order.not_a_digit))
    made.extend((frame, NOT_A_DIGIT) for frame in nothing)
    numbers = (several(order.digits, chance) for _ in range(order.several))
    made.extend((frame, SEVERAL) for frame in numbers)
    shuffled = [made[index] for index in chance.permutation(len(made))]
    frames, labels = zip(*shuffled, strict=True)
    return Digits(frames=np.stack(frames), labels=np.array(labels, np.uint8))


def _shown(frame: Frame, chance: Chance, gentle: float, last: bool) -> Frame:
    if last and chance.random() < UNCHANGED:
        return frame
    return augment(frame, chance, gentle=gentle)


class Lessons:
    """Epoch after epoch of batches, made ahead of time in other processes."""

    def __init__(
        self,
        digits: Digits,
        seen: Digits,
        *,
        batch: int,
        epochs: int,
        seed: int,
        shares: Shares,
        makers: Executor,
    ) -> None:
        """Plan the lessons; nothing is made yet.

        Args:
            digits: shown once in each epoch, augmented.
            seen: the bank, from which some are drawn for each chunk.
            batch: frames that are learned at a time.
            epochs: how often to go through the digits.
            seed: decides the order and all that is made.
            shares: what is shown beside the digits.
            makers: the processes that make the pictures.
        """
        self._digits = digits
        self._seen = seen
        self._batch = batch
        self._seed = seed
        self._shares = shares
        self._makers = makers
        self.epochs = epochs
        self.steps = sum(len(self._order(0, chosen)) for chosen in self._chosen(0)) // batch
        """Batches in an epoch."""

    def __iter__(self) -> Iterator[Iterator[Digits]]:
        """Yield each epoch as an iterator over its `steps` batches, all of them full."""
        chunks = self._ahead()
        for epoch in range(self.epochs):
            count = len(self._chosen(epoch))
            yield islice(_batches(islice(chunks, count), self._batch), self.steps)

    def _ahead(self) -> Iterator[Digits]:
        orders = (
            self._makers.submit(chunk, self._order(epoch, chosen))
            for epoch in range(self.epochs)
            for chosen in self._chosen(epoch)
        )
        waiting = deque(islice(orders, AHEAD))
        while waiting:
            made = waiting.popleft().result()
            waiting.extend(islice(orders, 1))
            yield made

    def _chosen(self, epoch: int) -> list[Indices]:
        """Deal out the digits of an epoch among its chunks."""
        shuffled = np.random.default_rng((self._seed, epoch)).permutation(len(self._digits))
        return [shuffled[start : start + CHUNK] for start in range(0, len(shuffled), CHUNK)]

    def _order(self, epoch: int, chosen: Indices) -> Order:
        seed = (self._seed, epoch, int(chosen[0]))
        count = len(chosen)
        some = round(self._shares.seen * count) if len(self._seen) else 0
        again = np.random.default_rng(seed).integers(max(1, len(self._seen)), size=some)
        return Order(
            digits=self._digits[chosen],
            seen=self._seen[again],
            drawn=round(self._shares.drawn * count),
            not_a_digit=round(self._shares.not_a_digit * count),
            several=round(self._shares.several * count),
            last=epoch >= (1 - LAST) * self.epochs,
            seed=seed,
        )


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
