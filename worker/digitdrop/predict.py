"""Look at a few pictures, and show how each was read."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from digitdrop import pipeline
from digitdrop.errors import InputError, ReportError
from digitdrop.explain import Canvas, sheet
from digitdrop.files.disk import write_whole
from digitdrop.files.load import load
from digitdrop.files.regular import opened
from digitdrop.inference.augmentation import answers
from digitdrop.inference.classifier import Classifier
from digitdrop.pages import shown
from digitdrop.pipeline import Seen
from digitdrop.values import DigitCount, Drop, Grey, Limits, Picture, Probabilities, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A picture with everything that is known of how it was read."""

    reading: Reading
    grey: Grey | None
    """The page that was read, as decoded; None if it could not be."""
    seen: Seen
    probabilities: Probabilities
    """One row per frame of the sight."""


def read(
    images: Sequence[Path], classifier: Classifier, *, limits: Limits, digits: DigitCount
) -> list[Reading]:
    """Read pictures one by one, as the service would; nothing is recorded.

    Args:
        images: files; a link is followed.
        classifier: the network.
        limits: what one picture may cost.
        digits: how many digits a number may have.
    """
    return [_read(image, classifier, limits, digits)[1] for image in images]


def look_at(
    images: Sequence[Path], classifier: Classifier, *, limits: Limits, digits: DigitCount
) -> list[Look]:
    """Read pictures in the same way, and once more for what `read` does not keep."""
    return [_look_at(image, classifier, limits, digits) for image in images]


def draw(looks: Sequence[Look], path: Path) -> None:
    """Draw how pictures were read: as decoded, the frames the network saw, its answers.

    It is written aside and renamed, over an earlier drawing, and never over another file.

    Raises:
        ReportError: the file cannot be written, or is no drawing of ours.
    """
    rows = [
        sheet(look.grey, look.seen.sight, look.probabilities, look.reading.verdict)
        for look in looks
        if look.grey is not None and isinstance(look.seen, Picture)
    ]
    if not rows:
        raise ReportError("none of the pictures can be decoded: there is nothing to explain")
    width = max(row.shape[1] for row in rows)
    padded = [_widened(row, width) for row in rows]
    try:
        if os.path.lexists(path) and not _is_ours(path):
            raise ReportError(
                f"{path} is there and no drawing of ours, so it is left as it is: "
                "name another file with --explain"
            )
        drawn = _png(np.vstack(padded))
        write_whole(path, drawn, aside=path.with_name(f".{path.name}.part"))
    except OSError as error:
        raise ReportError(f"cannot write {path}: {error.strerror}") from error


_MARK: Final = b"Made by digitdrop predict"
_HEAD: Final = 200  # bytes: the mark is in the first text of the PNG


def _is_ours(path: Path) -> bool:
    with opened(path) as file:
        return _MARK in file.read(_HEAD)


def _png(canvas: Canvas) -> bytes:
    """Write a drawing with our mark."""
    info = PngInfo()
    info.add_text("Comment", _MARK.decode())
    file = io.BytesIO()
    Image.fromarray(canvas[..., ::-1]).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def _read(
    image: Path, classifier: Classifier, limits: Limits, digits: DigitCount
) -> tuple[Seen, Reading]:
    # A link that is named is followed, unlike one that somebody drops into a folder.
    drop = Drop(id="", path=image.resolve(), name=str(image))
    seen = pipeline.see(drop, limits)
    (reading,) = pipeline.read([seen], classifier, digits=digits, now=pipeline.utc_now)
    return seen, reading


def _look_at(image: Path, classifier: Classifier, limits: Limits, digits: DigitCount) -> Look:
    seen, reading = _read(image, classifier, limits, digits)
    frames = seen.sight.frames if isinstance(seen, Picture) else ()
    return Look(
        reading=reading,
        grey=_decoded(seen.drop.path, limits),
        seen=seen,
        probabilities=answers([frames], classifier)[0],
    )


def _decoded(image: Path, limits: Limits) -> Grey | None:
    try:
        return shown(load(image, most=limits.bytes), limits=limits).grey
    except InputError:
        return None  # the reading says why


def _widened(row: Grey, width: int) -> Grey:
    return np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255)
