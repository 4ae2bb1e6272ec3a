"""Candidate frames and what the network says of each -> one verdict."""

import numpy as np
import numpy.typing as npt

from worker.values import (
    NOT_A_DIGIT,
    SEVERAL,
    Probabilities,
    Sight,
    Status,
    Thresholds,
    Verdict,
)

CHANCE = 0.1
"""The probability of a digit drawn by lot."""


def judge(sight: Sight, probabilities: Probabilities, thresholds: Thresholds) -> Verdict:
    """Decide what a picture shows.

    Args:
        sight: the candidate frames.
        probabilities: one row per frame, as the classifier gives them.
        thresholds: from the model's card.
    """
    if not sight.frames:
        return Verdict(status=Status.BLANK, reason=sight.reason)
    belief = blended(np.asarray(sight.trust), probabilities)
    if rejected(belief, SEVERAL, thresholds.several):
        return Verdict(status=Status.SEVERAL, reason="it looks like more than one digit")
    if rejected(belief, NOT_A_DIGIT, thresholds.not_a_digit):
        return Verdict(status=Status.NOT_A_DIGIT, reason="it does not look like a digit")
    second, first = (int(digit) for digit in np.argsort(belief[:10])[-2:])
    sure = bool(belief[first] >= thresholds.ok)
    return Verdict(
        status=Status.OK if sure else Status.UNCERTAIN,
        prediction=first,
        confidence=float(belief[first]),
        reason="" if sure else f"it may also be {_named(belief, second)}",
        runner_up=second,
        runner_up_confidence=float(belief[second]),
    )


def rejected(belief: npt.NDArray[np.float64], kind: int, threshold: float) -> bool:
    """Say whether a picture is of a kind that has no digit: more likely so than any digit.

    Where even the best digit is less likely than one drawn by lot, there is nothing to
    guess, and the likelier of the two kinds has it.
    """
    digit = belief[:10].max()
    other = NOT_A_DIGIT + SEVERAL - kind
    hopeless = digit < CHANCE and belief[kind] > belief[other]
    return bool(hopeless or belief[kind] >= max(threshold, digit))


def blended(
    trust: npt.NDArray[np.float64], probabilities: Probabilities
) -> npt.NDArray[np.float64]:
    """Return the 12 probabilities of the picture, from those of its frames.

    A reading counts by how much the picture speaks for it, times how little the
    network takes it for no digit: wrong readings look like nothing.
    """
    rows = probabilities.astype(np.float64)
    weight = trust * (1 - rows[:, NOT_A_DIGIT] + 1e-3)
    belief: npt.NDArray[np.float64] = weight @ rows / weight.sum()
    return belief


def _named(belief: npt.NDArray[np.float64], digit: int) -> str:
    others = {NOT_A_DIGIT: "no digit at all", SEVERAL: "more than one digit"}
    best = int(np.argmax([belief[digit], belief[NOT_A_DIGIT], belief[SEVERAL]]))
    return str(digit) if best == 0 else others[NOT_A_DIGIT if best == 1 else SEVERAL]
