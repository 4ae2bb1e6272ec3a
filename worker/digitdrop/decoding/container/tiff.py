"""TIFF: directories that locate strips or tiles of pixels (Adobe, TIFF 6.0)."""

from typing import Final
from zlib import decompressobj, error

from digitdrop.decoding.container.checked import (
    HOLE,
    Checked,
    cut_off,
    damaged,
    has_hole,
    heavy,
    raise_if_unwritten,
    unfinished_raster,
    unwritten,
)
from digitdrop.decoding.container.directory import MOST_NUMBERS, Directory, directories
from digitdrop.errors import Incomplete, Unreadable

WIDTH, HEIGHT, BITS, SAMPLES = 256, 257, 258, 277
_SUBFILE, _OLD_SUBFILE, _COMPRESSION, _STRIPS, _ROWS, _COUNTS = 254, 255, 259, 273, 278, 279
_PLANAR, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_COUNTS = 284, 322, 323, 324, 325
_DNG: Final = 50_706
_RAW, _LZW, _DEFLATE, _RUNS = 1, 5, {8, 32_946}, {2, 3, 4, 32_773}
"""Values of the tag of compression; `_RUNS` are those of fax and PackBits."""
_STEP: Final = 2**20
_LARGEST_TILE: Final = 2**26
_REDUCED, _MASK = 1, 4
_CAMERAS: Final = {32_767, 34_713, 34_892, 65_535}
"""Compressions of raw sensor values by Sony, Nikon, Adobe and Pentax."""
_IS_RAW: Final = "camera raw{} is not read: save the picture as JPEG or PNG"


def check_tiff(content: bytes) -> Checked:
    """Walk a TIFF from directory to directory; all strips or tiles of each page must be there.

    Raises:
        Incomplete: a directory, strip or tile lies beyond the end, or is not written yet.
        Unreadable: the file is a raw picture of a camera, or has too many pages, tags or tiles.
    """
    if content[8:10] == b"CR":
        raise Unreadable(_IS_RAW.format(" (CR2)"))
    numbers, doubt = [], ""
    for place, page in enumerate(directories(content)):
        if _DNG in page.tags:
            raise Unreadable(_IS_RAW.format(" (DNG)"))
        # Smaller copies and masks are no pages.
        if page.value(_SUBFILE) & (_REDUCED | _MASK) or page.value(_OLD_SUBFILE) == 2:
            continue
        numbers.append(place)
        doubt = doubt or _check_page(page)
    if not numbers:
        raise Unreadable(_IS_RAW.format(" (a TIFF with previews only)"))
    return Checked(content, numbers, doubt=doubt)


def _check_page(page: Directory) -> str:
    """Check the strips or tiles of a page; return the doubt that some are not written yet."""
    content, is_tiled = page.content, _TILES in page.tags
    places, lengths = (_TILES, _TILE_COUNTS) if is_tiled else (_STRIPS, _COUNTS)
    if page.count(places) > MOST_NUMBERS:  # Pillow takes some time for each
        raise heavy("TIFF", f"more than {MOST_NUMBERS:,} strips or tiles")
    starts, counts = page.values(places), page.values(lengths)
    compression = page.value(_COMPRESSION, _RAW)
    if compression in _CAMERAS:
        raise Unreadable(_IS_RAW.format(""))
    needed, needed_last = _raw_sizes(page, is_tiled=is_tiled)
    if needed > _LARGEST_TILE * (1 if is_tiled else 64):
        raise heavy("TIFF", f"tiles or strips of {needed:,} bytes")
    if len(counts) != len(starts):
        counts = [needed if compression == _RAW else 1] * len(starts)
    if compression == _RAW:
        limits = [needed] * (len(starts) - 1) + [needed_last]
        counts = [min(count, most) for count, most in zip(counts, limits, strict=True)]
    pieces = list(zip(starts, counts, strict=True))
    if any(start + count > len(content) for start, count in pieces):
        raise cut_off("TIFF", len(content))
    if compression == _RAW:
        return unfinished_raster("TIFF", content[: sum(max(pieces))], starts[0])
    for start, count in pieces:
        _check_piece(content[start : start + count], compression)
    return ""


def _raw_sizes(page: Directory, *, is_tiled: bool) -> tuple[int, int]:
    """Return the bytes of an uncompressed strip or tile, and of the last one.

    The last strip may have fewer rows than the others.
    """
    bits = page.value(BITS, 1) * (1 if page.value(_PLANAR, 1) == 2 else page.value(SAMPLES, 1))
    if is_tiled:
        size = (page.value(_TILE_WIDTH) * bits + 7) // 8 * page.value(_TILE_HEIGHT)
        return size, size
    height = page.value(HEIGHT)
    rows = page.value(_ROWS, height)
    size = (page.value(WIDTH) * bits + 7) // 8 * min(height, rows)
    rows = rows or height or 1
    return size, size * (height % rows or rows) // min(rows, height or 1)


def _check_piece(piece: bytes, compression: int) -> None:
    """Check one compressed strip or tile.

    Raises:
        Incomplete: there are zeros where this compression has none.
        Unreadable: the checksum is wrong.
    """
    if (len(piece) >= HOLE and not any(piece)) or (compression == _LZW and has_hole(piece)):
        raise unwritten("TIFF")
    if compression in _RUNS:
        raise_if_unwritten("TIFF", piece)
    if compression in _DEFLATE:
        _check_deflated(piece)


def _check_deflated(piece: bytes) -> None:
    try:
        unpacked = decompressobj()
        rest = unpacked.decompress(piece, _STEP)
        while rest and unpacked.unconsumed_tail:
            rest = unpacked.decompress(unpacked.unconsumed_tail, _STEP)
    except error:
        if has_hole(piece):
            raise unwritten("TIFF") from None
        raise damaged("TIFF", "its deflated pixels do not fit their checksum") from None
    if not unpacked.eof:
        raise Incomplete("the deflated pixels of the TIFF have no end")
