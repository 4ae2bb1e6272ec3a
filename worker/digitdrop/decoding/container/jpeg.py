"""JPEG: segments, then scans, up to an end marker (ITU-T T.81, annex B)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from digitdrop.decoding.container.checked import (
    MOST_METADATA,
    Checked,
    cut_off,
    damaged,
    heavy,
    number,
)
from digitdrop.decoding.container.mpf import further_pages
from digitdrop.errors import Incomplete, TooLarge

_NEXT: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""A marker within or behind a scan, but for those that only restart the decoder."""
_NOT_FILL: Final = re.compile(rb"[^\xff]")
_END: Final = 0xD9
_SCAN: Final = 0xDA
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE: Final = {0xC2, 0xCA}
_TABLES: Final = {0xC4, 0xCC, 0xDB, 0xDD}
_JFIF: Final = 0xE0
_EXIF: Final = 0xE1
_ADOBE: Final = 0xEE
_FRAGILE: Final = {_JFIF, _ADOBE, 0xE2, 0xED}
"""Segments on which Pillow fails if they are too short."""
_ALONE: Final = {0x01, *range(0xD0, 0xD9)}
"""Markers without a length."""
_MOST_SCANS: Final = 100
"""Encoders write about ten. For each scan the decoder goes through the whole picture."""
_MOST_WORK: Final = 500_000_000
"""Samples times scans that are decoded in about two seconds."""
_MOST_SEGMENTS: Final = 2_000
_MOST_SIDE: Final = 200
_MOST_KEPT: Final = 100_000_000
"""Samples of a picture with several scans: libjpeg keeps two bytes of each."""


@dataclass(slots=True)
class _Frame:
    """The facts in the headers of a JPEG, and the scans met so far."""

    is_progressive: bool = False
    width: int = 0
    height: int = 0
    sampling: dict[int, int] = field(default_factory=dict)
    """Samples in a block of pixels, by component."""
    scans: int = 0
    missing: dict[int, set[int]] = field(default_factory=dict)
    """Coefficients whose last bit is in no scan yet, by component."""

    @property
    def samples(self) -> int:
        """Number of samples that are decoded, of all components."""
        most = max(self.sampling.values(), default=1)
        return self.width * self.height * sum(self.sampling.values()) // most


def check_jpeg(content: bytes) -> Checked:
    """Walk a JPEG from marker to marker.

    Many cameras forget the end marker; the decoder finds out if more is missing.

    Raises:
        Incomplete: scans are missing, or the file ends in zeros.
        TooLarge: a picture of several scans has too many pixels.
        Unreadable: there is no picture, or there are too many scans or segments.
    """
    frame = _Frame()
    kept, scan = _without_side(content, frame)
    has_end = _walk(content, scan, frame)
    if not has_end and not any(content[-16:]):
        end = len(content.rstrip(b"\0"))
        raise Incomplete(f"the JPEG stops before its end, at byte {end:,}")
    if has_end and (not frame.scans or any(frame.missing.values())):
        raise Incomplete("the JPEG has its end, but some of its scans are missing")
    parts = further_pages(content) if b"MPF\0" in content[:MOST_METADATA] else ()
    return Checked(kept, parts=parts)


def scan_of(content: bytes) -> tuple[int, int] | None:
    """Return the start and end of the last scan of a JPEG; None if there is no end marker."""
    start = 2
    for marker, at in _markers(content, 2):
        if marker == _END:
            return start, at - 2
        if marker == _SCAN:
            start = at + max(2, number(content, at, 2))
    return None


def incomplete(content: bytes) -> Incomplete:
    """Return the error for a JPEG with missing pixels."""
    if content.rstrip(b"\0").endswith(b"\xff\xd9"):
        return Incomplete("the JPEG has its end, but is damaged or lacks some of its middle")
    return cut_off("JPEG", len(content))


def _without_side(content: bytes, frame: _Frame) -> tuple[bytes, int]:
    """Read the segments before the first scan into `frame`.

    Returns:
        The file, without segments beside the pixels if some of them are damaged or they
        are many; and the place of the first scan.
    """
    kept, side, behind, is_sound = [content[:2]], [0], 2, True
    for marker, start, end in _segments(content):
        is_sound &= start == behind
        behind = end
        segment = content[start:end]
        if marker in _FRAMES:
            _begin(frame, marker, segment)
        if marker in _FRAMES or marker in _TABLES or _is_needed(marker, segment):
            kept.append(segment)
        elif marker != _SCAN:
            side.append(len(segment))
            is_sound &= marker not in _FRAGILE or len(segment) >= 18
    exif = [segment for segment in kept if segment[1] == _EXIF]
    if is_sound and len(exif) <= 1 and sum(side) <= 16 * MOST_METADATA and len(side) <= _MOST_SIDE:
        return content, behind
    kept = [segment for segment in kept if segment[1] != _EXIF or segment is exif[0]]
    return b"".join([*kept, content[behind:]]), behind


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment; at last the first scan, with no length.

    Raises:
        Incomplete: there is no scan.
        Unreadable: the end marker comes before a scan, or there are too many segments.
    """
    at, size = 2, len(content)
    for _ in range(_MOST_SEGMENTS):
        start = content.find(b"\xff", at)
        found = _NOT_FILL.search(content, start) if start >= 0 else None
        start = found.start() - 1 if found else size
        if start + 4 > size:
            raise incomplete(content)
        marker, end = content[start + 1], start + 2
        if marker == _SCAN:
            yield marker, start, start
            return
        if marker == _END:
            raise damaged("JPEG", "it ends before its picture begins")
        if marker and marker not in _ALONE:
            end += max(2, number(content, end, 2))
        if end > size:
            raise incomplete(content)
        yield marker, start, end
        at = end
    raise heavy("JPEG", f"more than {_MOST_SEGMENTS:,} segments")


def _is_needed(marker: int, segment: bytes) -> bool:
    """Return True for a segment that is no part of the picture, but that the decoder needs."""
    if marker == _EXIF:
        return segment[4:10] == b"Exif\0\0"
    if marker == _ADOBE:
        return segment[4:9] == b"Adobe" and len(segment) >= 16
    return marker == _JFIF and segment[4:9] == b"JFIF\0" and len(segment) >= 16


def _begin(frame: _Frame, marker: int, segment: bytes) -> None:
    """Read the size and the components of the picture."""
    if len(segment) < 10 or len(segment) < 10 + 3 * segment[9]:
        raise damaged("JPEG", "its header is too short")
    frame.is_progressive = marker in _PROGRESSIVE
    frame.height, frame.width = number(segment, 5, 2), number(segment, 7, 2)
    for at in range(10, 10 + 3 * segment[9], 3):
        frame.sampling[segment[at]] = (segment[at + 1] >> 4) * (segment[at + 1] & 15)
    wanted = range(64 if frame.is_progressive else 1)
    frame.missing = {component: set(wanted) for component in frame.sampling}


def _markers(content: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield each marker within or behind the scans, and the index behind it."""
    while found := _NEXT.search(content, at):
        marker, at = found.group()[1], found.end()
        yield marker, at
        at += 0 if marker in _ALONE else max(2, number(content, at, 2))


def _walk(content: bytes, at: int, frame: _Frame) -> bool:
    """Read the headers of all scans into `frame`; return True if there is an end marker."""
    for marker, behind in _markers(content, at):
        if marker == _END:
            return True
        if marker == _SCAN:
            _add_scan(frame, content[behind : behind + 16])
    return False


def _add_scan(frame: _Frame, header: bytes) -> None:
    frame.scans += 1
    if frame.scans > _MOST_SCANS:
        raise heavy("JPEG", f"more than {_MOST_SCANS} scans")
    if frame.samples > _MOST_KEPT and (frame.is_progressive or frame.scans > 1):
        raise TooLarge(
            f"{frame.width}x{frame.height} pixels are too many for a progressive JPEG: "
            "save it as a plain one"
        )
    if frame.scans > 1 and frame.scans * frame.samples > _MOST_WORK + 10 * frame.samples:
        raise heavy("JPEG", f"{frame.scans} scans of {frame.width}x{frame.height} pixels")
    if len(header) < 3 or len(header) < 6 + 2 * header[2]:
        return  # the decoder raises the error
    count = header[2]
    first, last, bits = header[3 + 2 * count : 6 + 2 * count]
    done = range(first, last + 1) if frame.is_progressive else range(1)
    for component in header[3 : 3 + 2 * count : 2]:
        if not frame.is_progressive or not bits & 15:
            frame.missing.get(component, set()).difference_update(done)
