from collections.abc import Callable

import cv2
import numpy as np
import pytest

from digitdrop.preprocess.histogram import tones
from digitdrop.preprocess.mnist_frame import to_frame
from digitdrop.preprocess.normalise import normalise
from digitdrop.preprocess.sheet import find_sheet
from digitdrop.values import Grey

TABLE, PAPER, PEN = 30, 200, 60


def a_page(height: int = 240, width: int = 180) -> Grey:
    """A 2 written on a sheet."""
    page = np.full((height, width), PAPER, np.uint8)
    points = np.array([(20, 25), (30, 10), (50, 10), (58, 25), (48, 45), (20, 80), (60, 80)])
    cv2.polylines(page, [points + np.array([50, 80])], False, PEN, 7, cv2.LINE_AA)
    return page


def on_a_table() -> Grey:
    page = cv2.copyMakeBorder(a_page(), *(60,) * 4, cv2.BORDER_CONSTANT, value=TABLE)
    height, width = page.shape
    way = cv2.getRotationMatrix2D((width / 2, height / 2), 2.0, 1.0)
    return np.asarray(cv2.warpAffine(page, way, (width, height), borderValue=TABLE), np.uint8)


def with_a_frame() -> Grey:
    page = cv2.copyMakeBorder(a_page(), *(7,) * 4, cv2.BORDER_CONSTANT, value=TABLE)
    return np.asarray(page, np.uint8)


def with_a_band() -> Grey:
    page = cv2.copyMakeBorder(a_page(), 0, 0, 20, 0, cv2.BORDER_CONSTANT, value=TABLE)
    return np.asarray(page, np.uint8)


def in_a_box() -> Grey:
    page = a_page()
    cv2.rectangle(page, (45, 70), (130, 180), PEN, 3)
    return page


@pytest.mark.parametrize("surrounded", [on_a_table, with_a_frame, with_a_band, in_a_box])
def test_the_likeliest_frame_is_that_of_the_page_alone(surrounded: Callable[[], Grey]) -> None:
    alone = normalise(a_page()).frames[0].astype(float)

    seen = normalise(surrounded())

    both = np.corrcoef(alone.ravel(), seen.frames[0].astype(float).ravel())
    assert both[0, 1] > 0.8  # a turn moves some pixels
    assert seen.priors[0] > 0.5


def test_a_page_that_nothing_bounds_has_no_sheet() -> None:
    assert find_sheet(a_page(), tones(a_page())) is None


@pytest.mark.parametrize("digit", "0123456789")
def test_light_digits_on_a_board_are_no_sheet(digit: str) -> None:
    board = np.full((200, 200), 40, np.uint8)
    cv2.putText(board, digit, (50, 160), cv2.FONT_HERSHEY_SIMPLEX, 5, 230, 12, cv2.LINE_AA)

    assert find_sheet(board, tones(board)) is None
    assert find_sheet(~board, tones(~board)) is None


def test_a_frame_of_mnist_passes_unchanged() -> None:
    ink = np.asarray(cv2.subtract(np.full_like(a_page(), PAPER), a_page()), np.uint8)
    left, top, width, height = cv2.boundingRect(ink)
    frame = to_frame(ink[top : top + height, left : left + width])

    assert (normalise(frame).frames[0] == frame).all()
    assert len(normalise(frame).frames) == 1
