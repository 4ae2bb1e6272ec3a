"""Options for reading pictures, the same for threads and processes."""

from collections.abc import Callable, Container
from dataclasses import dataclass

from digitdrop.values import DigitCount, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """Options of reading pictures, fixed for a run."""

    workers: int
    """Pictures read at a time."""
    limits: Limits
    """Limits of one file."""
    digits: DigitCount
    """Number of digits that a number may have."""
    is_stopping: Callable[[], bool]
    """Once this returns True, no picture is begun."""
    known: Container[str] = ()
    """Ids of rows that are in the report: these pictures are not decoded again."""
    moved: Callable[[], None] = lambda: None
    """Called, in the thread that waits, whenever pictures are done."""
