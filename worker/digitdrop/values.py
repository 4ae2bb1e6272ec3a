"""The values that flow through the worker: `Drop -> Picture -> Reading`.

Each step takes one value and returns the next; nothing is filled in later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from digitdrop.errors import InputError

if TYPE_CHECKING:  # values are imported by every command, and numpy takes 0.1 s
    import numpy as np
    import numpy.typing as npt

Frame: TypeAlias = "npt.NDArray[np.uint8]"
"""Shape (28, 28): one digit as MNIST stores it, 0 = paper, 255 = ink."""

Grey: TypeAlias = "npt.NDArray[np.uint8]"
"""Shape (height, width): an upright picture as decoded, 0 = black, 255 = white."""

Ink: TypeAlias = "npt.NDArray[np.uint8]"
"""Shape (height, width): darkness of each point against the paper, 0 = paper, 255 = ink."""

StripPixels: TypeAlias = "npt.NDArray[np.uint8]"
"""Shape (40, width): a line of writing, 0 = paper, 255 = ink; darkness over the local paper."""

Probabilities: TypeAlias = "npt.NDArray[np.float32]"
"""Shape (frames, 12): one row per frame, each summing to 1; columns 0-9 are the
digits, then `NOT_A_DIGIT` and `SEVERAL`."""

NOT_A_DIGIT = 10
"""The network's class for a frame that holds no digit: a letter, a scribble, half a digit."""
SEVERAL = 11
"""The network's class for a frame that holds more than one digit."""
CLASSES = 12

MOST_DIGITS: Final = 8
"""Digits of the longest number that is read, or that a person may give as a label."""


def is_number(text: str) -> bool:
    """Return True if a text is a whole number as in the report: `0`-`9`, one to eight times.

    Leading zeros are part of it. Digits of other scripts do not count.

    >>> is_number("0042"), is_number("4 2"), is_number("٣"), is_number("123456789")
    (True, False, False, False)
    """
    return 0 < len(text) <= MOST_DIGITS and text.isascii() and text.isdecimal()


class Status(StrEnum):
    """Result of reading a picture; the column `status` of the report."""

    OK = "ok"
    UNCERTAIN = "uncertain"
    NOT_A_DIGIT = "not_a_digit"
    SEVERAL = "several"
    BLANK = "blank"
    UNREADABLE = "unreadable"
    CORRECTED = "corrected"
    """The row holds the label that a person gave to the picture of an earlier row."""

    @property
    def in_words(self) -> str:
        """Return the status for people: `not a digit` for `not_a_digit`."""
        return self.value.replace("_", " ")


READ: Final = tuple(status for status in Status if status is not Status.CORRECTED)
"""The statuses of readings: all but that of corrections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one file."""

    pixels: int = 50_000_000
    """Width times height of the picture, as in its header."""
    bytes: int = 50 * 2**20
    """Length of the file."""
    spare: int = 2**30
    """Bytes of memory that must be free, besides the picture's own, before a picture is called
    damaged because its decoder failed: other pictures, read at the same time, may have taken
    the memory."""


@dataclass(frozen=True, slots=True)
class DigitCount:
    """Number of digits that the number in a picture may have; the option `--digits`.

    >>> str(DigitCount.parse("5")), str(DigitCount.parse("2-4")), str(DigitCount())
    ('5', '2-4', '1-8')

    Raises:
        ValueError: not 1 <= least <= most <= 8.
    """

    least: int = 1
    most: int = MOST_DIGITS

    def __post_init__(self) -> None:
        """Check the range."""
        if not 1 <= self.least <= self.most <= MOST_DIGITS:
            raise ValueError(_NO_COUNT.format(str(self)))

    def __str__(self) -> str:
        """Return the text that `parse` reads."""
        return f"{self.least}" if self.least == self.most else f"{self.least}-{self.most}"

    @classmethod
    def parse(cls, given: str | int | DigitCount) -> DigitCount:
        """Return the count for `N` or `N-M`, for a number or for a count.

        Raises:
            ValueError: anything else.
        """
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", str(given).strip(), re.ASCII)
        if not match:
            raise ValueError(_NO_COUNT.format(given))
        return cls(int(match[1]), int(match[2] or match[1]))


_NO_COUNT: Final = (
    f"{{!r}} is no count of digits: expected N, or N-M with N up to M, "
    f"each from 1 to {MOST_DIGITS}, as in 5 or 1-{MOST_DIGITS}"
)
ANY_COUNT: Final = DigitCount()
"""The default: numbers of one to eight digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """One file to be read: claimed, or where its owner left it."""

    id: str | None
    """Id of its row in the report, the same again after a crash; None in one-shot mode, where
    the id is made of path and content, so that a second run finds the rows of the first."""
    path: Path
    """Path of the file now."""
    address: str = ""
    """Address in an object store, as `s3://bucket/key`; empty for a file."""
    name: str
    """The owner's name for it: the path relative to the inbox (or to the folder given)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A part of a picture in which one number may stand, as the number reader sees it."""

    pixels: StripPixels
    """As wide as one of `strip.WIDTHS`."""
    prior: float
    """The probability that this strip shows all of the number and nothing else, 0-1."""
    box: tuple[int, int, int, int]
    """Left, top, width and height of the part in the picture as decoded, in pixels."""
    width: int
    """Columns that show the part; those to their right are bare paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """The frames that a page may show, with their priors; see `preprocess.normalise`."""

    frames: tuple[Frame, ...]
    """Candidate frames, the most probable first; empty if the paper is blank."""
    priors: tuple[float, ...]
    """Prior probability, 0-1, that each frame is the one meant, from the page alone. They sum to
    1 at most; the rest is the prior that no frame is."""
    reason: str = ""
    """Reason why there is no frame, for a person; empty if there is one."""
    strips: tuple[Strip, ...] = ()
    """Parts in which a number may stand, the likeliest first; none for a single digit."""
    several_lines: bool = False
    """True if there are several lines of writing, so that no strip shows all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Calibration of the network; fitted by `train` on held-out pictures, kept in the card."""

    temperature: float
    """Divides the logits before the softmax (Guo et al. 2017)."""
    ok: float
    """The least confidence of an `ok` reading; below it the best guess is `uncertain`."""
    not_a_digit: float
    """The least probability of `NOT_A_DIGIT` that makes a picture `not_a_digit`."""
    several: float
    """The least probability of `SEVERAL` that makes a picture `several`."""
    slope: float = 1.0
    offset: float = 0.0
    """Map the likeliest digit's probability to a confidence, see `inference/decision.py`; the
    defaults keep the probability as it is."""
    evidence: float = 0.0
    """Support, 0-1, below which a reading loses confidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberThresholds:
    """Thresholds of the number reader, chosen by `train` on made pictures, kept in its card."""

    ok: float
    """The least confidence of an `ok` number; below it the best guess is `uncertain`."""
    slope: float = 1.0
    offset: float = 0.0
    """Map the likeliest number's probability to a confidence, see `decision.confidence`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result for one picture: status, prediction and confidence."""

    status: Status
    prediction: str | None = None
    """A whole number, see `is_number`: `7`, `0042`. None for every status but `ok`, `uncertain`
    and `corrected`, and for a picture that was corrected to show no whole number."""
    confidence: float | None = None
    """Calibrated probability, 0-1, that the whole `prediction` is right if the picture shows
    one number; None without a prediction, and for a correction by a person."""
    reason: str = ""
    """A few words for a person; empty for `ok`."""
    runner_up: str | None = None
    runner_up_confidence: float | None = None
    doubt: str = field(default="", repr=False)
    """Reason why part of the file may not be written yet; or empty. No column of the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drop that was decoded and normalised; the next step is to classify it."""

    id: str
    drop: Drop
    sha256: str
    candidates: tuple[Candidates, ...]
    """Candidates of each page, at least one; of the first alone if there are too many pages."""
    pages: int = 1
    doubt: str = ""
    """Reason why part of the file may not be written yet, though it was decoded; or empty."""

    @property
    def page(self) -> Candidates:
        """Candidates of the page that is read: the first that shows anything, else the first."""
        return next((page for page in self.candidates if page.frames), self.candidates[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A drop that was not decoded, or perhaps too early, and the reason."""

    id: str
    drop: Drop
    sha256: str
    """SHA-256 of the file's bytes, in hex; empty if they could not be read."""
    error: InputError
    reading: Reading | None = None
    """Its row if the file stays as it is; None if nothing could be decoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One row of the report."""

    id: str
    """Unique; starts with a letter; never reused."""
    drop: Drop
    time: datetime
    """Time of the reading; aware, in UTC."""
    verdict: Verdict
    sha256: str
    """SHA-256 of the file's bytes, in hex; empty if they could not be read."""
    model: str
    """Name and first 8 hex digits of the SHA-256 of the model file."""


def iso(time: datetime) -> str:
    """Return a time in UTC as ISO 8601, to the millisecond.

    >>> iso(datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC))
    '2026-01-02T03:04:05.678Z'
    """
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_text(time: datetime) -> str:
    """Return a time in UTC as text for people, to the second.

    >>> time_text(datetime(2026, 5, 1, 12, tzinfo=UTC))
    '2026-05-01 12:00:00 UTC'
    """
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


_Name = TypeVar("_Name", bound=str)


def count_text(counts: Mapping[_Name, int]) -> str:
    """Return counts by status as text for people, the largest first; empty without counts.

    >>> count_text({"ok": 5, "not_a_digit": 1200, "blank": 0})
    '1,200 not a digit, 5 ok'
    """
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in ordered if count)
