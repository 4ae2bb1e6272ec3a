"""Find the pictures of rows in the archive, and make their thumbnails."""

import base64
import hashlib
import logging
import re
import stat
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Final

import cv2

from digitdrop.errors import InputError
from digitdrop.files.load import load
from digitdrop.files.regular import open_regular
from digitdrop.outbox.archive import ARCHIVE_FOLDERS, archive_folder, archive_names
from digitdrop.outbox.inventory import Digests
from digitdrop.page.tally import TimedRow
from digitdrop.pages import decode_pages
from digitdrop.values import Drop, Grey, Limits

logger = logging.getLogger(__name__)

_SIDE: Final = 112
"""Pixels of the longer side: twice the size on the page, for screens with dense pixels."""

_QUALITY: Final = 60  # of WebP; 320 bytes a picture
_LOSSLESS: Final = 101  # OpenCV's code for WebP without loss
_LONGEST: Final = 1 << 28  # bytes: ten times a page of 20,000 rows
_KEPT: Final = re.compile(
    r'data-(picture|frame)="(\w+)" data-frames="(\d+)" src="(data:image/webp;base64,[\w+/=]+)"'
)


def find_pictures(outbox: Path, entries: Sequence[TimedRow], digests: Digests) -> dict[str, Path]:
    """Find the pictures of rows by the names that `archive` gives; no folder is listed.

    A picture without an id in its name belongs to the newest row that it may belong to. If
    several rows of a day share the name, it belongs to one with its content.

    Args:
        outbox: the folder with the archive.
        entries: newest first.
        digests: keeps the SHA-256 of the pictures that were read for this.

    Returns:
        The paths of the pictures that are there, by row id.
    """
    names_of = {entry.id: _names(outbox, entry) for entry in entries}
    shared = Counter(names[0] for names in names_of.values() if names)
    paths: dict[str, Path] = {}
    taken: set[Path] = set()
    for entry in entries:
        for path in reversed(names_of[entry.id]):
            is_its_own = entry.id in path.name or shared[path] == 1
            if path in taken or not _is_file(path):
                continue
            sha256 = entry.row.sha256
            if is_its_own or not sha256 or digests.of(path) in {sha256, ""}:
                paths[entry.id] = path
                taken.add(path)
                break
    return paths


def _names(outbox: Path, entry: TimedRow) -> list[Path]:
    """Return the paths that a picture may have, first the one without its row's id."""
    row = entry.row
    if not row.name:
        return []
    drop = Drop(id=entry.id, path=Path(row.name), name=row.name)
    folder = archive_folder(outbox, row.status, entry.time.astimezone(UTC))
    return list(archive_names(drop, folder))


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture, and the frame that the network read, as `data:` addresses."""

    picture: str
    frame: str
    """The frame with the highest prior; empty for a blank picture."""
    frames: int
    """Number of frames that the network read."""


class Thumbnails:
    """Thumbnails of the rows that are shown, by row id."""

    def __init__(self, page: Path) -> None:
        """Take the thumbnails of an earlier page: it is the cache, and may be deleted."""
        self._known = _kept(page)
        self._impossible: set[str] = set()

    def of(self, row_id: str) -> Thumbnail | None:
        """Return a row's thumbnail; None if there is none, or none yet."""
        return self._known.get(row_id)

    def make(self, shown: Iterable[TimedRow], paths: Mapping[str, Path], *, until: float) -> bool:
        """Make the missing thumbnails, in order, and forget those of other rows.

        An unreadable picture is never opened here. Of all others, only the very bytes that
        the worker read are decoded: they have not killed a decoder before.

        Args:
            shown: the rows of the page.
            paths: the paths of their pictures, by row id.
            until: time to stop (`time.monotonic`), after one thumbnail at least.

        Returns:
            True if no thumbnail is left to make.
        """
        entries = list(shown)
        kept = {entry.id for entry in entries}
        self._known = {key: each for key, each in self._known.items() if key in kept}
        self._impossible &= kept
        missing = [entry for entry in entries if entry.id in paths and self._is_missing(entry)]
        for entry in missing:
            if made := _thumbnail(paths[entry.id], entry):
                self._known[entry.id] = made
            else:
                self._impossible.add(entry.id)
            if time.monotonic() >= until:
                break
        return not any(map(self._is_missing, missing))

    def _is_missing(self, entry: TimedRow) -> bool:
        return entry.id not in self._known and entry.id not in self._impossible


def _thumbnail(path: Path, entry: TimedRow) -> Thumbnail | None:
    if ARCHIVE_FOLDERS[entry.row.status] == "failed":
        return None
    limits = Limits()
    try:
        content = load(path, most=limits.bytes)
        if hashlib.sha256(content).hexdigest() != entry.row.sha256:
            return None
        decoded = decode_pages(content, limits=limits)
        frames = next((page.frames for page in decoded.candidates if page.frames), ())
        frame = _webp(frames[0], _LOSSLESS) if frames else ""
        return Thumbnail(_webp(_shrunk(decoded.grey), _QUALITY), frame, len(frames))
    except InputError:  # it was taken away, or is another file by now
        return None
    except Exception:  # a bug of ours, or of a library, may cost a thumbnail, never the page
        logger.exception("no thumbnail of %s", entry.id)
        return None


def _shrunk(grey: Grey) -> Grey:
    height, width = grey.shape
    scale = _SIDE / max(height, width)
    if scale >= 1:
        return grey
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(grey.dtype)


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
