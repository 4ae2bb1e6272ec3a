from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from digitdrop.inference.augmentation import (
    CONFIDENT,
    Network,
    augmented,
    average,
    classify_pictures,
)
from digitdrop.inference.classifier import Classifier
from digitdrop.values import Frame, Probabilities


def a_seven(*, roof: int = 11) -> Frame:
    """Draw a 7; without any roof it is a 1."""
    frame = np.zeros((28, 28), np.uint8)
    cv2.line(frame, (19 - roof, 6), (19, 6), 255, 2)
    cv2.line(frame, (19, 6), (12, 23), 255, 2)
    return frame


def in_doubt(network: Network) -> Frame:
    """Find what is between 1 and 7, whatever the network: one turns into the other by steps."""
    frames = [
        np.asarray(share * a_seven(roof=roof) + (1 - share) * a_seven(roof=roof + 1), np.uint8)
        for roof in range(11)
        for share in np.linspace(1, 0, 10, endpoint=False)
    ]
    surest = network.probabilities(frames).max(axis=1)
    assert surest.min() < CONFIDENT
    return frames[int(surest.argmin())]


class Counted:
    """A network that counts what it is asked."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.asked: list[int] = []

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        self.asked.append(len(frames))
        return self._network.probabilities(frames)


def test_what_is_plain_is_looked_at_once(classifier: Classifier) -> None:
    network = Counted(classifier)
    plain = a_seven()

    (said,) = classify_pictures([[plain]], network)

    assert network.asked == [1]
    assert said.max() >= CONFIDENT
    assert np.array_equal(said, classifier.probabilities([plain]))


def test_what_is_in_doubt_is_looked_at_from_more_sides(classifier: Classifier) -> None:
    network = Counted(classifier)
    doubtful = in_doubt(classifier)

    (said,) = classify_pictures([[doubtful]], network)

    looks = classifier.probabilities([doubtful, *augmented(doubtful)]).astype(np.float64)
    mean = np.exp(np.log(looks).mean(axis=0))
    assert network.asked == [1, len(augmented(doubtful))]
    assert said[0] == pytest.approx(mean / mean.sum(), abs=1e-5)


def test_wrong_readings_of_what_is_plain_are_not_looked_at_again(classifier: Classifier) -> None:
    network = Counted(classifier)
    plain, wrong = a_seven(), in_doubt(classifier)

    (said,) = classify_pictures([[plain, wrong]], network)
    classify_pictures([[wrong, plain]], network)

    assert network.asked == [2, 2, len(augmented(wrong))]
    assert np.array_equal(said, classifier.probabilities([plain, wrong]))


def test_what_is_said_of_a_picture_does_not_depend_on_its_neighbours(
    classifier: Classifier,
) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (20, 28, 28), np.uint8)
    plain, doubtful = a_seven(), in_doubt(classifier)
    pictures = [[plain], [doubtful, *noise], [], [plain, doubtful], [doubtful], []]

    at_once = classify_pictures(pictures, classifier)

    for picture, found in zip(pictures, at_once, strict=True):
        assert found.shape == (len(picture), 12)
        assert np.array_equal(found, classify_pictures([picture], classifier)[0])


def test_without_pictures_there_is_nothing_to_say(classifier: Classifier) -> None:
    assert classify_pictures([], classifier) == []


def test_further_views_show_the_same_ink_elsewhere() -> None:
    frame = a_seven()

    further = augmented(frame)

    assert all(view.shape == (28, 28) and view.dtype == np.uint8 for view in further)
    assert all(int(view.sum()) == pytest.approx(int(frame.sum()), rel=0.02) for view in further)
    assert len({view.tobytes() for view in (frame, *further)}) == 1 + len(further)


def test_two_views_that_are_certain_of_different_digits_leave_both_as_likely() -> None:
    looks = np.zeros((1, 2, 12), np.float32)
    looks[0, 0, 3] = looks[0, 1, 8] = 1

    (said,) = average(looks)

    assert said.sum() == pytest.approx(1)
    assert said[3] == said[8] == pytest.approx(0.5)
