"""The same picture in another dress: another polarity, orientation, depth, size, format."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps

from digitdrop.decoding.decode import decode
from digitdrop.values import Grey

Colours = npt.NDArray[np.uint8]
"""Shape (height, width, 3), RGB."""

TALL = 40
"""Pixels of ink from top to bottom, of which half a size leaves 20."""


@dataclass(frozen=True, slots=True)
class Original:
    """A picture as it was dropped."""

    path: Path
    light_on_dark: bool

    @property
    def grey(self) -> Grey:
        """As the worker decodes it."""
        return decode(self.path.read_bytes())

    @property
    def colours(self) -> Colours:
        """Upright and in colour; a transparent one as the worker decodes it."""
        with Image.open(self.path) as picture:
            upright = ImageOps.exif_transpose(picture)
            if upright.mode in {"RGB", "L"}:
                return np.asarray(upright.convert("RGB"))
        return np.asarray(cv2.cvtColor(self.grey, cv2.COLOR_GRAY2RGB), np.uint8)


def inverted(original: Original) -> bytes:
    """Make light what is dark."""
    return _png(~original.colours)


def upside_down(original: Original) -> bytes:
    """Lay it upside down; EXIF orientation 3 says so."""
    return _jpeg(np.rot90(original.colours, 2), orientation=3)


def sideways(original: Original) -> bytes:
    """Lay it on its side; EXIF orientation 6 says so."""
    return _jpeg(np.rot90(original.colours), orientation=6)


def deep(original: Original) -> bytes:
    """Write it with 16 bits per pixel."""
    return _png(original.grey.astype(np.uint16) * 257)


def transparent(original: Original) -> bytes:
    """Leave only the ink on nothing: its colour everywhere, and how much of it there is."""
    grey = original.grey
    ink = 255 if original.light_on_dark else 0
    cover = grey if original.light_on_dark else ~grey
    return _png(np.dstack([np.full((*grey.shape, 3), ink, np.uint8), cover]))


def half(original: Original) -> bytes:
    """Shrink it to half its width and height."""
    return _png(_scaled(original.colours, 0.5, cv2.INTER_AREA))


def double(original: Original) -> bytes:
    """Enlarge it to twice its width and height."""
    return _png(_scaled(original.colours, 2, cv2.INTER_CUBIC))


def poor_jpeg(original: Original) -> bytes:
    """Save it with quality 30."""
    return _encoded(Image.fromarray(original.colours), "JPEG", quality=30)


def unchanged(original: Original) -> bytes:
    """Leave it as it is."""
    return original.path.read_bytes()


VARIANTS: dict[str, Callable[[Original], bytes]] = {
    "inverted": inverted,
    "upside down by EXIF": upside_down,
    "sideways by EXIF": sideways,
    "16-bit PNG": deep,
    "transparent PNG": transparent,
    "0.5x": half,
    "2x": double,
    "JPEG quality 30": poor_jpeg,
}
LARGE = "as they are, ink over 40 pixels high"
LARGE_ONLY = {"0.5x", LARGE}


def is_light_on_dark(picture_set: str, grey: Grey) -> bool:
    """Tell the polarity: by the set where it is known, else by the border."""
    if picture_set == "semeion":  # fills its border
        return True
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return bool(np.median(border) < 128)


def is_tall(grey: Grey) -> bool:
    """Say whether the ink is so high that half of it is still 20 pixels, by Otsu's threshold."""
    dark = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]
    ink = dark if dark.mean() < 128 else cv2.bitwise_not(dark)
    return cv2.boundingRect(ink)[3] >= TALL


def _scaled(colours: Colours, factor: float, method: int) -> Colours:
    scaled = cv2.resize(colours, None, fx=factor, fy=factor, interpolation=method)
    return scaled.astype(np.uint8)


def _png(pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> bytes:
    return _encoded(Image.fromarray(pixels), "PNG", compress_level=1)


def _jpeg(pixels: Colours, *, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return _encoded(picture, "JPEG", quality=95, subsampling=0, exif=exif)


def _encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()
