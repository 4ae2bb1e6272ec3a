"""Every command in the documents is run, or checked where it cannot be run here, and why."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from digitdrop.cli.app import app
from documents import DOCUMENTS, ROOT, Command, Program, commands, programs
from ledger import wait_until

COMMANDS = [command for document in DOCUMENTS for command in commands(document)]

NOT_RUN_HERE = {
    r"digitdrop train\b": "trains for minutes to hours; tests/test_train_fit.py trains",
    r".*pip install": "downloads; tests/test_wheel.py installs",
    r"digitdrop review\b": "serves until it is stopped; tests/test_review.py has it",
    r"digitdrop service\b": "changes the system's services; its own tests do so",
    r"digitdrop settings --service\b": "needs an installed one; tests/test_install.py has one",
    r"(sudo|systemctl|journalctl) ": "is for a machine with systemd, or changes it",
    r"python3 -m venv": "tests/test_wheel.py makes one",
    r"digitdrop batch s3:": "reads a bucket; tests/test_cluster.py has one",
    r"docker ": "makes an image; tests/test_deploy.py reads its recipe",
    r"\.ci/run": "runs this very test",
}
"""Begins like that: why it is not run. Options of `digitdrop` are checked all the same."""

STAND_INS = {"DIR": "labelled", "OTHER": "labelled/none", "FILE": "examples/six-tiny.png"}
"""What a name in capitals is replaced by."""


def options_of(words: list[str]) -> set[str]:
    """Give the options of the command that words name; `KeyError` if there is none."""
    found: TyperCommand | TyperGroup = the_tool()
    for word in words:
        if not isinstance(found, TyperGroup) or word.startswith("-"):
            break
        inner = command_of(found, word)
        assert isinstance(inner, TyperCommand | TyperGroup)
        found = inner
    own = {option for one in found.params for option in (*one.opts, *one.secondary_opts)}
    return own | {"--help", "-h"}


def command_of(group: TyperGroup, name: str) -> object:
    """Give a command of a group, also one that another package adds; None if there is none."""
    context = group.make_context("digitdrop", [name], resilient_parsing=True)
    return group.get_command(context, name)


@cache
def the_tool() -> TyperGroup:
    """Give all commands, those of other packages among them."""
    found = get_command(app)
    assert isinstance(found, TyperGroup)
    return found


def named(words: list[str]) -> list[str]:
    """Give the options among words, without brackets and values."""
    plain = [word.strip("[]").partition("=")[0] for word in words]
    return [word for word in plain if word.startswith("-") and word.strip("-")]


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_documented_command_exists_with_its_options(command: Command) -> None:
    program, *words = command.words
    if reason_not_to_run(command) and program != "digitdrop":
        return
    if program == "digitdrop":
        assert set(named(words)) <= options_of(words)
    elif program == "make":
        subprocess.run(["make", "-n", *words], cwd=ROOT, check=True, capture_output=True)
    elif program in {"python", "python3"}:
        script = words[:2] if words[0] == "-m" else words[:1]
        assert all(option in help_of(*script) for option in named(words[len(script) :]))
    else:
        pytest.fail("neither checked, nor is it said why not")


@cache
def help_of(*script: str) -> str:
    """Ask a script of ours, or a module, for its options."""
    done = subprocess.run(
        [sys.executable, *script, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def reason_not_to_run(command: Command) -> str:
    """Say why a command is not run here; empty if it is."""
    return next((why for start, why in NOT_RUN_HERE.items() if re.match(start, command.text)), "")


def test_every_reason_not_to_run_a_command_is_needed() -> None:
    needed = {start for start in NOT_RUN_HERE for one in COMMANDS if re.match(start, one.text)}

    assert needed == NOT_RUN_HERE.keys()


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder as somebody has it who has dropped the samples, and put one right."""
    folder = tmp_path_factory.mktemp("used")
    samples = [one for one in (ROOT / "examples").iterdir() if one.suffix in {".jpg", ".png"}]
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copytree(ROOT / "models", folder / "models")
    for label, sample in (
        ("6", "six-tiny.png"),
        ("2", "two-in-red.jpg"),
        ("none", "empty-page.jpg"),
    ):
        (folder / "labelled" / label).mkdir(parents=True)
        shutil.copy(ROOT / "examples" / sample, folder / "labelled" / label / sample)
    (folder / "inbox").mkdir()
    for path in samples:
        shutil.copy(path, folder / "inbox" / path.name)
    with watching(folder, ["watch", "--no-page", "--settle", "0"]):
        wait_until(lambda: lines(folder) == 1 + len(samples))
        put_right(folder, "review/2*/empty-page.jpg", "none")
        put_right(folder, "done/2*/two-in-red.jpg", "2")
        wait_until(lambda: lines(folder) == 3 + len(samples))
    return folder


def put_right(folder: Path, picture: str, shows: str) -> None:
    """Move a picture, once it is on its shelf, to where it says what it shows."""
    target = folder / "outbox" / "review" / shows
    wait_until(lambda: list(folder.glob(f"outbox/{picture}")) and target.is_dir())
    (path,) = folder.glob(f"outbox/{picture}")
    path.rename(target / path.name)


def lines(folder: Path) -> int:
    """Count the lines of the report."""
    report = folder / "outbox" / "predictions.csv"
    return report.read_bytes().count(b"\n") if report.exists() else 0


@contextmanager
def watching(folder: Path, words: list[str]) -> Iterator[None]:
    """Have the worker run, and end it as a person would."""
    with (folder / "log").open("w+b") as log:
        worker = subprocess.Popen(["digitdrop", *words], cwd=folder, env=environment(), stderr=log)
        try:
            wait_until(lambda: b" watching " in (folder / "log").read_bytes())
            yield
            worker.send_signal(signal.SIGINT)
            assert worker.wait(30) == 0, (folder / "log").read_text()
        finally:
            worker.kill()
            worker.wait()


def environment() -> dict[str, str]:
    """Give one in which `digitdrop` and `python` are those of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "COLUMNS": "100"}


@pytest.mark.slow
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_tells_to_type_does_what_it_says(
    document: Path, used: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "used"
    shutil.copytree(used, folder)

    for command in commands(document):
        program, *words = command.words
        words = [STAND_INS.get(word, word) for word in words]
        is_pattern = any(re.search(r"^\[|\.\.\.|^[A-Z]{2,}$", word) for word in words)
        if is_pattern or reason_not_to_run(command):
            continue
        if program == "python" and words[0] == "examples/report.py":
            run_python(Program(command.document, (folder / words[0]).read_text(), None), folder)
        elif program == "digitdrop" and not command.is_mention:
            run(command, words, folder)
    for piece in programs(document):
        run_python(piece, folder)


def run(command: Command, words: list[str], folder: Path) -> None:
    """Run one, and compare what it says with what the document shows."""
    if words[0] == "watch":
        with watching(folder, words):
            return
    done = subprocess.run(
        ["digitdrop", *words],
        cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode in {0, 1}, f"{command}: {done.stderr}"
    assert "Traceback" not in done.stderr, f"{command}: {done.stderr}"
    if command.output:
        assert done.stdout.splitlines() == list(command.output), str(command)


def run_python(piece: Program, folder: Path) -> None:
    """Run a piece of Python, and compare what it prints with what the document says."""
    done = subprocess.run(
        [sys.executable, "-c", piece.text],
        cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, f"{piece.document}: {piece.text}\n{done.stderr}"
    if piece.output is not None:
        assert done.stdout == piece.output, piece.document


def test_the_example_reads_a_report_of_any_contents(tmp_path: Path) -> None:
    report = ["batch", str(ROOT / "examples/six-tiny.png"), "--report", "predictions.csv"]
    subprocess.run(["digitdrop", *report], cwd=tmp_path, env=environment(), check=True)
    whole = (tmp_path / "predictions.csv").read_bytes()
    (tmp_path / "predictions-foreign-20261123T101112.csv").write_text("a;b\n1;2\n")

    sure = pandas_example(tmp_path)  # no reason in any row
    (tmp_path / "predictions.csv").write_bytes(whole.splitlines(keepends=True)[0])
    empty = pandas_example(tmp_path)

    assert (sure.returncode, sure.stderr) == (0, "")
    assert sure.stdout.startswith("1 rows about 1 pictures\n")
    assert (empty.returncode, empty.stdout) == (1, "")
    assert empty.stderr.startswith(f"no row in {tmp_path} yet")


def pandas_example(outbox: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "examples" / "report.py", outbox],
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
