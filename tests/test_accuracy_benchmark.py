"""The benchmark's own pictures and tables: the same picture in another dress is the same."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from benchmarks.accuracy import BEGIN, END, markdown, put
from benchmarks.corruptions import FAMILIES, SIDE, Pictures
from benchmarks.emptiness import KINDS, empty_pictures
from benchmarks.lines import lines
from benchmarks.papers import ABOVE, laid_out, photographed
from benchmarks.papers import KINDS as PAPERS
from benchmarks.variants import VARIANTS, Original

from digitdrop.decoding.decode import decode
from digitdrop.evaluation.answers import Answers
from digitdrop.values import Status


def a_photo(path: Path) -> Path:
    page = np.full((60, 44, 3), 240, np.uint8)
    cv2.putText(page, "4", (8, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (30, 20, 10), 4)
    cv2.imwrite(str(path), page)
    return path


def some_digits() -> Pictures:
    frames = np.zeros((4, SIDE, SIDE), np.uint8)
    for digit, frame in enumerate(frames):
        cv2.putText(frame, str(digit), (5, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    return frames


def answers(*right: bool) -> Answers:
    zeros = np.full(len(right), "0")
    return Answers(
        label=zeros,
        prediction=np.where(right, "0", "1"),
        confidence=np.ones(len(right)),
        runner_up=np.full(len(right), "2"),
        runner_up_confidence=np.zeros(len(right)),
        status=np.full(len(right), Status.OK.value),
    )


@pytest.mark.parametrize("name", sorted(VARIANTS.keys() - {"inverted", "0.5x", "2x"}))
def test_a_picture_in_another_dress_is_decoded_to_the_same(name: str, tmp_path: Path) -> None:
    original = Original(a_photo(tmp_path / "4.png"), light_on_dark=False)

    dressed = decode(VARIANTS[name](original)).astype(int)

    assert dressed.shape == original.grey.shape
    assert np.abs(dressed - original.grey).mean() < 6


@pytest.mark.parametrize(("name", "factor"), [("0.5x", 0.5), ("2x", 2)])
def test_a_scaled_picture_has_the_scaled_size(name: str, factor: float, tmp_path: Path) -> None:
    original = Original(a_photo(tmp_path / "4.png"), light_on_dark=False)

    assert decode(VARIANTS[name](original)).shape == (60 * factor, 44 * factor)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_corruption_changes_pictures_and_repeats_itself(family: str) -> None:
    make, digits = FAMILIES[family].make, some_digits()

    spoiled = make(digits, np.random.default_rng(1))

    assert spoiled.shape == digits.shape
    assert spoiled.dtype == np.uint8
    assert (spoiled != digits).any(axis=(1, 2)).all()
    assert np.array_equal(spoiled, make(digits, np.random.default_rng(1)))


@pytest.mark.parametrize("kind", PAPERS)
def test_a_digit_on_paper_is_the_same_in_every_run_and_stands_out(kind: str) -> None:
    once, again = (
        list(photographed(some_digits(), kind, np.random.default_rng(1))) for _ in range(2)
    )

    assert all(map(np.array_equal, once, again))
    assert all(150 <= max(picture.shape) <= 600 for picture in once)
    without = photographed(np.zeros_like(some_digits()), kind, np.random.default_rng(1))
    if kind not in ABOVE:  # there it is moved until nothing covers it
        for picture, sheet in zip(once, without, strict=True):
            assert (picture < 0.7 * sheet).any()


@pytest.mark.parametrize("kind", sorted(ABOVE))
def test_nothing_lies_on_the_writing(kind: str) -> None:
    chance = np.random.default_rng(1)

    for _ in range(40):
        sheet, written = laid_out(some_digits()[2], kind, (200, 150), chance)

        assert written.max() == 1
        assert not written[sheet < 1].any()


@pytest.mark.parametrize("kind", KINDS)
def test_empty_pictures_are_the_same_in_every_run(kind: str) -> None:
    once, again = (list(empty_pictures(kind, 5, np.random.default_rng(1))) for _ in range(2))

    assert all(map(np.array_equal, once, again))
    assert all(picture.dtype == np.uint8 and picture.size for picture in once)


def test_a_table_says_how_many_of_how_many_and_whether_the_goal_is_reached() -> None:
    results = {
        "mnist": {
            "direct": {"direct": answers(True, True, True, False)},
            "28x28": {"28x28": answers(True, True, False, False)},
        }
    }

    page = "".join(markdown(lines(results), "digits-01234567"))

    assert "| frames given to the network directly | 75.00 % | 3 of 4 |  |  |" in page
    assert "| 50.00 % | 2 of 4 | at least 74.95 % | **no** |" in page


def test_a_page_is_replaced_between_its_marks_only(tmp_path: Path) -> None:
    page = tmp_path / "accuracy.md"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n")

    put("new\n", page)

    assert page.read_text() == f"before\n{BEGIN}new\n{END}after\n"


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "accuracy.md"
    page.write_text("nothing here")

    with pytest.raises(SystemExit):
        put("new\n", page)

    assert page.read_text() == "nothing here"
