"""`digitdrop`, and `python -P -m digitdrop`."""

import sys

from digitdrop.system import stop_signals

TYPE_CHECKING = False  # as in cli/entry.py

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Run `digitdrop`."""
    stop_signals.handle_stop_signals(sys.argv[1:])
    # Imported here, since the processes that a command starts import this module too.
    from digitdrop.cli.entry import enter

    enter(_commands)


def _commands() -> "typer.Typer":
    from digitdrop.cli.app import app

    return app


if __name__ == "__main__":
    main()
