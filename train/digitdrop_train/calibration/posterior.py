"""What the network makes of held-out pictures, looked at as the worker looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitdrop.inference.augmentation import Network, answers
from digitdrop.inference.decision import blended, evidence
from digitdrop.values import NOT_A_DIGIT, Frame, Probabilities
from digitdrop_train.calibration.evaluate import Beliefs, negative_log_likelihood, softmax
from digitdrop_train.calibration.samples import Question


@dataclass(frozen=True, slots=True)
class Believed:
    """What is believed of pictures, beside what they show."""

    beliefs: Beliefs
    evidence: npt.NDArray[np.float64]
    """For the likeliest digit of each, see `judge.evidence`."""
    labels: npt.NDArray[np.intp]

    def __getitem__(self, which: npt.NDArray[np.bool_]) -> Believed:
        """Pick some of the pictures."""
        return Believed(self.beliefs[which], self.evidence[which], self.labels[which])


def believed(seen: Sequence[Question], network: Network, temperature: float) -> Believed:
    """Look at pictures with a network of this temperature, as the worker does.

    Args:
        seen: each with a frame at least.
        network: as exported, with a temperature of 1.
        temperature: as `fitted_temperature` finds it.
    """
    pictures = [question.sight.frames for question in seen]
    said = np.concatenate(answers(pictures, _Tempered(network, temperature)))
    beliefs = _beliefs(seen, said)
    likeliest = beliefs[:, :10].argmax(axis=1).tolist()
    readings = zip(_readings(seen, said), likeliest, strict=True)
    spoken_for = [evidence(trust, rows, digit) for (trust, rows), digit in readings]
    return Believed(beliefs, np.array(spoken_for), _labels(seen))


def fitted_temperature(seen: Sequence[Question], network: Network) -> float:
    """Minimise the negative log-likelihood of the digits (Guo et al. 2017), to some 5 %.

    At first sight, and only over those likelier a digit than not: where `glyph` found the wrong
    ink, the network is right to see no digit, and no temperature mends that.
    """
    said, labels = network.probabilities(_frames(seen)), _labels(seen)
    read = (labels < NOT_A_DIGIT) & (_beliefs(seen, said)[:, :10].sum(axis=1) > 0.5)
    chosen = [question for question, each in zip(seen, read, strict=True) if each]
    of_those = said[np.repeat(read, [len(question.sight.frames) for question in seen])]
    grid = np.exp(np.linspace(np.log(0.5), np.log(4), 43))
    losses = [
        negative_log_likelihood(_beliefs(chosen, _tempered(of_those, each)), labels[read])
        for each in grid
    ]
    return float(grid[int(np.argmin(losses))])


@dataclass(frozen=True, slots=True)
class _Tempered:
    """A network with a temperature, as the card gives it one."""

    network: Network
    temperature: float

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        return _tempered(self.network.probabilities(frames), self.temperature)


def _tempered(said: Probabilities, temperature: float) -> Probabilities:
    # Logarithms of probabilities differ from logits by a constant per row, so they will do.
    return softmax(np.log(np.maximum(said, 1e-30)), temperature)


def _beliefs(seen: Sequence[Question], said: Probabilities) -> Beliefs:
    return np.stack([blended(trust, rows) for trust, rows in _readings(seen, said)])


def _readings(
    seen: Sequence[Question], said: Probabilities
) -> Iterator[tuple[npt.NDArray[np.float64], Probabilities]]:
    """Yield the trust in the readings of each picture, and what the network says of them."""
    start = 0
    for question in seen:
        trust = np.array(question.sight.trust)
        yield trust, said[start : start + len(trust)]
        start += len(trust)


def _frames(seen: Sequence[Question]) -> list[Frame]:
    return [frame for question in seen for frame in question.sight.frames]


def _labels(seen: Sequence[Question]) -> npt.NDArray[np.intp]:
    return np.array([question.label for question in seen])
