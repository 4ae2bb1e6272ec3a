"""Check that a JPEG has as many pixels as its header says.

libjpeg fills missing pixels with mid-grey, without an error, if there is an end marker. A second
decoding, with some bytes more or fewer before that marker, shows if it ran out of bytes.
"""

import io
from typing import Final

import numpy as np
from PIL import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from digitdrop.decoding.container.checked import has_hole
from digitdrop.decoding.container.jpeg import scan_of
from digitdrop.errors import Incomplete

_MID: Final = range(126, 131)
_MORE: Final = 256  # bytes
_FEWER: Final = 64


def check_coverage(picture: ImageFile.ImageFile, content: bytes) -> None:
    """Decode a suspicious JPEG again, with other bytes at its end, and compare the pixels.

    A JPEG is suspicious if its last pixel is mid-grey, or if there are zeros in a row. Few
    complete pictures are.

    Args:
        picture: the JPEG, decoded.
        content: its file.

    Raises:
        Incomplete: pixels are missing at the end or in the middle.
    """
    last = picture.getpixel((picture.width - 1, picture.height - 1))
    is_grey = all(value in _MID for value in (last if isinstance(last, tuple) else (last,)))
    scan = scan_of(content) if is_grey or has_hole(content) else None
    if not scan:
        return
    start, end = scan
    rest = content[end:]
    if is_grey:
        if _differs(picture, content[:end] + content[start : start + _MORE] + rest):
            raise Incomplete("the JPEG has its end, but lacks pixels before it")
    elif has_hole(content[start:end]) and not _differs(
        picture, content[: max(start, end - _FEWER)] + rest
    ):
        raise Incomplete("the JPEG has its end, but lacks some of its middle")


def _differs(picture: ImageFile.ImageFile, content: bytes) -> bool:
    """Return True if these bytes decode to other pixels."""
    with JpegImageFile(io.BytesIO(content)) as other:
        other.draft(None, picture.size)
        other.load()
        return not np.array_equal(np.asarray(other), np.asarray(picture))
