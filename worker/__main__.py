"""`python -m worker`: the worker's commands without train's."""

import sys

from worker import stops

TYPE_CHECKING = False  # as in worker/entry.py

if TYPE_CHECKING:
    import typer


def _commands() -> "typer.Typer":
    from worker.cli import app

    return app


if __name__ == "__main__":  # else it is a process that the worker started, and needs no commands
    stops.hear(sys.argv[1:])
    from worker.entry import enter

    enter(_commands)
