"""BMP and DIB: a header, a palette, and rows of pixels (Windows GDI, "Bitmap Storage")."""

from struct import Struct
from typing import Final

from digitdrop.decoding.container.checked import (
    Checked,
    cut_off,
    heavy,
    number,
    unfinished_raster,
)

_FILE_HEADER: Final = 14
_OLD: Final = Struct("<HHHH")
_NEW: Final = Struct("<iiHHII")
_RUN_LENGTH: Final = {1, 2}
_MOST_RUNS: Final = 2**20
"""Bytes of run-length coded pixels. Pillow takes a microsecond for two of these bytes."""


def check_bmp(content: bytes) -> Checked:
    """Compare the length of a BMP, or of a DIB, with the size in its header.

    A DIB is a BMP without the file header.

    Raises:
        Incomplete: the file is shorter.
        Unreadable: there are too many runs.
    """
    form, header = ("BMP", _FILE_HEADER) if content.startswith(b"BM") else ("DIB", 0)
    length = number(content, header, 4, "little")
    if len(content) < header + min(max(length, 12), 40):
        raise cut_off(form, len(content))
    coding, packed, colours = 0, 0, 0
    if length == 12:
        width, height, _, bits = _OLD.unpack_from(content, header + 4)
    else:
        width, height, _, bits, coding, packed = _NEW.unpack_from(content, header + 4)
        colours = number(content, header + 32, 4, "little")
    start = number(content, 10, 4, "little") if header else 0
    start = start or header + length + _palette(length, bits, coding, colours)
    needed = (abs(width) * bits + 31) // 32 * 4 * abs(height)
    if coding in _RUN_LENGTH:
        needed = packed
        if len(content) - start > _MOST_RUNS:
            raise heavy(form, f"more than {_MOST_RUNS:,} bytes of run-length coded pixels")
    if start + needed > len(content):
        raise cut_off(form, len(content))
    return Checked(content, doubt=unfinished_raster(form, content, start))


def _palette(length: int, bits: int, coding: int, colours: int) -> int:
    """Return the number of bytes between the header and the pixels."""
    masks = {3: 12, 6: 16}.get(coding, 0) if length == 40 else 0
    entries = colours or (2**bits if bits <= 8 else 0)
    return masks + min(entries, 256) * (3 if length == 12 else 4)
