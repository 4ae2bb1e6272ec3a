"""The composition root: one tool made of the worker's commands and train's."""

import sys

from worker import stops

TYPE_CHECKING = False  # as in worker/entry.py

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run `digitdrop`."""
    stops.hear(sys.argv[1:])
    # Imported here, since the processes that a command starts import this module too.
    from worker.entry import enter

    enter(_commands)


def _commands() -> "typer.Typer":
    from train.cli import train
    from worker.cli import app

    app.command()(train)
    return app


if __name__ == "__main__":
    main()
