"""On a terminal: mistakes, help, completion, Ctrl-C, pipes, narrow and plain screens."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup

from ledger import ROOT, a_picture, files_below
from shells import assert_one_line, begun, run
from test_documents import command_of, environment, the_tool

SAMPLE = ROOT / "examples" / "six-tiny.png"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with one of everything that a mistake may need."""
    for name in ("in", "out", "empty", "folder.csv"):
        (tmp_path / name).mkdir()
    (tmp_path / "six.png").write_bytes(SAMPLE.read_bytes())
    (tmp_path / "file").write_text("hello")
    return tmp_path


def digitdrop(line: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["digitdrop", *line.split()],
        cwd=cwd, env=environment() | more, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("wathc", ["wathc", "Did you mean 'watch'", "digitdrop --help"]),
        ("predict", ["Missing argument 'IMAGE", "digitdrop predict --help"]),
        ("predict gone.png", ["gone.png", "does not exist"]),
        ("predict empty", ["empty", "directory"]),
        ("predict six.png --jsn", ["--jsn", "--json"]),
        ("predict six.png --model empty", ["empty/digits.json", "digitdrop train", "--model"]),
        ("predict six.png --model file", ["the model in file", "Not a directory"]),
        ("predict six.png --explain folder.csv", ["folder.csv", "directory"]),
        ("predict six.png --explain gone/why.png", ["gone/why.png", "No such file"]),
        ("predict six.png --explain six.png", ["six.png is there", "--explain"]),
        ("predict six.png --explain file/why.png", ["file/why.png", "Not a directory"]),
        ("predict six.png --max-pixels 0", ["'0'", "--max-pixels", "1"]),
        ("batch six.png", ["--report"]),
        ("batch gone --report x.csv", ["no such file or folder: gone"]),
        ("batch six.png --report folder.csv", ["folder.csv is a folder", "--report"]),
        ("batch six.png --report six.png", ["six.png", "no report of ours", "--report"]),
        ("batch six.png --report file/x.csv", ["file"]),
        ("batch six.png --report x.csv --workers=-1", ["'-1'", "--workers", "1"]),
        ("watch --settle abc", ["'abc'", "--settle", "number"]),
        ("watch --settle -1", ["'-1'", "--settle", "0"]),
        ("watch --inbox file", ["inbox file is a file", "--inbox"]),
        ("watch --inbox in --outbox file", ["outbox file is a file", "--outbox"]),
        ("watch --inbox in --outbox in/out", ["lie in each other"]),
        ("watch --keep-done 30", ["'30'", "12h, 30d or 2w", "--keep-done"]),
        ("watch --rotate weekly", ["'weekly'", "day, month, or a size", "--rotate"]),
        ("watch --log-format xml", ["'xml'", "'text', 'json'"]),
        ("watch --inbox in --outbox out --metrics gone/x.prom", ["gone", "--metrics"]),
        ("watch --inbox in --outbox out --metrics six.png", ["six.png is there", "--metrics"]),
        ("watch extra", ["extra"]),
        ("evaluate gone", ["gone", "does not exist"]),
        ("evaluate file", ["file"]),
        ("evaluate empty", ["no labelled picture in empty", "7/picture.png"]),
        ("report --outbox gone", ["no outbox gone"]),
        ("report --outbox out --output empty", ["empty", "directory"]),
        ("report --outbox out --newest 0", ["'0'", "--newest", "1"]),
        ("verify --inbox in --outbox gone", ["no outbox gone"]),
        ("status --inbox in --outbox file", ["file"]),
        ("corrections", ["--to"]),
        ("corrections --outbox out --to file", ["file"]),
        ("why", ["FILE"]),
        ("why six.png --inbox gone", ["no inbox gone", "--inbox"]),
        ("train --epochs 0", ["'0'", "--epochs", "1"]),
        ("train --validation-split 2", ["'2'", "--validation-split", "0.9"]),
        ("service frobnicate", ["frobnicate", "digitdrop service --help"]),
    ],
)
def test_a_mistake_is_told_in_one_line_that_names_it_and_changes_nothing(
    line: str, told: list[str], folder: Path
) -> None:
    before = {path: path.read_bytes() for path in files_below(folder)}

    done = run(line, folder, COLUMNS="100")

    mistake = assert_one_line(done, 2)
    assert done.stdout == b""
    assert [part for part in told if part not in mistake] == [], mistake
    after = {path: path.read_bytes() for path in files_below(folder) if path.suffix != ".lock"}
    assert {path: after.get(path) for path in before} == before


def test_a_value_from_the_environment_is_told_with_its_name(folder: Path) -> None:
    done = digitdrop("batch six.png --report x.csv", folder, DIGITDROP_WORKERS="many")

    assert done.returncode == 2
    assert "'--workers' (env var: 'DIGITDROP_WORKERS'): 'many' is not a whole" in done.stderr


def commands() -> Iterator[str]:
    """Name every command, also those below another."""
    top = the_tool()
    for name, command in top.commands.items():
        if isinstance(command, TyperGroup):
            yield from (f"{name} {below}" for below in command.commands)
        else:
            yield name
    yield "train"


@pytest.mark.slow
@pytest.mark.parametrize("command", list(commands()))
def test_every_command_says_what_it_does_and_gives_an_example_that_works(
    command: str, tmp_path: Path
) -> None:
    shown = run(f"{command} --help", tmp_path, COLUMNS="100")
    words = shown.stdout.decode().split("Usage:")[1].split("╭")[0]
    examples = re.findall(r"Example: digitdrop (.+)", words)

    assert shown.returncode == 0
    assert len(words.strip().splitlines()) > 4
    assert examples
    for example in examples:
        assert example.startswith(command)
        named = (
            [command, "watch"] if command == "settings" else [command]
        )  # it shows those of `watch`
        known = {option for one in named for it in _command(one).params for option in it.opts}
        assert {word for word in example.split() if word.startswith("--")} <= known


def _command(words: str) -> TyperCommand:
    found: object = the_tool()
    for word in words.split():
        found = command_of(found, word) if isinstance(found, TyperGroup) else found
    assert isinstance(found, TyperCommand)
    return found


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("wa", {"watch"}),
        ("watch --rot", {"--rotate"}),
        ("watch --rotate ", {"day", "month", "100MB"}),
        ("watch --keep-done 3", {"30d"}),
        ("watch --log-format ", {"text", "json"}),
        ("service ", {"install", "uninstall", "status"}),
    ],
)
def test_a_shell_completes_commands_options_and_values(
    typed: str, offered: set[str], tmp_path: Path
) -> None:
    words = ["digitdrop", *typed.split(" ")]
    asked = {
        "_DIGITDROP_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(words) if " " not in typed else " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }

    done = digitdrop("", tmp_path, **asked)

    assert set(done.stdout.split()) == offered


@pytest.mark.skipif(shutil.which("bash") is None, reason="has no bash")
def test_completion_is_there_for_the_shell_that_asks(tmp_path: Path) -> None:
    script = ["bash", "-c", "digitdrop --show-completion; true"]  # not its last: it stays
    done = subprocess.run(
        script, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )

    assert "complete -o default -F" in done.stdout


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder that every command has something to do in for a while."""
    folder = tmp_path_factory.mktemp("many")
    for digit in range(10):
        (folder / "labelled" / str(digit)).mkdir(parents=True)
        picture = a_picture(digit)
        for number in range(150):
            (folder / "labelled" / str(digit) / f"{number}.png").write_bytes(picture)
    (folder / "inbox").mkdir()
    (folder / "outbox").mkdir()
    done = digitdrop("batch labelled --report outbox/predictions.csv -q", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize(
    "line",
    [
        "batch labelled --report new.csv",
        f"predict {' '.join(f'labelled/7/{number}.png' for number in range(150))}",
        "evaluate labelled",
        "verify",
        "report",
        "corrections --to checked",
        "status",
        "why 0.png",
        "watch --inbox new --outbox made",
        "train --data labelled",
    ],
    ids=lambda line: line.split()[0],
)
def test_ctrl_c_at_any_moment_ends_a_command_quickly_and_without_a_traceback(
    line: str, many: Path
) -> None:
    for delay in (0.02, 0.1, 0.3, 1.0):
        process = begun(*line.split(), cwd=many)
        time.sleep(delay)
        if process.poll() is None:  # as a terminal does: all of its processes
            os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=30)

        assert process.returncode in {0, 1, 2, 130, -signal.SIGINT}, told
        assert "Traceback" not in told
        assert "KeyboardInterrupt" not in told


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="has no such terminals")
def test_ctrl_c_takes_a_progress_bar_down(many: Path) -> None:
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        ["digitdrop", "evaluate", "labelled"],
        cwd=many, env=environment() | {"TERM": "xterm"}, stdout=subprocess.DEVNULL, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    told = b""
    while b" a second" not in told:  # it is at work; the bar hides the cursor
        told += os.read(ours, 1000)

    os.killpg(process.pid, signal.SIGINT)
    with suppress(OSError):  # nobody has the other end any more
        while more := os.read(ours, 1000):
            told += more
    os.close(ours)

    assert process.wait(30) == 130
    assert told.rindex(b"\x1b[?25h") > told.rindex(b"\x1b[?25l")
    assert b"Traceback" not in told


@pytest.mark.slow
def test_what_ctrl_c_stopped_goes_on_and_is_whole(many: Path) -> None:
    for _ in range(3):
        process = begun("batch", "labelled", "--report", "whole.csv", cwd=many)
        time.sleep(0.7)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)

    done = digitdrop("batch labelled --report whole.csv", many)

    assert done.returncode == 0
    assert re.match(r"1,500 pictures.*: 1,500 ok", done.stdout)
    assert (many / "whole.csv").read_bytes().count(b"\n") == 1501


@pytest.mark.parametrize(
    "line",
    ["--help", "watch --help", "verify", "verify --json", "status", "status --json", "settings",
     "predict labelled/7/1.png --json", "why 1.png", "evaluate labelled", "report"],
)  # fmt: skip
@pytest.mark.slow
def test_a_reader_that_goes_away_costs_no_traceback(line: str, many: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    process = subprocess.Popen(
        ["digitdrop", *line.split()],
        cwd=many, env=environment(), stdout=theirs, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(theirs)

    _, told = process.communicate(timeout=60)

    assert told == ""


def test_a_mistake_that_nobody_reads_has_its_exit_code_all_the_same(folder: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    process = subprocess.Popen(
        ["digitdrop", "predict", "gone.png"], cwd=folder, env=environment(), stderr=theirs
    )
    os.close(theirs)

    assert process.wait(60) == 2


def test_a_program_gets_each_picture_on_one_line_however_long_its_name(folder: Path) -> None:
    name = f"{'long' * 50}.png"
    (folder / "six.png").rename(folder / name)

    told = digitdrop(f"predict {name}", folder, COLUMNS="").stdout

    assert [line.split()[0] for line in told.splitlines() if " ok " in line] == [name]


@pytest.mark.parametrize(
    "line", ["--help", "watch --help", "status", "settings", "predict six.png"]
)
def test_a_narrow_screen_without_colours_is_kept_to(line: str, folder: Path) -> None:
    (folder / "inbox").mkdir()
    (folder / "outbox").mkdir()

    plain = digitdrop(line, folder, NO_COLOR="1", COLUMNS="40", TERM="dumb")

    assert plain.stdout
    assert "\x1b" not in plain.stdout
    if "help" in line:
        assert max(map(len, plain.stdout.splitlines())) <= 40
