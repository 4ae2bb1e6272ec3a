"""TIFF: its directories, as numbers (Adobe, TIFF 6.0; Aware Systems, BigTIFF)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from digitdrop.decoding.container.checked import (
    ByteOrder,
    cut_off,
    damaged,
    heavy,
    number,
    unwritten,
)

_SIZES: Final = dict(
    zip((*range(1, 14), 16, 17, 18), b"\1\1\2\4\x08\1\1\2\4\x08\4\x08\4\x08\x08\x08", strict=True)
)
"""Bytes of a value, by type."""
_WHOLE_NUMBERS: Final = {1, 3, 4, 13, 16, 18}
_MOST_ENTRIES: Final = 4_096
_MOST_METADATA: Final = 2**24
"""Bytes that all tags of a directory point to, which Pillow copies. ICC profiles have 2 MiB."""
MOST_NUMBERS: Final = 2**16
_MOST_DIRECTORIES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory of a TIFF: it describes one page."""

    content: bytes
    """The whole file."""
    order: ByteOrder
    tags: dict[int, tuple[int, int, int]]
    """Type, count and place of the values of each tag, by tag."""

    def count(self, tag: int) -> int:
        """Return the number of values of a tag; 0 if the directory lacks it."""
        return self.tags.get(tag, (0, 0, 0))[1]

    def values(self, tag: int, most: int = MOST_NUMBERS) -> list[int]:
        """Return the first `most` values of a tag; none if they are no whole numbers."""
        kind, count, at = self.tags.get(tag, (0, 0, 0))
        if kind not in _WHOLE_NUMBERS:
            return []
        size = _SIZES[kind]
        places = range(at, at + size * min(count, most), size)
        return [number(self.content, place, size, self.order) for place in places]

    def value(self, tag: int, default: int = 0) -> int:
        """Return the first value of a tag; the default if there is none."""
        first = self.values(tag, most=1)
        return first[0] if first else default


def directories(content: bytes) -> Iterator[Directory]:
    """Yield each directory of the chain in a TIFF or BigTIFF.

    Raises:
        Incomplete: a directory lies or points beyond the end, or is not written yet.
        Unreadable: the chain runs in a circle, or there are too many pages or tags.
    """
    order: ByteOrder = "little" if content[:1] == b"I" else "big"
    is_big = content[2:4] in {b"+\0", b"\0+"}
    width = 8 if is_big else 4
    if len(content) < 2 * width:
        raise cut_off("TIFF", len(content))
    at, seen = number(content, width, width, order), set[int]()
    while at:
        if at in seen:
            raise damaged("TIFF", "its directories go round in a circle")
        seen.add(at)
        if len(seen) > _MOST_DIRECTORIES:
            raise heavy("TIFF", f"more than {_MOST_DIRECTORIES:,} pages")
        directory, at = _directory(content, order, at, is_big=is_big)
        yield directory
    if not seen:
        raise unwritten("TIFF")


def _directory(
    content: bytes, order: ByteOrder, at: int, *, is_big: bool
) -> tuple[Directory, int]:
    """Return the directory at a place, and the place of the next one."""
    head, entry, width = (8, 20, 8) if is_big else (2, 12, 4)
    count = number(content, at, head, order)
    start, end = at + head, at + head + entry * count
    if not count and not any(content[at : at + 64]):
        raise unwritten("TIFF") if at < len(content) else cut_off("TIFF", len(content))
    if count > _MOST_ENTRIES:
        raise heavy("TIFF", f"{count:,} tags")
    if end + width > len(content):
        raise cut_off("TIFF", len(content))
    tags, total = {}, 0
    for place in range(start, end, entry):
        tag, kind = number(content, place, 2, order), number(content, place + 2, 2, order)
        values, value = number(content, place + 4, width, order), place + 4 + width
        size = values * _SIZES.get(kind, 1)
        if size > width:
            value = number(content, value, width, order)
            total += size if value + size <= len(content) else 0
        tags[tag] = kind, values, value
    if total > _MOST_METADATA:
        raise heavy("TIFF", f"{total:,} bytes of tags")
    return Directory(content, order, tags), number(content, end, width, order)
