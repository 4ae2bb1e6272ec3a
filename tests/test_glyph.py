import cv2
import numpy as np
import pytest

from worker.framing import is_framed, to_frame
from worker.glyph import look
from worker.values import Frame, Grey


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
    """Return the correlation of two frames, slightly blurred; 1 = the same."""
    blurred = [cv2.GaussianBlur(frame / 255, (0, 0), 1.0).ravel() for frame in (one, other)]
    return float(np.atleast_2d(np.corrcoef(np.stack(blurred)))[0, 1])


def test_a_frame_passes_unchanged_and_alone() -> None:
    sight = look(a_frame())

    assert len(sight.frames) == 1
    assert (sight.frames[0] == a_frame()).all()
    assert sight.trust == (1.0,)


def test_the_negative_of_a_frame_is_turned_back_exactly() -> None:
    sight = look(255 - a_frame())

    assert len(sight.frames) == 1
    assert (sight.frames[0] == a_frame()).all()


@pytest.mark.parametrize("light_ink", [True, False])
@pytest.mark.parametrize("side", [64, 280, 1200])
def test_a_frame_enlarged_comes_back(side: int, light_ink: bool) -> None:
    enlarged = cv2.resize(a_frame(), (side, side), interpolation=cv2.INTER_CUBIC)

    sight = look(np.asarray(enlarged if light_ink else 255 - enlarged, np.uint8))

    assert is_framed(sight.frames[0])
    assert alike(sight.frames[0], a_frame()) > 0.97


def test_every_candidate_is_a_frame_and_they_differ() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        picture = rng.integers(0, 256, rng.integers(1, 90, 2), dtype=np.uint8)

        sight = look(picture)

        assert len(sight.frames) == len(sight.trust) <= 6
        assert all(frame.shape == (28, 28) and frame.max() == 255 for frame in sight.frames)
        assert all(0 <= trust <= 1 for trust in sight.trust)
        assert list(sight.trust) == sorted(sight.trust, reverse=True)
        assert len({frame.tobytes() for frame in sight.frames}) == len(sight.frames)
        assert bool(sight.reason) == (not sight.frames)


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (28, 28), (3, 500), (400, 300)])
def test_one_colour_is_blank(level: int, size: tuple[int, int]) -> None:
    sight = look(np.full(size, level, np.uint8))

    assert sight.frames == ()
    assert sight.reason


def test_shadow_and_vignetting_do_not_hide_a_thin_stroke() -> None:
    ink = a_two(side=300, thickness=4)
    rows, columns = np.mgrid[:300, :300]
    light = 190 - 90 * (columns / 300) - 50 * ((rows - 150) ** 2 / 150**2)
    photo = np.clip(light * (1 - 0.45 * ink / 255), 0, 255)
    photo += np.random.default_rng(0).normal(0, 3, photo.shape)

    sight = look(np.clip(photo, 0, 255).astype(np.uint8))

    assert alike(sight.frames[0], a_frame()) > 0.85
