"""What poor pictures do to a frame: few pixels, blur, noise, gaps, lines, hard edges."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from train.geometry import as_ink
from worker.framing import SIDE
from worker.values import Frame

Chance = np.random.Generator
Spoiler = Callable[[Frame, Chance], Frame]


def spoil(frame: Frame, chance: Chance) -> Frame:
    """Do one thing that poor pictures do, or, two times in five, none."""
    kind = chance.random()
    for share, spoiler in SPOILERS:
        if kind < share:
            return spoiler(frame, chance)
        kind -= share
    return frame


def few_pixels(frame: Frame, chance: Chance) -> Frame:
    """Draw it with 11-20 pixels, then enlarge it again."""
    side = int(chance.integers(11, 21))
    small = cv2.resize(frame, (side, side), interpolation=cv2.INTER_AREA)
    return _dark(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR))


def blur(frame: Frame, chance: Chance) -> Frame:
    """Out of focus."""
    return _dark(cv2.GaussianBlur(frame, (0, 0), chance.uniform(0.4, 1.3)))


def shake(frame: Frame, chance: Chance) -> Frame:
    """Blurred along one direction."""
    angle, reach = chance.uniform(0, np.pi), chance.uniform(1, 2.5)
    end = np.array([np.cos(angle), np.sin(angle)]) * reach
    kernel = np.zeros((7, 7), np.uint8)
    cv2.line(kernel, _sixteenths(3 - end), _sixteenths(3 + end), 255, 1, cv2.LINE_AA, 4)
    return _dark(cv2.filter2D(frame, -1, kernel.astype(np.float32) / kernel.sum()))


def noise(frame: Frame, chance: Chance) -> Frame:
    """Grain over ink and paper."""
    grain = chance.standard_normal(frame.shape, np.float32) * chance.uniform(8, 60)
    return as_ink(frame + grain)


def specks(frame: Frame, chance: Chance) -> Frame:
    """Salt and pepper."""
    kind = chance.random(frame.shape, np.float32)
    share = chance.uniform(0.005, 0.08)
    spoiled = frame.copy()
    spoiled[kind < share] = 255
    spoiled[kind > 1 - share] = 0
    return spoiled


def contrast(frame: Frame, chance: Chance) -> Frame:
    """Fainter ink, greyer paper, another gamma."""
    gamma = np.exp(chance.uniform(-0.8, 0.8))
    low, high = chance.uniform(0, 60), chance.uniform(140, 255)
    return as_ink((frame / 255.0) ** gamma * (high - low) + low)


def uneven(frame: Frame, chance: Chance) -> Frame:
    """Ink that fades from one side to the other."""
    slope = chance.uniform(-0.5, 0.5, 2)
    along = np.linspace(-0.5, 0.5, SIDE)
    weight = 0.8 + slope[0] * along[None, :] + slope[1] * along[:, None]
    return as_ink(frame * weight)


def erase(frame: Frame, chance: Chance) -> Frame:
    """A small patch is missing (random erasing, Zhong et al. 2017)."""
    spoiled = frame.copy()
    width, height = chance.integers(3, 7, 2)
    x, y = chance.integers(4, SIDE - 4 - width), chance.integers(4, SIDE - 4 - height)
    spoiled[y : y + height, x : x + width] = 0
    return spoiled


def lines(frame: Frame, chance: Chance) -> Frame:
    """Rests of ruled or squared paper, or a stray hair."""
    spoiled = frame.copy()
    for _ in range(int(chance.integers(1, 4))):
        ends = chance.uniform(0, SIDE, (2, 2))
        if chance.random() < 0.7:  # ruled paper lies straight
            ends = np.stack([ends[0], ends[0]])
            ends[:, chance.integers(2)] = (0, SIDE)
        shade = int(chance.integers(60, 256))
        cv2.line(spoiled, _sixteenths(ends[0]), _sixteenths(ends[1]), shade, 1, cv2.LINE_AA, 4)
    return np.maximum(spoiled, frame)


def hard(frame: Frame, chance: Chance) -> Frame:
    """Black or white, as fax machines and thresholds leave it."""
    return np.where(frame > chance.integers(70, 170), 255, 0).astype(np.uint8)


def gaps(frame: Frame, chance: Chance) -> Frame:
    """Strokes that a dry pen broke."""
    coarse = chance.random((14, 14), np.float32)
    holes = cv2.resize(coarse, (SIDE, SIDE)) < chance.uniform(0.15, 0.3)
    return np.where(holes, frame // 4, frame).astype(np.uint8)


SPOILERS: tuple[tuple[float, Spoiler], ...] = (
    (0.08, few_pixels),
    (0.07, blur),
    (0.03, shake),
    (0.08, noise),
    (0.03, specks),
    (0.07, contrast),
    (0.03, uneven),
    (0.07, erase),
    (0.05, lines),
    (0.06, hard),
    (0.03, gaps),
)
"""How often each happens; what is missing to 1 leaves the frame as it is."""


def _sixteenths(point: npt.NDArray[np.float64]) -> tuple[int, int]:
    # OpenCV draws between pixels when it is told coordinates times 2**shift, here 16.
    return round(float(point[0]) * 16), round(float(point[1]) * 16)


def _dark(frame: cv2.typing.MatLike) -> Frame:
    """Stretch it so that its darkest ink is full again, as `glyph` does."""
    return as_ink(cv2.convertScaleAbs(frame, alpha=255 / max(1, int(frame.max()))))
