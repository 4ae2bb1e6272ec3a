"""The library: read pictures from a program, without folders and report."""

import logging
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from digitdrop import pipeline
from digitdrop.decoding.decode import grey_of
from digitdrop.errors import Gone, InputError, Unreadable
from digitdrop.files.load import load
from digitdrop.inference.classifier import Classifier
from digitdrop.inference.shipped import SHIPPED_MODEL
from digitdrop.pages import decode_pages
from digitdrop.pipeline import Prepared
from digitdrop.pool.batches import one_ahead
from digitdrop.preprocess.normalise import normalise
from digitdrop.system.cores import cores
from digitdrop.values import ANY_COUNT, DigitCount, Drop, Failure, Limits, Picture, Verdict

logger = logging.getLogger(__name__)

Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview"
    "| Image.Image | npt.NDArray[np.generic]"
)
"""A picture: the path of a file, a file's bytes, Pillow's picture, or an array.

An array has shape (height, width) or (height, width, 1) for grey, (height, width, 3) for RGB, or
(height, width, 4) for RGBA. Its type is uint8; grey arrays may have other types, with floats
0-1 or 0-255. 0 = black; ink may be dark on light or light on dark, as in a file.
"""

_GROUP: Final = 64  # pictures that are classified together
_CORES: Final = cores()


class Reader:
    """A trained network, ready to read pictures; made once, used by any threads.

    A picture that cannot be read has a verdict too: `Status.UNREADABLE` with the reason.

    >>> Reader().read(np.zeros((28, 28), np.uint8)).status
    <Status.BLANK: 'blank'>
    """

    def __init__(
        self,
        model: "str | os.PathLike[str]" = SHIPPED_MODEL,
        *,
        limits: Limits | None = None,
        digits: int | str | DigitCount = ANY_COUNT,
    ) -> None:
        """Load a model.

        Args:
            model: folder with `digits.tflite` and `digits.json`.
            limits: limits of one picture; as for the commands by default.
            digits: number of digits that a number may have: 5, "2-4", or a `DigitCount`.

        Raises:
            ModelError: a file is missing or damaged, or the two do not belong together.
            ValueError: `digits` is no count, or a count beyond 1 to 8.
        """
        self._digits = DigitCount.parse(digits)
        self._classifier = Classifier.load(Path(model))
        self._limits = limits or Limits()
        self._turn = threading.Lock()

    @property
    def model(self) -> str:
        """The model's name, as in the report."""
        return self._classifier.name

    def read(self, source: Source) -> Verdict:
        """Read one picture.

        Raises:
            Gone: there is no such file.
            TypeError: the source has a type or shape that cannot hold a picture.
        """
        seen = self._see(source)
        if isinstance(seen, Failure) and isinstance(seen.error, Gone):
            raise Gone(f"no such file: {source!s}") from seen.error
        return self._judge([seen])[0]

    def read_many(self, sources: Iterable[Source], *, workers: int = _CORES) -> Iterator[Verdict]:
        """Read pictures, several at a time; yield a verdict for each, in order.

        At most 128 pictures are taken ahead, however many there are. A file that does not exist
        is `Status.UNREADABLE`, so that it does not end the others.

        Args:
            sources: taken as they are needed.
            workers: threads that decode.

        Raises:
            TypeError: a source has a type or shape that cannot hold a picture.
            ValueError: fewer than one worker.
        """
        if workers < 1:
            raise ValueError(f"workers is {workers}: expected 1 or more")
        return self._read_many(iter(sources), workers)

    def _read_many(self, sources: Iterator[Source], workers: int) -> Iterator[Verdict]:
        with ThreadPoolExecutor(workers, thread_name_prefix="reader") as pool:
            groups = iter(lambda: [*islice(sources, _GROUP)], [])
            begun = ([pool.submit(self._see, source) for source in group] for group in groups)
            try:
                for futures in one_ahead(begun):  # a group is decoded while one is classified
                    yield from self._judge([future.result() for future in futures])
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _see(self, source: Source) -> Prepared:
        """Decode and normalise a picture; an error becomes a value.

        As `pipeline.prepare`, but the picture may have neither a file nor bytes, and no row.
        """
        given = _given(source)
        drop = Drop(id="", path=given if isinstance(given, Path) else Path(), name="")
        try:
            return self._picture(given, drop)
        except InputError as error:
            return Failure(id="", drop=drop, sha256="", error=error)
        except Exception:  # a bug may cost one picture, not all
            logger.exception("cannot read %r", given if isinstance(given, Path) else type(given))
            bug = Unreadable("internal error, see the log")
            return Failure(id="", drop=drop, sha256="", error=bug)

    def _picture(self, given: Path | bytes | Image.Image, drop: Drop) -> Picture:
        if isinstance(given, Image.Image):
            page = normalise(grey_of(given, limits=self._limits))
            return Picture(id="", drop=drop, sha256="", candidates=(page,))
        if isinstance(given, Path):
            # A link that is named is followed, unlike one that somebody drops into a folder.
            given = load(given.resolve(), most=self._limits.bytes)
        found = decode_pages(given, limits=self._limits)
        return Picture(id="", drop=drop, sha256="", candidates=found.candidates, pages=found.pages)

    def _judge(self, seen: Sequence[Prepared]) -> list[Verdict]:
        """Classify in one batch, and judge each by itself."""
        with self._turn:
            readings = pipeline.read_batch(
                seen, self._classifier, digits=self._digits, now=pipeline.utc_now
            )
        return [reading.verdict for reading in readings]


def _given(source: Source) -> Path | bytes | Image.Image:
    """Return a source as a path, as bytes or as a picture of Pillow's.

    Raises:
        TypeError: it cannot hold a picture.
    """
    if isinstance(source, str | os.PathLike):
        return Path(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, np.ndarray):
        return _pictured(source)
    raise TypeError(
        f"{type(source).__name__} is no picture: expected a path, the bytes of a file, "
        "a Pillow image or a NumPy array"
    )


def _pictured(array: npt.NDArray[np.generic]) -> Image.Image:
    plain = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    try:
        if not plain.size:
            raise TypeError("it has no pixels")
        return Image.fromarray(plain)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"an array of shape {array.shape} and type {array.dtype} is no picture: expected "
            "(height, width) or (height, width, 3 or 4), of uint8"
        ) from error
