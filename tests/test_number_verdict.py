"""The verdict of a picture by its digit and by its strings."""

import pytest

from digitdrop.inference.number_decision import with_number, without_number
from digitdrop.inference.numbers import NumberReading
from digitdrop.values import DigitCount, NumberThresholds, Status, Verdict

THRESHOLDS = NumberThresholds(ok=0.9)
ANY = DigitCount()
SEVERAL = Verdict(status=Status.SEVERAL, reason="it looks like more than one digit")
NO_DIGIT = Verdict(status=Status.NOT_A_DIGIT, reason="it does not look like a digit")
AN_OK_EIGHT = Verdict(status=Status.OK, prediction="8", confidence=0.97)
PERHAPS_A_FOUR = Verdict(status=Status.UNCERTAIN, prediction="4", confidence=0.5)


def a_reading(
    *, apart: bool = False, others: dict[str, float] | None = None, **numbers: float
) -> NumberReading:
    """Give each number, written `n0042`, its probability."""
    found = {name[1:]: chance for name, chance in numbers.items()}
    return NumberReading(numbers=found, others=others or {}, apart=apart)


def test_a_plain_number_is_ok_with_its_runner_up() -> None:
    verdict = with_number(SEVERAL, a_reading(n0042=0.97, n0047=0.02), ANY, THRESHOLDS)

    assert (verdict.status, verdict.prediction) == (Status.OK, "0042")
    assert verdict.confidence == pytest.approx(0.97)
    assert verdict.runner_up == "0047"
    assert verdict.runner_up_confidence == pytest.approx(0.02)
    assert verdict.reason == ""


def test_a_doubtful_number_is_uncertain_and_says_why() -> None:
    verdict = with_number(NO_DIGIT, a_reading(n386=0.6, n366=0.3), ANY, THRESHOLDS)

    assert (verdict.status, verdict.prediction) == (Status.UNCERTAIN, "386")
    assert verdict.reason == "it may also be 366"


def test_slope_and_offset_make_the_confidence() -> None:
    doubting = NumberThresholds(ok=0.9, slope=0.5, offset=-1.0)

    verdict = with_number(SEVERAL, a_reading(n386=0.97), ANY, doubting)

    assert verdict.confidence == pytest.approx(0.676, abs=1e-3)
    assert verdict.status == Status.UNCERTAIN


def test_an_ok_digit_stays_where_a_longer_number_is_unlikely() -> None:
    verdict = with_number(AN_OK_EIGHT, a_reading(n8=0.5, n386=0.3), ANY, THRESHOLDS)

    assert verdict == AN_OK_EIGHT


def test_a_number_beyond_doubt_overrules_an_ok_digit() -> None:
    verdict = with_number(AN_OK_EIGHT, a_reading(n386=0.99), ANY, THRESHOLDS)

    assert verdict.prediction == "386"


@pytest.mark.parametrize(
    "reading",
    [a_reading(n386=0.52, n8=0.1), a_reading(others={"?8": 0.6}, n8=0.3)],
    ids=["a longer number", "another sign beside it"],
)
def test_a_digit_is_never_ok_where_more_than_one_sign_is_likelier(reading: NumberReading) -> None:
    verdict = with_number(AN_OK_EIGHT, reading, ANY, THRESHOLDS)

    assert (verdict.status, verdict.prediction) == (Status.UNCERTAIN, "8")
    assert verdict.reason in {"it may also be 386", "it may also be ?8"}


def test_a_number_of_one_digit_overrules_nothing() -> None:
    reading = a_reading(n7=0.99)

    for verdict in (SEVERAL, NO_DIGIT, AN_OK_EIGHT, PERHAPS_A_FOUR):
        assert with_number(verdict, reading, ANY, THRESHOLDS) == verdict


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("20.5", "20.5 is no whole number"),
        ("-7", "-7 is no whole number"),
        ("61?", "it looks like 61?, where ? is a letter or a sign"),
    ],
)
def test_what_is_no_whole_number_has_no_prediction_and_says_what_it_looks_like(
    text: str, reason: str
) -> None:
    reading = a_reading(others={text: 0.95}, n205=0.04)

    for verdict in (SEVERAL, NO_DIGIT, AN_OK_EIGHT, PERHAPS_A_FOUR):
        judged = with_number(verdict, reading, ANY, THRESHOLDS)
        assert judged.status == Status.NOT_A_DIGIT
        assert judged.prediction is None
        assert judged.reason == reason


def test_more_digits_than_are_allowed_are_several() -> None:
    verdict = with_number(SEVERAL, a_reading(n12345=0.98), DigitCount(1, 4), THRESHOLDS)

    assert verdict.status == Status.SEVERAL
    assert verdict.prediction is None
    assert verdict.reason == "it looks like 5 digits, and 1-4 may be read"


def test_the_expected_count_decides_between_strings() -> None:
    reading = a_reading(n1234=0.55, n12345=0.44)

    free = with_number(SEVERAL, reading, ANY, THRESHOLDS)
    known = with_number(SEVERAL, reading, DigitCount(5, 5), THRESHOLDS)

    assert (free.status, free.prediction) == (Status.UNCERTAIN, "1234")
    assert (known.status, known.prediction) == (Status.OK, "12345")


def test_fewer_digits_than_are_expected_are_uncertain() -> None:
    verdict = with_number(SEVERAL, a_reading(n1234=0.99), DigitCount(5, 5), THRESHOLDS)

    assert (verdict.status, verdict.prediction) == (Status.UNCERTAIN, "1234")
    assert verdict.reason == "it looks like 4 digits, and 5 are expected"


def test_two_numbers_side_by_side_are_several() -> None:
    verdict = with_number(SEVERAL, a_reading(n1230=0.99, apart=True), ANY, THRESHOLDS)

    assert verdict.status == Status.SEVERAL
    assert verdict.prediction is None


def test_several_lines_are_never_one_digit() -> None:
    for verdict in (SEVERAL, AN_OK_EIGHT, PERHAPS_A_FOUR):
        assert without_number(verdict).status == Status.SEVERAL
        assert without_number(verdict).prediction is None
    assert without_number(NO_DIGIT) == NO_DIGIT
