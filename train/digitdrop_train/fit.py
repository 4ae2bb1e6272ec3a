"""The schedule: AdamW with warm-up and cosine decay; the result is an average of the weights."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

import keras
import numpy as np
import numpy.typing as npt

from digitdrop_train.data import Dataset
from digitdrop_train.network import validate

BATCH_SIZE = 128
PEAK_RATE = 2e-3
LAST_RATE = 1e-6
WEIGHT_DECAY = 1e-2
WARM_UP = 1.0
"""Epochs until the learning rate is at its peak."""
AVERAGE_DECAY = 0.999
"""Share of the moving average that stays at each step (An et al. 2020)."""


Batch = TypeVar("Batch")
Made_co = TypeVar("Made_co", covariant=True)
Learned_contra = TypeVar("Learned_contra", contravariant=True)


class Batches(Protocol[Made_co]):
    """Pictures to learn, epoch after epoch."""

    @property
    def epochs(self) -> int:
        """Number of epochs."""

    @property
    def steps(self) -> int:
        """Number of batches in an epoch."""

    def from_epoch(self, first: int) -> Iterator[Iterator[Made_co]]:
        """Yield the epochs from number `first` on, 0 = all, each as its batches."""


class Task(Protocol[Learned_contra]):
    """A network's task: its loss, and its figures on held-out pictures."""

    def compile(self, network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        """Give the network its loss."""

    def learn(
        self, network: keras.Model, batch: Learned_contra, done: float
    ) -> tuple[float, float]:
        """Learn one batch, after this share of all steps; return mean loss and accuracy."""

    def validate(self, network: keras.Model) -> tuple[float, float]:
        """Return loss and accuracy on held-out pictures; NaN without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitTask:
    """Tell digits apart, and from what is none."""

    held_out: Dataset
    """Digits to follow the progress on; may be empty."""

    def compile(self, network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        """Give the network its loss: the cross-entropy of 12 classes."""
        network.compile(
            optimizer,
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
            jit_compile=False,  # XLA halves the speed on a CPU
        )

    def learn(self, network: keras.Model, batch: Dataset, _: float) -> tuple[float, float]:
        """Learn one batch; return mean loss and accuracy."""
        loss, accuracy = network.train_on_batch(batch.frames[..., None], batch.labels)
        return float(loss), float(accuracy)

    def validate(self, network: keras.Model) -> tuple[float, float]:
        """Return mean log loss over 12 classes and accuracy over 0-9."""
        return validate(network, self.held_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """Figures of one epoch: a row of history.csv."""

    epoch: int
    """From 1."""
    loss: float
    """Mean over the epoch's batches of augmented frames, 12 classes, in nats."""
    accuracy: float
    """Mean over the same batches; NaN where it is not followed."""
    validation_loss: float
    """Of the averaged weights, on held-out digits without augmentation."""
    validation_accuracy: float
    learning_rate: float
    seconds: float
    """Wall-clock time, with the validation."""

    def __str__(self) -> str:
        """Return the figures in one line."""
        learned = "" if math.isnan(self.accuracy) else f", accuracy {self.accuracy:.2%}"
        return (
            f"loss {self.loss:.4f}{learned}; validation loss "
            f"{self.validation_loss:.4f}, accuracy {self.validation_accuracy:.2%}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A training up to the end of an epoch."""

    history: Sequence[Epoch]
    """The finished epochs."""
    arrays: Sequence[npt.NDArray[np.generic]]
    """All that later steps depend on: the weights, the random generator of the dropout, moments
    and step of AdamW, and the moving average."""


class MovingAverage:
    """The exponential moving average of a network's weights (Polyak and Juditsky 1992).

    Keras's `use_ema` leaves out the statistics of batch normalisation, and those of the last
    step do not belong to averaged weights; nor does it warm up.
    """

    def __init__(self, network: keras.Model) -> None:
        """Start at the network's present weights."""
        self._sources = _float_weights(network)
        self.means = [keras.ops.convert_to_numpy(each).copy() for each in self._sources]
        """Float32 arrays in the order of the network's weights."""

    def add(self, step: int) -> None:
        """Take in the weights as they are after this step, which counts from 1."""
        # A short memory at the start forgets the random weights soon.
        keep = min(AVERAGE_DECAY, (1 + step) / (10 + step))
        for mean, source in zip(self.means, self._sources, strict=True):
            np.multiply(mean, keep, out=mean)
            np.add(mean, (1 - keep) * keras.ops.convert_to_numpy(source), out=mean)

    def copy_to(self, network: keras.Model) -> None:
        """Give the average to a network of the same architecture."""
        for mean, target in zip(self.means, _float_weights(network), strict=True):
            target.assign(mean)


def _float_weights(network: keras.Model) -> list[keras.Variable]:
    return [each for each in network.weights if each.dtype == "float32"]


def fit(
    network: keras.Model,
    batches: Batches[Batch],
    task: Task[Batch],
    *,
    resume: Snapshot | None,
    on_step: Callable[[int, int, float], None],
    on_epoch: Callable[[Snapshot], None],
) -> list[Epoch]:
    """Train a network; afterwards it holds the averaged weights of the last step.

    Ctrl-C ends the training early: the network then holds the average of the steps so far.

    Args:
        network: untrained, as `network.build` makes it.
        batches: pictures to learn, epoch after epoch.
        task: the network's.
        resume: a snapshot to go on from, or None. The result is the same as without the
            interruption.
        on_step: called with epoch and step, both from 1, and the mean loss of the epoch so far.
        on_epoch: called with a snapshot after each epoch.

    Returns:
        The finished epochs.
    """
    schedule = _schedule(batches.steps, batches.epochs)
    averaged = keras.models.clone_model(network)  # a compiled one is copied with its loss
    _compile(network, task, schedule)
    average = MovingAverage(network)
    history = list(resume.history) if resume else []
    if resume:
        _restore(network, average, resume.arrays)
    first = len(history)
    try:
        for number, epoch in enumerate(batches.from_epoch(first), start=first + 1):
            started = time.monotonic()
            learner = _Learner(network, task, average, batches.steps * batches.epochs)
            before = (number - 1) * batches.steps
            loss, accuracy = learner.learn(epoch, before, partial(on_step, number))
            average.copy_to(averaged)
            validation_loss, validation_accuracy = task.validate(averaged)
            done = Epoch(
                epoch=number,
                loss=loss,
                accuracy=accuracy,
                validation_loss=validation_loss,
                validation_accuracy=validation_accuracy,
                learning_rate=float(schedule(number * batches.steps)),
                seconds=time.monotonic() - started,
            )
            history = [*history, done]
            on_epoch(Snapshot(history=history, arrays=_arrays(network, average)))
    except KeyboardInterrupt:
        pass  # the caller sees from the result that epochs are missing
    average.copy_to(network)
    return history


def _compile(
    network: keras.Model,
    task: Task[Batch],
    schedule: keras.optimizers.schedules.LearningRateSchedule,
) -> None:
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    task.compile(network, optimizer)
    optimizer.build(network.trainable_variables)


class _Learner(Generic[Batch]):
    """Takes the steps of an epoch."""

    def __init__(
        self, network: keras.Model, task: Task[Batch], average: MovingAverage, steps: int
    ) -> None:
        self._network = network
        self._task = task
        self._average = average
        self._steps = steps

    def learn(
        self, batches: Iterable[Batch], before: int, on_step: Callable[[int, float], None]
    ) -> tuple[float, float]:
        """Learn the batches of an epoch after `before` steps; return mean loss and accuracy."""
        sums = np.zeros(2)
        step = 0
        for step, batch in enumerate(batches, start=1):
            sums += self._task.learn(self._network, batch, (before + step) / self._steps)
            self._average.add(before + step)
            on_step(step, float(sums[0] / step))
        loss, accuracy = sums / max(1, step)
        return float(loss), float(accuracy)


def _schedule(steps: int, epochs: int) -> keras.optimizers.schedules.LearningRateSchedule:
    warm_up = round(min(WARM_UP, epochs / 4) * steps)
    return keras.optimizers.schedules.CosineDecay(
        LAST_RATE,
        decay_steps=max(1, epochs * steps - warm_up),
        alpha=LAST_RATE / PEAK_RATE,
        warmup_target=PEAK_RATE,
        warmup_steps=warm_up,
    )


def _variables(network: keras.Model) -> list[keras.Variable]:
    return [*network.variables, *network.optimizer.variables]


def _arrays(network: keras.Model, average: MovingAverage) -> list[npt.NDArray[np.generic]]:
    variables = (keras.ops.convert_to_numpy(each) for each in _variables(network))
    return [array.copy() for array in (*variables, *average.means)]


def _restore(
    network: keras.Model, average: MovingAverage, arrays: Sequence[npt.NDArray[np.generic]]
) -> None:
    variables = _variables(network)
    for variable, array in zip(variables, arrays, strict=False):
        variable.assign(array)
    average.means = [array.copy() for array in arrays[len(variables) :]]
