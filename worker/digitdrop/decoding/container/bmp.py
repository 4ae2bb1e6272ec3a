"""BMP and DIB: a header, a palette, and rows of pixels (Windows GDI, "Bitmap Storage")."""

from struct import Struct
from typing import Final

from digitdrop.decoding.container.checked import Checked, cut_off, heavy, unfinished_raster

_FILE_HEADER: Final = 14
_OLD: Final = Struct("<HHHH")
_NEW: Final = Struct("<iiHHII")
_RUN_LENGTH: Final = {1, 2}
_MOST_RUNS: Final = 2**20
"""Bytes of run-length coded pixels: Pillow takes a microsecond for each two of them."""


def check_bmp(content: bytes) -> Checked:
    """Compare the length of a BMP with what its header promises.

    Raises:
        Incomplete: it is shorter.
        Unreadable: it has too many runs.
    """
    return _checked("BMP", content, int.from_bytes(content[10:14], "little"), _FILE_HEADER)


def check_dib(content: bytes) -> Checked:
    """Do the same for a DIB, a BMP without its file header.

    Raises:
        Incomplete: it is shorter than it should be.
        Unreadable: it has too many runs.
    """
    return _checked("DIB", content, 0, 0)


def _checked(form: str, content: bytes, start: int, header: int) -> Checked:
    length = int.from_bytes(content[header : header + 4], "little")
    if len(content) < header + min(max(length, 12), 40):
        raise cut_off(form, len(content))
    coding, packed, colours = 0, 0, 0
    if length == 12:
        width, height, _, bits = _OLD.unpack_from(content, header + 4)
    else:
        width, height, _, bits, coding, packed = _NEW.unpack_from(content, header + 4)
        colours = int.from_bytes(content[header + 32 : header + 36], "little")
    if not start:
        start = header + length + _palette(length, bits, coding, colours)
    if coding in _RUN_LENGTH:
        if len(content) - start > _MOST_RUNS:
            raise heavy(form, f"more than {_MOST_RUNS:,} bytes of run-length coded pixels")
        needed = packed
    else:
        needed = (abs(width) * bits + 31) // 32 * 4 * abs(height)
    if start + needed > len(content):
        raise cut_off(form, len(content))
    return Checked(content, doubt=unfinished_raster(form, content, start))


def _palette(length: int, bits: int, coding: int, colours: int) -> int:
    """Return the bytes between a DIB's header and its pixels."""
    masks = {3: 12, 6: 16}.get(coding, 0) if length == 40 else 0
    entries = colours or (2**bits if bits <= 8 else 0)
    return masks + min(entries, 256) * (3 if length == 12 else 4)
