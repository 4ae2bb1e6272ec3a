"""Papers under the ink, and their picture by a paint program, a scanner or a camera.

The pictures are as a worker decodes them: uint8 (height, width), 0 = black, 255 = white.
"""

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from digitdrop.values import Grey

Coverage = npt.NDArray[np.float32]
"""Shape (height, width): the share of each point that ink covers, 0-1."""

Levels = npt.NDArray[np.float32]
"""Shape (height, width): brightness, 0 = black, 1 = white; clipped when it is stored."""


def drawing(cover: Coverage, rng: Generator) -> Grey:
    """Return ink as a paint program stores it: even colours, dark on light or light on dark."""
    paper, ink = (rng.uniform(0.85, 1), rng.uniform(0, 0.45)) if rng.random() < 0.4 else (1, 0)
    if rng.random() < 0.3:
        cover = (cover > 0.4).astype(np.float32)
    picture = paper + (ink - paper) * cover
    return _stored(1 - picture if rng.random() < 0.5 else picture, rng, noise=0, jpeg=0.3)


def scan(cover: Coverage, rng: Generator) -> Grey:
    """Return ink as a scanner stores it: white paper, soft edges, perhaps specks."""
    paper, ink = rng.uniform(0.85, 1.0), rng.uniform(0.0, 0.65)
    picture = paper + (ink - paper) * cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.3, 1.2))
    if rng.random() < 0.3:
        picture = np.minimum(picture, 1 - 0.6 * _specks(cover.shape, rng))
    return _stored(picture, rng, noise=rng.uniform(0, 0.02), jpeg=0.6)


def photo(cover: Coverage, rng: Generator) -> Grey:
    """Return ink as a phone takes it: uneven light, ruled or folded paper."""
    soft = min(1.8, 0.5 + max(cover.shape) / 200)
    paper = _light(cover.shape, rng)
    paper *= 1 + rng.uniform(0, 0.015) * _rough(cover.shape, rng, rng.uniform(0.7, 3))
    darkness = rng.uniform(0.18, 0.95)
    if rng.random() < 0.25:  # print is meant to be paler than writing
        paper *= 1 - rng.uniform(0.2, 0.8) * darkness * _lines(cover.shape, rng)
    if rng.random() < 0.15:
        paper *= _fold(cover.shape, rng)
    if rng.random() < 0.1:
        paper *= 1 - rng.uniform(0.03, 0.12) * _specks(cover.shape, rng)
    picture = paper * (1 - darkness * cover * (1 + 0.15 * _rough(cover.shape, rng, 1.5)))
    if rng.random() < 0.15:
        picture[_table(cover.shape, rng)] = rng.uniform(0.05, 0.6)
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, soft)).astype(np.float32)
    if rng.random() < 0.06:  # chalk on a blackboard
        picture = 1 - picture
    return _stored(picture, rng, noise=rng.uniform(0, 0.02), jpeg=0.9)


def shade(shape: tuple[int, int], rng: Generator) -> Grey:
    """Return light and shadow on bare paper, for a picture without ink."""
    x, y = _grid(shape)
    lot = rng.random()
    if lot < 0.35:
        picture = rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y
    elif lot < 0.7:
        picture = np.square(x - rng.uniform(-0.4, 0.4)) + np.square(y - rng.uniform(-0.4, 0.4))
    else:
        coarse = rng.standard_normal((int(rng.integers(2, 10)), int(rng.integers(2, 10))))
        picture = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    levels = rng.uniform(0.2, 1) + rng.uniform(-0.4, 0.4) * picture
    noise = rng.uniform(0, 0.02) if rng.random() < 0.5 else 0
    return _stored(np.asarray(levels, np.float32), rng, noise=noise, jpeg=0.3)


def _stored(picture: Levels, rng: Generator, *, noise: float, jpeg: float) -> Grey:
    """Add noise of this deviation, round to 8 bits, and save as JPEG with probability `jpeg`."""
    if noise > 0:
        picture = (picture + rng.normal(0, noise, picture.shape)).astype(np.float32)
    grey: Grey = np.clip(np.rint(picture * 255), 0, 255).astype(np.uint8)
    if rng.random() < jpeg:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 96))]
        packed = cv2.imencode(".jpg", grey, quality)[1]
        grey = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return grey


def _grid(shape: tuple[int, ...]) -> tuple[Levels, Levels]:
    """Return x and y of each point, -1 to 1."""
    y, x = np.meshgrid(
        np.linspace(-1, 1, shape[0], dtype=np.float32),
        np.linspace(-1, 1, shape[1], dtype=np.float32),
        indexing="ij",
    )
    return x, y


def _light(shape: tuple[int, ...], rng: Generator) -> Levels:
    """Return uneven light: a slope, perhaps vignetting and the shadow of a hand."""
    x, y = _grid(shape)
    middle = rng.uniform(-0.6, 0.6, 2)
    light: Levels = np.full(shape, rng.uniform(0.45, 0.98), np.float32)
    slope = rng.normal(0, 0.15, 2)
    light *= 1 + slope[0] * x + slope[1] * y
    if rng.random() < 0.5:  # vignetting
        light *= 1 - rng.uniform(0, 0.35) * ((x - middle[0]) ** 2 + (y - middle[1]) ** 2)
    if rng.random() < 0.25:  # the shadow of a hand or a phone
        turn = rng.uniform(0, 2 * np.pi)
        along = np.cos(turn) * x + np.sin(turn) * y - rng.uniform(-0.7, 0.7)
        soft = np.exp(rng.uniform(np.log(0.02), np.log(0.6)))
        light *= 1 - rng.uniform(0.1, 0.6) / (1 + np.exp(-along / soft))
    return np.clip(light, 0.08, 1.05).astype(np.float32)


def _rough(shape: tuple[int, ...], rng: Generator, grain: float) -> Levels:
    """Return noise with mean 0, deviation about 1, and grains of about `grain` pixels."""
    small = [max(2, int(side / grain)) for side in shape]
    coarse = rng.standard_normal(small, dtype=np.float32)
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.float32)


def _lines(shape: tuple[int, ...], rng: Generator) -> Levels:
    """Return the lines of ruled or squared paper, a little turned; 1 = line."""
    side = max(shape)
    step = side * rng.uniform(0.06, 0.35)
    thick = max(1, round(step * rng.uniform(0.02, 0.08)))
    sheet = np.zeros((2 * side, 2 * side), np.uint8)
    for y in np.arange(rng.uniform(0, step), 2 * side, step):
        cv2.line(sheet, (0, round(y)), (2 * side, round(y)), 255, thick)
    if rng.random() < 0.55:
        wide = step * (1 if rng.random() < 0.7 else rng.uniform(1, 3))
        for x in np.arange(rng.uniform(0, wide), 2 * side, wide):
            cv2.line(sheet, (round(x), 0), (round(x), 2 * side), 255, thick)
    if rng.random() < 0.3:
        sheet = sheet.T.copy()
    turn = cv2.getRotationMatrix2D((side, side), rng.normal(0, 3), 1)
    turn = turn - [[0, 0, side / 2]]
    turned = cv2.warpAffine(sheet, turn, (shape[1], shape[0]), flags=cv2.INTER_LINEAR)
    return turned.astype(np.float32) / np.float32(255)


def _fold(shape: tuple[int, ...], rng: Generator) -> Levels:
    """Return the light on a folded sheet: a crease, and a step in brightness along it."""
    x, y = _grid(shape)
    turn = rng.uniform(0, np.pi)
    along = np.cos(turn) * x + np.sin(turn) * y - rng.uniform(-0.8, 0.8)
    step = rng.uniform(-0.12, 0.12) * np.tanh(along / 0.02)
    crease = rng.uniform(0, 0.2) * np.exp(-np.square(along / rng.uniform(0.01, 0.05)))
    return np.asarray(1 + step - crease, np.float32)


def _table(shape: tuple[int, ...], rng: Generator) -> npt.NDArray[np.bool_]:
    """Return True beyond the edge of the sheet: one side or corner of the picture."""
    x, y = _grid(shape)
    turn = rng.choice([0, 0.5, 1, 1.5]) * np.pi + rng.normal(0, 0.15)
    along = np.cos(turn) * x + np.sin(turn) * y
    return np.asarray(along > rng.uniform(0.88, 1.1))


def _specks(shape: tuple[int, ...], rng: Generator) -> Levels:
    """Return up to eleven specks; 1 = speck."""
    specks = np.zeros(shape, np.uint8)
    for _ in range(int(rng.integers(1, 12))):
        centre = (int(rng.integers(shape[1])), int(rng.integers(shape[0])))
        cv2.circle(
            specks, centre, int(rng.integers(0, 1 + max(shape) // 80)), 255, -1, cv2.LINE_AA
        )
    return specks.astype(np.float32) / np.float32(255)
