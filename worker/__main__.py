"""`python -m worker`: the worker's commands without train's."""

from worker.cli import app
from worker.console import run

if __name__ == "__main__":
    run(app)
