"""Tell systemd how the service is: sd_notify(3), one datagram each."""

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
"""Seconds that a healthy worker may be silent for: as long as one picture may take."""
_MORE: Final = 180_000_000
"""Microseconds: what a worker that is still starting asks for whenever it moves on."""


class Systemd:
    """Tells the service manager READY, STATUS, and WATCHDOG while the worker moves on."""

    def __init__(self, address: str, *, watchdog: bool) -> None:
        """Open a socket.

        Args:
            address: `NOTIFY_SOCKET`; `@` begins an abstract one, see unix(7).
            watchdog: whether the manager waits for signs of life.
        """
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._watchdog = watchdog
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # a manager that does not listen holds up no picture
        self._told: WorkerStatus | None = None
        self._at = float("-inf")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Systemd | None":
        """Find the service manager; None if there is none that listens."""
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

    def tell(self, told: WorkerStatus, now: float) -> None:
        """Give a sign of life, and what has changed, once a second at most."""
        is_first = told.is_ready and not (self._told and self._told.is_ready)
        if now - self._at < _SPACING and not is_first:
            return
        self._at = now
        lines = [f"EXTEND_TIMEOUT_USEC={_MORE}"] if not told.is_ready else []
        lines += ["READY=1"] if is_first else []
        lines += ["WATCHDOG=1"] if self._watchdog else []
        lines += [f"STATUS={_status(told)}"] if told is not self._told else []
        self._told = told
        if lines:
            self._send(lines)

    def end(self, told: WorkerStatus) -> None:
        """Say that the worker stops, for good or to start anew."""
        with self._socket:
            self._send(["STOPPING=1", f"STATUS=stopped; {_counts(told)}"])

    def _send(self, lines: list[str]) -> None:
        with suppress(OSError):
            self._socket.sendto("\n".join(lines).encode(errors="backslashreplace"), self._address)


def _seconds(microseconds: str) -> float:
    """Read what the manager asks for; 0 for what is no number, as if it asked for nothing."""
    if re.fullmatch(r"\d{1,15}", microseconds, re.ASCII):
        return int(microseconds) / 1e6
    logger.warning("WATCHDOG_USEC=%s is no number of microseconds: passed over", microseconds)
    return 0.0


def _status(told: WorkerStatus) -> str:
    if told.trouble:
        return f"{'; '.join(told.trouble)} ({_counts(told)})".replace("\n", " ")
    return f"{'watching' if told.is_ready else 'starting'}; {_counts(told)}"


def _counts(told: WorkerStatus) -> str:
    parts = count_text(told.read)
    return f"{sum(told.read.values()):,} pictures read" + f": {parts}" * bool(parts)
