"""The formats that are read, in one table."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from PIL import ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile, DibImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from digitdrop.decoding.container import bmp, boxes, gif, jpeg, png, pnm, tiff, webp
from digitdrop.decoding.container.checked import Checked

_Open = Callable[[io.BytesIO], ImageFile.ImageFile]


@dataclass(frozen=True, slots=True)
class Format:
    """A format, recognised by the first bytes of a file."""

    name: str
    magic: bytes
    """The first bytes of every such file."""
    pattern: re.Pattern[bytes]
    """Matches the first `FORMAT_HEAD` bytes of such files, and of no others."""
    check: Callable[[bytes], Checked]
    """Checks that all bytes are there, and decodes none; raises InputError."""
    open: _Open
    """Opens a file with the plugin of Pillow for this format."""
    weight: int
    """Memory that the decoder takes, as a multiple of that for a PNG."""


def _heif(file: io.BytesIO) -> ImageFile.ImageFile:
    from pillow_heif.as_plugin import HeifImageFile  # only few need it, and it takes 10 MB

    return cast("_Open", HeifImageFile)(file)


_BMP: Final = rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00"
_HEIF: Final = rb".{4}ftyp(?:he(?:ic|ix|im|is|vc|vx|vm|vs)|mif1|msf1|mif2)"
_AVIF: Final = rb".{4}ftyp(?:avi[fs]|(?:mif1|msf1|miaf).{4}(?:.{4})*?avi[fs])"
_DIB: Final = rb"[\x28\x38\x40\x6c\x7c]\0\0\0.{8}\x01\0[\x01\x02\x04\x08\x10\x18\x20]\0"
_JP2: Final = b"\0\0\0\x0cjP  "
_J2K: Final = b"\xff\x4f\xff\x51"

# The plugins are called directly: `Image.open` would try them in turn, by a
# list that other code in the process may have changed.
FORMATS = tuple(
    Format(name, magic, re.compile(pattern, re.DOTALL), check, plugin, weight)
    for name, magic, pattern, check, plugin, weight in (
        ("PNG", b"\x89PNG\r\n\x1a\n", rb"\x89PNG\r\n\x1a\n", png.check_png, PngImageFile, 1),
        ("JPEG", b"\xff\xd8\xff", rb"\xff\xd8\xff", jpeg.check_jpeg, JpegImageFile, 1),
        ("GIF", b"GIF8", rb"GIF8[79]a", gif.check_gif, GifImageFile, 1),
        ("BMP", b"BM", _BMP, bmp.check_bmp, BmpImageFile, 1),
        ("TIFF", b"II*\0", rb"II[*+]\x00", tiff.check_tiff, TiffImageFile, 1),
        ("TIFF", b"MM\0*", rb"MM\x00[*+]", tiff.check_tiff, TiffImageFile, 1),
        ("WebP", b"RIFF", rb"RIFF.{4}WEBP", webp.check_webp, WebPImageFile, 4),
        ("PNM", b"P", rb"P[1-6f][\s#]", pnm.check_pnm, PpmImageFile, 1),
        ("AVIF", b"\0\0\0", _AVIF, partial(boxes.check_heif, form="AVIF"), AvifImageFile, 3),
        ("HEIF", b"\0\0\0", _HEIF, boxes.check_heif, _heif, 2),
        ("JPEG 2000", _JP2, _JP2 + rb"\r\n\x87\n", boxes.check_jp2, Jpeg2KImageFile, 4),
        ("JPEG 2000", _J2K, _J2K, boxes.check_jp2, Jpeg2KImageFile, 4),
        ("DIB", b"\x28\0\0\0", _DIB, bmp.check_bmp, DibImageFile, 1),
    )
)
NAMES: Final = ", ".join(dict.fromkeys(form.name for form in FORMATS))
FORMAT_HEAD: Final = 32
"""Bytes of the longest pattern."""
_SHORTEST: Final = 18
"""Bytes that the other patterns need."""


def format_of(content: bytes) -> Format | None:
    """Return the format of a file by its first `FORMAT_HEAD` bytes; None if none fits."""
    return next((form for form in FORMATS if form.pattern.match(content)), None)


def may_grow_into_one(content: bytes) -> bool:
    """Return True if these few bytes can be the start of a file of some format."""
    return len(content) < _SHORTEST and any(
        content.startswith(form.magic[: len(content)]) for form in FORMATS
    )
