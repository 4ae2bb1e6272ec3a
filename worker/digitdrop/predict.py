"""Read a few pictures, and explain how each was read."""

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
from digitdrop.files.regular import open_regular
from digitdrop.inference.augmentation import classify_pictures
from digitdrop.inference.classifier import Classifier
from digitdrop.pages import decode_pages
from digitdrop.pipeline import Prepared
from digitdrop.values import DigitCount, Drop, Grey, Limits, Picture, Probabilities, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A picture with all steps of its reading."""

    reading: Reading
    grey: Grey | None
    """The page that was read, as decoded; None if it could not be."""
    seen: Prepared
    probabilities: Probabilities
    """One row per candidate frame of that page."""


def read_images(
    images: Sequence[Path], classifier: Classifier, *, limits: Limits, digits: DigitCount
) -> list[Reading]:
    """Return the reading of each picture, as the service would give it; nothing is recorded.

    Args:
        images: files; a link is followed.
        classifier: the network.
        limits: limits of one picture.
        digits: number of digits that a number may have.
    """
    return [_read(image, classifier, limits, digits)[1] for image in images]


def explain_picture(
    images: Sequence[Path], classifier: Classifier, *, limits: Limits, digits: DigitCount
) -> list[Explanation]:
    """Return how each picture is read; each is decoded twice."""
    return [_look_at(image, classifier, limits, digits) for image in images]


def save_explanation(looks: Sequence[Explanation], path: Path) -> None:
    """Draw how pictures were read, one below the other, and write the drawing as a PNG.

    An earlier drawing is replaced in one rename; any other file is left as it is.

    Raises:
        ReportError: the file cannot be written, or exists and is not such a drawing.
    """
    rows = [
        sheet(look.grey, look.seen.page, look.probabilities, look.reading.verdict)
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
    with open_regular(path) as file:
        return _MARK in file.read(_HEAD)


def _png(canvas: Canvas) -> bytes:
    """Return a drawing as a PNG that carries the mark."""
    info = PngInfo()
    info.add_text("Comment", _MARK.decode())
    file = io.BytesIO()
    Image.fromarray(canvas[..., ::-1]).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def _read(
    image: Path, classifier: Classifier, limits: Limits, digits: DigitCount
) -> tuple[Prepared, Reading]:
    # A link that is named is followed, unlike one that somebody drops into a folder.
    drop = Drop(id="", path=image.resolve(), name=str(image))
    seen = pipeline.prepare(drop, limits)
    (reading,) = pipeline.read_batch([seen], classifier, digits=digits, now=pipeline.utc_now)
    return seen, reading


def _look_at(
    image: Path, classifier: Classifier, limits: Limits, digits: DigitCount
) -> Explanation:
    seen, reading = _read(image, classifier, limits, digits)
    frames = seen.page.frames if isinstance(seen, Picture) else ()
    return Explanation(
        reading=reading,
        grey=_decoded(seen.drop.path, limits),
        seen=seen,
        probabilities=classify_pictures([frames], classifier)[0],
    )


def _decoded(image: Path, limits: Limits) -> Grey | None:
    try:
        return decode_pages(load(image, most=limits.bytes), limits=limits).grey
    except InputError:
        return None  # the reading says why


def _widened(row: Grey, width: int) -> Grey:
    return np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255)
