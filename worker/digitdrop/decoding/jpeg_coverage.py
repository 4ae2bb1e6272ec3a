"""Has a JPEG as many pixels as its header says? A part of `decode`.

libjpeg fills what is missing with mid-grey and says nothing, if an end marker follows. Whether it
ran out of bytes shows when it is given more, or fewer, just before the marker.
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
    """Compare a decoded JPEG with what it would be with other bytes at its end, if it looks odd.

    It looks odd if its last pixel is mid-grey, or if zeros fill a part of its last scan. Few
    sound pictures do.

    Raises:
        Incomplete: pixels are missing at its end or in its middle.
    """
    last = picture.getpixel((picture.width - 1, picture.height - 1))
    is_grey = all(value in _MID for value in (last if isinstance(last, tuple) else (last,)))
    if not is_grey and not has_hole(content):
        return
    scan = scan_of(content)
    if not scan:
        return
    start, end = scan
    more, less = content[start : start + _MORE], content[: max(start, end - _FEWER)]
    if is_grey and _differs(picture, content[:end] + more + content[end:]):
        raise Incomplete("the JPEG has its end, but lacks pixels before it")
    if is_grey or not has_hole(content[start:end]):
        return
    if not _differs(picture, less + content[end:]):
        raise Incomplete("the JPEG has its end, but lacks some of its middle")


def _differs(picture: ImageFile.ImageFile, content: bytes) -> bool:
    """Tell whether other bytes give other pixels."""
    with JpegImageFile(io.BytesIO(content)) as other:
        other.draft(None, picture.size)
        other.load()
        return not np.array_equal(np.asarray(other), np.asarray(picture))
