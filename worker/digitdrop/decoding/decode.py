"""Decode bytes to an upright grey picture, strictly and within limits. Pillow does the work.

A picture that ends too early is an error, never half a picture. Every error that a damaged file
causes in Pillow becomes an `InputError`.
"""

import warnings

from PIL import Image

from digitdrop.decoding.document import REMEDY, Document, check_size
from digitdrop.decoding.formats import format_of
from digitdrop.decoding.orientation import upright
from digitdrop.errors import Incomplete, TooLarge, Unreadable
from digitdrop.preprocess.greyscale import to_grey
from digitdrop.values import Grey, Limits

# Pillow warns about damaged metadata, which have no effect on the pixels. Set
# once: `warnings.catch_warnings` around each picture would not be thread-safe.
warnings.filterwarnings("ignore", module=r"PIL\.")


def looks_like_picture(head: bytes) -> bool:
    """Return True if `decode` reads the format of a file with these first bytes.

    Args:
        head: at least the first `formats.FORMAT_HEAD` bytes, or the whole file if it is shorter.

    >>> looks_like_picture(b"GIF89a"), looks_like_picture(b"%PDF-1.7")
    (True, False)
    """
    return format_of(head) is not None


def decode(content: bytes, *, limits: Limits | None = None) -> Grey:
    r"""Decode a picture of any format in `formats`, whatever the name of its file.

    Only the first page of an animation or document is decoded. The EXIF orientation is applied.
    Transparent pixels are laid on a paper that shows the ink. Deep pictures are scaled to 8 bits.
    Of a coloured picture, the channel with the clearest ink is taken. Large pictures are reduced
    to about a million pixels, JPEGs to fewer. Several threads may call this at once.

    Returns:
        uint8 of shape (height, width), 0 = black, 255 = white.

    Raises:
        Incomplete: the bytes end before the picture does, or there are none.
        TooLarge: more bytes or pixels than `limits`; no pixel was decoded.
        Unreadable: any other reason why this cannot be read as a picture.

    >>> decode(b"P2 2 2 255\n0 255 255 0").tolist()
    [[0, 255], [255, 0]]
    """
    return next(Document(content, limits=limits).pages())


def grey_of(picture: Image.Image, *, limits: Limits | None = None) -> Grey:
    """Return a picture of Pillow's in grey, as `decode` does for its file.

    A large JPEG differs a little: `decode` decodes it at reduced scale.

    Returns:
        uint8 of shape (height, width), 0 = black, 255 = white.

    Raises:
        Incomplete: its file ends before the picture does.
        TooLarge: more pixels than `limits`; none was decoded if the file is still open.
        Unreadable: its file is damaged, or the picture has no pixels.
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
    except Exception as error:  # as in `Document`
        if "truncated" in str(error).lower():
            raise Incomplete("the picture's file ends before the picture does") from error
        raise Unreadable(f"a damaged picture, or of a kind that is not read: {REMEDY}") from error
