"""The number reader's task: CTC, and exact numbers on held-out strips."""

from __future__ import annotations

from dataclasses import dataclass, field

import keras
import numpy as np
import numpy.typing as npt

from digitdrop.inference.alphabet import BLANK
from digitdrop_train.strings.batches import STRIPS_IN_A_BATCH, StringBatch
from digitdrop_train.strings.network import StringLoss, string_logits
from digitdrop_train.strings.samples import MOST_SIGNS, NO_LABEL, StripSample, packed


@dataclass(kw_only=True)
class StringTask:
    """Read strips."""

    held_out: list[StripSample]
    """Strips of digits that are not learned; may be empty."""
    loss: StringLoss = field(default_factory=StringLoss)

    def compile(self, network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        """Give the network its loss."""
        network.compile(optimizer, self.loss, jit_compile=False)

    def learn(self, network: keras.Model, batch: StringBatch, done: float) -> tuple[float, float]:
        """Learn one batch; the accuracy is not followed on learned strips, and is NaN."""
        self.loss.progress(done)
        return float(network.train_on_batch(*batch)), float("nan")

    def validate(self, network: keras.Model) -> tuple[float, float]:
        """Return the mean loss and the share of strips whose likeliest signs are all right."""
        losses, right = [], 0
        for strips, targets in self._parts():
            logits = string_logits(network, strips)
            losses.append(len(strips) * float(self.loss(targets, logits)))
            wanted = [row[row != NO_LABEL].tolist() for row in targets[:, :MOST_SIGNS]]
            right += sum(a == b for a, b in zip(greedy(logits), wanted, strict=True))
        count = len(self.held_out)
        return (sum(losses) / count, right / count) if count else (float("nan"), float("nan"))

    def _parts(self) -> list[StringBatch]:
        by_width: dict[int, list[StripSample]] = {}
        for sample in self.held_out:
            by_width.setdefault(sample.pixels.shape[1], []).append(sample)
        return [
            packed(samples[start : start + STRIPS_IN_A_BATCH])
            for samples in by_width.values()
            for start in range(0, len(samples), STRIPS_IN_A_BATCH)
        ]


def greedy(logits: npt.NDArray[np.float32]) -> list[list[int]]:
    """Return the likeliest sign of each row, repeats and blanks left out."""
    best = logits.argmax(axis=2)
    starts = np.pad(best[:, 1:] != best[:, :-1], ((0, 0), (1, 0)), constant_values=True)
    kept = starts & (best != BLANK)
    return [row[keep].tolist() for row, keep in zip(best, kept, strict=True)]
