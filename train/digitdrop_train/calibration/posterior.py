"""Posterior probabilities of the calibration set, as the worker computes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitdrop.evaluation.calibration import log_loss
from digitdrop.inference.augmentation import Network, classify_pictures
from digitdrop.inference.decision import combine_frames, logit, support
from digitdrop.values import NOT_A_DIGIT, Frame, Probabilities
from digitdrop_train.calibration.evaluate import Posterior, softmax
from digitdrop_train.calibration.samples import Sample
from digitdrop_train.progress import track

PRIOR_WEIGHT = 1.0
"""Weight, in pictures, of the prior that leaves the confidence as it is."""
ITERATIONS = 1000
"""For 20,000 pictures, 300 iterations give six digits."""
LEAST_SLOPE = 0.1
"""Below this, the order of pictures by confidence would be lost or turned round."""


@dataclass(frozen=True, slots=True)
class CalibrationData:
    """The network's answers for the calibration set, one row a picture."""

    posterior: Posterior
    support: npt.NDArray[np.float64]
    """Of the likeliest digit, 0-1: the share of the picture's own probability, the prior of its
    candidates, that is read as this digit. See `decision.support`."""
    labels: npt.NDArray[np.intp]

    def __getitem__(self, chosen: npt.NDArray[np.bool_]) -> CalibrationData:
        """Select rows by a mask."""
        return CalibrationData(self.posterior[chosen], self.support[chosen], self.labels[chosen])


def answer_samples(
    samples: Sequence[Sample], network: Network, temperature: float
) -> CalibrationData:
    """Read samples with a network of this temperature, as the worker does.

    Args:
        samples: each with at least one candidate.
        network: as exported, with a temperature of 1.
        temperature: divides the logits.
    """
    pictures = [sample.candidates.frames for sample in samples]
    rows = np.concatenate(classify_pictures(pictures, _Tempered(network, temperature)))
    posterior = _posterior(samples, rows)
    likeliest = posterior[:, :10].argmax(axis=1).tolist()
    supports = [
        support(prior, probabilities, digit)
        for (prior, probabilities), digit in zip(
            _by_picture(samples, rows), likeliest, strict=True
        )
    ]
    return CalibrationData(posterior, np.array(supports), _labels(samples))


def fit_temperature(samples: Sequence[Sample], network: Network) -> float:
    """Return the temperature, 0.5-4, with the least log loss of the digits (Guo et al. 2017).

    It is found on a grid with steps of 5 %, without test-time augmentation. Only pictures that
    are likelier a digit than not count: where preprocessing found the wrong ink, the network is
    right to see no digit, and no temperature mends that.
    """
    rows, labels = network.probabilities(_frames(samples)), _labels(samples)
    counts = (labels < NOT_A_DIGIT) & (_posterior(samples, rows)[:, :10].sum(axis=1) > 0.5)
    chosen = [sample for sample, counted in zip(samples, counts, strict=True) if counted]
    chosen_rows = rows[np.repeat(counts, [len(sample.candidates.frames) for sample in samples])]
    grid = np.exp(np.linspace(np.log(0.5), np.log(4), 43))
    losses = [
        log_loss(_posterior(chosen, _tempered(chosen_rows, temperature)), labels[counts])
        for temperature in track(grid.tolist(), len(grid), "choosing the temperature")
    ]
    return float(grid[int(np.argmin(losses))])


def fit_platt_scale(
    probability: npt.NDArray[np.floating], right: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """Fit the slope and offset of `decision.confidence` (Platt 1999) by logistic regression.

    A prior at (1, 0) keeps them finite for a network that was never wrong. Each iteration takes
    the upper bound of the curvature (Boehning and Lindsay 1988), as Newton's may overshoot.

    Args:
        probability: of the likeliest digit, 0-1, shape (pictures,); may be empty.
        right: True where it is the label.

    >>> fit_platt_scale(np.empty(0), np.empty(0, bool))
    (1.0, 0.0)
    """
    inputs = np.array([(logit(each), 1.0) for each in probability.tolist()]).reshape(-1, 2)
    prior = np.array([1.0, 0.0])
    found, curvature = prior, inputs.T @ inputs / 4 + PRIOR_WEIGHT * np.eye(2)
    for _ in range(ITERATIONS):
        predicted = 1 / (1 + np.exp(-inputs @ found))
        gradient = inputs.T @ (predicted - right) + PRIOR_WEIGHT * (found - prior)
        found = found - np.linalg.solve(curvature, gradient)
    return max(float(found[0]), LEAST_SLOPE), float(found[1])


@dataclass(frozen=True, slots=True)
class _Tempered:
    """A network with a temperature, as its card will have it."""

    network: Network
    temperature: float

    def probabilities(self, frames: Sequence[Frame], /) -> Probabilities:
        return _tempered(self.network.probabilities(frames), self.temperature)


def _tempered(probabilities: Probabilities, temperature: float) -> Probabilities:
    # Logarithms of probabilities differ from logits by a constant per row, which softmax ignores.
    return softmax(np.log(np.maximum(probabilities, 1e-30)), temperature)


def _posterior(samples: Sequence[Sample], rows: Probabilities) -> Posterior:
    return np.stack([combine_frames(prior, own) for prior, own in _by_picture(samples, rows)])


def _by_picture(
    samples: Sequence[Sample], rows: Probabilities
) -> Iterator[tuple[npt.NDArray[np.float64], Probabilities]]:
    """Yield the prior of each picture's candidates, and the network's rows for them."""
    start = 0
    for sample in samples:
        prior = np.array(sample.candidates.priors)
        yield prior, rows[start : start + len(prior)]
        start += len(prior)


def _frames(samples: Sequence[Sample]) -> list[Frame]:
    return [frame for sample in samples for frame in sample.candidates.frames]


def _labels(samples: Sequence[Sample]) -> npt.NDArray[np.intp]:
    return np.array([sample.label for sample in samples])
