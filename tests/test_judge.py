import math
from dataclasses import replace

import numpy as np
import pytest

from digitdrop.inference.decision import judge
from digitdrop.values import NOT_A_DIGIT, SEVERAL, Probabilities, Sight, Status, Thresholds

FRAME = np.zeros((28, 28), np.uint8)
THRESHOLDS = Thresholds(temperature=1.0, ok=0.9, not_a_digit=0.5, several=0.5)


def a_sight(*trust: float) -> Sight:
    return Sight(frames=(FRAME,) * len(trust), trust=trust)


def rows(*chances: dict[int, float]) -> Probabilities:
    table = np.zeros((len(chances), 12), np.float32)
    for row, chance in zip(table, chances, strict=True):
        row[list(chance)] = list(chance.values())
        row[row == 0] = (1 - row.sum()) / (row == 0).sum()
    return table


def test_a_picture_without_frames_is_blank() -> None:
    nothing = Sight(frames=(), trust=(), reason="nothing stands out from the paper")

    verdict = judge(nothing, rows(), THRESHOLDS)

    assert verdict.status == Status.BLANK
    assert verdict.prediction is None
    assert verdict.reason == "nothing stands out from the paper"


def test_a_clear_digit_is_ok_with_its_runner_up() -> None:
    verdict = judge(a_sight(1.0), rows({7: 0.95, 1: 0.04}), THRESHOLDS)

    assert verdict.status == Status.OK
    assert (verdict.prediction, verdict.runner_up) == ("7", "1")
    assert verdict.confidence == pytest.approx(0.95)
    assert verdict.runner_up_confidence == pytest.approx(0.04)
    assert verdict.reason == ""


def test_a_doubtful_digit_is_uncertain_and_says_why() -> None:
    verdict = judge(a_sight(1.0), rows({4: 0.6, 9: 0.39}), THRESHOLDS)

    assert verdict.status == Status.UNCERTAIN
    assert verdict.prediction == "4"
    assert "9" in verdict.reason


@pytest.mark.parametrize(
    ("kind", "status"), [(NOT_A_DIGIT, Status.NOT_A_DIGIT), (SEVERAL, Status.SEVERAL)]
)
def test_what_is_no_single_digit_gets_no_prediction(kind: int, status: Status) -> None:
    verdict = judge(a_sight(1.0), rows({kind: 0.97}), THRESHOLDS)

    assert verdict.status == status
    assert verdict.prediction is None
    assert verdict.confidence is None
    assert verdict.reason


def test_a_wrong_reading_that_the_network_rejects_does_not_matter() -> None:
    verdict = judge(a_sight(0.6, 0.4), rows({NOT_A_DIGIT: 0.99}, {3: 0.99}), THRESHOLDS)

    assert verdict.prediction == "3"


def test_a_plain_digit_is_ok_although_the_picture_speaks_more_for_wrong_readings() -> None:
    verdict = judge(a_sight(0.7, 0.3), rows({NOT_A_DIGIT: 0.9}, {9: 0.99}), THRESHOLDS)

    assert (verdict.status, verdict.prediction) == (Status.OK, "9")


def test_a_number_is_several_although_one_of_its_digits_is_plain() -> None:
    whole, member = {SEVERAL: 0.99, NOT_A_DIGIT: 0.005}, {5: 0.99}

    assert judge(a_sight(0.75, 0.25), rows(whole, member), THRESHOLDS).status == Status.SEVERAL


def test_trust_that_no_reading_has_speaks_for_an_empty_picture() -> None:
    likely_one = {1: 0.9, NOT_A_DIGIT: 0.09}

    trusted = judge(a_sight(1.0), rows(likely_one), THRESHOLDS)
    distrusted = judge(a_sight(0.3), rows(likely_one), THRESHOLDS)

    assert (trusted.prediction, distrusted.prediction) == ("1", "1")
    assert trusted.confidence is not None
    assert distrusted.confidence is not None
    assert distrusted.confidence < trusted.confidence - 0.05


def test_readings_that_disagree_lower_the_confidence() -> None:
    agreeing = judge(a_sight(0.6, 0.4), rows({3: 0.97}, {3: 0.97}), THRESHOLDS)
    disagreeing = judge(a_sight(0.6, 0.4), rows({3: 0.97}, {8: 0.97}), THRESHOLDS)

    assert disagreeing.prediction == agreeing.prediction == "3"
    assert disagreeing.confidence is not None
    assert agreeing.confidence is not None
    assert disagreeing.confidence < agreeing.confidence
    assert disagreeing.status == Status.UNCERTAIN


@pytest.mark.parametrize("kind", [NOT_A_DIGIT, SEVERAL])
def test_a_rejection_less_likely_than_the_digit_does_not_take_its_prediction(kind: int) -> None:
    low = Thresholds(temperature=1.0, ok=0.9, not_a_digit=0.3, several=0.3)

    verdict = judge(a_sight(1.0), rows({7: 0.6, kind: 0.35}), low)

    assert (verdict.status, verdict.prediction) == (Status.UNCERTAIN, "7")
    assert verdict.reason


@pytest.mark.parametrize(
    ("kind", "status"), [(NOT_A_DIGIT, Status.NOT_A_DIGIT), (SEVERAL, Status.SEVERAL)]
)
def test_a_guess_below_chance_is_none(kind: int, status: Status) -> None:
    verdict = judge(a_sight(1.0), rows({kind: 0.45, 9: 0.09}), THRESHOLDS)

    assert verdict.status == status
    assert verdict.prediction is None


def test_the_confidence_is_the_probability_put_on_the_scale_of_the_card() -> None:
    scaled = replace(THRESHOLDS, slope=0.8, offset=1.2)

    verdict = judge(a_sight(1.0), rows({4: 0.8, 9: 0.1}), scaled)

    expected = 1 / (1 + math.exp(-0.8 * math.log(4) - 1.2))
    assert verdict.confidence == pytest.approx(expected)
    assert verdict.runner_up_confidence == pytest.approx((1 - expected) / 2)
    assert verdict.status == Status.OK


@pytest.mark.parametrize("best", [0.11, 0.2, 0.5, 0.9, 0.999, 1.0])
@pytest.mark.parametrize(("slope", "offset"), [(0.1, -3), (0.8, 1.2), (1, 0), (2, -1), (2, 3)])
def test_the_runner_up_never_is_believed_more_than_the_first(
    best: float, slope: float, offset: float
) -> None:
    scaled = replace(THRESHOLDS, slope=slope, offset=offset, not_a_digit=0.99, several=0.99)

    verdict = judge(a_sight(1.0), rows({4: best, 9: 0.9 * min(best, 1 - best)}), scaled)

    assert verdict.confidence is not None
    assert verdict.runner_up_confidence is not None
    assert 0 <= verdict.runner_up_confidence <= verdict.confidence <= 1
    assert verdict.confidence + verdict.runner_up_confidence <= 1 + 1e-9


def test_a_digit_that_the_picture_hardly_speaks_for_is_doubted() -> None:
    careful = replace(THRESHOLDS, evidence=0.4)
    shadow = a_sight(0.5, 0.2, 0.1), rows({NOT_A_DIGIT: 1.0}, {NOT_A_DIGIT: 1.0}, {1: 1.0})

    verdict = judge(*shadow, careful)

    assert judge(*shadow, THRESHOLDS).status == Status.OK
    assert (verdict.status, verdict.prediction) == (Status.UNCERTAIN, "1")
    assert verdict.confidence is not None
    assert verdict.confidence < 0.3
    assert "stands out" in verdict.reason


def test_a_digit_that_the_picture_speaks_for_is_not_doubted() -> None:
    careful = replace(THRESHOLDS, evidence=0.4)
    clear = a_sight(0.5, 0.2), rows({3: 0.99}, {NOT_A_DIGIT: 1.0})

    assert judge(*clear, careful) == judge(*clear, THRESHOLDS)


def test_a_doubt_between_two_digits_is_told_as_such_not_as_want_of_evidence() -> None:
    careful = replace(THRESHOLDS, evidence=0.4)

    verdict = judge(a_sight(1.0), rows({4: 0.38, 9: 0.36}), careful)

    assert verdict.reason == "it may also be 9"
