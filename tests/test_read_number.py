"""The number reader that ships, through the whole way of a picture."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from digitdrop import Reader
from digitdrop.values import Grey, Status

FONT = cv2.FONT_HERSHEY_SIMPLEX


def a_page(*lines: tuple[str, tuple[int, int]], light_ink: bool = False) -> Grey:
    page = np.full((300, 460), 235, np.uint8)
    for text, place in lines:
        cv2.putText(page, text, place, FONT, 1.8, 30, 5, cv2.LINE_AA)
    return ~page if light_ink else page


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.mark.parametrize("number", ["42", "0042", "3184", "40832"])
@pytest.mark.parametrize("light_ink", [False, True])
def test_a_number_on_a_page_is_read(number: str, light_ink: bool, reader: Reader) -> None:
    verdict = reader.read(a_page((number, (110, 170)), light_ink=light_ink))

    assert verdict.prediction == number
    assert verdict.confidence is not None


@pytest.mark.parametrize("text", ["20.5", "3/4", "-42"])
def test_what_is_no_whole_number_is_never_ok(text: str, reader: Reader) -> None:
    verdict = reader.read(a_page((text, (110, 170))))

    assert verdict.status != Status.OK


def test_two_numbers_below_one_another_have_no_prediction(reader: Reader) -> None:
    verdict = reader.read(a_page(("548", (150, 110)), ("625", (150, 240))))

    assert verdict.status == Status.SEVERAL
    assert verdict.prediction is None


def test_one_digit_allowed_makes_a_number_several() -> None:
    verdict = Reader(digits=1).read(a_page(("3184", (110, 170))))

    assert verdict.status == Status.SEVERAL
    assert verdict.prediction is None


def test_a_number_in_a_file_is_read_as_in_memory(tmp_path: Path, reader: Reader) -> None:
    page = a_page(("3184", (110, 170)))
    path = tmp_path / "number.png"
    cv2.imwrite(str(path), page)

    assert reader.read(path) == reader.read(page)
