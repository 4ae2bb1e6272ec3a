"""What one epoch shows: every digit in a new guise, drawn digits, and what is no digit.

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

from digitdrop_train.data import Digits
from digitdrop_train.synthesis.augment import GENTLE
from digitdrop_train.synthesis.chunk import Order, chunk

Indices: TypeAlias = npt.NDArray[np.intp]

CHUNK = 1536
"""Digits of MNIST in a chunk: some tenths of a second's work."""
AHEAD = 6
"""Chunks made in advance."""
AT_LAST = 0.7
"""How often a digit of MNIST is changed only a little, not `GENTLE`, in the last epochs ..."""
LAST = 0.2
"""... which are this share of all: most pictures are better than the hardest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What is shown beside the digits of MNIST, each as a share of their number."""

    drawn: float = 0.26
    """Digits drawn from strokes, in the forms that MNIST has few of."""
    seen: float = 0.18
    """Frames of the bank: digits and other things as `glyph` sees them."""
    not_a_digit: float = 0.08
    several: float = 0.06


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
            gentle=AT_LAST if epoch >= self.epochs * (1 - LAST) else GENTLE,
            drawn=round(self._shares.drawn * count),
            not_a_digit=round(self._shares.not_a_digit * count),
            several=round(self._shares.several * count),
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
