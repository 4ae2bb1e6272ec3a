"""How every part of the service learns that it shall end, and waits without missing it."""

import queue
from collections.abc import Callable

from digitdrop.system.mishaps import as_os_error
from digitdrop.system.outage import OnOutage, Outage

_FIRST_WAIT = 0.5  # seconds until what the disk refused is tried again; then twice as long ...
_LONGEST_WAIT = 10.0  # ... and never longer than this


class Stopped(Exception):
    """The worker shall stop; what is in hand stays there for the next start."""


class Shutdown:
    """A flag, and a way to wait that the flag, or a wake-up call, cuts short."""

    def __init__(self) -> None:
        """Start with nobody wanting to stop."""
        self._stopping = False
        # Its `put` may be called from a signal handler at any moment; the lock inside a
        # threading.Event may be held by the very code that the signal interrupts.
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._tell: OnOutage = _nobody

    def on_outage(self, tell: OnOutage) -> None:
        """Have what the disk refuses told to somebody besides the log.

        Args:
            tell: what cannot be done, and why; at every try, and at the end without a why.
        """
        self._tell = tell

    def outage(self, what: str) -> Outage:
        """Make what tells of trouble, here as in `insist`.

        Args:
            what: completes "cannot ..." in the log.
        """
        return Outage(what, self._pass_on)

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

    def retry(self, what: str, action: Callable[[], None]) -> None:
        """Do what the disk may refuse for now: say so once, and try until it succeeds.

        Args:
            what: completes "cannot ..." in the log.
            action: may be repeated; raises OSError or MemoryError to be tried again.

        Raises:
            Stopped: the end was asked for before it succeeded.
        """
        trouble = self.outage(what)
        wait = _FIRST_WAIT
        while not self._is_done(action, trouble):
            self.wait(wait)
            if self._stopping:
                raise Stopped
            wait = min(wait * 2, _LONGEST_WAIT)
        trouble.end()

    def _pass_on(self, what: str, why: str) -> None:
        self._tell(what, why)  # whoever wants to know by now

    @staticmethod
    def _is_done(action: Callable[[], None], trouble: Outage) -> bool:
        try:
            action()
        except (OSError, MemoryError) as error:
            trouble.begin(as_os_error(error))
            return False
        return True


def _nobody(what: str, why: str) -> None:  # noqa: ARG001 - until somebody wants to know
    return
