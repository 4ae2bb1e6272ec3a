"""PNG: chunks with checksums, up to IEND (W3C, Portable Network Graphics, third edition)."""

from struct import Struct
from typing import Final
from zlib import crc32

from digitdrop.decoding.container.checked import (
    MOST_METADATA,
    Checked,
    cut_off,
    damaged,
    has_hole,
    heavy,
    unwritten,
)

_CHUNK: Final = Struct(">I4s")
_SIDE: Final = frozenset(
    b"tEXt zTXt iTXt eXIf iCCP sRGB gAMA cHRM pHYs tIME bKGD sBIT sPLT hIST oFFs cICP".split()
)
"""Kinds of chunks that say nothing of the pixels: a damaged one spoils nothing."""
_MOST_CHUNKS: Final = 50_000
"""libpng writes pixels in chunks of 8 KiB: 6,400 of them in 50 MiB."""
_MOST_SIDE: Final = 60
"""Pillow unpacks a MiB of text from each, and 64 in all."""


def check_png(content: bytes) -> Checked:
    """Walk a PNG from chunk to chunk; every checksum is compared, nothing is decoded.

    Raises:
        Incomplete: its end is missing, or bytes in its middle are not written yet.
        Unreadable: pixels, palette or size are damaged, or it has too many chunks.
    """
    view = memoryview(content)
    at, size, count = 8, len(content), 0
    side: list[tuple[int, int]] = []
    is_side_sound = True
    while True:
        if at + 12 > size:
            raise cut_off("PNG", size)
        length, kind = _CHUNK.unpack_from(content, at)
        end = at + 12 + length
        if end > size:
            raise unwritten("PNG") if has_hole(content[at:]) else cut_off("PNG", size)
        if crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            _raise_if_needed(kind, content[at:end])
            is_side_sound = False
        if kind in _SIDE:
            side.append((at, end))
        if kind == b"IEND":
            break
        at, count = end, count + 1
        if count > _MOST_CHUNKS:
            raise heavy("PNG", f"more than {_MOST_CHUNKS:,} chunks")
    if not is_side_sound or _is_heavy(side):
        content = _without(content, side)
    if b"acTL" not in content:
        return Checked(content)
    return Checked(content, range(_frames(content)))


def _is_heavy(side: list[tuple[int, int]]) -> bool:
    """Tell whether there is more beside the pixels than shall be looked into."""
    return len(side) > _MOST_SIDE or any(end - at > MOST_METADATA for at, end in side)


def _raise_if_needed(kind: bytes, chunk: bytes) -> None:
    """Raise for a chunk that does not fit its checksum, unless it lies beside the pixels."""
    if kind in _SIDE:
        return
    if not any(chunk[:8]) or has_hole(chunk):
        raise unwritten("PNG")
    name = kind.decode("ascii") if kind.isalpha() else "unknown"
    raise damaged("PNG", f"the checksum of its chunk {name} is wrong")


def _without(content: bytes, side: list[tuple[int, int]]) -> bytes:
    """Return the file without some of its chunks."""
    starts = [0, *(end for _, end in side)]
    ends = [*(at for at, _ in side), len(content)]
    return b"".join(content[at:end] for at, end in zip(starts, ends, strict=True))


def _frames(content: bytes) -> int:
    """Count the pictures of a PNG that may be an animation.

    Raises:
        Unreadable: it has other frames than it says.
    """
    at, said, found, is_still_one = 8, 0, 0, False
    while at + 12 <= len(content):
        length, kind = _CHUNK.unpack_from(content, at)
        if kind == b"acTL":
            said = int.from_bytes(content[at + 8 : at + 12], "big")
        elif kind == b"fcTL":
            found += 1
        elif kind == b"IDAT" and said and not found:
            is_still_one = True  # the first picture is for viewers without animations
        at += 12 + length
    if said != found:
        raise damaged("PNG", f"it says that it has {said:,} frames, and has {found:,}")
    return max(1, found + is_still_one)
