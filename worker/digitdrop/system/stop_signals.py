"""Signals that end a command, handled from its first moment on.

Imports next to nothing: a signal during the start must already give the right exit code.
"""

import os
import signal

STOPS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)
)
"""Sent by a service manager, by Ctrl-C, and by a terminal that is closed."""

_STOPPED = {"watch": 0, "batch": 130}
"""Exit codes of long-running commands that are stopped during their start."""


def handle_stop_signals(arguments: list[str]) -> None:
    """Let stop signals end the command silently, with the exit code of that command.

    A signal that is ignored, as under nohup, stays ignored.

    Args:
        arguments: of the command line, without the program.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # KeyboardInterrupt could strike anywhere
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command not in _STOPPED:
        return
    code = _STOPPED[command]
    for number in STOPS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: os._exit(code))
    if hasattr(signal, "pthread_sigmask"):
        # A worker that replaced its process has blocked them. Other commands keep their mask:
        # the process that makes the page ignores these signals.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
