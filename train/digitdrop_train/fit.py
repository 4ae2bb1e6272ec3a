"""The schedule: AdamW with warm-up and cosine decay; the weights that count are averages."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
import numpy.typing as npt

from digitdrop_train.average import Average
from digitdrop_train.data import Digits
from digitdrop_train.synthesis.batches import Lessons

BATCH = 128
PEAK = 2e-3
FLOOR = 1e-6
WEIGHT_DECAY = 1e-2
WARM_UP = 1.0
"""Epochs until the learning rate is at its peak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """How one epoch went: one row of history.csv."""

    epoch: int
    """From 1."""
    loss: float
    """On the augmented pictures, while learning them; all 12 classes."""
    accuracy: float
    validation_loss: float
    """Of the averaged weights, on digits held out, as they are."""
    validation_accuracy: float
    learning_rate: float


def fit(
    network: keras.Model,
    lessons: Lessons,
    held_out: Digits,
    *,
    on_step: Callable[[int, int, float], None],
    on_epoch: Callable[[Epoch], None],
) -> list[Epoch]:
    """Train; afterwards the network holds the averaged weights of its last step.

    Ctrl-C ends the training early, and the network keeps what it has learned.

    Args:
        network: as `digitdrop_train.network.build` makes it.
        lessons: what to learn, epoch after epoch.
        held_out: digits that the network never learns, to follow its progress; may be empty.
        on_step: told (epoch from 1, step from 1, mean loss so far in the epoch).
        on_epoch: told each epoch that was finished.

    Returns:
        The epochs that were finished.
    """
    schedule = _schedule(lessons.steps, lessons.epochs)
    _compile(network, schedule)
    average = Average(network)
    averaged = keras.models.clone_model(network)
    history: list[Epoch] = []
    try:
        for number, batches in enumerate(lessons, start=1):
            learned = _epoch(network, average, batches, partial(on_step, number))
            average.copy_to(averaged)
            validation = measure(averaged, held_out)
            history.append(
                Epoch(
                    epoch=number,
                    loss=learned[0],
                    accuracy=learned[1],
                    validation_loss=validation[0],
                    validation_accuracy=validation[1],
                    learning_rate=float(schedule(number * lessons.steps)),
                )
            )
            on_epoch(history[-1])
    except KeyboardInterrupt:
        pass  # the caller sees which epochs are missing
    average.copy_to(network)
    return history


def _compile(
    network: keras.Model, schedule: keras.optimizers.schedules.LearningRateSchedule
) -> None:
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    network.compile(
        optimizer,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,  # XLA halves the speed on a CPU
    )


def _epoch(
    network: keras.Model,
    average: Average,
    batches: Iterable[Digits],
    on_step: Callable[[int, float], None],
) -> tuple[float, float]:
    so_far = np.zeros(2)
    step = 0
    for step, batch in enumerate(batches, start=1):
        so_far += network.train_on_batch(batch.frames[..., None], batch.labels)
        average.add()
        on_step(step, float(so_far[0] / step))
    loss, accuracy = so_far / max(1, step)
    return float(loss), float(accuracy)


def _schedule(steps: int, epochs: int) -> keras.optimizers.schedules.LearningRateSchedule:
    warm_up = round(min(WARM_UP, epochs / 4) * steps)
    return keras.optimizers.schedules.CosineDecay(
        FLOOR,
        decay_steps=max(1, epochs * steps - warm_up),
        alpha=FLOOR / PEAK,
        warmup_target=PEAK,
        warmup_steps=warm_up,
    )


def logits(network: keras.Model, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Ask the network about frames, uint8 (count, 28, 28); float32 (count, 12)."""
    answers = [
        keras.ops.convert_to_numpy(network(frames[start : start + 500, ..., None], training=False))
        for start in range(0, len(frames), 500)
    ]
    return np.concatenate(answers) if answers else np.empty((0, 12), np.float32)


def measure(network: keras.Model, digits: Digits) -> tuple[float, float]:
    """Return mean cross-entropy over 12 classes and accuracy over 10; NaN without digits."""
    if not len(digits):
        return math.nan, math.nan
    answers = logits(network, digits.frames).astype(np.float64)
    answers -= answers.max(axis=1, keepdims=True)
    chances = answers - np.log(np.exp(answers).sum(axis=1, keepdims=True))
    losses = -chances[np.arange(len(digits)), digits.labels]
    return float(losses.mean()), float((answers[:, :10].argmax(axis=1) == digits.labels).mean())
