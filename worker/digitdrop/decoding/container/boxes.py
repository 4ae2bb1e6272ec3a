"""HEIF, AVIF and JPEG 2000: boxes within boxes (ISO/IEC 14496-12, 15444-1)."""

from collections.abc import Iterator
from typing import Final

from digitdrop.decoding.container.checked import (
    MOST_METADATA,
    Checked,
    cut_off,
    damaged,
    heavy,
    raise_if_unwritten,
    unwritten,
)

_MOST_BOXES: Final = 10_000
_MOST_ITEMS: Final = 10_000
_END_OF_CODESTREAM: Final = b"\xff\xd9"


def check_heif(content: bytes) -> Checked:
    """Walk a HEIF from box to box.

    Raises:
        Incomplete: it is shorter than it says, or its directory or its pixels are missing.
        Unreadable: it has too many boxes, or too much metadata.
    """
    return _check("HEIF", content)


def check_avif(content: bytes) -> Checked:
    """Walk an AVIF from box to box.

    Raises:
        Incomplete: it is shorter than it says, or its directory or its pixels are missing.
        Unreadable: it has too many boxes, or too much metadata.
    """
    return _check("AVIF", content)


def check_jpeg_2000(content: bytes) -> Checked:
    """Walk a JPEG 2000, boxes or a bare codestream, to the end of its codestream.

    Raises:
        Incomplete: it is shorter than it says, or its codestream has no end.
        Unreadable: it has too many boxes.
    """
    if content.startswith(b"\xff\x4f"):
        ends = content.rstrip(b"\0").endswith(_END_OF_CODESTREAM)
    else:
        stream = next(
            (content[at:end] for kind, at, end in _boxes("JPEG 2000", content) if kind == b"jp2c"),
            b"",
        )
        ends = stream.rstrip(b"\0").endswith(_END_OF_CODESTREAM)
    if not ends:
        raise cut_off("JPEG 2000", len(content))
    raise_if_unwritten("JPEG 2000", content)
    return Checked(content)


def _check(form: str, content: bytes) -> Checked:
    kinds = set()
    for kind, start, end in _boxes(form, content):
        kinds.add(kind)
        if kind == b"mdat":
            raise_if_unwritten(form, content[start:end])
        if kind == b"meta" and _metadata(content, start + 4, end) > MOST_METADATA:
            raise heavy(form, f"more than {MOST_METADATA:,} bytes of EXIF")
    if not kinds & {b"meta", b"moov"} or not (b"mdat" in kinds or b"meta" in kinds):
        raise cut_off(form, len(content))
    return Checked(content)


def _boxes(form: str, content: bytes, at: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, beginning and end of each box's content.

    Raises:
        Incomplete: the last is cut off, or zeros are where one should begin.
        Unreadable: there are too many, or one is shorter than its header.
    """
    size, count = len(content), 0
    while at < size:
        if not any(content[at : at + 8]):
            raise unwritten(form)
        length, start = int.from_bytes(content[at : at + 4], "big"), at + 8
        kind = content[at + 4 : start]
        if length == 1:
            length, start = int.from_bytes(content[start : start + 8], "big"), at + 16
        end = size if length == 0 else at + length
        if end > size or start > size:
            raise cut_off(form, size)
        if end < start:
            raise damaged(form, f"a box of {length:,} bytes at byte {at:,}")
        yield kind, start, end
        at, count = end, count + 1
        if count > _MOST_BOXES:
            raise heavy(form, f"more than {_MOST_BOXES:,} boxes")


def _metadata(content: bytes, start: int, end: int) -> int:
    """Return the bytes of the longest EXIF item that a `meta` box lists."""
    inside = content[start:end]
    items: set[int] = set()
    lengths: dict[int, int] = {}
    for kind, at, stop in _boxes("HEIF", inside):
        if kind == b"iinf":
            items = set(_exif_items(inside[at:stop]))
        elif kind == b"iloc":
            lengths = _lengths(inside[at:stop])
    return max((lengths.get(item, 0) for item in items), default=0)


def _exif_items(box: bytes) -> Iterator[int]:
    for kind, at, _ in _boxes("HEIF", box, 4 + (2 if box[:1] == b"\0" else 4)):
        if kind != b"infe":
            continue
        wide = box[at] >= 3
        number = int.from_bytes(box[at + 4 : at + (8 if wide else 6)], "big")
        behind = at + (10 if wide else 8)
        if box[behind : behind + 4] == b"Exif":
            yield number


def _lengths(box: bytes) -> dict[int, int]:
    """Return the bytes of each item that an `iloc` box tells the place of."""
    version, sizes = box[0], int.from_bytes(box[4:6], "big")
    offset, length, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    wide = 4 if version == 2 else 2
    at = 6 + wide
    found: dict[int, int] = {}
    for _ in range(min(int.from_bytes(box[6:at], "big"), _MOST_ITEMS)):
        item = int.from_bytes(box[at : at + wide], "big")
        at += wide + (2 if version else 0) + 2 + base
        total, extents = 0, int.from_bytes(box[at : at + 2], "big")
        at += 2
        for _ in range(extents):
            at += (index if version else 0) + offset
            total += int.from_bytes(box[at : at + length], "big")
            at += length
            if at > len(box):
                return found
        found[item] = total
    return found
