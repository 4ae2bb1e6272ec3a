"""MNIST's test digits written on paper and photographed: what lies on paper beside a digit.

Made by other code than the pictures that `train` learns from, with kinds of its own.
"""

from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np
import numpy.typing as npt

Chance = np.random.Generator
Levels = npt.NDArray[np.float64]
"""Shape (height, width): brightness of the sheet, 0 = black, 1 = white."""
Shape = tuple[int, int]

TYPEFACES = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_DUPLEX)


def plain(shape: Shape, _: Chance) -> Levels:
    """White paper in soft light."""
    return np.ones(shape)


def ruled(shape: Shape, chance: Chance) -> Levels:
    """Lines from side to side, a digit's height apart or less, a little turned."""
    return 1 - chance.uniform(0.15, 0.5) * _lines(shape, chance, turn=chance.normal(0, 3))


def squared(shape: Shape, chance: Chance) -> Levels:
    """Lines in both directions."""
    turn, strength = chance.normal(0, 3), chance.uniform(0.15, 0.5)
    both = np.maximum(_lines(shape, chance, turn=turn), _lines(shape, chance, turn=turn + 90))
    return np.asarray(1 - strength * both)


def soft_shadow(shape: Shape, chance: Chance) -> Levels:
    """The shadow of a hand."""
    return _shadow(shape, chance, edge=chance.uniform(0.2, 0.5))


def sharp_shadow(shape: Shape, chance: Chance) -> Levels:
    """The shadow of a phone in the sun."""
    return _shadow(shape, chance, edge=chance.uniform(0.01, 0.08))


def table(shape: Shape, chance: Chance) -> Levels:
    """The sheet ends within the picture, on something dark."""
    along = _along(shape, 90 * chance.integers(4) + chance.normal(0, 4))
    return np.where(along > chance.uniform(0.72, 0.9), chance.uniform(0.05, 0.5), 1.0)


def crease(shape: Shape, chance: Chance) -> Levels:
    """A fold that was opened again: a thin shade, and another light on either side."""
    along = _along(shape, chance.uniform(0, 180)) - chance.uniform(-0.7, 0.7)
    thin = np.exp(-np.square(along / chance.uniform(0.01, 0.03)))
    return np.asarray(1 - chance.uniform(0.05, 0.2) * thin - chance.uniform(0, 0.15) * (along > 0))


def shining_through(shape: Shape, chance: Chance) -> Levels:
    """Print on the other side of the sheet."""
    print_ = np.zeros(shape, np.uint8)
    size = min(shape) * chance.uniform(0.002, 0.005)
    face = int(chance.choice(TYPEFACES))
    for bottom in range(int(25 * size), shape[0] + int(25 * size), max(8, int(45 * size))):
        words = "".join(chance.choice(list("abcdefghijklmnopqrstuvwxyz   "), 80))
        cv2.putText(print_, words, (0, bottom), face, size, 255, max(1, round(2 * size)))
    seen = cv2.GaussianBlur(print_[:, ::-1], (0, 0), chance.uniform(0.8, 2)) / 255
    return np.asarray(1 - chance.uniform(0.05, 0.2) * seen)


def finger(shape: Shape, chance: Chance) -> Levels:
    """A fingertip that holds the sheet, over its border."""
    sheet = np.ones(shape)
    side, at = int(chance.integers(4)), chance.uniform(0.15, 0.85)
    x, y = [(at, 0.0), (at, 1.0), (0.0, at), (1.0, at)][side]
    centre = round(x * shape[1]), round(y * shape[0])
    half = round(min(shape) * chance.uniform(0.1, 0.16))
    axes = (half, round(1.4 * half)) if side < 2 else (round(1.4 * half), half)
    cv2.ellipse(sheet, centre, axes, chance.normal(0, 10), 0, 360, chance.uniform(0.4, 0.8), -1)
    return np.asarray(cv2.GaussianBlur(sheet, (0, 0), 1.5))


KINDS: dict[str, Callable[[Shape, Chance], Levels]] = {
    "plain paper": plain,
    "ruled paper": ruled,
    "squared paper": squared,
    "a soft shadow": soft_shadow,
    "a sharp shadow": sharp_shadow,
    "the table beside the sheet": table,
    "a crease": crease,
    "print shining through": shining_through,
    "a finger": finger,
}

ABOVE = {"the table beside the sheet", "a finger"}
"""What covers the paper, and must not cover the writing."""


def photographed(
    frames: Iterable[npt.NDArray[np.uint8]], kind: str, chance: Chance
) -> Iterator[npt.NDArray[np.uint8]]:
    """Write each digit on a sheet of its own, with a pen or a pencil, and photograph it.

    Args:
        frames: uint8 (28, 28), or wider for a number; 0 = paper, 255 = ink.
        kind: of paper, one of `KINDS`.
        chance: decides all the rest.

    Yields:
        uint8 (height, width), 0 = black, 255 = white, 150-600 pixels long; the digit is a quarter
        to three fifths as high as the shorter side, and lies whole on the sheet, off its middle.
    """
    for frame in frames:
        shape = _shape(chance)
        light = chance.uniform(0.5, 0.95) * (
            1 + chance.uniform(-0.25, 0.25) * _tilted(shape, chance)
        )
        sheet, written = laid_out(frame, kind, shape, chance)
        ink = 1 - chance.uniform(0.45, 0.9) * written
        seen = cv2.GaussianBlur(light * sheet * ink, (0, 0), min(shape) / 300)
        noisy = seen + chance.normal(0, chance.uniform(0.003, 0.015), shape)
        grey = np.clip(np.rint(255 * noisy), 0, 255).astype(np.uint8)
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(chance.integers(60, 95))]
        yield np.asarray(
            cv2.imdecode(cv2.imencode(".jpg", grey, quality)[1], cv2.IMREAD_GRAYSCALE), np.uint8
        )


def laid_out(
    frame: npt.NDArray[np.uint8], kind: str, shape: Shape, chance: Chance
) -> tuple[Levels, Levels]:
    """Write a digit on a sheet, where nothing covers it.

    Returns:
        The sheet, and how much of each point the ink covers, 0-1.
    """
    while True:
        sheet, written = KINDS[kind](shape, chance), _written(frame, shape, chance)
        if kind not in ABOVE or not (written[sheet < 1] > 0).any():
            return sheet, written


def _shape(chance: Chance) -> Shape:
    long = np.exp(chance.uniform(np.log(150), np.log(600)))
    sides = chance.permutation([long, long / chance.uniform(1, 1.8)])
    return int(sides[0]), int(sides[1])


def _written(frame: npt.NDArray[np.uint8], shape: Shape, chance: Chance) -> Levels:
    """Cover as much of each point with ink as a pen would: 0-1."""
    high = round(min(shape) * chance.uniform(0.25, 0.6) * 28 / 20)
    if frame.shape[1] > len(frame):  # a number has to fit between the borders
        high = min(high, round(0.97 * shape[1] * 28 / frame.shape[1]))
    wide = round(high * frame.shape[1] / len(frame))
    large = cv2.resize(frame, (wide, high), interpolation=cv2.INTER_CUBIC) / 255
    # Enlarged, the soft edges of the strokes are as wide as the strokes: drawn sharp again.
    sharp = np.clip((large - 0.35) / 0.3, 0, 1)
    sheet = np.zeros((shape[0] + 2 * high, shape[1] + 2 * wide))
    margin = round(high * 4 / 28)  # of the frame, which may lie off the sheet
    top, left = (
        int(chance.integers(box - margin, box + side - box + margin + 1))
        for box, side in zip((high, wide), shape, strict=True)
    )
    sheet[top : top + high, left : left + wide] = sharp
    return sheet[high : high + shape[0], wide : wide + shape[1]]


def _along(shape: Shape, degrees: float) -> Levels:
    """Return how far each point lies in one direction: -1 to 1 within the picture's sides."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    return np.asarray(np.cos(np.deg2rad(degrees)) * x + np.sin(np.deg2rad(degrees)) * y)


def _tilted(shape: Shape, chance: Chance) -> Levels:
    return _along(shape, chance.uniform(0, 360))


def _shadow(shape: Shape, chance: Chance, *, edge: float) -> Levels:
    along = _tilted(shape, chance) - chance.uniform(-0.6, 0.6)
    return np.asarray(1 - chance.uniform(0.2, 0.6) / (1 + np.exp(-along / edge)))


def _lines(shape: Shape, chance: Chance, *, turn: float) -> Levels:
    """Draw parallel lines; 1 on them, else 0."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    across = np.cos(np.deg2rad(turn)) * y - np.sin(np.deg2rad(turn)) * x
    step = min(shape) * chance.uniform(0.1, 0.35)
    thick = max(1.0, step * chance.uniform(0.02, 0.06))
    away = np.abs((across + chance.uniform(0, step)) % step - step / 2)
    return np.asarray(np.clip(thick / 2 + 0.5 - away, 0, 1))
