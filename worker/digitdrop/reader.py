"""The same answers as the commands give, for programs: no folders, no report."""

import logging
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
from digitdrop.inference.shipped import MODEL
from digitdrop.pages import shown
from digitdrop.pipeline import Seen
from digitdrop.preprocess.normalise import look
from digitdrop.system.cores import cores
from digitdrop.values import ANY_COUNT, DigitCount, Drop, Failure, Limits, Picture, Verdict

logger = logging.getLogger(__name__)

Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview"
    "| Image.Image | npt.NDArray[np.generic]"
)
"""A picture: the path of a file, a file's bytes, Pillow's picture, or an array.

An array is grey, (height, width) or (height, width, 1), or RGB, or RGBA: uint8, or of
one channel also of other types, of which floats are 0-1 or 0-255. 0 = black; which of
dark and light is the ink is found out, as in a file.
"""

_GROUP: Final = 64  # pictures that are classified together
_CORES: Final = cores()


class Reader:
    """A trained network, ready to read pictures; made once, used by any threads.

    A picture that cannot be read has an answer too: `Status.UNREADABLE` with the reason.
    """

    def __init__(
        self,
        model: "str | os.PathLike[str]" = MODEL,
        *,
        limits: Limits | None = None,
        digits: int | str | DigitCount = ANY_COUNT,
    ) -> None:
        """Load a model.

        Args:
            model: folder with `digits.tflite` and `digits.json`.
            limits: what one picture may cost; as for the commands by default.
            digits: how many digits a number may have: 5, "2-4", or a `DigitCount`.

        Raises:
            ModelError: one of the two is missing or damaged, or they do not belong together.
            ValueError: `digits` is no count, or one beyond 1 to 8.
        """
        self._digits = DigitCount.parse(digits)
        self._classifier = Classifier.load(Path(model))
        self._limits = limits or Limits()
        self._turn = threading.Lock()

    @property
    def model(self) -> str:
        """Name the model, as the report does."""
        return self._classifier.name

    def read(self, source: Source) -> Verdict:
        """Read one picture.

        Raises:
            Gone: there is no such file.
            TypeError: it is nothing that may hold a picture.
        """
        seen = self._see(source)
        if isinstance(seen, Failure) and isinstance(seen.error, Gone):
            raise Gone(f"no such file: {source!s}") from seen.error
        return self._judge([seen])[0]

    def read_many(self, sources: Iterable[Source], *, workers: int = _CORES) -> Iterator[Verdict]:
        """Read pictures, several at a time; yield one answer each, in their order.

        It reads ahead by some hundred pictures at most, however many there are. A file
        that is not there is `Status.UNREADABLE`, so that it does not end the others.

        Args:
            sources: taken as they are needed.
            workers: threads that decode.

        Raises:
            TypeError: one is nothing that may hold a picture.
            ValueError: fewer than one worker.
        """
        if workers < 1:
            raise ValueError(f"workers is {workers}: expected 1 or more")
        return self._read_many(iter(sources), workers)

    def _read_many(self, sources: Iterator[Source], workers: int) -> Iterator[Verdict]:
        with ThreadPoolExecutor(workers, thread_name_prefix="reader") as pool:
            groups: deque[list[Future[Seen]]] = deque()
            try:
                while group := list(islice(sources, _GROUP)):
                    groups.append([pool.submit(self._see, source) for source in group])
                    if len(groups) > 1:  # the next is decoded while one is classified
                        yield from self._judge([one.result() for one in groups.popleft()])
                for pending in groups:
                    yield from self._judge([one.result() for one in pending])
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _see(self, source: Source) -> Seen:
        """Find what a picture may show; one that cannot be read becomes a value.

        As `pipeline.see`, but of pictures that may have neither a file nor bytes, and of
        which no row is to be named.
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
            sight = look(grey_of(given, limits=self._limits))
            return Picture(id="", drop=drop, sha256="", sights=(sight,))
        if isinstance(given, Path):
            # A link that is named is followed, unlike one that somebody drops into a folder.
            given = load(given.resolve(), most=self._limits.bytes)
        found = shown(given, limits=self._limits)
        return Picture(id="", drop=drop, sha256="", sights=found.sights, pages=found.pages)

    def _judge(self, seen: Sequence[Seen]) -> list[Verdict]:
        """Classify in one batch, and judge each by itself."""
        with self._turn:
            readings = pipeline.read(
                seen, self._classifier, digits=self._digits, now=pipeline.utc_now
            )
        return [reading.verdict for reading in readings]


def _given(source: Source) -> Path | bytes | Image.Image:
    """Tell what a source is.

    Raises:
        TypeError: it is nothing that may hold a picture.
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
