"""PNM: a header in words and numbers, then pixels, as text or as bytes (Netpbm).

Text and unusual depths are rewritten as bytes: Pillow takes a microsecond for each such pixel.
"""

import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from digitdrop.decoding.container.checked import (
    Checked,
    cut_off,
    damaged,
    heavy,
    unfinished_raster,
)
from digitdrop.errors import TooLarge

_LONGEST_HEADER: Final = 2**16
_MOST_TEXT: Final = 2**23
_MOST_PIXELS: Final = 2**28
_SPACE: Final = b" \t\r\n\v\f"
_TOKEN: Final = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])*([^\s#]+)")
_COMMENT: Final = re.compile(rb"#[^\n\r]*")
_PICTURE: Final = re.compile(rb"\s*P[1-6f]\s")
_Numbers = npt.NDArray[np.integer[Any]]


def check_pnm(content: bytes) -> Checked:
    """Compare the length of a PNM with the size in its header.

    Raises:
        Incomplete: the file is shorter.
        TooLarge: there is too much text, or the header gives far too many pixels.
        Unreadable: the header makes no sense.
    """
    kind = content[1:2]
    words, start = _header(content, 2 if kind in b"14" else 3)
    if kind == b"f":
        return Checked(content, doubt=unfinished_raster("PNM", content, start))
    width, height, top = shape = _shape(words)
    if width * height > _MOST_PIXELS:
        raise TooLarge(f"{width}x{height} pixels are too many")
    if not width * height or not 0 < top < 65_536:
        raise damaged("PNM", f"a size of {width}x{height} and a depth of {top}")
    values = width * height * (3 if kind in b"36" else 1)
    if kind in b"123":
        return Checked(_from_text(content, start, kind, shape, values))
    length = (width + 7) // 8 * height if kind == b"4" else values * (1 if top < 256 else 2)
    end = start + length
    if end > len(content):
        raise cut_off("PNM", len(content))
    rest = content[end:]
    parts = (rest,) if _PICTURE.match(rest[:64]) else ()
    doubt = "" if rest else unfinished_raster("PNM", content, start)
    if kind in b"56" and top not in ({255} if kind == b"6" else {255, 65_535}):
        raw = np.frombuffer(content, np.uint8 if top < 256 else ">u2", values, start)
        content = _rewritten(kind, shape, raw)
    elif start > 64:  # a long comment, which Pillow would read byte by byte
        content = b" ".join([b"P" + kind, *words]) + b"\n" + content[start:end]
    return Checked(content, parts=parts, doubt=doubt)


def _header(content: bytes, count: int) -> tuple[list[bytes], int]:
    """Return the words behind the magic number, and the index of the first pixel."""
    words: list[bytes] = []
    at = 2
    head = content[: _LONGEST_HEADER + 1]
    while len(words) < count:
        found = _TOKEN.match(head, at)
        if not found or found.end() == len(head):
            if len(content) > _LONGEST_HEADER:
                raise heavy("PNM", f"a header of more than {_LONGEST_HEADER:,} bytes")
            raise cut_off("PNM", len(content))
        words.append(found[1])
        at = found.end()
    return words, at + 1


def _shape(words: list[bytes]) -> tuple[int, int, int]:
    """Return width, height and the largest value of a pixel; that is 1 if the header has none."""
    if not all(word.isdigit() and len(word) < 10 for word in words):
        named = b" ".join(words)[:40].decode("ascii", "replace")
        raise damaged("PNM", f"its header says {named!r} where numbers should be")
    width, height, top = (*map(int, words), 1)[:3]
    return width, height, top


def _from_text(
    content: bytes, start: int, kind: bytes, shape: tuple[int, int, int], values: int
) -> bytes:
    """Return a PNM whose pixels are text as one whose pixels are bytes."""
    if len(content) > _MOST_TEXT:
        raise TooLarge(f"a PNM with {len(content):,} bytes of text: save it as PNG")
    text = _COMMENT.sub(b"", content[start:]) if b"#" in content else content[start:]
    if kind == b"1":
        bits = np.frombuffer(text.translate(None, _SPACE), np.uint8) - ord("0")
        raw: _Numbers = 1 - bits[:values]
    else:
        if text.translate(None, b"0123456789" + _SPACE):
            raise damaged("PNM", "there is something else than numbers between its pixels")
        raw = np.fromstring(text.decode("ascii"), np.int64, sep=" ")[:values]
    if len(raw) < values:
        raise cut_off("PNM", len(content))
    if raw.max() > shape[2]:
        raise damaged("PNM", f"a pixel is {raw.max()}, and {shape[2]} is said to be the most")
    return _rewritten(b"6" if kind == b"3" else b"5", shape, raw)


def _rewritten(kind: bytes, shape: tuple[int, int, int], raw: _Numbers) -> bytes:
    """Return a PNM of these pixels in 8 bits, or in 16 bits for those of a deep grey picture."""
    width, height, top = shape
    new, kept = (65_535, ">u2") if top > 255 and kind == b"5" else (255, "u1")
    most = np.iinfo(raw.dtype).max if raw.dtype.itemsize <= 2 else top
    levels = np.minimum(np.arange(most + 1), top)
    scaled = ((levels * new + top // 2) // top).astype(kept)[raw]
    return b"P%b %d %d %d\n" % (kind, width, height, new) + scaled.tobytes()
