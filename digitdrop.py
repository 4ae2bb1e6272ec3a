"""The composition root: one tool made of the worker's commands and train's."""

import signal


def main() -> None:
    """Run `digitdrop`."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Ctrl-C ends it in silence. Python's own way, an exception wherever it happens to be,
        # shows a traceback while a command is still being imported. One that has something
        # to bring to an end handles it itself.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Imported here, since the processes that a command starts import this module too.
    from worker import search_path
    from worker.pools import no_blas_threads

    search_path.shut()
    no_blas_threads()
    from train.cli import train
    from worker.cli import app
    from worker.console import run

    app.command()(train)
    run(app)


if __name__ == "__main__":
    main()
