"""The way in which most tutorials read a picture: grey, resize to 28x28, predict.

With our own network, so that what is compared is the way from picture to frame.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from digitdrop.inference.classifier import Classifier
from digitdrop.values import Frame


def frame(path: Path) -> Frame:
    """Read a picture as a frame, whatever its polarity."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L").resize((28, 28)))


def inverted_when_light(frame: Frame) -> Frame:
    """Make dark on light light on dark, as the network expects it."""
    return ~frame if frame.mean() > 127.5 else frame


def predictions(frames: list[Frame], classifier: Classifier) -> npt.NDArray[np.int64]:
    """Return the most probable digit of each."""
    return np.asarray(classifier.probabilities(frames)[:, :10].argmax(axis=1), np.int64)
