"""On which terms pictures are read, by threads and by processes alike."""

from collections.abc import Callable, Container
from dataclasses import dataclass

from digitdrop.values import DigitCount, Limits


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What whoever reads pictures is told once."""

    workers: int
    """Pictures at a time."""
    limits: Limits
    """What one file may cost."""
    digits: DigitCount
    """How many digits a number may have."""
    is_stopping: Callable[[], bool]
    """Once it says so, no picture is begun."""
    known: Container[str] = ()
    """Ids of rows that need not be read again."""
    moved: Callable[[], None] = _nothing
    """Called, in the thread that waits, whenever pictures are done."""
