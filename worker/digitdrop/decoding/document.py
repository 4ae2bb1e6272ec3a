"""A file as one picture or several pages: opened, checked, and decoded page by page."""

import io
import logging
import math
import re
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from digitdrop.decoding.container import jpeg, unread
from digitdrop.decoding.container.checked import cut_off, has_hole, unwritten
from digitdrop.decoding.formats import FORMAT_HEAD, NAMES, Format, format_of, may_grow_into_one
from digitdrop.decoding.jpeg_coverage import check_coverage
from digitdrop.decoding.odd_tiff import decode_odd_tiff
from digitdrop.decoding.orientation import upright
from digitdrop.errors import Incomplete, InputError, NotYet, TooLarge, Unreadable
from digitdrop.preprocess.greyscale import MANY_PIXELS, to_grey
from digitdrop.system.memory import PIXEL, is_short, shortage
from digitdrop.values import Grey, Limits

logger = logging.getLogger(__name__)

_REDUCED: Final = {8: 180_000, 4: MANY_PIXELS // 2, 2: MANY_PIXELS // 2}
"""Factors by which a JPEG is reduced while it is decoded, each with the pixels that must be left.

At 1/8 each pixel is the mean of 64, and of 12 megapixels 500 x 375 are left: photos enlarged to
that size are read as well as at full size. At 1/4 and 1/2, small photos of phones lose some.
"""
_MOST_REDUCED: Final = 8
"""A JPEG that is decoded at reduced scale may have this many times the pixels of the limit."""
_LONGEST_SIDE: Final = 1_000_000
"""Pixels: Pillow keeps a pointer for each row."""
REMEDY: Final = "save it anew, as PNG or JPEG"
_LARGE: Final = threading.Lock()
"""Held by the thread that decodes a large picture: two at once would take all memory."""
_MANY: Final = 8_000_000
_ANIMATED: Final = {"GIF", "PNG", "WebP"}
_COUNTED_BY_THEIR_DECODER: Final = {"AVIF", "HEIF"}
_CODING: Final = re.compile(rb"\xff\x52\0")
"""The marker of the coding parameters in a JPEG 2000."""


class Document:
    """A file whose bytes are complete: one picture, or several pages."""

    def __init__(self, content: bytes, *, limits: Limits | None = None) -> None:
        """Check the bytes and open the picture; decode no pixel.

        Raises:
            Incomplete: the bytes end before the picture does, or there are none.
            TooLarge: more bytes or pixels than `limits`.
            Unreadable: any other reason why this cannot be read as a picture.
        """
        self._limits = limits or Limits()
        if len(content) > self._limits.bytes:
            raise TooLarge(f"{len(content):,} bytes, at most {self._limits.bytes:,} are allowed")
        form = format_of(content)
        if form is None:
            raise _unknown(content)
        self._form = form
        with _blaming(form, content, self._limits.spare):
            checked = form.check(content)
            self._content = checked.content
            self._picture = self._opened()
        self._parts = checked.parts
        self.doubt = checked.doubt
        """Reason why a part may not be written yet although it can be decoded; else empty."""
        self._numbers = checked.pages
        if form.name in _COUNTED_BY_THEIR_DECODER and self._picture:
            first = self._picture.tell()
            others = range(getattr(self._picture, "n_frames", 1))
            self._numbers = [first, *(number for number in others if number != first)]

    def __len__(self) -> int:
        """Return the number of pages."""
        return len(self._numbers) + len(self._parts)

    @property
    def cost(self) -> int:
        """Pixels of all pages, if each is as large as the first.

        Pages of an animation count eight times: each is laid over the one before.
        """
        return self._pixels * len(self) * (8 if self._form.name in _ANIMATED else 1)

    @property
    def _pixels(self) -> int:
        """Pixels of the open page; 0 for a kind that only OpenCV reads."""
        return math.prod(self._picture.size) if self._picture else 0

    def pages(self) -> Iterator[Grey]:
        """Decode one page after the other, as `decode` does; raise the same errors."""
        for number in self._numbers:
            spare = self._limits.spare + PIXEL * self._pixels
            with _blaming(self._form, self._content, spare):
                page = self._page(number)
            yield page
        for part in self._parts:
            yield next(Document(part, limits=self._limits).pages())

    def _opened(self) -> ImageFile.ImageFile | None:
        """Open the picture; return None for a TIFF that only OpenCV may read."""
        try:
            picture = self._form.open(io.BytesIO(self._content))
        except Exception:
            if self._form.name != "TIFF":
                raise
            return None
        self._check_size(picture)
        return picture

    def _page(self, number: int) -> Grey:
        if not self._picture:
            return decode_odd_tiff(self._content, number, self._limits)
        try:
            if number != self._picture.tell():
                self._picture.seek(number)
                self._check_size(self._picture)
        except SyntaxError:
            if self._form.name != "TIFF":
                raise
            return decode_odd_tiff(self._content, number, self._limits)
        if self._pixels <= _MANY:
            return self._decoded(self._picture)
        with _LARGE:
            return self._decoded(self._picture)

    def _decoded(self, picture: ImageFile.ImageFile) -> Grey:
        picture.load()
        if isinstance(picture, Jpeg2KImageFile):
            picture.reduce = 0  # else the method of this name is hidden
        if self._form.name == "JPEG":
            check_coverage(picture, self._content)
        return upright(to_grey(picture), picture)

    def _check_size(self, picture: ImageFile.ImageFile) -> None:
        """Choose a reduced scale if the format has one, and compare the size with the limits."""
        whole_size = size = picture.size
        if self._form.name == "JPEG":
            check_size(*whole_size, self._limits.pixels * _MOST_REDUCED)
            size = _reduce_jpeg(picture)
        elif isinstance(picture, Jpeg2KImageFile):
            check_size(*whole_size, self._limits.pixels * _MOST_REDUCED)
            size = _reduce_jpeg_2000(picture, self._content)
        width, height = whole_size
        if max(whole_size) > _LONGEST_SIDE:
            raise TooLarge(f"{width}x{height} pixels: a side may have {_LONGEST_SIDE:,} at most")
        most = self._limits.pixels // self._form.weight
        if math.prod(size) > most:
            kind = f" of a {self._form.name}" if self._form.weight > 1 else ""
            raise TooLarge(f"{width}x{height} pixels, at most {most:,} in all are allowed{kind}")


def check_size(width: int, height: int, most: int) -> None:
    """Raise TooLarge for more pixels than `most`."""
    if width * height > most:
        raise TooLarge(f"{width}x{height} pixels, at most {most:,} in all are allowed")


def _reduce_jpeg(picture: ImageFile.ImageFile) -> tuple[int, int]:
    """Have libjpeg decode a large picture at 1/2, 1/4 or 1/8, many times faster.

    Returns:
        Width and height that are left.
    """
    width, height = picture.size
    for scale, least in _REDUCED.items():
        if width * height >= scale * scale * least:
            picture.draft(None, (width // scale, height // scale))
            break
    return picture.size


def _reduce_jpeg_2000(picture: Jpeg2KImageFile, content: bytes) -> tuple[int, int]:
    """Have a large picture decoded at 1/2, 1/4 ... as far as the file stores such scales.

    Returns:
        Width and height that are left.
    """
    width, height = picture.size
    found = _CODING.search(content)
    levels = content[found.end() + 6] if found and found.end() + 6 < len(content) else 0
    wanted = math.ceil(math.log(max(1.0, width * height / MANY_PIXELS), 4))
    picture.reduce = steps = min(levels, wanted)
    return -(-width >> steps), -(-height >> steps)


def _unknown(content: bytes) -> InputError:
    if may_grow_into_one(content):
        return Incomplete(f"the file ends after {len(content)} bytes")
    if not any(content[:FORMAT_HEAD]):
        return unwritten("file")
    return Unreadable(unread.refusal(content) or f"not a picture: none of {NAMES}")


@contextmanager
def _blaming(form: Format, content: bytes, spare: int) -> Iterator[None]:
    """Turn every error that a damaged file or too little memory causes into an `InputError`.

    Args:
        form: format of the file.
        content: the file.
        spare: bytes of memory; if the system has fewer, the memory is to blame.
    """
    try:
        yield
    except (TooLarge, NotYet):
        raise
    except Exception as error:
        if is_short(spare):
            raise shortage(f"this {form.name}") from error
        if isinstance(error, InputError):
            raise
        if isinstance(error, MemoryError):
            raise TooLarge(f"not enough memory for this {form.name}") from error
        # Pillow raises SyntaxError, OSError, ValueError, struct.error, IndexError
        # and more for damaged files; none of them may cost more than this file.
        raise _blame(error, form, content) from error


def _blame(error: Exception, form: Format, content: bytes) -> InputError:
    detail = str(error) or type(error).__name__
    if (
        "truncated" in detail.lower()
        or isinstance(error, EOFError | struct.error)
        or (form.name == "JPEG" and isinstance(error, OSError))
        or (form.name == "TIFF" and detail.startswith("decoder error"))
    ):
        return (
            jpeg.incomplete(content) if form.name == "JPEG" else cut_off(form.name, len(content))
        )
    if has_hole(content):
        return unwritten(form.name)
    logger.debug("a %s cannot be decoded: %s", form.name, detail)
    return Unreadable(f"damaged {form.name}, or of a kind that is not read: {REMEDY}")
