"""What asks a command to end, heard from its first moment on.

Imports next to nothing: until a signal is heard, it ends the process with its own exit code.
"""

import os
import signal

STOPS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)
)
"""A service manager, Ctrl-C, a terminal that is closed."""

_STOPPED = {"watch": 0, "batch": 130}
"""Exit codes of those that run for long, when they are asked to end before they have begun."""


def handle_stop_signals(arguments: list[str]) -> None:
    """Have what asks a command to end do so in silence, and with the exit code of that command.

    A signal that is ignored, as by nohup, stays ignored.

    Args:
        arguments: of the command line, without the program.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no exception wherever it happens to be
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command not in _STOPPED:
        return
    code = _STOPPED[command]
    for number in STOPS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: os._exit(code))
    if hasattr(signal, "pthread_sigmask"):
        # Blocked by a worker that began anew. In other commands they stay as they are: the
        # process that makes the page is deaf to them.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
