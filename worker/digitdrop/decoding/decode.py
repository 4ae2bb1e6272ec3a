"""Bytes -> an upright grey picture, strictly and within limits. Pillow decodes.

A picture that stops too early is an error, never half a picture; and whatever
a damaged file makes Pillow raise leaves here as one `InputError`.
"""

import warnings

from PIL import Image

from digitdrop.decoding.document import REMEDY, Document, check_size
from digitdrop.decoding.formats import format_of
from digitdrop.decoding.orientation import upright
from digitdrop.errors import Incomplete, TooLarge, Unreadable
from digitdrop.preprocess.greyscale import to_grey
from digitdrop.values import Grey, Limits

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
    """Decode a picture of any format in `formats`; its name does not matter.

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
    return next(Document(content, limits=limits).pages())


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
    check_size(width, height, (limits or Limits()).pixels)
    if not width * height:
        raise Unreadable(f"a picture of {width}x{height} pixels shows nothing")
    try:
        picture.load()
        return upright(to_grey(picture), picture)
    except MemoryError as error:
        raise TooLarge(f"not enough memory for {width}x{height} pixels") from error
    except Exception as error:  # as in `decode`
        if "truncated" in str(error).lower():
            raise Incomplete("the picture's file ends before the picture does") from error
        raise Unreadable(f"a damaged picture, or of a kind that is not read: {REMEDY}") from error
