"""What a line of the log is about, for machines; people read the same in its words."""

from typing import Literal, TypedDict, Unpack

from digitdrop.values import Status


class About(TypedDict, total=False):
    """The keys that a line may have beside time, level and message."""

    file: str
    """Name of a picture, escaped as in the report."""
    id: str
    """Of its row."""
    status: Status
    prediction: str | None
    """A whole number, as in the report."""
    confidence: float | None
    """Calibrated probability, 0-1, to four decimals."""
    reason: str
    count: int
    """How many files it speaks of."""
    cannot: str
    """What cannot be done for now."""
    state: Literal["begins", "ends"]
    """Of what is the matter."""
    source: Literal["stderr"]
    """A library wrote it to stderr, past the log."""


def about(**known: Unpack[About]) -> dict[str, About]:
    """Make what `logger.info(..., extra=...)` takes."""
    return {"about": known}
