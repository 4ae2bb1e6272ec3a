"""The three kinds of pictures whose speed is measured: they need no data set."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from digitdrop.preprocess.mnist_frame import to_frame
from digitdrop.values import Frame

_Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Kind:
    """What people drop."""

    height: int
    width: int
    suffix: str
    different: int
    """So many are made; more are copies of them."""


KINDS = {
    "small": Kind(28, 28, ".png", 500),
    "scans": Kind(300, 300, ".png", 500),
    "photos": Kind(4000, 3000, ".jpg", 20),
}
"""Small ones as people store MNIST's, of which most need no work (eight of ten white on
black, one black on white, one neither centred nor of the right size, which does); scans
with dark ink on white; photos with uneven light and the noise of a dim room."""


def make(folder: Path, name: str, count: int) -> Path:
    """Make pictures of one kind, the same ones in every run."""
    folder.mkdir(parents=True)
    kind, chance = KINDS[name], np.random.default_rng(1)
    different = min(count, kind.different)
    for number in range(different):
        if name == "small":
            pixels = _small(number // 10 % 10, number % 10, chance)
        else:
            pixels = a_digit(number % 10, kind, chance)
            pixels = photographed(pixels, chance) if name == "photos" else pixels
        encoded = cv2.imencode(kind.suffix, pixels)[1]
        (folder / f"{number:06d}{kind.suffix}").write_bytes(encoded.tobytes())
    for number in range(different, count):
        source = folder / f"{number % different:06d}{kind.suffix}"
        shutil.copyfile(source, folder / f"{number:06d}{kind.suffix}")
    return folder


def _small(share: int, digit: int, chance: np.random.Generator) -> Frame:
    ink = a_digit(digit, Kind(280, 280, ".png", 1), chance)
    large = np.asarray(cv2.subtract(np.full_like(ink, 245), ink), np.uint8)
    if share == 9:
        return np.asarray(cv2.resize(large, (28, 28), interpolation=cv2.INTER_AREA), np.uint8)
    left, top, width, height = cv2.boundingRect(large)
    frame = to_frame(large[top : top + height, left : left + width])
    return ~frame if share == 8 else frame


def a_digit(digit: int, kind: Kind, chance: np.random.Generator) -> _Pixels:
    """Draw a digit with dark ink on white."""
    side = min(kind.height, kind.width)
    pixels = np.full((kind.height, kind.width), 245, np.uint8)
    left = int(side * chance.uniform(0.2, 0.35))
    bottom = int(kind.height / 2 + side * chance.uniform(0.2, 0.35))
    font, scale, pen = cv2.FONT_HERSHEY_SIMPLEX, side / 28 * 0.75, max(2, side // 14)
    cv2.putText(pixels, str(digit), (left, bottom), font, scale, (30,), pen)
    return pixels


def photographed(pixels: _Pixels, chance: np.random.Generator) -> _Pixels:
    """Lay uneven light and noise over a picture, in colour."""
    light = np.linspace(0.6, 1, pixels.shape[1], dtype=np.float32)[None]
    noise = chance.normal(0, 4, pixels.shape).astype(np.float32)
    grey = np.clip(pixels * light + noise, 0, 255).astype(np.uint8)
    return np.asarray(cv2.merge([grey, grey, np.asarray(grey * 0.97, np.uint8)]), np.uint8)
