"""Batches of strips: pictures drawn anew in every epoch, cut by the worker's own step.

Chunks of pictures are made in other processes while the network learns. Each chunk has a seed of
its own, so the strips are the same whatever the number of processes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.strip import WIDTHS
from digitdrop_train.strings.hand import Styles
from digitdrop_train.strings.pictures import number_picture
from digitdrop_train.strings.samples import StripSample, again, packed, samples_of

StringBatch: TypeAlias = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]
"""Strips and targets, as `samples.packed` makes them."""

STRIP_CHUNK = 250
"""Pictures in a chunk: about two seconds' work."""
PREFETCHED_STRIPS = 8
"""Chunks made in advance."""
STRIPS_IN_A_BATCH = 64
COPIES = 1
"""Further strips made of each: to draw a picture takes longer than to learn a strip."""
SHUFFLED = 3_000
"""Strips that wait to be drawn by lot."""
YIELD = 1.15
"""Strips that a picture gives at least, on average over a chunk: the rest of an epoch is left."""


def make_string_chunk(
    styles: Styles, count: int, seed: tuple[int, ...], *, copies: int = COPIES
) -> list[StripSample]:
    """Make `count` pictures and return their strips, each with so many copies.

    The same arguments give the same strips.
    """
    rng = np.random.default_rng(seed)
    samples: list[StripSample] = []
    for _ in range(count):
        for sample in samples_of(number_picture(styles, rng)):
            samples += [sample, *(again(sample, rng) for _ in range(copies))]
    return samples


_styles: list[Styles] = []


def keep_styles(styles: Styles) -> None:
    """Keep the digits in a process that makes chunks: they are sent to it once."""
    _styles[:] = [styles]


def _make(count: int, seed: tuple[int, ...]) -> list[StripSample]:
    return make_string_chunk(_styles[0], count, seed)


@dataclass(frozen=True, kw_only=True)
class StringBatches:
    """Batches of one width each, made in advance by processes that `keep_styles` started."""

    pictures: int
    """Pictures in an epoch."""
    epochs: int
    seed: int
    executor: Executor

    @property
    def steps(self) -> int:
        """Number of batches in an epoch."""
        return max(1, round(self.pictures * YIELD * (1 + COPIES)) // STRIPS_IN_A_BATCH)

    def from_epoch(self, first: int) -> Iterator[Iterator[StringBatch]]:
        """Yield the epochs from number `first` on, 0 = all, each as its `steps` batches.

        An epoch is the same whether or not the epochs before it were made.
        """
        sizes = [STRIP_CHUNK] * (self.pictures // STRIP_CHUNK)
        if self.pictures % STRIP_CHUNK:
            sizes.append(self.pictures % STRIP_CHUNK)
        futures = (
            self.executor.submit(_make, size, (self.seed, epoch, number))
            for epoch in range(first, self.epochs)
            for number, size in enumerate(sizes)
        )
        waiting = deque(islice(futures, PREFETCHED_STRIPS))

        def chunks() -> Iterator[list[StripSample]]:
            for _ in sizes:
                made = waiting.popleft().result()
                waiting.extend(islice(futures, 1))
                yield made

        for epoch in range(first, self.epochs):
            rng = np.random.default_rng((self.seed, epoch))
            yield islice(_batches(chunks(), rng), self.steps)


def _batches(
    chunks: Iterator[Sequence[StripSample]], rng: np.random.Generator
) -> Iterator[StringBatch]:
    """Draw batches of one width by lot from the strips that wait."""
    waiting: dict[int, list[StripSample]] = {width: [] for width in WIDTHS}
    ended = False
    while not ended:
        chunk = next(chunks, None)
        ended = chunk is None
        for sample in chunk or ():
            waiting[sample.pixels.shape[1]].append(sample)
        while True:
            total = sum(map(len, waiting.values()))
            full = [
                width for width, samples in waiting.items() if len(samples) >= STRIPS_IN_A_BATCH
            ]
            if not full or (total < SHUFFLED and not ended):
                break
            shares = np.array([len(waiting[width]) for width in full], np.float64)
            samples = waiting[int(rng.choice(full, p=shares / shares.sum()))]
            drawn = rng.permutation(len(samples))[:STRIPS_IN_A_BATCH]
            yield packed([samples[index] for index in drawn])
            for index in sorted(drawn.tolist(), reverse=True):
                samples[index] = samples[-1]
                samples.pop()
    rest = [samples for samples in waiting.values() if samples]
    for samples in rest:
        yield packed(samples)
