import cv2
import numpy as np
import pytest

from digitdrop.preprocess.candidates import BOLD
from digitdrop.preprocess.components import pieces
from digitdrop.preprocess.mnist_frame import is_framed, to_frame
from digitdrop.preprocess.normalise import normalise
from digitdrop.values import Frame, Grey
from digitdrop_train.synthesis.scenes import blank, nondigit


def a_two(side: int = 200, thickness: int = 14) -> Grey:
    """A 2 in light ink on black, drawn large."""
    ink = np.zeros((side, side), np.uint8)
    points = np.array(
        [(60, 70), (75, 45), (110, 40), (130, 65), (110, 100), (60, 155), (140, 155)]
    )
    cv2.polylines(ink, [points * side // 200], False, 255, thickness * side // 200, cv2.LINE_AA)
    return ink


def a_frame() -> Frame:
    """The same 2 as MNIST would store it."""
    left, top, width, height = cv2.boundingRect(a_two())
    return to_frame(a_two()[top : top + height, left : left + width])


def alike(one: Frame, other: Frame) -> float:
    """Return the correlation of two frames, slightly blurred; 1 = the same.

    A pixel's shift does not count: where the centre of mass lies between two
    pixels, a trifle decides.
    """
    still = cv2.GaussianBlur(other / 255, (0, 0), 1.0).ravel()
    return max(
        float(np.atleast_2d(np.corrcoef(np.stack([blurred.ravel(), still])))[0, 1])
        for blurred in (
            cv2.GaussianBlur(np.roll(one, (down, right), (0, 1)) / 255, (0, 0), 1.0)
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
        )
    )


def test_a_frame_passes_unchanged_and_alone() -> None:
    sight = normalise(a_frame())

    assert len(sight.frames) == 1
    assert (sight.frames[0] == a_frame()).all()
    assert sight.priors == (1.0,)


def test_the_negative_of_a_frame_is_turned_back_exactly() -> None:
    sight = normalise(255 - a_frame())

    assert len(sight.frames) == 1
    assert (sight.frames[0] == a_frame()).all()


@pytest.mark.parametrize("light_ink", [True, False])
@pytest.mark.parametrize("side", [64, 280, 1200])
def test_a_frame_enlarged_comes_back(side: int, light_ink: bool) -> None:
    enlarged = cv2.resize(a_frame(), (side, side), interpolation=cv2.INTER_CUBIC)

    sight = normalise(np.asarray(enlarged if light_ink else 255 - enlarged, np.uint8))

    assert is_framed(sight.frames[0])
    assert alike(sight.frames[0], a_frame()) > 0.97


def test_every_candidate_is_a_frame_and_they_differ() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        picture = rng.integers(0, 256, rng.integers(1, 90, 2), dtype=np.uint8)

        sight = normalise(picture)

        assert len(sight.frames) == len(sight.priors) <= 6
        assert all(frame.shape == (28, 28) and frame.max() == 255 for frame in sight.frames)
        assert all(priors >= 0 for priors in sight.priors)
        assert sum(sight.priors) <= 1 + 1e-9
        assert list(sight.priors) == sorted(sight.priors, reverse=True)
        assert len({frame.tobytes() for frame in sight.frames}) == len(sight.frames)
        assert bool(sight.reason) == (not sight.frames)


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (28, 28), (3, 500), (400, 300)])
def test_one_colour_is_blank(level: int, size: tuple[int, int]) -> None:
    sight = normalise(np.full(size, level, np.uint8))

    assert sight.frames == ()
    assert sight.reason


def test_shadow_and_vignetting_do_not_hide_a_thin_stroke() -> None:
    ink = a_two(side=300, thickness=4)
    rows, columns = np.mgrid[:300, :300]
    light = 190 - 90 * (columns / 300) - 50 * ((rows - 150) ** 2 / 150**2)
    photo = np.clip(light * (1 - 0.45 * ink / 255), 0, 255)
    photo += np.random.default_rng(0).normal(0, 3, photo.shape)

    sight = normalise(np.clip(photo, 0, 255).astype(np.uint8))

    assert alike(sight.frames[0], a_frame()) > 0.85


def a_page(ink: Grey, *, paper: float = 200, darkness: float = 0.6, noise: float = 3) -> Grey:
    """Write ink (255 = full) on even paper and photograph it."""
    photo = paper * (1 - darkness * (ink / 255))
    photo = photo + np.random.default_rng(0).normal(0, noise, ink.shape)
    page: Grey = np.clip(photo, 0, 255).astype(np.uint8)
    return page


def placed(canvas: tuple[int, int], top: int, left: int, side: int = 120) -> Grey:
    """Put the 2 somewhere on a larger sheet."""
    sheet = np.zeros(canvas, np.uint8)
    sheet[top : top + side, left : left + side] = a_two(side)
    return sheet


@pytest.mark.parametrize("tilt", [-3, 0, 2])
@pytest.mark.parametrize("squared", [True, False])
def test_printed_lines_are_rubbed_out(squared: bool, tilt: int) -> None:
    lines = np.zeros((300, 300), np.uint8)
    for at in range(20, 300, 45):
        cv2.line(lines, (0, at - tilt * 2), (300, at + tilt * 2), 255, 2)
        if squared:
            cv2.line(lines, (at + tilt * 2, 0), (at - tilt * 2, 300), 255, 2)
    ink = np.maximum(placed((300, 300), 90, 80), lines // 2)

    sight = normalise(a_page(ink))

    assert alike(sight.frames[0], a_frame()) > 0.9


@pytest.mark.parametrize("side", [60, 300])
def test_writing_is_told_from_paler_print_that_is_too_crooked_or_small_for_lines(
    side: int,
) -> None:
    lines = np.zeros((side, side), np.uint8)
    for at in range(side // 15, 2 * side, side // 5):
        cv2.line(lines, (0, at), (side, at - side // 5), 255, max(1, side // 100))
        cv2.line(lines, (at - side // 5, 0), (at, side), 255, max(1, side // 100))
    ink = np.maximum(placed((side, side), side // 4, side // 4, side // 2), lines // 2)

    sight = normalise(a_page(ink, noise=1))

    assert max(alike(frame, a_frame()) for frame in sight.frames) > 0.9


@pytest.mark.parametrize("turn", [0, 40, 90])
def test_writing_is_seen_across_the_sharp_edge_of_a_shadow(turn: int) -> None:
    page = a_page(placed((300, 300), 60, 60, side=180))
    rows, columns = np.mgrid[-150:150, -150:150]
    along = np.cos(np.deg2rad(turn)) * columns + np.sin(np.deg2rad(turn)) * rows
    shaded = np.where(along > 10, page * 0.5, page).astype(np.uint8)

    sight = normalise(shaded)

    assert max(alike(frame, a_frame()) for frame in sight.frames) > 0.85


def test_a_reading_that_is_found_in_two_ways_has_the_trust_of_both() -> None:
    lines = np.zeros((300, 300), np.uint8)
    lines[20::45] = lines[21::45] = 110
    sight = normalise(a_page(np.maximum(placed((300, 300), 90, 80), lines)))

    alone, with_lines = BOLD, 0.85 * (1 - BOLD)
    assert sight.priors[0] > max(alone, with_lines) + 0.1


def test_what_hardly_stands_out_in_uneven_light_is_hardly_trusted() -> None:
    rows = np.mgrid[:300, :300][0]
    priors = []
    for darkness in (0.6, 0.08):
        page = a_page(placed((300, 300), 90, 80), paper=220, darkness=darkness, noise=1)
        sight = normalise((page * (1 - rows / 500)).astype(np.uint8))
        assert max(alike(frame, a_frame()) for frame in sight.frames) > 0.85
        priors.append(sum(sight.priors))

    assert priors[0] > 0.9
    assert priors[1] < 0.2


def test_the_edge_of_the_table_is_not_taken_for_ink() -> None:
    page = a_page(placed((300, 300), 90, 80), darkness=0.3)
    page[:25] = 20
    page[:, :12] = 30

    assert alike(normalise(page).frames[0], a_frame()) > 0.9


def test_each_mark_weighs_as_much_as_its_ink_wherever_it_lies() -> None:
    ink = np.zeros((90, 120), np.uint8)
    for top, left, level in ((0, 30, 200), (40, 5, 90), (75, 100, 30)):
        ink[top : top + 15, left : left + 20] = level

    marks = pieces((ink > 0).view(np.uint8), ink, faint=3.0)

    assert sorted(marks.mass) == [300 * 30, 300 * 90, 300 * 200]


def test_dirt_is_left_out() -> None:
    ink = placed((300, 300), 90, 80)
    for at in [(20, 20), (280, 30), (270, 280), (30, 260)]:
        cv2.circle(ink, at, 2, 255, -1)

    assert alike(normalise(a_page(ink)).frames[0], a_frame()) > 0.95


def test_broken_strokes_stay_together() -> None:
    ink = a_two()
    ink[:, 98:103] = 0

    assert alike(normalise(a_page(ink)).frames[0], a_frame()) > 0.9


@pytest.mark.parametrize("light_ink", [True, False])
@pytest.mark.parametrize("side", [16, 40, 200])
def test_a_digit_that_fills_its_picture_is_seen_whole(side: int, light_ink: bool) -> None:
    left, top, width, height = cv2.boundingRect(a_two())
    tight = a_two()[top : top + height, left : left + width]
    size = (round(side * width / height), side)
    crop = np.asarray(cv2.resize(tight, size, interpolation=cv2.INTER_AREA), np.uint8)

    sight = normalise(crop if light_ink else 255 - crop)

    assert alike(sight.frames[0], a_frame()) > 0.9


def test_a_digit_stretched_into_a_square_is_also_read_narrower() -> None:
    left, top, width, height = cv2.boundingRect(a_two())
    tight = a_two()[top : top + height, left : left + width]
    square = cv2.resize(tight, (32, 32), interpolation=cv2.INTER_AREA)

    widths = [
        cv2.boundingRect(frame)[2] for frame in normalise(np.asarray(square, np.uint8)).frames
    ]

    assert 20 in widths
    assert min(widths) < 16


def test_a_tiny_digit_on_a_large_sheet_is_found() -> None:
    sheet = placed((700, 1000), 500, 100, side=64)

    assert alike(normalise(a_page(sheet)).frames[0], a_frame()) > 0.85


def test_digits_side_by_side_are_shown_together_first() -> None:
    row = np.hstack([a_two()[:, 40:160]] * 3)

    sight = normalise(a_page(row))

    width, height = cv2.boundingRect(sight.frames[0])[2:]
    assert width == 20
    assert height < 12


@pytest.mark.parametrize("grain", [1, 3])
def test_the_grain_of_empty_paper_is_blank(grain: int) -> None:
    rng = np.random.default_rng(3)
    rough = rng.normal(180, 6, (400 // grain, 300 // grain)).astype(np.float32)
    paper = cv2.resize(rough, (300, 400), interpolation=cv2.INTER_CUBIC)
    paper -= np.linspace(0, 60, 300, dtype=np.float32)

    assert normalise(np.asarray(np.clip(paper, 0, 255), np.uint8)).frames == ()


@pytest.mark.parametrize("size", [(28, 28), (86, 29), (60, 150), (300, 300)])
def test_noise_is_blank_also_where_it_has_the_shape_of_a_1(size: tuple[int, int]) -> None:
    for seed in range(50):
        noise = np.random.default_rng(seed).integers(256, size=size, dtype=np.uint8)

        sight = normalise(noise)

        assert not sight.frames
        assert sight.reason == "the picture shows noise only"


@pytest.mark.parametrize("side", [8, 12, 28, 200])
def test_a_digit_in_noise_is_seen(side: int) -> None:
    left, top, width, height = cv2.boundingRect(a_two())
    tight = a_two()[top : top + height, left : left + width]
    small = cv2.resize(tight, (side * width // height, side), interpolation=cv2.INTER_AREA)
    for seed in range(50):
        noise = np.random.default_rng(seed).normal(0, 40, small.shape)

        sight = normalise(np.clip(small + noise, 0, 255).astype(np.uint8))

        assert sight.frames


def test_a_hairline_is_thickened_before_it_is_averaged_away() -> None:
    sight = normalise(a_page(a_two(side=300, thickness=2)))

    assert (sight.frames[0] > 127).mean() > 0.04


def test_every_empty_sheet_and_every_scribble_is_looked_at_without_a_fault() -> None:
    """Found by recalibration: seed 27's creases left a frame without a single point of ink."""
    for seed in range(20, 40):
        for make in (blank, nondigit):
            sight = normalise(make(np.random.default_rng(seed)))

            assert all(frame.shape == (28, 28) and frame.any() for frame in sight.frames)
            assert list(sight.priors) == sorted(sight.priors, reverse=True)


@pytest.mark.parametrize("inverted", [False, True])
def test_a_picture_of_mnists_size_that_lines_spoil_is_also_shown_as_it_is(inverted: bool) -> None:
    spoiled = a_frame().copy()
    cv2.line(spoiled, (0, 22), (27, 3), 255, 1)

    sight = normalise(~spoiled if inverted else spoiled)

    assert any(np.array_equal(frame, spoiled) for frame in sight.frames)
    assert sum(sight.priors) <= 1.01
