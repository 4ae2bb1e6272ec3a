"""PNG: chunks with checksums, up to IEND (W3C, Portable Network Graphics, third edition)."""

from collections.abc import Iterator, Sequence
from typing import Final
from zlib import crc32

from digitdrop.decoding.container.checked import (
    MOST_METADATA,
    Checked,
    cut_off,
    damaged,
    has_hole,
    heavy,
    number,
    unwritten,
)
from digitdrop.errors import InputError

_Chunk = tuple[bytes, int, int]
"""The kind of a chunk, and its start and end."""
_SIDE: Final = frozenset(
    b"tEXt zTXt iTXt eXIf iCCP sRGB gAMA cHRM pHYs tIME bKGD sBIT sPLT hIST oFFs cICP".split()
)
"""Kinds of chunks beside the pixels: a damaged one spoils nothing."""
_MOST_CHUNKS: Final = 50_000
"""libpng writes pixels in chunks of 8 KiB: 6,400 of them in 50 MiB."""
_MOST_SIDE: Final = 60
"""Pillow unpacks a MiB of text from each, and 64 MiB in all."""


def check_png(content: bytes) -> Checked:
    """Walk a PNG from chunk to chunk and compare every checksum; nothing is decoded.

    Raises:
        Incomplete: the end is missing, or bytes in the middle are not written yet.
        Unreadable: pixels, palette or size are damaged, there are too many chunks, or an
            animation has other frames than it says.
    """
    view, is_side_sound = memoryview(content), True
    side, others = list[_Chunk](), list[_Chunk]()
    for chunk in _chunks(content):
        kind, at, end = chunk
        (side if kind in _SIDE else others).append(chunk)
        if crc32(view[at + 4 : end - 4]) == number(content, end - 4, 4):
            continue
        if kind not in _SIDE:
            raise _bad_checksum(kind, content[at:end])
        is_side_sound = False
    pages = range(_frames(content, others))
    longest = max((end - at for _, at, end in side), default=0)
    if not is_side_sound or len(side) > _MOST_SIDE or longest > MOST_METADATA:
        content = _without(content, side)
    return Checked(content, pages)


def _chunks(content: bytes) -> Iterator[_Chunk]:
    """Yield each chunk up to IEND.

    Raises:
        Incomplete: there is no IEND.
        Unreadable: there are too many chunks.
    """
    at, size = 8, len(content)
    for _ in range(_MOST_CHUNKS + 1):
        if at + 12 > size:
            raise cut_off("PNG", size)
        kind, end = content[at + 4 : at + 8], at + 12 + number(content, at, 4)
        if end > size:
            raise unwritten("PNG") if has_hole(content[at:]) else cut_off("PNG", size)
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end
    raise heavy("PNG", f"more than {_MOST_CHUNKS:,} chunks")


def _bad_checksum(kind: bytes, chunk: bytes) -> InputError:
    if not any(chunk[:8]) or has_hole(chunk):
        return unwritten("PNG")
    name = kind.decode("ascii") if kind.isalpha() else "unknown"
    return damaged("PNG", f"the checksum of its chunk {name} is wrong")


def _without(content: bytes, chunks: Sequence[_Chunk]) -> bytes:
    starts = [0, *(end for _, _, end in chunks)]
    ends = [*(at for _, at, _ in chunks), len(content)]
    return b"".join(content[at:end] for at, end in zip(starts, ends, strict=True))


def _frames(content: bytes, chunks: Sequence[_Chunk]) -> int:
    """Return the number of pictures in the PNG, of which an animation has several.

    Raises:
        Unreadable: the number of frames is not the one that the file gives.
    """
    if b"acTL" not in content:
        return 1
    said, found, is_still_one = 0, 0, False
    for kind, at, _ in chunks:
        if kind == b"acTL":
            said = number(content, at + 8, 4)
        elif kind == b"fcTL":
            found += 1
        elif kind == b"IDAT" and said and not found:
            is_still_one = True  # the first picture is for viewers without animations
    if said != found:
        raise damaged("PNG", f"it says that it has {said:,} frames, and has {found:,}")
    return max(1, found + is_still_one)
