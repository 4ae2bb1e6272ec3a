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

from worker.ink.framing import SIDE
from worker.values import Frame, Probabilities

PLAIN = 0.95
"""What is believed this much at first sight is not looked at again: where all is, the figures on
held-out pictures are the same."""
TURN = 7.0
"""Degrees by which a frame is turned, either way: the usual turn that `train` teaches."""
STEP = 1.0
"""Pixels by which it is moved, in each of four directions."""


class Network(Protocol):
    """What answers for frames: `worker.classify.Classifier`, or something in its place."""

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        """Return one row per frame."""


def answers(pictures: Sequence[Sequence[Frame]], network: Network) -> list[Probabilities]:
    """Ask the network about pictures; the answer for one does not depend on its neighbours.

    Args:
        pictures: the frames of each, the most trusted first; any number, also none.
        network: asked about all of them, and once more about those that are in doubt.

    Returns:
        For each picture one row per frame, each summing to 1.
    """
    frames = [frame for picture in pictures for frame in picture]
    ends = np.cumsum([len(picture) for picture in pictures], dtype=np.intp)
    said = network.probabilities(frames)
    rows = np.split(said, ends)[:-1]
    doubts = [_doubtful(each) for each in rows]
    doubtful = np.flatnonzero(np.concatenate(doubts)).tolist() if doubts else []
    if doubtful:
        again = network.probabilities([view for one in doubtful for view in views(frames[one])])
        again = again.reshape(len(doubtful), len(_WAYS), -1)
        said[doubtful] = together(np.concatenate([said[doubtful, None], again], axis=1))
    return rows


def _doubtful(rows: Probabilities) -> npt.NDArray[np.bool_]:
    """Tell which frames of a picture to look at again: none if its first is plainly a digit."""
    if len(rows) and rows[0, :10].max() >= PLAIN:
        return np.zeros(len(rows), bool)
    return np.asarray(rows.max(axis=1, initial=0) < PLAIN, bool)


def views(frame: Frame) -> list[Frame]:
    """Return the further views of a frame, each uint8 (28, 28) as it is."""
    return [np.asarray(cv2.warpAffine(frame, way, (SIDE, SIDE)), np.uint8) for way in _WAYS]


def together(looks: Probabilities) -> Probabilities:
    """Put together what is said of several views of each frame, shape (frames, views, 12).

    The geometric mean of the probabilities, which is the softmax of the mean logits.
    """
    mean = np.exp(np.log(np.maximum(looks, _LEAST)).mean(axis=1))
    return np.asarray(mean / mean.sum(axis=1, keepdims=True), np.float32)


def _turned(degrees: float) -> npt.NDArray[np.float64]:
    middle = (SIDE - 1) / 2
    return np.asarray(cv2.getRotationMatrix2D((middle, middle), degrees, 1.0), np.float64)


def _moved(right: float, down: float) -> npt.NDArray[np.float64]:
    return np.array([[1.0, 0.0, right], [0.0, 1.0, down]])


_WAYS = (
    _turned(TURN),
    _turned(-TURN),
    _moved(STEP, 0),
    _moved(-STEP, 0),
    _moved(0, STEP),
    _moved(0, -STEP),
)
_LEAST = np.float32(1e-30)
