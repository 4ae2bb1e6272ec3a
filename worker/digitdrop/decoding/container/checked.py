"""What a look at a file's bytes tells before anything is decoded; shared by all formats."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from digitdrop.errors import Incomplete, Unreadable

HOLE: Final = 64
"""So many zero bytes in a row are taken for a part that was not written yet, where the format
cannot have them or something else is wrong too."""
_PIECE: Final = 4_096
"""Copies go in pieces of so many bytes or more."""
_DOUBT: Final = "a part of the {} has only zeros: plain, or not written yet"
MOST_METADATA: Final = 2**16
"""Bytes of metadata that are looked into. Cameras write 64 KiB of EXIF at most; Pillow copies the
whole for each of 65,535 tags that say so."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that has all its bytes."""

    content: bytes
    """What is to be decoded: the file, or a copy of it without parts that say nothing of the
    pixels and are damaged, or would cost too much."""
    pages: Sequence[int] = (0,)
    """Which pictures in it are pages, as Pillow counts them; the first one is read."""
    parts: tuple[bytes, ...] = ()
    """Further pages that are files of their own within the file."""
    doubt: str = ""
    """Why some of it may not be written yet, though it can be decoded; else empty."""


def cut_off(form: str, size: int) -> Incomplete:
    """Make the error of a file that ends after `size` bytes, before its picture does."""
    return Incomplete(f"the {form} is cut off after {size:,} bytes")


def unwritten(form: str) -> Incomplete:
    """Make the error of a file that has its length, but zeros where its coding has none."""
    return Incomplete(f"the {form} has only zeros in a part of it: it is not written yet")


def damaged(form: str, what: str) -> Unreadable:
    """Make the error of a file whose bytes contradict themselves."""
    return Unreadable(f"damaged {form}: {what}; save or copy it again")


def heavy(form: str, what: str) -> Unreadable:
    """Make the error of a file that would take too long to read."""
    return Unreadable(f"this {form} has {what}: more than a picture needs; save it anew")


def has_hole(part: bytes) -> bool:
    """Tell whether zeros fill `HOLE` bytes in a row anywhere."""
    return bytes(HOLE) in part


def raise_if_unwritten(form: str, coded: bytes) -> None:
    """Look for zeros in an eighth of coded pixels; plain paper is coded as fewer.

    Raises:
        Incomplete: there are.
    """
    if bytes(max(HOLE, len(coded) // 8)) in coded:
        raise unwritten(form)


def unfinished_coding(form: str, content: bytes) -> str:
    """Return why coded pixels may not be written yet, where plain paper has zeros; else ""."""
    return _DOUBT.format(form) if bytes(max(HOLE, len(content) // 4)) in content else ""


def unfinished_raster(form: str, content: bytes, start: int) -> str:
    """Return why pixels that are stored as they are may not be written yet; else "".

    Black pixels are zeros as well. They are believed where the paper is black; of a light
    picture it is suspected that the rest, or a piece in the middle, is still to come.

    Args:
        form: its name.
        content: the file.
        start: where its pixels begin; they go to the end.
    """
    if not content.endswith(bytes(HOLE)) and bytes(_PIECE) not in content:
        return ""
    sample = content[start : len(content.rstrip(b"\0")) : 61]
    return _DOUBT.format(form) if sample.count(0) * 2 < len(sample) else ""
