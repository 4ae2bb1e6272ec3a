"""JPEG: segments, then scans, up to an end marker (ITU-T T.81, annex B)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from digitdrop.decoding.container.checked import MOST_METADATA, Checked, cut_off, damaged, heavy
from digitdrop.decoding.container.mpf import further_pages
from digitdrop.errors import Incomplete, TooLarge

_NEXT: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""A marker within or behind a scan, but for those that only restart it."""
_NOT_FILL: Final = re.compile(rb"[^\xff]")
_END: Final = 0xD9
_SCAN: Final = 0xDA
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE: Final = {0xC2, 0xCA}
_TABLES: Final = {0xC4, 0xCC, 0xDB, 0xDD}
_JFIF: Final = 0xE0
_EXIF: Final = 0xE1
_ADOBE: Final = 0xEE
_ALONE: Final = {0x01, *range(0xD0, 0xD9)}
"""Markers without a length."""
_MOST_SCANS: Final = 100
"""Encoders write about ten. For each the decoder goes through the whole picture."""
_MOST_WORK: Final = 500_000_000
"""Samples times scans that are decoded in about two seconds."""
_MOST_SEGMENTS: Final = 2_000
_MOST_SIDE: Final = 200
_MOST_KEPT: Final = 100_000_000
"""Samples of a picture of several scans: libjpeg keeps two bytes of each."""


@dataclass(slots=True)
class _Frame:
    """What the headers of a JPEG say."""

    is_progressive: bool = False
    width: int = 0
    height: int = 0
    sampling: dict[int, int] = field(default_factory=dict)
    """Samples in a block of pixels, by component."""
    scans: int = 0
    missing: dict[int, set[int]] = field(default_factory=dict)
    """Coefficients that no scan has brought to their last bit yet, by component."""

    @property
    def samples(self) -> int:
        """Count what is decoded of all components."""
        most = max(self.sampling.values(), default=1)
        return self.width * self.height * sum(self.sampling.values()) // most


def check_jpeg(content: bytes) -> Checked:
    """Walk a JPEG from marker to marker.

    Cameras that forget the end marker are many; the decoder notices if more is missing.

    Raises:
        Incomplete: scans are missing, or it ends in zeros.
        Unreadable: it has no picture, too many scans, or too many segments.
    """
    frame = _Frame()
    kept, scan = _head(content, frame)
    end = _walk(content, scan, frame)
    if end is None and not any(content[-16:]):
        raise Incomplete(
            f"the JPEG stops before its end, at byte {len(content.rstrip(bytes(1))):,}"
        )
    if end is not None and (not frame.scans or any(frame.missing.values())):
        raise Incomplete("the JPEG has its end, but some of its scans are missing")
    parts = further_pages(content) if b"MPF\0" in content[:MOST_METADATA] else ()
    return Checked(content if kept is None else kept, parts=parts)


def _head(content: bytes, frame: _Frame) -> tuple[bytes | None, int]:
    """Look at the segments before the first scan.

    Returns:
        The file without segments that say nothing of the pixels, if some of them are
        damaged or they are many, else None; and where the first scan is.
    """
    kept, side, behind, is_sound = [content[:2]], [0], 2, True
    for marker, start, end in _segments(content):
        is_sound &= start == behind
        behind = end
        segment = content[start:end]
        if marker in _FRAMES:
            _begin(frame, marker, segment)
        if marker in _FRAMES or marker in _TABLES or _is_sound(marker, segment):
            kept.append(segment)
        elif marker != _SCAN:
            side.append(len(segment))
            is_sound &= not _is_spoilt(marker, segment)
    kept_once = _with_one_exif(kept)
    is_sound &= len(kept_once) == len(kept)
    if is_sound and sum(side) <= 16 * MOST_METADATA and len(side) <= _MOST_SIDE:
        return None, behind
    return b"".join([*kept_once, content[behind:]]), behind


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, beginning and end of each segment; at last the first scan, without length.

    Raises:
        Incomplete: there is no scan.
        Unreadable: it ends before there is one, or it has too many segments.
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
            end += max(2, int.from_bytes(content[end : end + 2], "big"))
        if end > size:
            raise incomplete(content)
        yield marker, start, end
        at = end
    raise heavy("JPEG", f"more than {_MOST_SEGMENTS:,} segments")


def incomplete(content: bytes) -> Incomplete:
    """Make the error of a JPEG of which something is missing."""
    if content.rstrip(b"\0").endswith(b"\xff\xd9"):
        return Incomplete("the JPEG has its end, but is damaged or lacks some of its middle")
    return cut_off("JPEG", len(content))


def _is_sound(marker: int, segment: bytes) -> bool:
    """Tell whether a segment beside the picture is one that the decoder shall see."""
    if marker == _EXIF:
        return segment[4:10] == b"Exif\0\0"
    if marker == _ADOBE:
        return segment[4:9] == b"Adobe" and len(segment) >= 16
    return marker == _JFIF and segment[4:9] == b"JFIF\0" and len(segment) >= 16


def _is_spoilt(marker: int, segment: bytes) -> bool:
    """Tell whether a segment is too short for what it says it is, which Pillow does not expect."""
    return marker in {_JFIF, _ADOBE, 0xE2, 0xED} and len(segment) < 18


def _with_one_exif(segments: list[bytes]) -> list[bytes]:
    exif = [one for one in segments if one[1] == _EXIF]
    return [one for one in segments if one[1] != _EXIF or one is exif[0]]


def _begin(frame: _Frame, marker: int, segment: bytes) -> None:
    if len(segment) < 10 or len(segment) < 10 + 3 * segment[9]:
        raise damaged("JPEG", "its header is too short")
    frame.is_progressive = marker in _PROGRESSIVE
    frame.height = int.from_bytes(segment[5:7], "big")
    frame.width = int.from_bytes(segment[7:9], "big")
    for at in range(10, 10 + 3 * segment[9], 3):
        frame.sampling[segment[at]] = (segment[at + 1] >> 4) * (segment[at + 1] & 15)
    wanted = range(64 if frame.is_progressive else 1)
    frame.missing = {component: set(wanted) for component in frame.sampling}


def _walk(content: bytes, at: int, frame: _Frame) -> int | None:
    """Walk scans; return where the end marker is, None if there is none."""
    while True:
        found = _NEXT.search(content, at)
        if not found:
            return None
        marker, at = found.group()[1], found.end()
        if marker == _END:
            return found.start()
        if marker == _SCAN:
            _scan(frame, content[at : at + 16])
        length = int.from_bytes(content[at : at + 2], "big")
        at += 0 if marker in _ALONE else max(2, length)


def _scan(frame: _Frame, header: bytes) -> None:
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
        return  # the decoder will tell
    count = header[2]
    first, last, bits = header[3 + 2 * count : 6 + 2 * count]
    done = range(first, last + 1) if frame.is_progressive else range(1)
    for component in header[3 : 3 + 2 * count : 2]:
        if not frame.is_progressive or not bits & 15:
            frame.missing.get(component, set()).difference_update(done)


def scan_of(content: bytes) -> tuple[int, int] | None:
    """Return where the last scan of a JPEG begins and ends; None if it has no end marker."""
    at = start = 2
    while True:
        found = _NEXT.search(content, at)
        if not found:
            return None
        marker, at = found.group()[1], found.end()
        if marker == _END:
            return start, found.start()
        at += 0 if marker in _ALONE else max(2, int.from_bytes(content[at : at + 2], "big"))
        if marker == _SCAN:
            start = at
