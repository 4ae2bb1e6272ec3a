"""Shared by the checks of all formats: their result, their errors, and the search for zeros.

A check reads the bytes of a file and decodes no pixel. It finds out if all bytes are there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from digitdrop.errors import Incomplete, Unreadable

HOLE: Final = 64
"""A run of this many zero bytes counts as not written yet, where the format cannot have such a
run, or where something else is wrong too."""
_BLOCK: Final = 4_096
"""Programs copy files in blocks of at least this many bytes."""
_DOUBT: Final = "a part of the {} has only zeros: plain, or not written yet"
MOST_METADATA: Final = 2**16
"""Bytes of metadata that are parsed. Cameras write at most 64 KiB of EXIF. Pillow copies all
metadata once for each tag that points to it, and there may be 65,535 such tags."""

ByteOrder = Literal["little", "big"]


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check: a file that has all its bytes."""

    content: bytes
    """The bytes to decode. Metadata that are damaged or too large are left out."""
    pages: Sequence[int] = (0,)
    """Numbers of the pictures that are pages, as Pillow counts them; the first is read."""
    parts: tuple[bytes, ...] = ()
    """Further pages, each a complete file of its own."""
    doubt: str = ""
    """Reason why a part may not be written yet although it can be decoded; else empty."""


def number(content: bytes, at: int, size: int, order: ByteOrder = "big") -> int:
    """Return the unsigned number of `size` bytes at a place; bytes beyond the end are missing."""
    return int.from_bytes(content[at : at + size], order)


def cut_off(form: str, size: int) -> Incomplete:
    """Return the error for a file that ends after `size` bytes, before its picture ends."""
    return Incomplete(f"the {form} is cut off after {size:,} bytes")


def unwritten(form: str) -> Incomplete:
    """Return the error for a file of full length with zeros where its format has none."""
    return Incomplete(f"the {form} has only zeros in a part of it: it is not written yet")


def damaged(form: str, what: str) -> Unreadable:
    """Return the error for a file whose bytes contradict themselves."""
    return Unreadable(f"damaged {form}: {what}; save or copy it again")


def heavy(form: str, what: str) -> Unreadable:
    """Return the error for a file that would take too long to read."""
    return Unreadable(f"this {form} has {what}: more than a picture needs; save it anew")


def has_hole(part: bytes) -> bool:
    """Return True if there are `HOLE` zero bytes in a row."""
    return bytes(HOLE) in part


def raise_if_unwritten(form: str, coded: bytes) -> None:
    """Check compressed pixels for zeros in a row; blank paper compresses to fewer.

    Raises:
        Incomplete: at least an eighth of the bytes are zeros in a row.
    """
    if bytes(max(HOLE, len(coded) // 8)) in coded:
        raise unwritten(form)


def unfinished_coding(form: str, content: bytes) -> str:
    """Return the doubt about compressed pixels where blank paper may be zeros too; else ""."""
    return _DOUBT.format(form) if bytes(max(HOLE, len(content) // 4)) in content else ""


def unfinished_raster(form: str, content: bytes, start: int) -> str:
    """Return the doubt about uncompressed pixels that may not be written yet; else "".

    Black pixels are zeros too. On dark paper zeros are plausible. On light paper they suggest
    that the end, or a block in the middle, is not written yet.

    Args:
        form: name of the format.
        content: the file.
        start: index of the first pixel's byte; the pixels reach to the end.
    """
    if not content.endswith(bytes(HOLE)) and bytes(_BLOCK) not in content:
        return ""
    sample = content[start : len(content.rstrip(b"\0")) : 61]
    return _DOUBT.format(form) if sample.count(0) * 2 < len(sample) else ""
