"""The network: 28 x 28 bytes in, 12 logits out."""

from __future__ import annotations

import math

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from digitdrop.values import CLASSES
from digitdrop_train.data import Dataset

DROPOUT = 0.4
"""As in the best documented network of this size (Deotte 2018)."""


def build() -> keras.Model:
    """Make the untrained network.

    Input: uint8 (frames, 28, 28, 1), 0 = paper, 255 = ink, so that training and serving cannot
    disagree about scaling. Output: float32 (frames, 12), the logits of 0-9, `NOT_A_DIGIT` and
    `SEVERAL`.

    Convolutions without padding, then batch normalisation and ReLU, as in every network that is
    known to pass 99.75 % (An et al. 2020, Byerly et al. 2020). The large stages cost the most
    and hold the fewest weights: one wide convolution, pooled at once, is enough for the first,
    and the smallest has the most filters. The last stage is flattened, not averaged: in centred
    digits the position of a stroke carries information.
    """
    frames = keras.Input((28, 28, 1), dtype="uint8", name="frames")
    x = layers.Rescaling(1 / 255)(frames)
    x = layers.Conv2D(32, 5, use_bias=False)(x)  # 24 pixels a side
    x = _normalised(layers.MaxPooling2D()(x))  # 12
    x = _convolve(x, 64)  # 10
    x = _convolve(x, 64)  # 8
    x = _convolve(x, 64, padding="same")
    x = layers.MaxPooling2D()(x)  # 4
    x = _convolve(x, 192, padding="same")
    x = _convolve(x, 192)  # 2
    x = layers.Flatten()(x)
    x = layers.Dropout(DROPOUT)(x)
    return keras.Model(frames, layers.Dense(CLASSES, name="logits")(x), name="digits")


def _convolve(x: keras.KerasTensor, filters: int, *, padding: str = "valid") -> keras.KerasTensor:
    # The normalisation has its own offset, so the convolution needs no bias.
    return _normalised(layers.Conv2D(filters, 3, padding=padding, use_bias=False)(x))


def _normalised(x: keras.KerasTensor) -> keras.KerasTensor:
    # Its statistics follow the last ten steps only: `fit.MovingAverage` averages them together
    # with the weights.
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def multiply_adds(network: keras.Model) -> int:
    """Return the multiply-adds for one frame, in convolutions and dense layers."""
    counts = (
        math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        for layer in network.layers
        if isinstance(layer, layers.Conv2D | layers.Dense)
    )
    return int(sum(counts))


def logits(network: keras.Model, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the logits, float32 (count, 12), of frames, uint8 (count, 28, 28)."""
    answers = [
        keras.ops.convert_to_numpy(network(frames[start : start + 500, ..., None], training=False))
        for start in range(0, len(frames), 500)
    ]
    return np.concatenate(answers) if answers else np.empty((0, 12), np.float32)


def validate(network: keras.Model, digits: Dataset) -> tuple[float, float]:
    """Return mean log loss over 12 classes and accuracy over 0-9; NaN without digits."""
    if not len(digits):
        return math.nan, math.nan
    answers = logits(network, digits.frames).astype(np.float64)
    answers -= answers.max(axis=1, keepdims=True)
    log_probabilities = answers - np.log(np.exp(answers).sum(axis=1, keepdims=True))
    losses = -log_probabilities[np.arange(len(digits)), digits.labels]
    return float(losses.mean()), float((answers[:, :10].argmax(axis=1) == digits.labels).mean())
