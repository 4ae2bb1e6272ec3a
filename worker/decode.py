"""Bytes -> an upright grey picture, strictly and within limits. Pillow decodes.

A picture that stops too early is an error, never half a picture; and whatever
a damaged file makes Pillow raise leaves here as one `InputError`.
"""

import io
import struct
import warnings

import numpy as np
from PIL import ExifTags, Image, ImageFile

from worker.errors import Incomplete, InputError, TooLarge, Unreadable
from worker.formats import END_OF_JPEG, Format, format_of, may_grow_into_one, missing_tail
from worker.ink.tone import MANY_PIXELS, to_grey
from worker.values import Grey, Limits

REDUCED = {8: 180_000, 4: MANY_PIXELS // 2, 2: MANY_PIXELS // 2}
"""By which factor a JPEG is reduced while it is decoded, if at least so many pixels are left.

At 1/8 each is the mean of 64, and of 12 megapixels 500 x 375 are left: photos enlarged to that
size were read as well as at full size. At 1/4 and 1/2 phones' smaller pictures lost some.
"""

# Pillow warns about damaged metadata, which says nothing about the pixels. Set
# once: `warnings.catch_warnings` around each picture would not be thread-safe.
warnings.filterwarnings("ignore", module=r"PIL\.")


def looks_like_picture(head: bytes) -> bool:
    """Tell by its first bytes whether a file has a format that `decode` reads.

    Args:
        head: at least the first `formats.HEAD` bytes, or the whole file if it is shorter.
    """
    return format_of(head) is not None


def decode(content: bytes, *, limits: Limits | None = None) -> Grey:
    """Decode a PNG, JPEG, GIF, BMP, TIFF, WebP or PNM; its name does not matter.

    Of an animation or a document with several pages the first is read. EXIF
    orientation is applied, transparency is composited so that ink stays ink,
    deep pictures are scaled to 8 bits, and of colours the channel is taken that
    shows the ink best. Large pictures come back at reduced scale (a million
    pixels at most or so, JPEGs fewer). Safe to call from several threads.

    Returns:
        uint8 of shape (height, width), 0 = black, 255 = white.

    Raises:
        Incomplete: the bytes end before the picture does, or there are none.
        TooLarge: more bytes or pixels than `limits`; no pixel was decoded.
        Unreadable: anything else that keeps this from being read as a picture.
    """
    limits = limits or Limits()
    if len(content) > limits.bytes:
        raise TooLarge(f"{len(content):,} bytes, at most {limits.bytes:,} are allowed")
    form = format_of(content)
    if form is None:
        raise _unknown(content)
    file = _Reader(content)
    try:
        return _pixels(form, file, limits)
    except InputError:
        raise
    except MemoryError as error:
        raise TooLarge(f"not enough memory for this {form.name}") from error
    except Exception as error:
        # Pillow raises SyntaxError, OSError, ValueError, struct.error, IndexError
        # and more for damaged files; none of them may cost more than this file.
        raise _blame(error, form, file) from error


def grey_of(picture: Image.Image, *, limits: Limits | None = None) -> Grey:
    """Give what a picture of Pillow's shows, as `decode` gives what its file does.

    Of a large JPEG it is not quite the same: of its file, `decode` has no more
    decoded than is needed.

    Raises:
        Incomplete: its file ends before it does.
        TooLarge: more pixels than `limits`; none was decoded if its file is still open.
        Unreadable: its file is damaged, or it has no pixels.
    """
    width, height = picture.size
    _check(width, height, limits or Limits())
    if not width * height:
        raise Unreadable(f"a picture of {width}x{height} pixels shows nothing")
    try:
        return _seen(picture)
    except MemoryError as error:
        raise TooLarge(f"not enough memory for {width}x{height} pixels") from error
    except Exception as error:  # as in `decode`
        detail = _detail(error)
        kind = Incomplete if "truncated" in detail.lower() else Unreadable
        raise kind(f"damaged or unsupported picture: {detail}"[:200]) from error


def _check(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise TooLarge(f"{width}x{height} pixels, at most {limits.pixels:,} in all are allowed")


def _pixels(form: Format, file: "_Reader", limits: Limits) -> Grey:
    if form.name == "JPEG":
        stop = missing_tail(file.getbuffer())
        if stop is not None:
            raise Incomplete(f"the JPEG stops before its end, at byte {stop:,}")
    with form.open(file) as picture:
        _check(*picture.size, limits)
        if form.name == "JPEG":
            _draft(picture)
        return _seen(picture)


def _seen(picture: Image.Image) -> Grey:
    picture.load()
    return _upright(to_grey(picture), _orientation(picture))


def _draft(picture: ImageFile.ImageFile) -> None:
    """Let libjpeg decode a large picture at 1/2, 1/4 or 1/8, many times faster."""
    width, height = picture.size
    for scale, least in REDUCED.items():
        if width * height >= scale * scale * least:
            picture.draft(None, (width // scale, height // scale))
            return


def _orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1-8; Pillow has already turned TIFFs itself."""
    if not picture.info.keys() & {"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"}:
        return 1
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged metadata need not spoil a sound picture
        return 1


def _upright(grey: Grey, orientation: int) -> Grey:
    if orientation in {5, 6, 7, 8}:
        grey = grey.T
    if orientation in {3, 4, 7, 8}:
        grey = grey[::-1]
    if orientation in {2, 3, 6, 7}:
        grey = grey[:, ::-1]
    return np.ascontiguousarray(grey)


class _Reader(io.BytesIO):
    """Notices when a decoder asks for more bytes than there are."""

    ran_out = False

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        if size is not None and size > len(found):
            self.ran_out = True
        return found


def _unknown(content: bytes) -> InputError:
    if may_grow_into_one(content):
        return Incomplete(f"the file ends after {len(content)} bytes")
    return Unreadable("not a picture: none of PNG, JPEG, GIF, BMP, TIFF, WebP, PNM")


def _blame(error: Exception, form: Format, file: _Reader) -> InputError:
    size = len(file.getbuffer())
    detail = _detail(error)
    if (
        file.ran_out
        or "truncated" in detail.lower()
        or isinstance(error, EOFError | struct.error)
        or (form.name == "WebP" and _promised(file) > size)
        or (form.name == "TIFF" and detail.startswith("decoder error"))
    ):
        if form.name == "JPEG" and file.getvalue().endswith(END_OF_JPEG):
            return Incomplete("the JPEG has its end, but is damaged or lacks some of its middle")
        return Incomplete(f"the {form.name} is cut off after {size:,} bytes")
    return Unreadable(f"damaged or unsupported {form.name}: {detail}"[:200])


def _detail(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _promised(file: _Reader) -> int:
    """Return how many bytes a RIFF file says it has."""
    return int.from_bytes(file.getbuffer()[4:8], "little") + 8
