"""The composition root: one tool made of the worker's commands and train's."""

from train.cli import train
from worker.cli import app
from worker.console import run

app.command()(train)


def main() -> None:
    """Run `digitdrop`."""
    run(app)


if __name__ == "__main__":
    main()
