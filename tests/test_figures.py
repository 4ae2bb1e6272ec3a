"""Figures against values computed by hand, and against what holds for all answers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitdrop.evaluation.answers import NONE, Answers
from digitdrop.evaluation.belief import (
    FLOOR,
    Bin,
    bins,
    brier,
    calibration_error,
    digit_probabilities,
    negative_log_likelihood,
)
from digitdrop.evaluation.curves import auroc, confusion, risk_coverage
from digitdrop.evaluation.edits import edit_distance
from digitdrop.evaluation.figures import figures, others
from digitdrop.values import Status

Row = tuple[int | str, int | str, float, int | str, float, Status]
"""Label, prediction, confidence, runner-up, its confidence, status; 7 stands for the text `7`."""

REFUSED: Row = (3, NONE, 0.0, NONE, 0.0, Status.NOT_A_DIGIT)


def some_answers(*rows: Row) -> Answers:
    label, prediction, confidence, second, second_confidence, status = zip(*rows, strict=True)
    return Answers(
        label=np.array(label, str),
        prediction=np.array(prediction, str),
        confidence=np.array(confidence, float),
        runner_up=np.array(second, str),
        runner_up_confidence=np.array(second_confidence, float),
        status=np.array(status, str),
    )


def sure(label: int, prediction: int, confidence: float = 1.0) -> Row:
    status = Status.OK if confidence > 0.5 else Status.UNCERTAIN
    return label, prediction, confidence, (prediction + 1) % 10, 0.0, status


@st.composite
def rows(draw: st.DrawFn) -> Row:
    label = draw(st.integers(0, 9))
    if draw(st.booleans()):
        refusals = [Status.NOT_A_DIGIT, Status.SEVERAL, Status.BLANK, Status.UNREADABLE]
        return label, NONE, 0.0, NONE, 0.0, draw(st.sampled_from(refusals))
    prediction = draw(st.integers(0, 9))
    confidence = draw(st.floats(0, 1))
    second = draw(st.floats(0, 1)) * min(confidence, 1 - confidence)
    runner_up = (prediction + draw(st.integers(1, 9))) % 10
    return label, prediction, confidence, runner_up, second, Status.OK


ANSWERS = st.lists(rows(), min_size=1, max_size=40).map(lambda found: some_answers(*found))


def test_a_best_guess_counts_whatever_its_status_and_a_refusal_is_not_right() -> None:
    answers = some_answers(sure(1, 1), sure(2, 2, 0.4), sure(4, 9), REFUSED)

    found = figures(answers)

    assert (found.count, found.right, found.accuracy) == (4, 2, 0.5)
    assert (found.ok, found.ok_share) == (2, 0.5)
    assert (found.ok_right, found.ok_accuracy) == (1, 0.5)
    assert found.statuses["not_a_digit"] == 1
    assert found.statuses["blank"] == 0


def test_where_nothing_is_ok_or_predicted_there_is_no_share_of_it() -> None:
    found = figures(some_answers(REFUSED))

    assert found.ok_accuracy is None
    assert found.calibration_error is None


def test_what_two_probabilities_leave_is_shared_by_the_other_digits() -> None:
    answers = some_answers((0, 7, 0.6, 1, 0.24, Status.OK))

    (said,) = digit_probabilities(answers)

    assert said[7] == pytest.approx(0.6)
    assert said[1] == pytest.approx(0.24)
    assert said[0] == pytest.approx(0.02)


def test_the_likelihood_is_that_of_the_right_digit() -> None:
    answers = some_answers(
        (7, 7, 0.6, 1, 0.24, Status.OK),  # as predicted
        (1, 7, 0.6, 1, 0.24, Status.OK),  # the runner-up
        (0, 7, 0.6, 1, 0.24, Status.OK),  # one of the eight others
        REFUSED,
    )

    expected = -(math.log(0.6) + math.log(0.24) + math.log(0.02) + math.log(0.1)) / 4
    assert negative_log_likelihood(answers) == pytest.approx(expected)


def test_a_confident_mistake_costs_much_but_not_without_end() -> None:
    cost = negative_log_likelihood(some_answers(sure(4, 9)))

    assert cost == pytest.approx(-math.log(FLOOR), rel=1e-3)


def test_the_brier_score_is_nought_for_certainty_two_for_its_opposite() -> None:
    assert brier(some_answers(sure(4, 4))) == pytest.approx(0, abs=1e-4)
    assert brier(some_answers(sure(4, 9))) == pytest.approx(2, abs=1e-4)
    assert brier(some_answers(REFUSED)) == pytest.approx(0.81 + 9 * 0.01)


def test_bins_hold_equally_many_rows_by_rising_confidence() -> None:
    confidences = [0.9, 0.2, 0.8, 0.3, 0.7]
    answers = some_answers(*(sure(1, 1, confidence) for confidence in confidences), REFUSED)

    low, high = bins(answers, count=2)

    assert (low.count, high.count) == (3, 2)
    assert low.confidence == pytest.approx(0.4)
    assert high.confidence == pytest.approx(0.85)


def test_the_calibration_error_weighs_each_bin_by_its_rows() -> None:
    parts = [Bin(count=3, confidence=0.5, accuracy=0.6), Bin(count=1, confidence=1, accuracy=0.5)]

    assert calibration_error(parts) == pytest.approx((3 * 0.1 + 1 * 0.5) / 4)


def test_confusion_counts_labels_down_and_predictions_across() -> None:
    counts = confusion(some_answers(sure(4, 9), sure(4, 9), sure(4, 4), REFUSED))

    assert counts[4, 9] == 2
    assert counts[4, 4] == 1
    assert counts[3, 10] == 1
    assert counts.sum() == 4


def test_a_longer_number_says_nothing_of_a_digit_and_is_no_column_of_its_own() -> None:
    answers = some_answers((4, "42", 0.9, "47", 0.1, Status.OK))

    assert digit_probabilities(answers)[0] == pytest.approx(np.full(10, 0.1))
    assert confusion(answers)[4, 10] == 1
    assert figures(answers).right == 0


def test_leading_zeros_count() -> None:
    found = figures(some_answers(("0042", "42", 0.9, "0047", 0.1, Status.OK)))

    assert found.right == 0
    assert found.edits_per_digit == pytest.approx(2 / 4)


def test_a_number_without_a_prediction_lacks_all_its_digits() -> None:
    read = ("1250", "1250", 0.9, NONE, 0.0, Status.OK)

    found = figures(some_answers(read, ("60", NONE, 0.0, NONE, 0.0, Status.SEVERAL)))

    assert found.edits_per_digit == pytest.approx(2 / 6)
    assert found.calibration_error == pytest.approx(0.1)
    assert found.negative_log_likelihood is None


NUMBER = st.text("0123456789", max_size=8)


@given(NUMBER, NUMBER, NUMBER)
def test_the_edit_distance_is_a_distance(one: str, two: str, three: str) -> None:
    distance = edit_distance(one, two)

    assert (distance == 0) == (one == two)
    assert distance == edit_distance(two, one)
    assert abs(len(one) - len(two)) <= distance <= max(len(one), len(two))
    assert edit_distance(one, three) <= distance + edit_distance(two, three)


def test_risk_falls_on_the_rows_that_are_believed_and_refusals_are_never_covered() -> None:
    answers = some_answers(sure(1, 1, 0.9), sure(2, 3, 0.8), sure(4, 4, 0.8), REFUSED)

    coverage, risk = risk_coverage(answers)

    assert coverage.tolist() == [0.25, 0.75]
    assert risk.tolist() == pytest.approx([0, 1 / 3])


def test_without_any_prediction_the_curve_has_no_points() -> None:
    coverage, risk = risk_coverage(some_answers(REFUSED))

    assert not coverage.size
    assert not risk.size


def test_the_area_under_the_curve_counts_pairs_and_halves_of_ties() -> None:
    digits = some_answers(sure(1, 1, 0.9), sure(2, 2, 0.5), REFUSED)
    nothing = some_answers(sure(0, 5, 0.5), REFUSED)

    # 0.9 beats both; 0.5 ties with one and beats the other; 0 ties with 0.
    assert auroc(digits, nothing) == pytest.approx((2 + 1.5 + 0.5) / 6)


def test_every_ok_among_other_pictures_is_counted() -> None:
    found = others(
        some_answers((NONE, 5, 1.0, 6, 0.0, Status.OK), (NONE, NONE, 0, NONE, 0, Status.SEVERAL))
    )

    assert (found.count, found.ok, found.ok_share) == (2, 1, 0.5)
    assert found.statuses["several"] == 1


@given(ANSWERS)
def test_every_row_spreads_a_probability_of_one_over_the_digits(answers: Answers) -> None:
    said = digit_probabilities(answers)

    assert said.sum(axis=1) == pytest.approx(1)
    assert said.min() >= FLOOR / 2


@given(ANSWERS)
def test_figures_stay_within_their_bounds_and_agree_with_each_other(answers: Answers) -> None:
    found = figures(answers)

    assert sum(found.statuses.values()) == found.count == confusion(answers).sum()
    assert found.right == np.trace(confusion(answers))
    assert found.calibration_error is None or 0 <= found.calibration_error <= 1
    assert found.brier is not None
    assert 0 <= found.brier <= 2
    assert found.negative_log_likelihood is not None
    assert 0 <= found.negative_log_likelihood <= -math.log(FLOOR / 2)


@given(ANSWERS, st.integers(1, 20))
def test_bins_keep_every_row_with_a_prediction(answers: Answers, count: int) -> None:
    parts = bins(answers, count=count)

    assert sum(part.count for part in parts) == int(answers.told.sum())
    rows_right = sum(part.count * part.accuracy for part in parts)
    assert rows_right == pytest.approx(int(answers.right.sum()))


@given(ANSWERS)
def test_the_curve_ends_with_all_predictions_and_their_risk(answers: Answers) -> None:
    coverage, risk = risk_coverage(answers)

    assert (np.diff(coverage) > 0).all()
    if answers.told.any():
        assert coverage[-1] == pytest.approx(answers.told.mean())
        assert risk[-1] == pytest.approx(1 - answers.right[answers.told].mean())


@given(ANSWERS, ANSWERS)
def test_exchanging_digits_and_others_turns_the_area_round(one: Answers, two: Answers) -> None:
    assert auroc(one, two) == pytest.approx(1 - auroc(two, one))
