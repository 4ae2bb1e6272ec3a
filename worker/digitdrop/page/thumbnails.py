"""Small pictures for the page: each made once, and found again in the page made before."""

import base64
import hashlib
import logging
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2

from digitdrop.errors import InputError
from digitdrop.files.load import load
from digitdrop.files.regular import open_regular
from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.page.tally import TimedRow
from digitdrop.pages import decode_pages
from digitdrop.values import Frame, Grey, Limits

logger = logging.getLogger(__name__)

THUMBNAIL_SIDE: Final = 112
"""Pixels of the longer side: twice what the page shows, for screens with dense pixels."""
_QUALITY: Final = 60  # of WebP; 320 bytes a picture
_LOSSLESS: Final = 101  # what OpenCV calls it
_LONGEST: Final = 1 << 28  # bytes: ten times a page of 20,000 rows
_KEPT: Final = re.compile(
    r'data-(picture|frame)="(\w+)" data-frames="(\d+)" src="(data:image/webp;base64,[\w+/=]+)"'
)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture, and what the network saw of it, as the page holds them."""

    picture: str
    """A `data:` address."""
    frame: str
    """The frame that the picture speaks for most, as a `data:` address; empty if blank."""
    frames: int
    """How many the network saw."""


class Thumbnails:
    """Thumbnails by row; as many as rows are shown."""

    def __init__(self, page: Path) -> None:
        """Take over what an earlier page shows: it is the cache, and may be deleted."""
        self._known = _kept(page)
        self._hopeless: set[str] = set()

    def of(self, row_id: str) -> Thumbnail | None:
        """Give a row's thumbnail; None if there is none, or none yet."""
        return self._known.get(row_id)

    def make(self, shown: Iterable[TimedRow], paths: Mapping[str, Path], *, until: float) -> bool:
        """Make what is missing, the first first, and forget what is shown no more.

        What the worker could not read is never opened here, and of a picture only the
        very bytes that it did read are decoded: they have not killed a decoder before.

        Args:
            shown: the rows of the page.
            paths: where their pictures lie, by id.
            until: when to stop (`time.monotonic`), after one at least.

        Returns:
            Whether all was made that can be.
        """
        entries = [entry for entry in shown if entry.id in paths]
        kept = {entry.id for entry in shown}
        self._known = {key: one for key, one in self._known.items() if key in kept}
        self._hopeless &= kept
        for entry in entries:
            if entry.id in self._known or entry.id in self._hopeless:
                continue
            made = _thumbnail(paths[entry.id], entry)
            if made:
                self._known[entry.id] = made
            else:
                self._hopeless.add(entry.id)
            if time.monotonic() >= until:
                break
        return all(entry.id in self._known or entry.id in self._hopeless for entry in entries)


def _thumbnail(path: Path, entry: TimedRow) -> Thumbnail | None:
    if ARCHIVE_FOLDERS[entry.row.status] == "failed":
        return None
    limits = Limits()
    try:
        content = load(path, most=limits.bytes)
        if hashlib.sha256(content).hexdigest() != entry.row.sha256:
            return None
        seen = decode_pages(content, limits=limits)
        frames = next((page.frames for page in seen.candidates if page.frames), ())
        return Thumbnail(_picture(seen.grey), _frame(frames[0]) if frames else "", len(frames))
    except InputError:  # somebody took it away, or it is not what the worker read
        return None
    except Exception:  # a bug of ours, or of a library, may cost a thumbnail, never the page
        logger.exception("no thumbnail of %s", entry.id)
        return None


def _picture(grey: Grey) -> str:
    height, width = grey.shape
    scale = THUMBNAIL_SIDE / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(grey.dtype)
    return _webp(grey, _QUALITY)


def _frame(frame: Frame) -> str:
    return _webp(frame, _LOSSLESS)


def _webp(grey: Grey, quality: int) -> str:
    content = cv2.imencode(".webp", grey, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"


def _kept(page: Path) -> dict[str, Thumbnail]:
    try:
        with open_regular(page) as file:
            text = file.read(_LONGEST).decode(errors="replace")
    except OSError:
        return {}
    found = {(kind, row_id): (url, int(count)) for kind, row_id, count, url in _KEPT.findall(text)}
    return {
        row_id: Thumbnail(url, found.get(("frame", row_id), ("", 0))[0], count)
        for (kind, row_id), (url, count) in found.items()
        if kind == "picture"
    }
