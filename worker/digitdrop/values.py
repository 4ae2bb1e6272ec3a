"""What flows through the worker: `Drop -> Picture -> Reading`.

Each step takes one value and returns the next; nothing is filled in later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from digitdrop.errors import InputError

if TYPE_CHECKING:  # values are imported by every command, and numpy takes 0.1 s
    import numpy as np
    import numpy.typing as npt

Frame: TypeAlias = "npt.NDArray[np.uint8]"
"""Shape (28, 28): one digit as MNIST stores it, 0 = paper, 255 = ink."""

Grey: TypeAlias = "npt.NDArray[np.uint8]"
"""Shape (height, width): an upright picture as decoded, 0 = black, 255 = white."""

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
"""The longest number that is read, and that a person may say a picture shows."""


def is_number(text: str) -> bool:
    """Say whether a text is a whole number as the report has it: `0`-`9`, one to eight times.

    Leading zeros are part of it. Digits of other scripts are none.

    >>> is_number("0042"), is_number("4 2"), is_number("٣"), is_number("123456789")
    (True, False, False, False)
    """
    return 0 < len(text) <= MOST_DIGITS and text.isascii() and text.isdecimal()


class Status(StrEnum):
    """What became of a picture; the column `status` of the report."""

    OK = "ok"
    UNCERTAIN = "uncertain"
    NOT_A_DIGIT = "not_a_digit"
    SEVERAL = "several"
    BLANK = "blank"
    UNREADABLE = "unreadable"
    CORRECTED = "corrected"
    """A person said what the picture of an earlier row shows."""


READ: Final = tuple(status for status in Status if status is not Status.CORRECTED)
"""What a reading may come to; all but what people say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may cost."""

    pixels: int = 50_000_000
    """Width times height of the picture as its header gives them."""
    bytes: int = 50 * 2**20
    """Length of the file."""
    spare: int = 2**30
    """Bytes of memory that must be free, with what the picture itself takes, before it is blamed
    for what its decoder met: others are read side by side, and may have had them."""


@dataclass(frozen=True, slots=True)
class DigitCount:
    """How many digits the number in a picture may have, as `--digits` says.

    >>> str(DigitCount.parse("5")), str(DigitCount.parse("2-4")), str(DigitCount())
    ('5', '2-4', '1-8')

    Raises:
        ValueError: not 1 <= least <= most <= 8.
    """

    least: int = 1
    most: int = MOST_DIGITS

    def __post_init__(self) -> None:
        """Refuse counts that no number has."""
        if not 1 <= self.least <= self.most <= MOST_DIGITS:
            raise ValueError(_NO_COUNT.format(str(self)))

    def __str__(self) -> str:
        """Write it as `parse` reads it."""
        return f"{self.least}" if self.least == self.most else f"{self.least}-{self.most}"

    @classmethod
    def parse(cls, given: str | int | DigitCount) -> DigitCount:
        """Read `N` or `N-M`; a number means itself, and so does a count.

        Raises:
            ValueError: it is none of these; the message says what is expected.
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
"""What is read unless somebody says more: numbers of one to eight digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """One file to be read: in hand, or where its owner left it."""

    id: str | None
    """Names its row in the report, the same again after a crash; None in one-shot mode,
    where path and content name the row, so that a second run knows what the first has done."""
    path: Path
    """Where the bytes lie now."""
    address: str = ""
    """Where they lie instead, in an object store: `s3://bucket/key`; empty for a file."""
    name: str
    """What its owner calls it: the path relative to the inbox (or to the folder given)."""


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
    """So many columns show the part; those to their right are bare paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What `glyph` makes of a picture: the frames that it may show, and what speaks for each."""

    frames: tuple[Frame, ...]
    """Candidate readings, the most trusted first; empty when the paper is blank."""
    trust: tuple[float, ...]
    """The probability of each frame's reading, as far as the picture itself speaks for it; they
    sum to 1 at most, and what is left is of readings in which nothing was found."""
    reason: str = ""
    """Why there is nothing to read, for a person; empty when there is."""
    strips: tuple[Strip, ...] = ()
    """Where a number may stand, the likeliest first; none where there is but one digit."""
    several_lines: bool = False
    """There are several lines of writing, so that no strip shows all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How far to believe the network; chosen by `train` on held-out pictures, kept in the card."""

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
    """What makes a confidence of the likeliest digit's probability, see `judge.confidence`;
    a card without them keeps the probability as it is."""
    evidence: float = 0.0
    """Readings that the picture speaks for less than this, 0-1, are believed less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberThresholds:
    """When to believe the number reader; chosen by `train` on made pictures, kept in its card."""

    ok: float
    """The least confidence of an `ok` number; below it the best guess is `uncertain`."""
    slope: float = 1.0
    offset: float = 0.0
    """What makes a confidence of the likeliest number's probability, see `decision.confidence`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the network and the thresholds say about one picture."""

    status: Status
    prediction: str | None = None
    """A whole number, see `is_number`: `7`, `0042`. None for every status but `ok`, `uncertain`
    and `corrected`, and for a picture that was corrected to show no whole number."""
    confidence: float | None = None
    """Calibrated probability, 0-1, that the whole `prediction` is right if the picture shows
    one number; None without a prediction, and where a person said it."""
    reason: str = ""
    """A few words for a person; empty for `ok`."""
    runner_up: str | None = None
    runner_up_confidence: float | None = None
    doubt: str = field(default="", repr=False)
    """Why some of the file may not be written yet; else empty. No column of the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drop that was decoded and normalised; what is left to do is to classify it."""

    id: str
    drop: Drop
    sha256: str
    sights: tuple[Sight, ...]
    """Of each of its pages, one at least; of the first alone where there are too many."""
    pages: int = 1
    doubt: str = ""
    """Why some of it may not be written yet, though it was decoded; else empty."""

    @property
    def sight(self) -> Sight:
        """Of the page that is read: the first one that shows anything, else the first."""
        return next((sight for sight in self.sights if sight.frames), self.sights[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A drop that was not decoded, or perhaps too early, and why."""

    id: str
    drop: Drop
    sha256: str
    """Of the file's bytes, in hex; empty when they could not be read."""
    error: InputError
    reading: Reading | None = None
    """Its row all the same, if it stays as it is; None if nothing could be decoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One row of the report."""

    id: str
    """Unique, starts with a letter, never reused."""
    drop: Drop
    time: datetime
    """When it was read; aware, in UTC."""
    verdict: Verdict
    sha256: str
    """Of the file's bytes, in hex; empty when they could not be read."""
    model: str
    """Name and first 8 hex digits of the SHA-256 of the model file."""


def iso(time: datetime) -> str:
    """Write a time in UTC, to the millisecond."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
