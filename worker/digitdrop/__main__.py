"""`python -m digitdrop`: the worker's commands without train's."""

import sys

from digitdrop.system import stop_signals

TYPE_CHECKING = False  # as in worker/digitdrop/cli/entry.py

if TYPE_CHECKING:
    import typer


def _commands() -> "typer.Typer":
    from digitdrop.cli.app import app

    return app


if __name__ == "__main__":  # else it is a process that the worker started, and needs no commands
    stop_signals.hear(sys.argv[1:])
    from digitdrop.cli.entry import enter

    enter(_commands)
