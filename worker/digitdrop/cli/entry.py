"""Prepare descriptors and log, then load the commands and run one."""

import os
import sys

TYPE_CHECKING = False  # importing `typing` would delay the handling of signals

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    import typer


def enter(load: "Callable[[], typer.Typer]") -> "NoReturn":
    """Run the command that the command line names, after `handle_stop_signals`.

    Args:
        load: imports the commands and returns the app.
    """
    arguments = sys.argv[1:]
    _fill_descriptors()

    from digitdrop.log import logs
    from digitdrop.system import mishaps, search_path
    from digitdrop.system.cores import no_blas_threads

    search_path.harden_search_path()
    no_blas_threads()
    logs.begin(arguments, os.environ)
    try:
        text = None if {"-h", "--help"} & {*arguments} else mishaps.too_little_memory()
        if not text:
            from digitdrop.cli.console import run

            run(load())
    except (MemoryError, ImportError, OSError) as error:
        text, _ = mishaps.explain_mishap(error) or (None, 0)
        if not text:
            raise
    logs.complain(text)
    sys.exit(mishaps.COULD_NOT_RUN)


def _fill_descriptors() -> None:
    """Open 0, 1 and 2 if they are closed: else an opened file would get the libraries' output."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number: this one
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)
