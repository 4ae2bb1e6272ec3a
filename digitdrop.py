"""The composition root: one tool made of the worker's commands and train's."""


def main() -> None:
    """Run `digitdrop`."""
    # Imported here, since the processes that a command starts import this module too.
    from train.cli import train
    from worker.cli import app
    from worker.console import run

    app.command()(train)
    run(app)


if __name__ == "__main__":
    main()
