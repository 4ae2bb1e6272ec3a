"""Candidate frames and what the network says of each -> one verdict."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from digitdrop.values import (
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
LEAST_NONE = 1e-3
"""The network's word that a reading is no wrong one counts for a factor of a thousand at most."""
MEMBER = 0.003
"""For each reading of a number that shows nothing, so many show one of its digits alone. Both are
near the least negative log-likelihood on made pictures of digits, numbers and other things; at
0.01 it is the same, and a fingertip beside a digit makes a number."""
SUREST = 1 - 1e-6
"""Odds of more than a million to one are not believed."""


def judge(sight: Sight, probabilities: Probabilities, thresholds: Thresholds) -> Verdict:
    """Decide what a picture shows.

    Args:
        sight: the candidate frames.
        probabilities: one row per frame, as the classifier gives them.
        thresholds: from the model's card.
    """
    if not sight.frames:
        return Verdict(status=Status.BLANK, reason=sight.reason)
    trust = np.asarray(sight.trust)
    belief: list[float] = blended(trust, probabilities).tolist()
    if rejected(belief, SEVERAL, thresholds.several):
        return Verdict(status=Status.SEVERAL, reason="it looks like more than one digit")
    if rejected(belief, NOT_A_DIGIT, thresholds.not_a_digit):
        return Verdict(status=Status.NOT_A_DIGIT, reason="it does not look like a digit")
    first, second = sorted(range(10), key=belief.__getitem__, reverse=True)[:2]
    spoken_for = evidence(trust, probabilities, first)
    sureness = confidence(belief[first], spoken_for, thresholds)
    if sureness >= thresholds.ok:
        status, reason = Status.OK, ""
    elif confidence(belief[first], 1.0, thresholds) >= thresholds.ok:
        status, reason = Status.UNCERTAIN, "hardly anything stands out from the paper"
    else:
        status, reason = Status.UNCERTAIN, f"it may also be {_named(belief, second)}"
    return Verdict(
        status=status,
        prediction=str(first),
        confidence=sureness,
        reason=reason,
        runner_up=str(second),
        runner_up_confidence=_of_the_rest(belief, first, second, sureness),
    )


def confidence(probability: float, evidence: float, thresholds: Thresholds) -> float:
    """Return how often a reading like this one is right, 0-1.

    That is sigmoid(slope logit(p) + offset) (Platt 1999). The probability is shared among
    readings, wrong ones too, and among what is no digit, so it is less than the share of digits
    that it is right for. The order of pictures stays, and with it what can be told apart.

    Less where the picture hardly speaks for any reading as this digit: of six readings of a
    shadow one may well look like a 1.

    Args:
        probability: what is believed of the likeliest digit, 0-1.
        evidence: as `evidence` gives it.
        thresholds: from the model's card.
    """
    scaled = thresholds.slope * logit(probability) + thresholds.offset
    lacking = evidence < thresholds.evidence
    return (evidence / thresholds.evidence if lacking else 1.0) / (1 + math.exp(-scaled))


def evidence(trust: npt.NDArray[np.float64], probabilities: Probabilities, digit: int) -> float:
    """Return how much of what the picture itself speaks for is read as this digit, 0-1."""
    return float(trust @ probabilities[:, digit])


def logit(probability: float) -> float:
    """Return the logarithm of the odds, for 0 and 1 as for what is next to them."""
    p = min(max(probability, 1 - SUREST), SUREST)
    return math.log(p / (1 - p))


def _of_the_rest(belief: Sequence[float], first: int, second: int, sureness: float) -> float:
    """Return the runner-up's share of what the first leaves, in the first's own measure."""
    rest = max(1 - SUREST, 1 - belief[first])
    return min(sureness, (1 - sureness) * belief[second] / rest)


def rejected(belief: Sequence[float], kind: int, threshold: float) -> bool:
    """Say whether a picture is of a kind that has no digit: more likely so than any digit.

    Where even the best digit is less likely than one drawn by lot, there is nothing to
    guess, and the likelier of the two kinds has it.
    """
    digit = max(belief[:10])
    other = NOT_A_DIGIT + SEVERAL - kind
    hopeless = digit < CHANCE and belief[kind] > belief[other]
    return hopeless or belief[kind] >= max(threshold, digit)


def weights(
    trust: npt.NDArray[np.float64], probabilities: Probabilities
) -> npt.NDArray[np.float64]:
    """Return how much each frame counts.

    Of one digit at most one reading is right, and the others show none. So by Bayes' rule a
    reading counts by how much the picture speaks for it, times how many times likelier the
    network finds something there than nothing.
    """
    return trust / _doubt(probabilities)


def _doubt(probabilities: Probabilities) -> npt.NDArray[np.float64]:
    """Return how likely each frame shows nothing, and a little more."""
    return probabilities[:, NOT_A_DIGIT].astype(np.float64) + LEAST_NONE


def blended(
    trust: npt.NDArray[np.float64], probabilities: Probabilities
) -> npt.NDArray[np.float64]:
    """Return the 12 probabilities of the picture, from those of its frames.

    Each frame has its weight. Trust that none has is of readings in which nothing was found;
    and of a number the other readings may be its digits, which speak for it as well.
    """
    rows = probabilities.astype(np.float64)
    doubt = _doubt(probabilities)
    weight = trust / doubt
    belief: npt.NDArray[np.float64] = weight @ rows
    belief[NOT_A_DIGIT] += max(0.0, 1 - trust.sum())
    digit = rows[:, :10].sum(axis=1) / doubt
    belief[SEVERAL] = (weight * (1 + MEMBER * (digit.sum() - digit))) @ rows[:, SEVERAL]
    belief /= belief.sum()
    return belief


def _named(belief: Sequence[float], digit: int) -> str:
    names = {digit: str(digit), NOT_A_DIGIT: "no digit at all", SEVERAL: "more than one digit"}
    return names[max(names, key=belief.__getitem__)]
