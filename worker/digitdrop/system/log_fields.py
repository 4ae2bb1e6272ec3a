"""Fields of a log line for machines; people read the same in its words."""

from typing import Literal, TypedDict, Unpack

from digitdrop.values import Status


class About(TypedDict, total=False):
    """Fields that a line may have beside time, level and message."""

    file: str
    """Name of a picture, escaped as in the report."""
    id: str
    """Id of the picture's row."""
    status: Status
    prediction: str | None
    """A whole number, as in the report."""
    confidence: float | None
    """Calibrated probability, 0-1, to four decimals."""
    reason: str
    count: int
    """Number of files that the line is about."""
    read: dict[str, int]
    """Pictures of a batch by status."""
    cannot: str
    """An action that fails for now; completes "cannot ..."."""
    state: Literal["begins", "ends"]
    """The failure begins, or it is over."""
    source: Literal["stderr"]
    """Present if a library wrote the line to stderr, past the log."""


def about(**known: Unpack[About]) -> dict[str, About]:
    """Return these fields as the argument `extra` of `logger.info`.

    >>> about(file="7.png", count=1)
    {'about': {'file': '7.png', 'count': 1}}
    """
    return {"about": known}
