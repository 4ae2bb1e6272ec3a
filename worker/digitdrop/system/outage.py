"""Operations that the system refuses for now: retried, and logged at the beginning and the end."""

import logging
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, TypeAlias

from digitdrop.system.log_fields import about
from digitdrop.system.mishaps import as_os_error
from digitdrop.system.shutdown import Shutdown, Stopped

logger = logging.getLogger(__name__)

OnOutage: TypeAlias = Callable[[str, str], None]
"""Called with the operation that fails and the reason; with an empty reason at the end."""

_FIRST_WAIT: Final = 0.5  # seconds before the second attempt; the wait doubles each time ...
_LONGEST_WAIT: Final = 10.0  # ... up to this


class Outage:
    """One operation that may fail for a while.

    However often it fails, the log has one line when the outage begins and one when it ends.
    """

    def __init__(self, operation: str, on_outage: OnOutage) -> None:
        """Start without an outage.

        Args:
            operation: completes "cannot ..." in the log.
            on_outage: called after each failure, and at the end.
        """
        self._operation = operation
        self._on_outage = on_outage
        self.lasts = False
        """True from the first failure to the next success."""

    def begin(self, error: OSError) -> None:
        """Report a failure; only the first one is logged."""
        if not self.lasts:
            logger.error(
                "cannot %s: %s; trying until it succeeds",
                self._operation,
                error,
                extra=about(cannot=self._operation, state="begins"),
            )
        self.lasts = True
        self._on_outage(self._operation, str(error))

    def end(self) -> None:
        """Report a success; nothing happens if there was no outage."""
        if self.lasts:
            logger.warning(
                "can %s again", self._operation, extra=about(cannot=self._operation, state="ends")
            )
            self._on_outage(self._operation, "")
        self.lasts = False


class Attempt:
    """One attempt of `retry`: a context manager that keeps the error."""

    error: OSError | None = None

    def __enter__(self) -> None:
        """Begin the attempt."""

    def __exit__(
        self,
        _: type[BaseException] | None,
        error: BaseException | None,
        __: TracebackType | None,
    ) -> bool:
        """Suppress OSError and MemoryError; `retry` then makes another attempt."""
        if isinstance(error, OSError | MemoryError):
            self.error = as_os_error(error)
        return self.error is not None


def retry(outage: Outage, shutdown: Shutdown) -> Iterator[Attempt]:
    """Yield attempts until one succeeds.

    The body must be safe to repeat. The wait between two attempts grows from 0.5 s to 10 s.

    Args:
        outage: reports the failures.
        shutdown: ends the attempts.

    Raises:
        Stopped: the stop was requested after a failed attempt.

    Example:
        >>> outage = Outage("write the report", lambda operation, reason: None)
        >>> for attempt in retry(outage, Shutdown()):
        ...     with attempt:
        ...         print("written")
        written
    """
    wait = _FIRST_WAIT
    while True:
        attempt = Attempt()
        yield attempt
        if attempt.error is None:
            break
        outage.begin(attempt.error)
        shutdown.wait(wait)
        if shutdown.is_stopping():
            raise Stopped
        wait = min(wait * 2, _LONGEST_WAIT)
    outage.end()
