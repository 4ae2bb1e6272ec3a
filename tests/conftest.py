"""What several tests need."""

import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitdrop.inference.classifier import Classifier
from ledger import FIRST, ROOT, Worker, a_worker, drop
from shells import a_copy, a_template

# `python -m pytest` has Python look for modules in the current folder first, which commands
# refuse; the benchmarks are found there all the same.
sys.path[:] = [entry for entry in sys.path if entry not in {"", str(ROOT)}] + [str(ROOT)]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has what it begins in the background ignore Ctrl-C, and that would be handed down
    # to every command that the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # So does nohup with the end of the terminal, which the worker then passes over as well.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def model() -> Path:
    """Name the folder of the model that ships with the project."""
    return ROOT / "models"


@pytest.fixture(scope="session")
def classifier(model: Path) -> Classifier:
    """Load that model."""
    return Classifier.load(model)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have marked pictures kill, hang or break whoever decodes them, see `tests/poison`."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "poison"))


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    """Run a worker that has read the first drops."""
    drop(tmp_path / "inbox", FIRST)
    with a_worker(tmp_path, "--settle=0.3", "--max-wait=1") as worker:
        worker.waits_until(worker.is_idle)
        yield worker


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder in which commands are tried."""
    return a_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def tried(template: Path, tmp_path: Path) -> Path:
    """Give each test a copy of it."""
    return a_copy(template, tmp_path / "here")


@pytest.fixture
def folder(served: Path, tmp_path: Path) -> Path:
    """Copy the inbox and outbox that a module's own fixture `served` has filled."""
    ignored = shutil.ignore_patterns("log")
    shutil.copytree(served, tmp_path / "w", symlinks=True, ignore=ignored)
    return tmp_path / "w"
