"""HEIF, AVIF and JPEG 2000: boxes within boxes (ISO/IEC 14496-12, 15444-1)."""

from collections.abc import Iterator
from typing import Final

from digitdrop.decoding.container.checked import (
    MOST_METADATA,
    Checked,
    cut_off,
    damaged,
    heavy,
    number,
    raise_if_unwritten,
    unwritten,
)

_MOST_BOXES: Final = 10_000
_MOST_ITEMS: Final = 10_000


def check_heif(content: bytes, form: str = "HEIF") -> Checked:
    """Walk a HEIF, or an AVIF, from box to box.

    Raises:
        Incomplete: the file is shorter than it says, or lacks its directory or its pixels.
        Unreadable: there are too many boxes or too much metadata.
    """
    kinds = set()
    for kind, start, end in _boxes(form, content):
        kinds.add(kind)
        if kind == b"mdat":
            raise_if_unwritten(form, content[start:end])
        if kind == b"meta" and _longest_exif(content[start + 4 : end]) > MOST_METADATA:
            raise heavy(form, f"more than {MOST_METADATA:,} bytes of EXIF")
    if b"meta" not in kinds and not kinds >= {b"moov", b"mdat"}:
        raise cut_off(form, len(content))
    return Checked(content)


def check_jp2(content: bytes) -> Checked:
    """Walk a JPEG 2000, in boxes or a bare codestream, to the end of its codestream.

    Raises:
        Incomplete: the file is shorter than it says, or its codestream has no end.
        Unreadable: there are too many boxes.
    """
    form, stream = "JPEG 2000", content
    if not content.startswith(b"\xff\x4f"):
        boxes = _boxes(form, content)
        stream = next((content[at:end] for kind, at, end in boxes if kind == b"jp2c"), b"")
    if not stream.rstrip(b"\0").endswith(b"\xff\xd9"):
        raise cut_off(form, len(content))
    raise_if_unwritten(form, content)
    return Checked(content)


def _boxes(form: str, content: bytes, at: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each box, and the start and end of its content.

    Raises:
        Incomplete: the last box is cut off, or there are zeros where a box should begin.
        Unreadable: there are too many boxes, or a box is shorter than its header.
    """
    size, count = len(content), 0
    while at < size:
        if not any(content[at : at + 8]):
            raise unwritten(form)
        length, start = number(content, at, 4), at + 8
        kind = content[at + 4 : start]
        if length == 1:
            length, start = number(content, start, 8), at + 16
        end = size if length == 0 else at + length
        if end > size or start > size:
            raise cut_off(form, size)
        if end < start:
            raise damaged(form, f"a box of {length:,} bytes at byte {at:,}")
        yield kind, start, end
        at, count = end, count + 1
        if count > _MOST_BOXES:
            raise heavy(form, f"more than {_MOST_BOXES:,} boxes")


def _longest_exif(meta: bytes) -> int:
    """Return the bytes of the longest EXIF item in a `meta` box; 0 if there is none."""
    items: set[int] = set()
    lengths: dict[int, int] = {}
    for kind, at, end in _boxes("HEIF", meta):
        if kind == b"iinf":
            items = set(_exif_items(meta[at:end]))
        elif kind == b"iloc":
            lengths = _lengths(meta[at:end])
    return max((lengths.get(item, 0) for item in items), default=0)


def _exif_items(box: bytes) -> Iterator[int]:
    """Yield the numbers of the items that an `iinf` box lists as EXIF."""
    for kind, at, _ in _boxes("HEIF", box, 4 + (2 if box[:1] == b"\0" else 4)):
        if kind != b"infe":
            continue
        width = 4 if box[at] >= 3 else 2
        behind = at + 6 + width
        if box[behind : behind + 4] == b"Exif":
            yield number(box, at + 4, width)


def _lengths(box: bytes) -> dict[int, int]:
    """Return the bytes of each item that an `iloc` box locates, by item number."""
    version, sizes = box[0], number(box, 4, 2)
    offset, length, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    width = 4 if version == 2 else 2
    at = 6 + width
    found: dict[int, int] = {}
    for _ in range(min(number(box, 6, width), _MOST_ITEMS)):
        item = number(box, at, width)
        at += width + (2 if version else 0) + 2 + base
        total, extents = 0, number(box, at, 2)
        at += 2
        for _ in range(extents):
            at += (index if version else 0) + offset
            total += number(box, at, length)
            at += length
            if at > len(box):
                return found
        found[item] = total
    return found
