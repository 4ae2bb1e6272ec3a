"""Pictures behind the first of a JPEG (CIPA DC-007, Multi-Picture Format).

Of a phone's or a camera's, the others are previews, views of the same scene from the side, or
maps that brighten the first. What is neither smaller nor such a map is a page.
"""

from typing import Final

from digitdrop.decoding.container.checked import MOST_METADATA

_MARK: Final = b"MPF\0"
_ENTRIES: Final = 0xB002
_OTHER_VIEW: Final = {0x000000, 0x020003}
"""Kinds that may be pages: none named, and the same thing from another angle."""
_MAPS: Final = (b"hdrgm", b"gainmap", b"iso:std:iso:ts:21496", b"depthmap", b"urn:com:apple:photo")
_MOST: Final = 100


def further_pages(content: bytes) -> tuple[bytes, ...]:
    """Return the pictures behind the first that are pages, each as a file of its own."""
    start = content.index(_MARK, 0, MOST_METADATA) + len(_MARK)
    is_little = content[start : start + 2] == b"II"

    def number(at: int, size: int) -> int:
        return int.from_bytes(content[at : at + size], "little" if is_little else "big")

    directory = start + number(start + 4, 4)
    first = _size(content)
    found = []
    for at in range(directory + 2, directory + 2 + 12 * min(number(directory, 2), 10), 12):
        if number(at, 2) != _ENTRIES:
            continue
        entries = start + number(at + 8, 4)
        for entry in range(entries + 16, entries + min(number(at + 4, 4), 16 * _MOST), 16):
            offset, length = start + number(entry + 8, 4), number(entry + 4, 4)
            part = content[offset : offset + length]
            kind = number(entry, 4) & 0xFFFFFF
            if kind in _OTHER_VIEW and part[:3] == b"\xff\xd8\xff" and _is_page(part, first):
                found.append(part)
    return tuple(found)


def _is_page(part: bytes, first: tuple[int, int]) -> bool:
    head = part[:MOST_METADATA].lower()
    return _size(part) == first and not any(mark in head for mark in _MAPS)


def _size(jpeg: bytes) -> tuple[int, int]:
    """Return height and width, zeros if there are none."""
    at = 2
    while at + 9 < len(jpeg) and jpeg[at] == 0xFF:
        if 0xC0 <= jpeg[at + 1] <= 0xCF and jpeg[at + 1] not in {0xC4, 0xC8, 0xCC}:
            return int.from_bytes(jpeg[at + 5 : at + 7], "big"), int.from_bytes(
                jpeg[at + 7 : at + 9], "big"
            )
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return 0, 0
