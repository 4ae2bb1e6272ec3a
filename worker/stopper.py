"""How every part of the service learns that it shall end, and waits without missing it."""

import logging
import queue
from collections.abc import Callable

from worker.log.about import about

logger = logging.getLogger(__name__)


class Stopped(Exception):
    """The worker shall stop; what is in hand stays there for the next start."""


class Stopper:
    """A flag, and a way to wait that the flag, or a wake-up call, cuts short."""

    def __init__(self) -> None:
        """Start with nobody wanting to stop."""
        self._stopping = False
        # Its `put` may be called from a signal handler at any moment; the lock inside a
        # threading.Event may be held by the very code that the signal interrupts.
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._tell: Callable[[str, str], None] = _nobody

    def tell_trouble(self, tell: Callable[[str, str], None]) -> None:
        """Have what the disk refuses told to somebody besides the log.

        Args:
            tell: what cannot be done, and why; at every try, and at the end without a why.
        """
        self._tell = tell

    def trouble(self, what: str, why: str) -> None:
        """Tell what cannot be done, as `insist` does; without a why: it can be done again."""
        self._tell(what, why)

    def stop(self) -> None:
        """Ask for the end; from any thread, and from a signal handler."""
        self._stopping = True
        self._calls.put(None)

    def wake(self) -> None:
        """Cut the current wait short, or the next one."""
        self._calls.put(None)

    def is_stopping(self) -> bool:
        """Say whether the end was asked for."""
        return self._stopping

    def wait(self, seconds: float) -> None:
        """Wait until woken, asked to stop, or the time is over."""
        if self._stopping:
            return
        try:
            self._calls.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return

    def insist(self, what: str, action: Callable[[], None]) -> None:
        """Do what the disk may refuse for now: say so once, and try until it succeeds.

        Args:
            what: completes "cannot ..." in the log.
            action: may be repeated; raises OSError to be tried again.

        Raises:
            Stopped: the end was asked for before it succeeded.
        """
        wait = 0.0
        while True:
            try:
                action()
            except OSError as error:
                self._tell(what, str(error))
                if not wait:
                    logger.error(
                        "cannot %s: %s; trying until it succeeds",
                        what,
                        error,
                        extra=about(cannot=what, state="begins"),
                    )
                wait = min(wait * 2, 10.0) or 0.5
                self.wait(wait)
                if self._stopping:
                    raise Stopped from error
            else:
                break
        if wait:
            logger.warning("can %s again", what, extra=about(cannot=what, state="ends"))
            self._tell(what, "")


def _nobody(what: str, why: str) -> None:  # noqa: ARG001 - until somebody wants to know
    return
