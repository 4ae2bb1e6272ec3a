"""A request to stop, and a wait that the request cuts short."""

import queue


class Stopped(Exception):
    """The worker was asked to stop. Claimed files stay claimed for the next start."""


class Shutdown:
    """A stop flag with a wake-up call.

    Example:
        >>> shutdown = Shutdown()
        >>> shutdown.stop()
        >>> shutdown.wait(3600)  # returns at once
        >>> shutdown.is_stopping()
        True
    """

    def __init__(self) -> None:
        self._stopping = False
        # A signal handler may call `put` at any moment. The lock in a threading.Event may be
        # held by the very code that the signal interrupts.
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()

    def stop(self) -> None:
        """Request the stop; safe in any thread and in a signal handler."""
        self._stopping = True
        self._calls.put(None)

    def wake(self) -> None:
        """Cut the current wait short, or the next one."""
        self._calls.put(None)

    def is_stopping(self) -> bool:
        """Return True once the stop is requested."""
        return self._stopping

    def wait(self, seconds: float) -> None:
        """Wait until woken, until the stop is requested, or until the time is over."""
        if self._stopping:
            return
        try:
            self._calls.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return
