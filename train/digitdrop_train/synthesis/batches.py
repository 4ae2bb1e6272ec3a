"""The batches of an epoch: each digit in a new form, drawn digits, and frames of no digit.

Chunks of frames are made in other processes while the network learns. Each chunk has a seed of
its own, so the frames are the same whatever the number of processes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from digitdrop.values import NOT_A_DIGIT, SEVERAL
from digitdrop_train.data import Dataset
from digitdrop_train.synthesis.augment import GENTLE, augment
from digitdrop_train.synthesis.negatives import not_a_digit, several
from digitdrop_train.synthesis.strokes import draw_digit

Indices: TypeAlias = npt.NDArray[np.intp]

CHUNK = 1536
"""Digits of MNIST in a chunk: some tenths of a second's work."""
PREFETCHED = 6
"""Chunks made in advance."""
GENTLE_AT_LAST = 0.7
"""Probability that a digit of MNIST is changed only a little, not `GENTLE`, in the last epochs."""
LAST = 0.2
"""Share of the epochs that are the last: most pictures are better than the hardest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Frames shown beside the digits of MNIST, as shares of their number."""

    drawn: float = 0.26
    """Digits drawn stroke by stroke, in forms that are rare in MNIST."""
    seen: float = 0.18
    """Frames of the sample bank."""
    not_a_digit: float = 0.08
    several: float = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkSpec:
    """Contents of one chunk; travels to the process that makes it."""

    digits: Dataset
    seen: Dataset
    gentle: float
    """Probability that a digit is changed only a little, see `augment`."""
    drawn: int
    not_a_digit: int
    several: int
    seed: tuple[int, ...]

    def __len__(self) -> int:
        extra = self.drawn + self.not_a_digit + self.several
        return len(self.digits) + len(self.seen) + extra


def make_chunk(spec: ChunkSpec) -> Dataset:
    """Make the frames of a chunk and shuffle them; the same spec gives the same frames."""
    rng = np.random.default_rng(spec.seed)
    made = [
        (augment(frame, rng, gentle=spec.gentle), int(label))
        for frame, label in zip(spec.digits.frames, spec.digits.labels, strict=True)
    ]
    for frame, label in zip(spec.seen.frames, spec.seen.labels, strict=True):
        again = frame if rng.random() < 0.5 else augment(frame, rng, gentle=0.8)
        made.append((again, int(label)))
    for _ in range(spec.drawn):
        digit = int(rng.integers(10))
        made.append((augment(draw_digit(digit, rng), rng), digit))
    made += [(not_a_digit(spec.digits, rng), NOT_A_DIGIT) for _ in range(spec.not_a_digit)]
    made += [(several(spec.digits, rng), SEVERAL) for _ in range(spec.several)]
    return Dataset.of([made[index] for index in rng.permutation(len(made))])


@dataclass(frozen=True, kw_only=True)
class TrainingBatches:
    """Batches of full size, epoch after epoch, made in advance by other processes."""

    digits: Dataset
    """Each shown once in every epoch, augmented."""
    bank: Dataset
    """Frames of which some are drawn for each chunk; may be empty."""
    batch_size: int
    epochs: int
    """Passes over `digits`."""
    seed: int
    """Decides the order and all that is made."""
    executor: Executor
    """Processes that make the frames."""
    mixture: Mixture = Mixture()

    @cached_property
    def steps(self) -> int:
        """Number of batches in an epoch."""
        return sum(len(self._spec(0, part)) for part in self._parts(0)) // self.batch_size

    def from_epoch(self, first: int) -> Iterator[Iterator[Dataset]]:
        """Yield the epochs from number `first` on, 0 = all, each as its `steps` batches.

        An epoch is the same whether or not the epochs before it were made.
        """
        chunks = self._prefetched(first)
        for epoch in range(first, self.epochs):
            count = len(self._parts(epoch))
            yield islice(_batches(islice(chunks, count), self.batch_size), self.steps)

    def _prefetched(self, first: int) -> Iterator[Dataset]:
        futures = (
            self.executor.submit(make_chunk, self._spec(epoch, part))
            for epoch in range(first, self.epochs)
            for part in self._parts(epoch)
        )
        waiting = deque(islice(futures, PREFETCHED))
        while waiting:
            made = waiting.popleft().result()
            waiting.extend(islice(futures, 1))
            yield made

    def _parts(self, epoch: int) -> list[Indices]:
        """Shuffle the digits and divide them among the chunks of an epoch."""
        shuffled = np.random.default_rng((self.seed, epoch)).permutation(len(self.digits))
        return [shuffled[start : start + CHUNK] for start in range(0, len(shuffled), CHUNK)]

    def _spec(self, epoch: int, part: Indices) -> ChunkSpec:
        seed = (self.seed, epoch, int(part[0]))
        count = len(part)
        seen = round(self.mixture.seen * count) if len(self.bank) else 0
        drawn_again = np.random.default_rng(seed).integers(max(1, len(self.bank)), size=seen)
        return ChunkSpec(
            digits=self.digits[part],
            seen=self.bank[drawn_again],
            gentle=GENTLE_AT_LAST if epoch >= self.epochs * (1 - LAST) else GENTLE,
            drawn=round(self.mixture.drawn * count),
            not_a_digit=round(self.mixture.not_a_digit * count),
            several=round(self.mixture.several * count),
            seed=seed,
        )


def _batches(chunks: Iterator[Dataset], size: int) -> Iterator[Dataset]:
    """Cut chunks into full batches; the rest of a chunk goes before the next chunk."""
    frames, labels = np.empty((0, 28, 28), np.uint8), np.empty(0, np.uint8)
    for made in chunks:
        frames = np.concatenate([frames, made.frames])
        labels = np.concatenate([labels, made.labels])
        full = len(labels) // size * size
        for start in range(0, full, size):
            end = start + size
            yield Dataset(frames=frames[start:end], labels=labels[start:end])
        frames, labels = frames[full:], labels[full:]
