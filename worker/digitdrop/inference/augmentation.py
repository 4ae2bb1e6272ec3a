"""Pictures' frames -> what the network says of them: at first sight, in doubt from more sides.

To show a network several views of a picture and to average what it says is common practice
(Krizhevsky, Sutskever and Hinton 2012, section 4.1). To do so only where no answer is plain
keeps it cheap.
"""

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.mnist_frame import FRAME_SIDE
from digitdrop.values import Frame, Probabilities

CONFIDENT = 0.95
"""What is believed this much at first sight is not looked at again: where all is, the figures on
held-out pictures are the same."""
TURN_DEGREES = 7.0
"""Degrees by which a frame is turned, either way: the usual turn that `train` teaches."""
STEP = 1.0
"""Pixels by which it is moved, in each of four directions."""


class Network(Protocol):
    """Answers for frames: a `Classifier`, or something in its place."""

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        """Return one row per frame."""


def classify_pictures(
    pictures: Sequence[Sequence[Frame]], network: Network
) -> list[Probabilities]:
    """Ask the network about pictures; the answer for one does not depend on its neighbours.

    Args:
        pictures: the frames of each, the most trusted first; any number, also none.
        network: asked about all of them, and once more about those that are in doubt.

    Returns:
        For each picture one row per frame, each summing to 1.
    """
    frames = [frame for picture in pictures for frame in picture]
    counts = np.array([len(picture) for picture in pictures], np.intp)
    starts = np.cumsum(counts) - counts
    said = network.probabilities(frames)
    doubtful = _doubtful(said, starts, counts)
    if doubtful:
        again = network.probabilities(
            [view for one in doubtful for view in augmented(frames[one])]
        )
        again = again.reshape(len(doubtful), len(_WAYS), -1)
        said[doubtful] = average(np.concatenate([said[doubtful, None], again], axis=1))
    spans = zip(starts.tolist(), counts.tolist(), strict=True)
    return [said[start : start + count] for start, count in spans]


def _doubtful(
    said: Probabilities, starts: npt.NDArray[np.intp], counts: npt.NDArray[np.intp]
) -> list[int]:
    """Tell which frames to look at again: none of a picture whose first is plainly a digit."""
    are_digits = np.append(said[:, :10].max(axis=1) >= CONFIDENT, False)  # where one has no frames
    is_clear = np.repeat(are_digits[starts], counts)
    found: list[int] = np.flatnonzero(~is_clear & (said.max(axis=1) < CONFIDENT)).tolist()
    return found


def augmented(frame: Frame) -> list[Frame]:
    """Return the further views of a frame, each uint8 (28, 28) as it is."""
    return [
        np.asarray(cv2.warpAffine(frame, way, (FRAME_SIDE, FRAME_SIDE)), np.uint8) for way in _WAYS
    ]


def average(looks: Probabilities) -> Probabilities:
    """Put together what is said of several views of each frame, shape (frames, views, 12).

    The geometric mean of the probabilities, which is the softmax of the mean logits.
    """
    mean = np.exp(np.log(np.maximum(looks, _LEAST)).mean(axis=1))
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
