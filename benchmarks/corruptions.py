"""What MNIST-C does to MNIST's test pictures, made anew with OpenCV.

Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision". The
families and their published severities are theirs; the chance is ours, so the
pictures are like theirs, not the same.

Each function takes uint8 (count, 28, 28), 0 = paper, 255 = ink, and a generator
of chance, and returns as many pictures of that kind.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Pictures = npt.NDArray[np.uint8]
Chance = np.random.Generator
Shares = npt.NDArray[np.float32]
"""Pictures with values 0-1."""

SIDE = 28
_MIDDLE = (SIDE - 1) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One kind of corruption."""

    make: Callable[[Pictures, Chance], Pictures]
    seen: str = ""
    """What in training is like it (`corruptions` and `augment` of `digitdrop_train.synthesis`);
    empty: nothing is."""
    published: bool = True
    """Whether it is one of the fifteen of MNIST-C's benchmark, not only of its source."""


def shot_noise(pictures: Pictures, chance: Chance) -> Pictures:
    """Few photons: severity 5."""
    return _levels(chance.poisson(_shares(pictures) * 3) / 3)


def impulse_noise(pictures: Pictures, chance: Chance) -> Pictures:
    """Salt and pepper on 17 % of the pixels: severity 4."""
    kind = chance.random(pictures.shape, np.float32)
    return np.where(kind < 0.085, 255, np.where(kind < 0.17, 0, pictures)).astype(np.uint8)


def glass_blur(pictures: Pictures, chance: Chance) -> Pictures:
    """Pixels exchanged with their neighbours, twice, between two blurs: severity 1."""
    shuffled = _blurred(pictures, 0.7)
    every = np.arange(len(pictures))
    for _ in range(2):
        for y in range(SIDE - 1, 1, -1):
            for x in range(SIDE - 1, 1, -1):
                moves = chance.random(len(pictures)) < 0.5
                other_y = y - chance.integers(0, 2, len(pictures)) * moves
                other_x = x - chance.integers(0, 2, len(pictures)) * moves
                here = shuffled[:, y, x].copy()
                shuffled[:, y, x] = shuffled[every, other_y, other_x]
                shuffled[every, other_y, other_x] = here
    return _blurred(shuffled, 0.7)


def motion_blur(pictures: Pictures, chance: Chance) -> Pictures:
    """A trail that fades as a Gaussian of 3 pixels, at most 45 degrees from level: severity 1."""
    reach = 10
    steps = np.arange(reach + 1)
    weights = np.exp(-np.square(steps / 3) / 2)
    blurred = np.empty_like(pictures)
    for index, picture in enumerate(pictures):
        angle = chance.uniform(-np.pi / 4, np.pi / 4)
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        rows = np.rint(reach + steps * np.sin(angle)).astype(int)
        columns = np.rint(reach + steps * np.cos(angle)).astype(int)
        np.add.at(kernel, (rows, columns), weights / weights.sum())
        blurred[index] = cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return blurred


def shear(pictures: Pictures, chance: Chance) -> Pictures:
    """Slanted by 0.4 radians: severity 2."""

    def matrix(sign: float) -> list[list[float]]:
        return [[1, -np.sin(sign * 0.4)], [0, np.cos(0.4)]]

    return _mapped(pictures, [matrix(sign) for sign in _signs(len(pictures), chance)])


def scale(pictures: Pictures, _: Chance) -> Pictures:
    """Shrunk to 70 %: severity 3."""
    return _mapped(pictures, [[[1 / 0.7, 0], [0, 1 / 0.7]]] * len(pictures))


def rotate(pictures: Pictures, chance: Chance) -> Pictures:
    """Turned by 0.4 radians, 23 degrees: severity 2."""

    def matrix(angle: float) -> list[list[float]]:
        return [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]

    return _mapped(pictures, [matrix(0.4 * sign) for sign in _signs(len(pictures), chance)])


def brightness(pictures: Pictures, _: Chance) -> Pictures:
    """Everything lighter by half of the range: severity 5."""
    return _levels(_shares(pictures) + 0.5)


def translate(pictures: Pictures, chance: Chance) -> Pictures:
    """Moved by 3 pixels in both directions: severity 3."""
    signs = chance.choice([-1, 1], (len(pictures), 2))
    return np.stack(
        [
            cv2.warpAffine(picture, np.array([[1, 0, 3 * x], [0, 1, 3 * y]], np.float32), _SIZE)
            for picture, (x, y) in zip(pictures, signs, strict=True)
        ]
    )


def stripe(pictures: Pictures, _: Chance) -> Pictures:
    """The left and the right quarter inverted."""
    striped = pictures.copy()
    striped[:, :, :7] = ~striped[:, :, :7]
    striped[:, :, 21:] = ~striped[:, :, 21:]
    return striped


def fog(pictures: Pictures, chance: Chance) -> Pictures:
    """Three parts of fog to one of picture: severity 5."""
    crops: list[Shares] = []
    while len(crops) < len(pictures):
        cloud = _plasma(chance, decay=1.4)
        across = range(0, len(cloud) - SIDE, SIDE)
        crops += [cloud[y : y + SIDE, x : x + SIDE] for y in across for x in across]
    shares = _shares(pictures)
    most = shares.max(axis=(1, 2), keepdims=True)
    return _levels((shares + 3 * np.stack(crops[: len(pictures)])) * most / (most + 3))


def spatter(pictures: Pictures, chance: Chance) -> Pictures:
    """Drops of mud: severity 4."""
    mud = np.stack([_mud(chance) for _ in pictures])
    return _levels(_shares(pictures) * (1 - mud) + mud * (63 / 255))


def dotted_line(pictures: Pictures, chance: Chance) -> Pictures:
    """A dotted line from the left side to the right."""
    ends = chance.integers(0, 27, (len(pictures), 2)).tolist()
    strokes = np.stack([_line(0, first, 27, last) for first, last in ends])
    strokes[:, :, np.arange(SIDE) % 4 < 2] = 0
    return _levels(_shares(pictures) + strokes)


def zigzag(pictures: Pictures, chance: Chance) -> Pictures:
    """A zigzag from the left side to the right."""
    shares = _shares(pictures)
    for picture in shares:
        first = chance.integers(0, 27)
        rise = chance.integers(-5, 5)
        length = np.hypot(23, rise)
        along = np.concatenate([[0], np.arange(2, length, 4), [length]])
        aside = np.where(np.arange(len(along)) % 2, 2.0, -2.0)
        aside[[0, -1]] = 0
        x = 2 + (along * 23 - aside * rise) / length
        y = first + (along * rise + aside * 23) / length
        for start in range(len(along) - 1):
            stroke = _line(x[start], y[start], x[start + 1], y[start + 1])
            np.clip(picture + stroke, 0, 1, out=picture)
    return _levels(shares)


def canny_edges(pictures: Pictures, _: Chance) -> Pictures:
    """Only the edges (Canny 1986, thresholds 0.1 and 0.2)."""
    smooth = (cv2.GaussianBlur(picture, (0, 0), 1) for picture in pictures)
    return np.stack([cv2.Canny(one, 25.5, 51, L2gradient=True) for one in smooth])


def gaussian_noise(pictures: Pictures, chance: Chance) -> Pictures:
    """Grain of deviation 0.38: severity 5."""
    return _levels(_shares(pictures) + chance.normal(0, 0.38, pictures.shape))


def gaussian_blur(pictures: Pictures, _: Chance) -> Pictures:
    """Out of focus by 2 pixels: severity 2."""
    return _blurred(pictures, 2)


def contrast(pictures: Pictures, _: Chance) -> Pictures:
    """A tenth of the contrast is left: severity 4."""
    shares = _shares(pictures)
    means = shares.mean(axis=(1, 2), keepdims=True)
    return _levels((shares - means) * 0.1 + means)


def line(pictures: Pictures, chance: Chance) -> Pictures:
    """A line from the left side to the right."""
    low, high = (0, 0, 22, 0), (5, 27, 27, 27)
    ends = chance.integers(low, high, (len(pictures), 4)).tolist()
    return _levels(_shares(pictures) + np.stack([_line(*end) for end in ends]))


FAMILIES: dict[str, Family] = {
    "shot noise": Family(make=shot_noise, seen="gaussian noise, salt and pepper"),
    "impulse noise": Family(make=impulse_noise, seen="salt and pepper"),
    "glass blur": Family(make=glass_blur),
    "motion blur": Family(make=motion_blur, seen="motion blur"),
    "shear": Family(make=shear, seen="warp"),
    "scale": Family(make=scale, seen="warp"),
    "rotate": Family(make=rotate, seen="warp"),
    "brightness": Family(make=brightness, seen="contrast"),
    "translate": Family(make=translate, seen="placed"),
    "stripe": Family(make=stripe, seen="inverted edges"),
    "fog": Family(make=fog),
    "spatter": Family(make=spatter, seen="spatter"),
    "dotted line": Family(make=dotted_line, seen="dotted line"),
    "zigzag": Family(make=zigzag, seen="zigzag"),
    "canny edges": Family(make=canny_edges, seen="hollow"),
    "gaussian noise": Family(make=gaussian_noise, seen="gaussian noise", published=False),
    "gaussian blur": Family(make=gaussian_blur, seen="defocus", published=False),
    "contrast": Family(make=contrast, seen="contrast", published=False),
    "line": Family(make=line, seen="stray lines", published=False),
}

_SIZE = (SIDE, SIDE)


def _shares(pictures: Pictures) -> Shares:
    return np.divide(pictures, 255, dtype=np.float32)


def _levels(shares: npt.NDArray[np.floating]) -> Pictures:
    return np.asarray(np.clip(shares, 0, 1) * 255, np.uint8)


def _signs(count: int, chance: Chance) -> npt.NDArray[np.int64]:
    return chance.choice([-1, 1], count)


def _blurred(pictures: Pictures, sigma: float) -> Pictures:
    edge = cv2.BORDER_REPLICATE
    blurred = [cv2.GaussianBlur(one, (0, 0), sigma, borderType=edge) for one in pictures]
    return np.stack(blurred).astype(np.uint8)


def _mapped(pictures: Pictures, matrices: list[list[list[float]]]) -> Pictures:
    """Fetch each pixel from where its matrix says, the middle staying where it is."""
    mapped = []
    for picture, rows in zip(pictures, matrices, strict=True):
        matrix = np.array(rows, np.float32)
        moved = np.c_[matrix, _MIDDLE - matrix @ (_MIDDLE, _MIDDLE)].astype(np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        mapped.append(cv2.warpAffine(picture, moved, _SIZE, flags=flags))
    return np.stack(mapped)


def _line(x0: float, y0: float, x1: float, y1: float) -> Shares:
    """Draw a soft stroke, fading over 1.45 pixels above and below."""
    if x0 == x1:
        return np.zeros(_SIZE, np.float32)
    x, y = np.meshgrid(np.arange(SIDE), np.arange(SIDE), sparse=True)
    away = np.abs(y - y0 - (y1 - y0) / (x1 - x0) * (x - x0))
    ink = np.clip(np.log(1 - np.minimum(away, 2.29) / 2.3) + 1, 0, 1)
    ink[:, : max(0, int(np.floor(x0)))] = 0
    ink[:, max(0, int(np.ceil(x1))) :] = 0
    return np.asarray(ink, np.float32)


def _mud(chance: Chance) -> Shares:
    liquid = chance.normal(0.65, 0.3, _SIZE).astype(np.float32)
    drops = (cv2.GaussianBlur(liquid, (0, 0), 1) > 0.65).astype(np.float32)
    mud = cv2.GaussianBlur(drops, (0, 0), 1.5)
    return np.where(mud < 0.8, 0, mud).astype(np.float32)


def _plasma(chance: Chance, *, decay: float, side: int = 256) -> Shares:
    """Make a cloud, 0-1, by halving squares and diamonds (Fournier et al. 1982)."""
    heights = np.zeros((side, side))
    step, wobble = side, 100.0
    while step >= 2:
        half = step // 2
        corners = heights[::step, ::step]
        pairs = corners + np.roll(corners, -1, axis=0)
        middles = (pairs + np.roll(pairs, -1, axis=1)) / 4
        heights[half::step, half::step] = middles + wobble * chance.uniform(
            -wobble, wobble, middles.shape
        )
        middles = heights[half::step, half::step]
        upright = middles + np.roll(middles, 1, axis=0) + corners + np.roll(corners, -1, axis=1)
        heights[::step, half::step] = upright / 4 + wobble * chance.uniform(
            -wobble, wobble, upright.shape
        )
        level = middles + np.roll(middles, 1, axis=1) + corners + np.roll(corners, -1, axis=0)
        heights[half::step, ::step] = level / 4 + wobble * chance.uniform(
            -wobble, wobble, level.shape
        )
        step, wobble = half, wobble / decay
    heights -= heights.min()
    return np.asarray(heights / heights.max(), np.float32)
