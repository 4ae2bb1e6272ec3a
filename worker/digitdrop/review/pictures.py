"""The pictures of rows: found, read and shown, without a path from a client and without a link."""

import hashlib
import os
import threading
from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import cv2

from digitdrop.errors import Unavailable
from digitdrop.explain import sheet
from digitdrop.files.tree import WalkEntry, open_below, walk
from digitdrop.inference.augmentation import classify_pictures
from digitdrop.inference.classifier import Classifier
from digitdrop.inference.shipped import SHIPPED_MODEL
from digitdrop.outbox.archive import ARCHIVE_FOLDERS, archive_folder, archive_names, named_by_id
from digitdrop.pages import DecodedPages, decode_pages
from digitdrop.pipeline import judge_page
from digitdrop.review.store import Entry
from digitdrop.values import Candidates, DigitCount, Drop, Grey, Limits, Status

REVIEW: Final = ARCHIVE_FOLDERS[Status.UNCERTAIN]
"""Folder of the outbox with the label folders."""

_FOR_PEOPLE: Final = (REVIEW, ARCHIVE_FOLDERS[Status.UNREADABLE])
_LARGE: Final = 1000  # pixels of the longer side of a picture, as large as a screen shows it
_SMALL: Final = 112
_LOSSLESS: Final = 101  # OpenCV's code for WebP without loss
_QUALITY: Final = 80
_AT_A_TIME: Final = 2  # pictures decoded: each may take half a gigabyte


@dataclass(frozen=True, slots=True)
class Located:
    """The place of a picture in the outbox."""

    below: str
    """Its path relative to the outbox, with `/` between the parts."""
    entry: Entry
    """The row that it was found by."""
    is_moved: bool = False
    """True if it lies in a label folder, and the row of that correction is not written yet."""


def label_name(entry: Entry, label: str) -> PurePosixPath:
    """Return the path, below the outbox, of a row's picture in a label folder.

    The row's id is part of the name, so that the correction is about this row and no other.
    """
    name = PurePosixPath(entry.row.name).name or entry.id
    target = named_by_id(Path(name), Drop(id=entry.id, path=Path(name), name=name))
    return PurePosixPath(REVIEW, label, target.name)


class Pictures:
    """Finds and shows the pictures of an outbox."""

    def __init__(self, outbox: Path, limits: Limits | None = None) -> None:
        """Set the folder.

        Args:
            outbox: nothing outside of it is opened.
            limits: of one picture.
        """
        self._outbox = outbox
        self._limits = limits or Limits()
        self._turns = threading.BoundedSemaphore(_AT_A_TIME)
        self._lock = threading.Lock()
        self._classifier: Classifier | None = None

    def find(self, chain: Sequence[Entry], labels: Sequence[str] = ()) -> Located | None:
        """Find the picture of a chain of rows, by the names that the worker gives.

        Args:
            chain: rows of one picture, the reading first.
            labels: of label folders in which a picture may lie that was moved just now.

        Returns:
            The place of a file with the content of the rows; None if there is none.
        """
        for entry, path, is_moved in self._places(chain, labels):
            below = path.as_posix()
            with suppress(OSError):
                if self.digest(below) == entry.row.sha256 or not entry.row.sha256:
                    return Located(below, entry, is_moved)
        return None

    def _places(
        self, chain: Sequence[Entry], labels: Sequence[str]
    ) -> Iterator[tuple[Entry, Path, bool]]:
        for entry in reversed(chain):
            row = entry.row
            if row.name:
                drop = Drop(id=entry.id, path=Path(row.name), name=row.name)
                folder = archive_folder(Path(), row.status, row.time)
                for path in reversed(list(archive_names(drop, folder))):
                    yield entry, path, False
        for label in labels:
            for entry in reversed(chain):
                yield entry, Path(label_name(entry, label)), True

    def filed(self) -> frozenset[str]:
        """Return the places, below the outbox, of all files of `review/` and `failed/`."""
        return frozenset(
            f"{folder}/{name}" for folder in _FOR_PEOPLE for name, _ in self._walked(folder)
        )

    def _walked(self, folder: str) -> Iterator[WalkEntry]:
        with suppress(OSError):
            yield from walk(self._outbox / folder)

    def find_filed(self, entry: Entry, filed: Container[str]) -> Located | None:
        """Find the picture of a reading among those that wait for a person, as `find` does."""
        may_be_there = any(path.as_posix() in filed for _, path, _ in self._places([entry], ()))
        return self.find([entry]) if may_be_there else None

    def digest(self, below: str) -> str:
        """Return the SHA-256 of a file in hex; empty if it is too large to have been read.

        Raises:
            OSError: there is no such regular file, or a link leads to it.
        """
        with open_below(self._outbox, below) as file:
            if os.fstat(file.fileno()).st_size > self._limits.bytes:
                return ""
            return hashlib.sha256(file.read(self._limits.bytes)).hexdigest()

    def _content(self, located: Located) -> bytes:
        """Return the bytes of a picture, which are the very bytes that the worker read.

        Raises:
            InputError: they are not, or cannot be read.
        """
        if ARCHIVE_FOLDERS[located.entry.row.status] == "failed":
            raise Unavailable("could not be read, so it is not opened here")
        try:
            with open_below(self._outbox, located.below) as file:
                content = file.read(self._limits.bytes + 1)
        except OSError as error:
            raise Unavailable(f"cannot be opened: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != located.entry.row.sha256:
            raise Unavailable("is another file by now")
        return content

    def decoded(self, located: Located) -> DecodedPages:
        """Decode a picture that the worker could read.

        Raises:
            InputError: it was taken away or changed, or could not be read by the worker either.
        """
        with self._turns:
            return decode_pages(self._content(located), limits=self._limits)

    def shown(self, located: Located, *, is_small: bool = False) -> bytes:
        """Return a picture as WebP in grey, made anew of its pixels; raises as `decoded`."""
        grey = self.decoded(located).grey
        return _webp(_shrunk(grey, _SMALL if is_small else _LARGE), _QUALITY)

    def frame(self, located: Located) -> bytes:
        """Return the frame with the highest prior as WebP; raises as `decoded`.

        Raises:
            InputError: also if nothing stands out in the picture.
        """
        frames = _shown(self.decoded(located)).frames
        if not frames:
            raise Unavailable("nothing stands out from the paper")
        return _webp(frames[0], _LOSSLESS)

    def explained(self, located: Located, digits: DigitCount) -> bytes:
        """Return a drawing of how a picture is read by the shipped network, as WebP.

        Args:
            located: the picture.
            digits: how many digits a number may have.

        Raises:
            InputError: as `decoded`.
            ModelError: the network cannot be loaded.
        """
        with self._lock:
            if self._classifier is None:
                self._classifier = Classifier.load(SHIPPED_MODEL)
            classifier = self._classifier
            decoded = self.decoded(located)
            page = _shown(decoded)
            (said,) = classify_pictures([page.frames], classifier)
            verdict = judge_page(page, said, classifier, digits)
            return _webp(sheet(decoded.grey, page, said, verdict), _LOSSLESS)


def _shown(decoded: DecodedPages) -> Candidates:
    """Return the page that is read: the first that shows anything, else the first."""
    return next((page for page in decoded.candidates if page.frames), decoded.candidates[0])


def _shrunk(grey: Grey, side: int) -> Grey:
    height, width = grey.shape
    scale = side / max(height, width)
    if scale >= 1:
        return grey
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(grey.dtype)


def _webp(picture: Grey, quality: int) -> bytes:
    return cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
