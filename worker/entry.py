"""The first moments of a command: signals, descriptors, the log; then it is loaded and run."""

import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NoReturn

from worker.deaf import STOPS, die_of_ctrl_c, end_at_once
from worker.pools import no_blas_threads

if TYPE_CHECKING:
    import typer

_STOPPED: Final = {"watch": 0, "batch": 130}
"""Exit codes of those that run for long, when they are asked to end before they have begun."""


def enter(load: Callable[[], "typer.Typer"]) -> NoReturn:
    """Run the command that the command line names.

    Args:
        load: imports the commands, and makes one app of them.
    """
    arguments = sys.argv[1:]
    _hear(arguments)
    _fill_descriptors()
    no_blas_threads()
    from worker import mishaps
    from worker.log import logs

    logs.begin(arguments, os.environ)
    try:
        text = None if {"-h", "--help"} & {*arguments} else mishaps.too_little_memory()
        if not text:
            from worker.console import run

            run(load())
    except (MemoryError, ImportError, OSError) as error:
        text, _ = mishaps.told(error) or (None, 0)
        if not text:
            raise
    logs.complain(text)
    sys.exit(mishaps.COULD_NOT_RUN)


def _hear(arguments: list[str]) -> None:
    """Have signals end a command well from its first moment, long before it is loaded."""
    die_of_ctrl_c()
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command in _STOPPED:
        end_at_once(_STOPPED[command])
    if hasattr(signal, "pthread_sigmask"):  # blocked by `start_again`
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def _fill_descriptors() -> None:
    """Have 0, 1 and 2 lead somewhere: else a file that is opened gets what libraries print."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free: this one
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
