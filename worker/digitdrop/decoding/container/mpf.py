"""Pictures behind the first one of a JPEG (CIPA DC-007, Multi-Picture Format).

Phones and cameras store previews there, views of the same scene from the side, and maps that
brighten the first picture. A picture of the first one's size that is no such map is a page.
"""

from typing import Final

from digitdrop.decoding.container.checked import MOST_METADATA, ByteOrder, number

_MARK: Final = b"MPF\0"
_ENTRIES: Final = 0xB002
_OTHER_VIEW: Final = {0x000000, 0x020003}
"""Kinds that may be pages: none given, and the same thing from another angle."""
_MAPS: Final = (b"hdrgm", b"gainmap", b"iso:std:iso:ts:21496", b"depthmap", b"urn:com:apple:photo")
_MOST: Final = 100


def further_pages(content: bytes) -> tuple[bytes, ...]:
    """Return the pictures behind the first one that are pages, each a complete JPEG.

    Args:
        content: a JPEG with the mark of the format in its first `MOST_METADATA` bytes.
    """
    start = content.index(_MARK, 0, MOST_METADATA) + len(_MARK)
    order: ByteOrder = "little" if content[start : start + 2] == b"II" else "big"
    directory = start + number(content, start + 4, 4, order)
    tags = min(number(content, directory, 2, order), 10)
    size, found = _size(content), []
    for at in range(directory + 2, directory + 2 + 12 * tags, 12):
        if number(content, at, 2, order) != _ENTRIES:
            continue
        entries = start + number(content, at + 8, 4, order)
        end = entries + min(number(content, at + 4, 4, order), 16 * _MOST)
        for entry in range(entries + 16, end, 16):
            kind, length, offset = (
                number(content, entry + field, 4, order) for field in (0, 4, 8)
            )
            part = content[start + offset : start + offset + length]
            if kind & 0xFFFFFF in _OTHER_VIEW and _is_page(part, size):
                found.append(part)
    return tuple(found)


def _is_page(part: bytes, size: tuple[int, int]) -> bool:
    head = part[:MOST_METADATA].lower()
    is_map = any(mark in head for mark in _MAPS)
    return part.startswith(b"\xff\xd8\xff") and _size(part) == size and not is_map


def _size(jpeg: bytes) -> tuple[int, int]:
    """Return height and width, zeros if there are none."""
    at = 2
    while at + 9 < len(jpeg) and jpeg[at] == 0xFF:
        if 0xC0 <= jpeg[at + 1] <= 0xCF and jpeg[at + 1] not in {0xC4, 0xC8, 0xCC}:
            return number(jpeg, at + 5, 2), number(jpeg, at + 7, 2)
        at += 2 + number(jpeg, at + 2, 2)
    return 0, 0
