"""TIFF: its directories, as numbers (Adobe, TIFF 6.0; Aware Systems, BigTIFF)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from digitdrop.decoding.container.checked import cut_off, damaged, heavy, unwritten

_SIZES: Final = dict(
    zip((*range(1, 14), 16, 17, 18), b"\1\1\2\4\x08\1\1\2\4\x08\4\x08\4\x08\x08\x08", strict=True)
)
"""Bytes of a value, by type."""
_MOST_ENTRIES: Final = 4_096
_MOST_METADATA: Final = 2**24
"""Bytes behind all tags of a directory, which Pillow copies. ICC profiles have a MiB or two."""
MOST_NUMBERS: Final = 2**16
MOST_DIRECTORIES: Final = 10_000

Tags = dict[int, tuple[int, int, int]]
"""Type, count and place of each tag's values, by tag."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How numbers are written in a file."""

    order: Literal["little", "big"]
    is_big: bool
    """Whether it is a BigTIFF."""

    def number(self, content: bytes, at: int, size: int) -> int:
        """Return the unsigned number at a place."""
        return int.from_bytes(content[at : at + size], self.order)

    def values(self, content: bytes, tags: Tags, tag: int) -> list[int]:
        """Return the numbers of a tag, `MOST_NUMBERS` at most; none if it has no whole ones."""
        kind, count, at = tags.get(tag, (0, 0, 0))
        size = _SIZES.get(kind, 0)
        if kind not in {1, 3, 4, 13, 16, 18}:
            return []
        return [
            self.number(content, at + size * one, size) for one in range(min(count, MOST_NUMBERS))
        ]

    def value(self, content: bytes, tags: Tags, tag: int, default: int = 0) -> int:
        """Return the first number of a tag."""
        kind, count, at = tags.get(tag, (0, 0, 0))
        first = self.values(content, {tag: (kind, min(count, 1), at)}, tag)
        return first[0] if first else default


def layout_of(content: bytes) -> Layout:
    """Tell byte order and kind from the first bytes."""
    order: Literal["little", "big"] = "little" if content[:1] == b"I" else "big"
    return Layout(order, content[2:4] in {b"+\0", b"\0+"})


def directories(content: bytes, layout: Layout) -> Iterator[Tags]:
    """Yield the tags of each directory in the chain.

    Raises:
        Incomplete: one lies, or points, beyond the end, or is not written yet.
        Unreadable: the chain goes round, or there is too much of something.
    """
    place, width = (8, 8) if layout.is_big else (4, 4)
    if len(content) < place + width:
        raise cut_off("TIFF", len(content))
    at, seen = layout.number(content, place, width), set[int]()
    while at:
        if at in seen:
            raise damaged("TIFF", "its directories go round in a circle")
        seen.add(at)
        if len(seen) > MOST_DIRECTORIES:
            raise heavy("TIFF", f"more than {MOST_DIRECTORIES:,} pages")
        tags, at = _directory(content, layout, at)
        yield tags
    if not seen:
        raise unwritten("TIFF")


def _directory(content: bytes, layout: Layout, at: int) -> tuple[Tags, int]:
    """Return the tags of a directory, and where the next one is."""
    head, entry, width = (8, 20, 8) if layout.is_big else (2, 12, 4)
    count = layout.number(content, at, head)
    start, end = at + head, at + head + entry * count
    if not count and not any(content[at : at + 64]):
        raise unwritten("TIFF") if at < len(content) else cut_off("TIFF", len(content))
    if count > _MOST_ENTRIES:
        raise heavy("TIFF", f"{count:,} tags")
    if end + width > len(content):
        raise cut_off("TIFF", len(content))
    tags: Tags = {}
    total = 0
    for place in range(start, end, entry):
        tag, kind = layout.number(content, place, 2), layout.number(content, place + 2, 2)
        number = layout.number(content, place + 4, width)
        size = number * _SIZES.get(kind, 1)
        value = place + 4 + width
        if size > width:
            value = layout.number(content, value, width)
            total += size if value + size <= len(content) else 0
        tags[tag] = kind, number, value
    if total > _MOST_METADATA:
        raise heavy("TIFF", f"{total:,} bytes of tags")
    return tags, layout.number(content, end, width)
