"""`python -m worker`: the worker's commands without train's."""

if __name__ == "__main__":  # else it is a process that the worker started, and needs no commands
    from worker import search_path
    from worker.pools import no_blas_threads

    search_path.shut()
    no_blas_threads()
    from worker.cli import app
    from worker.console import run

    run(app)
