"""What becomes of the rows at each confidence, and which digit is taken for which."""

import numpy as np
import numpy.typing as npt

from digitdrop.evaluation.answers import Answers, Shares


def confusion(answers: Answers) -> npt.NDArray[np.int64]:
    """Count rows whose labels have one digit: int64 (10, 11), by label and by prediction.

    The last column counts rows whose prediction is no single digit: a longer number, or none.
    """
    counts = np.zeros((10, 11), np.int64)
    names_digit = np.strings.str_len(answers.prediction) == 1
    said = np.where(names_digit, answers.prediction, "10").astype(int)
    np.add.at(counts, (answers.label.astype(int), said), 1)
    return counts


def risk_coverage(answers: Answers) -> tuple[Shares, Shares]:
    """Tell how many mistakes remain when only the most confident rows are believed.

    El-Yaniv and Wiener 2010. One point for each confidence that occurs, since
    rows of equal confidence can only be believed together; a row without a
    prediction is never covered.

    Returns:
        coverage, rising: believed rows / n, for each threshold on the confidence;
        risk: the share of the believed rows that is wrong.
    """
    confidence, wrong = answers.confidence[answers.told], ~answers.right[answers.told]
    order = np.argsort(-confidence, kind="stable")
    believed = np.arange(1, len(order) + 1)
    risk = np.cumsum(wrong[order]) / believed
    last = np.append(np.diff(confidence[order]) != 0, True)[: len(order)]
    return believed[last] / max(1, len(answers)), risk[last]


def auroc(digits: Answers, nothing: Answers) -> float:
    """Return how well the confidence tells numbers from other pictures; 0.5 is chance.

    The area under the ROC curve: the probability that a number has a higher
    confidence than a picture of something else, equal ones counting half (Hanley
    and McNeil 1982). A row without a prediction has confidence 0.

    Args:
        digits: rows of pictures of one number, right or wrong; at least one.
        nothing: rows of pictures that show no single number; at least one.
    """
    ours, theirs = np.sort(digits.confidence), np.sort(nothing.confidence)
    below = np.searchsorted(theirs, ours, side="left")
    not_above = np.searchsorted(theirs, ours, side="right")
    return float((below + not_above).sum() / (2 * len(ours) * len(theirs)))
