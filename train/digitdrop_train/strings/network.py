"""The number reader's network: a strip in, the signs along it out."""

from __future__ import annotations

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers

from digitdrop.inference.alphabet import BLANK, SIGNS
from digitdrop.preprocess.strip import HEIGHT
from digitdrop_train.strings.samples import MOST_SIGNS, NO_LABEL

STRIP_DROPOUT = 0.15
CENTRES_AT_FIRST, CENTRES_AT_LAST = 5.0, 0.3
"""Weight of the cross-entropy at the signs' middles, beside that of CTC: without it, the network
answers with blanks alone for its first epochs."""


def build_reader() -> keras.Model:
    """Make the untrained network.

    Input: uint8 (strips, 40, width, 1), 0 = paper, 255 = ink; width a multiple of 16. Output:
    float32 (strips, width / 4, 15), the logits of `alphabet`'s signs and `BLANK`.

    Convolutions alone, stride 4: a recurrent layer would learn the training's numbers by heart.
    Each row of the answer sees about two digits to either side.
    """
    strips = keras.Input((HEIGHT, None, 1), dtype="uint8", name="strips")
    x = layers.Rescaling(1 / 255)(strips)
    x = _convolve(x, 24, 5, strides=2)  # 20 rows, half the width
    x = _convolve(x, 48, 3, strides=2)  # 10 rows, a quarter of the width
    x = _convolve(x, 64, 3)
    x = _convolve(x, 96, 3, strides=(2, 1))  # 5 rows
    x = layers.Add()([x, _convolve(x, 96, 3)])
    x = layers.ZeroPadding2D((0, 1))(x)
    x = _convolve(x, 224, (5, 3), padding="valid")  # 1 row
    x = layers.Dropout(STRIP_DROPOUT)(x)
    x = layers.Add()([x, _convolve(x, 224, (1, 5))])
    x = layers.Dropout(STRIP_DROPOUT)(x)
    x = layers.Conv2D(SIGNS, 1, name="signs")(x)
    return keras.Model(strips, layers.Reshape((-1, SIGNS), name="logits")(x), name="numbers")


def _convolve(
    x: keras.KerasTensor,
    filters: int,
    size: int | tuple[int, int],
    *,
    strides: int | tuple[int, int] = 1,
    padding: str = "same",
) -> keras.KerasTensor:
    x = layers.Conv2D(filters, size, strides=strides, padding=padding, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


class StringLoss:
    """CTC over the strip, and cross-entropy where the middles of the signs are known."""

    def __init__(self) -> None:
        """Begin with the weight of the first step."""
        self._centres = tf.Variable(CENTRES_AT_FIRST, trainable=False, dtype=tf.float32)

    def progress(self, share: float) -> None:
        """Set the weight of the middles after this share of the training, 0-1."""
        falling = max(0.0, 1 - 4 * share)
        self._centres.assign(CENTRES_AT_LAST + falling * (CENTRES_AT_FIRST - CENTRES_AT_LAST))

    def __call__(self, targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Return the mean loss of a batch, in nats for each sign and one more.

        Args:
            targets: as `samples.packed` makes them.
            logits: as the network gives them.
        """
        whole = tf.cast(targets, tf.int32)  # Keras makes numbers with fractions of them
        signs, centres = whole[:, :MOST_SIGNS], whole[:, MOST_SIGNS:]
        labels = tf.sparse.from_dense(tf.where(signs == NO_LABEL, 0, signs + 1))
        shape = tf.shape(logits, out_type=tf.int32)
        lost = tf.nn.ctc_loss(
            labels=tf.SparseTensor(labels.indices, labels.values - 1, labels.dense_shape),
            logits=tf.transpose(logits, (1, 0, 2)),
            label_length=None,
            logit_length=tf.fill((shape[0],), shape[1]),
            blank_index=BLANK,
        )
        count = tf.reduce_sum(tf.cast(signs != NO_LABEL, tf.float32), axis=1)
        known = tf.cast(centres != NO_LABEL, tf.float32)
        off = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(centres, 0), logits)
        middle = tf.reduce_sum(off * known) / tf.maximum(1.0, tf.reduce_sum(known))
        return tf.reduce_mean(lost / (count + 1)) + self._centres * middle


def string_logits(network: keras.Model, strips: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the logits of strips.

    Args:
        network: as `build_reader` makes it.
        strips: uint8 (count, 40, width, 1).

    Returns:
        float32 (count, width / 4, 15).
    """
    answers = [
        keras.ops.convert_to_numpy(network(strips[start : start + 64], training=False))
        for start in range(0, len(strips), 64)
    ]
    return np.concatenate(answers)
