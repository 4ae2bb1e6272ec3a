"""Pixels of any kind -> grey: depth, colour and transparency."""

import math
from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from digitdrop.values import Grey

MANY_PIXELS = 1_200_000
"""Larger pictures are reduced: a digit needs 20 pixels, and a photo has millions."""

_SHOWS_BETTER = 1.5
"""Another channel is taken if its contrast is this many times that of plain brightness: single
channels of a JPEG are noisier, and in colour half as sharp."""

_Pixels = npt.NDArray[np.uint8]
"""Shape (height, width, channels)."""


def to_grey(picture: Image.Image) -> Grey:
    """Convert a loaded picture to grey, and reduce it by averaging if it has `MANY_PIXELS`.

    The picture is not turned upright.

    Returns:
        uint8 of shape (height, width), 0 = black, 255 = white.
    """
    if picture.mode in {"I", "F"} or picture.mode.startswith("I;"):
        return _from_depth(picture)
    if picture.mode == "L" and "transparency" not in picture.info:
        if math.prod(picture.size) > _LARGE:  # an array of the whole takes three times its memory
            shrink = _shrink(*picture.size)
            bands = _bands(picture, shrink)
            return np.concatenate([_averaged(np.asarray(band), shrink) for band in bands])
        return _reduced(np.asarray(picture))
    pixels = _pixels(picture, _shrink(*picture.size))
    if pixels.ndim == 2:
        return pixels
    if pixels.shape[2] in {2, 4}:
        return _composited(pixels)
    return _of_colours(pixels)


def array_to_grey(deep: npt.NDArray[np.generic]) -> Grey:
    """Convert pixels of any depth to grey, as `to_grey` does.

    Args:
        deep: shape (height, width), or (height, width, 3 or 4) with blue first.
    """
    small = _reduced(_scaled(deep, *_range([deep])))
    return small if small.ndim == 2 else _of_colours(np.ascontiguousarray(small[..., 2::-1]))


_BAND = 2**20
"""Pixels of a large picture that are converted at a time: copies of all would take all memory."""
_LARGE = 2**23
"""A picture with more pixels than this is large."""


def _bands(picture: Image.Image, rows: int = 1) -> Iterator[Image.Image]:
    """Cut a large picture into bands of a multiple of `rows` rows; yield a small one whole."""
    width, height = picture.size
    if width * height <= _LARGE:
        yield picture
        return
    step = max(rows, _BAND // width // rows * rows)
    for top in range(0, height, step):
        yield picture.crop((0, top, width, min(height, top + step)))


def _pixels(picture: Image.Image, shrink: int) -> _Pixels:
    """Return the pixels as grey or colours, reduced by averaging."""
    return np.concatenate([_converted(band, shrink) for band in _bands(picture, shrink)])


def _converted(picture: Image.Image, shrink: int) -> _Pixels:
    if picture.mode in {"1", "P", "PA"} or "transparency" in picture.info:
        picture = picture.convert(_plain(picture))
    if shrink > 1:
        picture = picture.reduce(shrink)  # weighs colours by their opacity
    return np.asarray(picture if picture.mode in _READY else picture.convert(_plain(picture)))


_READY = {"L", "LA", "RGB", "RGBA"}


def _plain(picture: Image.Image) -> str:
    if picture.mode == "1":
        return "L"
    if picture.has_transparency_data:
        return "LA" if picture.mode in {"L", "LA", "La"} else "RGBA"
    return "RGB"


def _shrink(width: int, height: int) -> int:
    return math.ceil(math.sqrt(width * height / MANY_PIXELS))


def _reduced(grey: _Pixels) -> _Pixels:
    height, width = grey.shape[:2]
    shrink = _shrink(width, height)
    if shrink <= 1:
        return grey
    size = (max(1, width // shrink), max(1, height // shrink))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _from_depth(picture: Image.Image) -> Grey:
    """Scale 16-bit, 32-bit and float pixels to 8 bits by their range, and reduce them."""
    low, high = _range(np.asarray(band) for band in _bands(picture))
    shrink = _shrink(*picture.size)
    bands = (np.asarray(band) for band in _bands(picture, shrink))
    return np.concatenate([_averaged(_scaled(band, low, high), shrink) for band in bands])


def _averaged(grey: Grey, shrink: int) -> Grey:
    """Reduce by averaging whole squares of pixels; remaining rows and columns are dropped."""
    if shrink <= 1:
        return grey
    height, width = (max(1, side // shrink) for side in grey.shape)
    whole = grey[: height * shrink, : width * shrink]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _range(bands: Iterable[npt.NDArray[np.generic]]) -> tuple[float, float]:
    """Return the smallest and the largest finite value, zeros if there are none."""
    lows, highs = [], []
    for band in bands:
        if not np.issubdtype(band.dtype, np.integer):
            band = band[np.isfinite(band)]  # noqa: PLW2901 - its finite part
        if band.size:
            lows.append(float(band.min()))
            highs.append(float(band.max()))
    return (min(lows), max(highs)) if lows else (0.0, 0.0)


def _scaled(deep: npt.NDArray[np.generic], low: float, high: float) -> Grey:
    """Scale values of a known range to 0-255.

    Integers are taken to have as many bits as their largest value needs, at least 8: scanners
    store 10 or 12 bits in 16. Floats are taken as 0-1 or 0-255 if they fit. Infinite values
    become the smallest or the largest finite one; NaN becomes 0.
    """
    if np.issubdtype(deep.dtype, np.integer):
        top = 2.0 ** max(8, int(high).bit_length()) - 1 if low >= 0 else high
    else:
        deep = np.asarray(np.nan_to_num(deep, nan=0, neginf=low, posinf=high))
        top = next((top for top in (1.0, 255.0) if low >= 0 and high <= top), high)
    bottom = min(low, 0.0)
    scaled = (deep.astype(np.float32) - bottom) * (255.0 / max(top - bottom, 1e-30))
    grey: Grey = np.rint(scaled).astype(np.uint8)
    return grey


def _composited(pixels: _Pixels) -> Grey:
    """Lay transparent pixels, of 2 or 4 channels, on a paper that shows their ink."""
    alpha = pixels[..., -1]
    if alpha.min() == 255:
        return _of_colours(pixels[..., :-1])
    seen = alpha > 0
    if not seen.any():
        return np.full(alpha.shape, 255, np.uint8)
    colours = pixels[..., :-1][seen]
    if (colours == colours[0]).all():  # the shape is in the alpha channel alone
        return np.asarray(255 - alpha, dtype=np.uint8)
    grey = _of_colours(pixels[..., :-1])
    solid = alpha > 127
    visible = grey[solid] if solid.any() else grey[seen]
    # A little ink without a paper gets one that shows it. A sheet with
    # paper and ink is continued in its own paper.
    inky = solid.mean() < 0.4
    paper = (255 if visible.mean() < 128 else 0) if inky else int(np.median(visible))
    opacity = alpha.astype(np.float32) / 255
    blended: Grey = np.rint(grey * opacity + paper * (1 - opacity)).astype(np.uint8)
    return blended


def _of_colours(pixels: _Pixels) -> Grey:
    """Return the brightness, or another channel if it shows the ink much better."""
    red, *rest = (pixels[..., channel] for channel in range(pixels.shape[2]))
    if all(np.array_equal(red, other) for other in rest):
        return np.ascontiguousarray(red)
    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY), np.uint8)
    small = _thumbnail(pixels)
    plain = _contrast(_thumbnail(grey))
    contrasts = [_contrast(small[..., channel]) for channel in range(3)]
    contrasts += [_contrast(_darkest(small)), _contrast(_lightest(small))]
    best = int(np.argmax(contrasts))
    if contrasts[best] < _SHOWS_BETTER * plain:
        return grey
    if best < 3:
        return np.ascontiguousarray(pixels[..., best])
    return _darkest(pixels) if best == 3 else _lightest(pixels)


def _darkest(pixels: _Pixels) -> Grey:
    # Many times quicker than numpy's own way along so short an axis.
    return np.asarray(cv2.min(cv2.min(pixels[..., 0], pixels[..., 1]), pixels[..., 2]), np.uint8)


def _lightest(pixels: _Pixels) -> Grey:
    return np.asarray(cv2.max(cv2.max(pixels[..., 0], pixels[..., 1]), pixels[..., 2]), np.uint8)


def _thumbnail(pixels: _Pixels) -> _Pixels:
    height, width = pixels.shape[:2]
    scale = 160 / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _contrast(channel: npt.NDArray[np.uint8]) -> float:
    """Return the difference from the surroundings that 2 % of the pixels exceed."""
    sharp = channel.astype(np.float32)
    side = max(3, max(channel.shape) // 4)
    detail = np.abs(sharp - cv2.blur(sharp, (side, side), borderType=cv2.BORDER_REFLECT))
    return float(np.quantile(detail, 0.98))
