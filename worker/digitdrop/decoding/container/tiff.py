"""TIFF: directories that tell where strips or tiles of pixels are (Adobe, TIFF 6.0)."""

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
from digitdrop.decoding.container.directory import (
    MOST_NUMBERS,
    Layout,
    Tags,
    directories,
    layout_of,
)
from digitdrop.errors import Incomplete, Unreadable

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION = 254, 256, 257, 258, 259
PHOTOMETRIC, SAMPLES, FORMAT = 262, 277, 339
_OLD_SUBFILE, _STRIPS, _ROWS, _COUNTS = 255, 273, 278, 279
_PLANAR, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_COUNTS = 284, 322, 323, 324, 325
_DNG: Final = 50_706
_RAW, _LZW, _PACKBITS, _DEFLATE, _FAX = 1, 5, 32_773, {8, 32_946}, {2, 3, 4}
_STEP: Final = 2**20
_LARGEST_TILE: Final = 2**26
_REDUCED, _MASK = 1, 4
_CAMERAS: Final = {32_767, 34_713, 34_892, 65_535}
"""How Sony, Nikon, Adobe and Pentax pack what a sensor saw."""
_IS_RAW: Final = "camera raw{} is not read: save the picture as JPEG or PNG"


def check_tiff(content: bytes) -> Checked:
    """Walk a TIFF from directory to directory; each page's pieces must be there.

    Raises:
        Incomplete: a directory or a piece lies beyond the end, or is not written yet.
        Unreadable: it is a camera's raw picture, or there is too much of something.
    """
    if content[8:10] == b"CR":
        raise Unreadable(_IS_RAW.format(" (CR2)"))
    layout = layout_of(content)
    pages, doubt = [], ""
    for number, tags in enumerate(directories(content, layout)):
        if _DNG in tags:
            raise Unreadable(_IS_RAW.format(" (DNG)"))
        if not _is_page(content, layout, tags):
            continue
        pages.append(number)
        doubt = doubt or _check_page(content, layout, tags)
    if not pages:
        raise Unreadable(_IS_RAW.format(" (a TIFF with previews only)"))
    return Checked(content, pages, doubt=doubt)


def _is_page(content: bytes, layout: Layout, tags: Tags) -> bool:
    """Tell pages from smaller copies and from masks."""
    kind = layout.value(content, tags, SUBFILE)
    return not kind & (_REDUCED | _MASK) and layout.value(content, tags, _OLD_SUBFILE) != 2


def _check_page(content: bytes, layout: Layout, tags: Tags) -> str:
    """Check one page; return why some of it may not be written yet."""
    tiled = _TILES in tags
    if (
        tags.get(_TILES if tiled else _STRIPS, (0, 0, 0))[1] > MOST_NUMBERS
    ):  # Pillow takes some time for each
        raise heavy("TIFF", f"more than {MOST_NUMBERS:,} strips or tiles")
    starts = layout.values(content, tags, _TILES if tiled else _STRIPS)
    counts = layout.values(content, tags, _TILE_COUNTS if tiled else _COUNTS)
    compression = layout.value(content, tags, COMPRESSION, _RAW)
    if compression in _CAMERAS:
        raise Unreadable(_IS_RAW.format(""))
    needed = _bytes_of_a_piece(content, layout, tags, tiled=tiled)
    if needed > _LARGEST_TILE * (1 if tiled else 64):
        raise heavy("TIFF", f"tiles or strips of {needed:,} bytes")
    if len(counts) != len(starts):
        counts = [needed if compression == _RAW else 1] * len(starts)
    if compression == _RAW:
        last = _last_piece(content, layout, tags, needed) if not tiled else needed
        limits = [needed] * (len(starts) - 1) + [last]
        counts = [min(count, most) for count, most in zip(counts, limits, strict=True)]
    pieces = list(zip(starts, counts, strict=True))
    if any(start + count > len(content) for start, count in pieces):
        raise cut_off("TIFF", len(content))
    if compression == _RAW:
        if not pieces:
            return ""
        first, (start, count) = pieces[0][0], max(pieces)
        return unfinished_raster("TIFF", content[: start + count], first)
    for start, count in pieces:
        _check_piece(content[start : start + count], compression)
    return ""


def _check_piece(piece: bytes, compression: int) -> None:
    """Look for pixels that are not written yet, or damaged.

    Raises:
        Incomplete: there are zeros where the coding has none.
        Unreadable: the checksum is wrong.
    """
    if len(piece) >= HOLE and not any(piece):
        raise unwritten("TIFF")
    if compression == _LZW and has_hole(piece):
        raise unwritten("TIFF")
    if compression in _FAX or compression == _PACKBITS:
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


def _samples(content: bytes, layout: Layout, tags: Tags) -> int:
    """Return the bits of a pixel within a piece."""
    samples = layout.value(content, tags, SAMPLES, 1)
    bits = layout.value(content, tags, BITS, 1)
    return bits if layout.value(content, tags, _PLANAR, 1) == 2 else bits * samples


def _bytes_of_a_piece(content: bytes, layout: Layout, tags: Tags, *, tiled: bool) -> int:
    if tiled:
        width = layout.value(content, tags, _TILE_WIDTH)
        height = layout.value(content, tags, _TILE_HEIGHT)
    else:
        width, height = layout.value(content, tags, WIDTH), layout.value(content, tags, HEIGHT)
        height = min(height, layout.value(content, tags, _ROWS, height))
    return (width * _samples(content, layout, tags) + 7) // 8 * height


def _last_piece(content: bytes, layout: Layout, tags: Tags, needed: int) -> int:
    """Return the bytes of the last strip, which may have fewer rows."""
    height = layout.value(content, tags, HEIGHT)
    rows = layout.value(content, tags, _ROWS, height) or height or 1
    left = height % rows or rows
    return needed * left // min(rows, height or 1)
