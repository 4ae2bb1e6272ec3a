"""Strips: the line of writing that the number reader sees."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from digitdrop.preprocess.normalise import normalise
from digitdrop.preprocess.strip import HEIGHT, WIDTHS
from digitdrop.values import Grey, Strip

FONT = cv2.FONT_HERSHEY_SIMPLEX


def a_page(height: int = 300, width: int = 400) -> Grey:
    return np.full((height, width), 235, np.uint8)


def write(page: Grey, text: str, place: tuple[int, int], size: float = 1.5, pen: int = 4) -> None:
    cv2.putText(page, text, place, FONT, size, 30, pen, cv2.LINE_AA)


def columns_of_ink(strip: Strip) -> int:
    """Count the groups of columns with ink: digits of this typeface do not touch."""
    inked = (strip.pixels > 128).any(axis=0).astype(np.int8)
    return int((np.diff(inked, prepend=0) == 1).sum())


def darkness(part: npt.NDArray[np.uint8]) -> float:
    return float(part.mean())


@pytest.mark.parametrize("light_ink", [False, True])
def test_a_number_on_a_page_gives_a_strip_of_all_its_digits(light_ink: bool) -> None:
    page = a_page()
    write(page, "40832", (90, 160))
    picture = ~page if light_ink else page

    strips = normalise(picture).strips

    assert strips
    for strip in strips:
        assert strip.pixels.shape[0] == HEIGHT
        assert strip.pixels.shape[1] in WIDTHS
        assert columns_of_ink(strip) == 5
    left, top, width, height = strips[0].box
    assert left < 90
    assert left + width > 230
    assert top < 130
    assert top + height > 160
    assert height < 120


def test_the_priors_of_the_strips_sum_to_one() -> None:
    page = a_page(80, 300)
    write(page, "1250", (90, 65), size=2)

    strips = normalise(page).strips

    assert len(strips) > 1
    assert sum(strip.prior for strip in strips) == pytest.approx(1)


@pytest.mark.parametrize("digit", "0123456789")
def test_a_single_digit_costs_no_strip(digit: str) -> None:
    page = a_page()
    write(page, digit, (150, 190), size=4, pen=12)

    sight = normalise(page)

    assert sight.frames
    assert not sight.strips
    assert not sight.several_lines


def test_two_numbers_below_one_another_give_no_strip() -> None:
    page = a_page()
    write(page, "548", (120, 110), size=2)
    write(page, "625", (120, 230), size=2)

    sight = normalise(page)

    assert sight.several_lines
    assert not sight.strips


def test_the_black_margin_of_a_book_is_cut_off() -> None:
    page = a_page(260, 200)
    page[:, :70] = 12
    write(page, "47", (100, 120), size=1.2, pen=3)

    strips = normalise(page).strips

    assert strips
    left, _, width, _ = strips[0].box
    assert left > 60
    assert columns_of_ink(strips[0]) == 2
    assert width < 130


def test_a_rule_below_the_number_stays_in_its_strip() -> None:
    page = a_page(100, 400)
    write(page, "7093", (120, 70), size=2)
    ruled = page.copy()
    ruled[74:77, 20:380] = 30

    plain, lined = normalise(page).strips[0], normalise(ruled).strips[0]

    assert darkness(lined.pixels) > darkness(plain.pixels)
    assert abs(lined.box[3] - plain.box[3]) < 25


def test_a_strip_of_a_photograph_has_full_ink_and_bare_paper() -> None:
    page = a_page()
    write(page, "9215", (110, 170))
    light = np.linspace(0.35, 1, page.shape[1])
    dim = np.asarray(page * light, np.uint8)

    strip = normalise(dim).strips[0]

    assert np.quantile(strip.pixels, 0.5) < 30
    assert strip.pixels.max() == 255


def test_a_large_picture_gives_the_strip_of_a_small_one() -> None:
    page = a_page()
    write(page, "3184", (110, 170))
    large = np.asarray(cv2.resize(page, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC), np.uint8)

    small_strip, large_strip = normalise(page).strips[0], normalise(large).strips[0]

    assert [side / 8 for side in large_strip.box] == pytest.approx(small_strip.box, abs=4)
    assert columns_of_ink(large_strip) == 4


def test_a_digit_broken_in_pieces_is_not_several_lines() -> None:
    page = a_page(200, 200)
    write(page, "8", (60, 150), size=4, pen=12)
    page[95:103] = 235
    page[130:136] = 235

    assert not normalise(page).several_lines


def test_the_strip_of_a_number_on_a_dark_table_lies_on_the_sheet() -> None:
    page = a_page(120, 400)
    write(page, "0427", (120, 80), size=2)
    table = np.full((240, 560), 40, np.uint8)
    table[60:180, 80:480] = page

    left, top, width, height = normalise(table).strips[0].box

    assert 70 <= left < left + width <= 490
    assert 50 <= top < top + height <= 190
