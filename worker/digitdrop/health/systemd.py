"""The worker's status for systemd: sd_notify(3), one datagram each."""

import logging
import os
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from digitdrop.health.worker_status import WorkerStatus
from digitdrop.values import count_text

logger = logging.getLogger(__name__)

_SPACING: Final = 1.0  # seconds between two datagrams
_SLOWEST: Final = 60.0
"""Seconds of silence that are healthy: one picture may take as long."""
_MORE: Final = 180_000_000
"""Microseconds more for the start, requested each time that a starting worker moves on."""


class Systemd:
    """Sends READY, STATUS and, while the worker moves on, WATCHDOG to the service manager."""

    def __init__(self, address: str, *, watchdog: bool) -> None:
        """Open a socket.

        Args:
            address: `NOTIFY_SOCKET`; `@` begins an abstract one, see unix(7).
            watchdog: True if the manager expects signs of life.
        """
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._watchdog = watchdog
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # a manager that does not receive must not delay a picture
        self._sent: WorkerStatus | None = None
        self._at = float("-inf")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Systemd | None":
        """Return a sink for the service manager; None if there is no manager."""
        address = environment.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
            return None
        for_us = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        seconds = _seconds(environment.get("WATCHDOG_USEC", "0")) if for_us else 0.0
        if 0 < seconds <= _SLOWEST:
            logger.warning(
                "WatchdogSec=%g is less than one picture may take: set at least %g",
                seconds,
                3 * _SLOWEST,
            )
        return cls(address, watchdog=seconds > 0)

    def tell(self, status: WorkerStatus, now: float) -> None:
        """Send a sign of life and the changes, once a second at most; the first READY at once."""
        is_first = status.is_ready and not (self._sent and self._sent.is_ready)
        if now - self._at < _SPACING and not is_first:
            return
        self._at = now
        lines = [f"EXTEND_TIMEOUT_USEC={_MORE}"] if not status.is_ready else []
        lines += ["READY=1"] if is_first else []
        lines += ["WATCHDOG=1"] if self._watchdog else []
        lines += [f"STATUS={_text(status)}"] if status is not self._sent else []
        self._sent = status
        if lines:
            self._send(lines)

    def end(self, status: WorkerStatus) -> None:
        """Send that the worker stops, for good or to start anew."""
        with self._socket:
            self._send(["STOPPING=1", f"STATUS=stopped; {_counts(status)}"])

    def _send(self, lines: list[str]) -> None:
        with suppress(OSError):
            self._socket.sendto("\n".join(lines).encode(errors="backslashreplace"), self._address)


def _seconds(microseconds: str) -> float:
    """Parse `WATCHDOG_USEC`; 0 for anything that is no number, as if it were not set."""
    if re.fullmatch(r"\d{1,15}", microseconds, re.ASCII):
        return int(microseconds) / 1e6
    logger.warning("WATCHDOG_USEC=%s is no number of microseconds: ignored", microseconds)
    return 0.0


def _text(status: WorkerStatus) -> str:
    if status.trouble:
        return f"{'; '.join(status.trouble)} ({_counts(status)})".replace("\n", " ")
    return f"{'watching' if status.is_ready else 'starting'}; {_counts(status)}"


def _counts(status: WorkerStatus) -> str:
    parts = count_text(status.read)
    return f"{sum(status.read.values()):,} pictures read" + f": {parts}" * bool(parts)
