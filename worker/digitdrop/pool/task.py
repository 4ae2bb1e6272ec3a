"""A drop on its way through the pool."""

from dataclasses import dataclass

from digitdrop.pipeline import Prepared
from digitdrop.values import Drop, Reading


@dataclass(slots=True, eq=False)
class Task:
    """A drop to be read, and its result."""

    drop: Drop
    crashes: int = 0
    """Processes that died while they read it."""
    began: float | None = None
    """Monotonic time at which a thread began it; None if none has."""
    is_stuck: bool = False
    """True if it goes on in the slow lane while a thread still reads it."""
    is_in_pool: bool = False
    is_done: bool = False
    result: Prepared | Reading | None = None
    """None if it was not begun before a stop, or goes on in the slow lane."""
    error: BaseException | None = None
    """Raised by the thread that read it."""

    def finish(self, result: Prepared | Reading | None = None) -> None:
        """Set the result."""
        self.result = result
        self.is_done = True
