"""One whole file of each format that is read, of one picture; makers of damaged ones."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image
from pillow_heif import from_pillow

from digitdrop.values import Grey

SIDES: Final = (150, 130)
"""Height and width."""


def a_seven(paper: int = 235, ink: int = 25) -> Grey:
    """Draw a seven on plain paper, with a little noise, so that no format packs it to nothing."""
    noise = np.random.default_rng(7).integers(0, 12, SIDES)
    scene = np.full(SIDES, paper) - noise
    scene[25:37, 30:100] = ink + noise[25:37, 30:100]
    for step in range(90):
        left = 90 - step // 2
        scene[36 + step, left : left + 10] = ink
    return scene.astype(np.uint8)


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    """Write a picture as the bytes of a file."""
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def as_heif(*pictures: Image.Image) -> bytes:
    """Write pictures as one HEIF, as phones do."""
    file = io.BytesIO()
    whole = from_pillow(pictures[0].convert("RGB"))
    for picture in pictures[1:]:
        whole.add_from_pillow(picture.convert("RGB"))
    whole.save(file, quality=90)
    return file.getvalue()


def a_page(grey: Grey | None = None) -> Image.Image:
    """Give a page that shows a seven, or something else."""
    return Image.fromarray(a_seven() if grey is None else grey)


def _colour() -> Image.Image:
    return a_page().convert("RGB")


def _black_and_white() -> Image.Image:
    return a_page().convert("1")  # dithered, so that its coding is long enough to be cut


KINDS: Final[dict[str, Callable[[], bytes]]] = {
    "seven.png": lambda: encoded(a_page(), "PNG"),
    "colour.png": lambda: encoded(_colour(), "PNG"),
    "seven.jpg": lambda: encoded(a_page(), "JPEG", quality=90),
    "progressive.jpg": lambda: encoded(_colour(), "JPEG", quality=90, progressive=True),
    "optimised.jpg": lambda: encoded(_colour(), "JPEG", quality=90, optimize=True),
    "seven.gif": lambda: encoded(a_page(), "GIF"),
    "seven.bmp": lambda: encoded(a_page(), "BMP"),
    "colour.bmp": lambda: encoded(_colour(), "BMP"),
    "seven.dib": lambda: encoded(a_page(), "DIB"),
    "seven.tif": lambda: encoded(a_page(), "TIFF"),
    "lzw.tif": lambda: encoded(a_page(), "TIFF", compression="tiff_lzw"),
    "deflated.tif": lambda: encoded(a_page(), "TIFF", compression="tiff_adobe_deflate"),
    "packed.tif": lambda: encoded(a_page(), "TIFF", compression="packbits"),
    "group4.tif": lambda: encoded(_black_and_white(), "TIFF", compression="group4"),
    "seven.webp": lambda: encoded(a_page(), "WEBP", quality=90),
    "lossless.webp": lambda: encoded(a_page(), "WEBP", lossless=True),
    "seven.pgm": lambda: encoded(a_page(), "PPM"),
    "colour.ppm": lambda: encoded(_colour(), "PPM"),
    "seven.avif": lambda: encoded(a_page(), "AVIF", quality=90),
    "seven.jp2": lambda: encoded(a_page(), "JPEG2000"),
    "seven.j2k": lambda: encoded(a_page(), "JPEG2000", no_jp2=True),
    "seven.heic": lambda: as_heif(a_page()),
}
"""A whole file of each format and coding, by a name that it may have."""


def chunk(kind: bytes, body: bytes) -> bytes:
    """Write a chunk of a PNG, with the right checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def inserted(png: bytes, *chunks: bytes) -> bytes:
    """Put chunks behind the header of a PNG."""
    return png[:33] + b"".join(chunks) + png[33:]
