"""Frames of pictures -> their probabilities; doubtful frames are augmented at test time.

The network classifies several variants of a frame, and the results are averaged (Krizhevsky,
Sutskever and Hinton 2012, section 4.1). This is done for doubtful frames only, which keeps it
cheap.
"""

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.mnist_frame import FRAME_SIDE
from digitdrop.values import Frame, Probabilities

CONFIDENT = 0.95
"""Frames with a top probability of at least this are not augmented. Augmenting all frames changes
no figure on held-out pictures."""
TURN_DEGREES = 7.0
"""Degrees by which a frame is turned to either side: the usual turn in training."""
STEP = 1.0
"""Pixels by which a frame is moved, in each of four directions."""


class Network(Protocol):
    """Classifies frames: a `Classifier`, or a network in training."""

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        """Return one row of probabilities per frame."""


def classify_pictures(
    pictures: Sequence[Sequence[Frame]], network: Network
) -> list[Probabilities]:
    """Classify the frames of pictures, and average the variants of doubtful frames.

    The result for a picture does not depend on the other pictures.

    Args:
        pictures: the frames of each picture, the highest prior first; any number, also none.
        network: classifies all frames, and then the variants of doubtful ones.

    Returns:
        For each picture one row of probabilities per frame, float32 of shape (frames, 12).
    """
    frames = [frame for picture in pictures for frame in picture]
    counts = np.array([len(picture) for picture in pictures], np.intp)
    starts = np.cumsum(counts) - counts
    found = network.probabilities(frames)
    doubtful = _doubtful(found, starts, counts)
    if doubtful:
        again = network.probabilities(
            [variant for number in doubtful for variant in augmented(frames[number])]
        )
        again = again.reshape(len(doubtful), len(_WAYS), -1)
        found[doubtful] = average(np.concatenate([found[doubtful, None], again], axis=1))
    spans = zip(starts.tolist(), counts.tolist(), strict=True)
    return [found[start : start + count] for start, count in spans]


def _doubtful(
    rows: Probabilities, starts: npt.NDArray[np.intp], counts: npt.NDArray[np.intp]
) -> list[int]:
    """Return the numbers of doubtful frames; none of a picture whose first is plainly a digit."""
    are_digits = np.append(rows[:, :10].max(axis=1) >= CONFIDENT, False)  # for one without frames
    is_clear = np.repeat(are_digits[starts], counts)
    found: list[int] = np.flatnonzero(~is_clear & (rows.max(axis=1) < CONFIDENT)).tolist()
    return found


def augmented(frame: Frame) -> list[Frame]:
    """Return the six variants of a frame, each uint8 (28, 28): two turned and four moved."""
    return [
        np.asarray(cv2.warpAffine(frame, way, (FRAME_SIDE, FRAME_SIDE)), np.uint8) for way in _WAYS
    ]


def average(variants: Probabilities) -> Probabilities:
    """Return the geometric mean of probabilities, the same as the softmax of the mean logits.

    Args:
        variants: shape (frames, variants, 12).

    Returns:
        float32 of shape (frames, 12).
    """
    mean = np.exp(np.log(np.maximum(variants, _LEAST)).mean(axis=1))
    return np.asarray(mean / mean.sum(axis=1, keepdims=True), np.float32)


def _turned(degrees: float) -> npt.NDArray[np.float64]:
    middle = (FRAME_SIDE - 1) / 2
    return np.asarray(cv2.getRotationMatrix2D((middle, middle), degrees, 1.0), np.float64)


def _moved(right: float, down: float) -> npt.NDArray[np.float64]:
    return np.array([[1.0, 0.0, right], [0.0, 1.0, down]])


_WAYS = (
    _turned(TURN_DEGREES),
    _turned(-TURN_DEGREES),
    _moved(STEP, 0),
    _moved(-STEP, 0),
    _moved(0, STEP),
    _moved(0, -STEP),
)
_LEAST = np.float32(1e-30)
