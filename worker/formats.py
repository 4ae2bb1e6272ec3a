"""The formats that are read, and what their bytes tell without decoding. A part of `decode`."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PIL import ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file, told by its first bytes."""

    name: str
    magic: bytes
    """What it begins with."""
    pattern: re.Pattern[bytes]
    """What its first `HEAD` bytes match."""
    open: Callable[[io.BytesIO], ImageFile.ImageFile]


# The plugins are called directly: `Image.open` would try them in turn, by a
# list that other code in the process may have changed.
FORMATS = tuple(
    Format(name, magic, re.compile(pattern, re.DOTALL), plugin)
    for name, magic, pattern, plugin in (
        ("PNG", b"\x89PNG\r\n\x1a\n", rb"\x89PNG\r\n\x1a\n", PngImageFile),
        # An MPO (two views in one file) is a JPEG too: its first view is read.
        ("JPEG", b"\xff\xd8\xff", rb"\xff\xd8\xff", JpegImageFile),
        ("GIF", b"GIF8", rb"GIF8[79]a", GifImageFile),
        ("BMP", b"BM", rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00", BmpImageFile),
        ("TIFF", b"II*\0", rb"II[*+]\x00", TiffImageFile),
        ("TIFF", b"MM\0*", rb"MM\x00[*+]", TiffImageFile),
        ("WebP", b"RIFF", rb"RIFF.{4}WEBP", WebPImageFile),
        ("PNM", b"P", rb"P[1-6f][\s#]", PpmImageFile),
    )
)
HEAD = 18
"""Bytes of the longest pattern."""


def format_of(content: bytes) -> Format | None:
    """Return the format of these bytes, None if it is none that is read."""
    return next((form for form in FORMATS if form.pattern.match(content)), None)


def may_grow_into_one(content: bytes) -> bool:
    """Tell whether so few bytes can be the beginning of a file of a known format."""
    return len(content) < HEAD and any(
        content.startswith(form.magic[: len(content)]) for form in FORMATS
    )


_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
END_OF_JPEG: Final = b"\xff\xd9"
"""The last marker of a JPEG."""


def missing_tail(content: memoryview) -> int | None:
    """Return where a JPEG that ends in zeros stops before its end; None if it does not.

    Downloads and copies may reserve the whole length first; libjpeg would fill
    the missing part with grey and call it a picture. Only such files are walked
    marker by marker, as cameras that forget the last marker are many.
    """
    if any(content[-16:]):
        return None
    at = 2
    while found := _MARKER.search(content, at):
        if found.group() == END_OF_JPEG:
            return None
        length = int.from_bytes(content[found.end() : found.end() + 2], "big")
        at = found.end() + length
    return at
