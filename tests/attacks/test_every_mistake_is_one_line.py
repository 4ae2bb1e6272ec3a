"""Whatever a user, the environment or a damaged file brings about: one line, the right exit code.

Each case is a command line as one types it in a shell, in a folder with some pictures.
"""

import fcntl
import hashlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger import ROOT, a_picture

from worker.cli import app
from worker.entry import enter

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="shells, signals and limits of POSIX"),
]

WATCH = "watch --inbox in --outbox out --no-page --workers 1"
RUN = f"{shlex.quote(sys.executable)} -P -m worker"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with an outbox that a run has filled, and what may be mistaken for another."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "in").mkdir()
    (folder / "scans" / "7").mkdir(parents=True)
    (folder / "scans" / "7" / "seven.png").write_bytes(a_picture(7))
    (folder / "seven.png").write_bytes(a_picture(7))
    (folder / "file").write_text("this is no picture")
    (folder / "empty").mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "loop").symlink_to("loop")
    (folder / "broken").symlink_to("nowhere")
    done = shell("batch scans --report out/predictions.csv --quiet", make(folder, "out"))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """Give each test a copy of it."""
    copy = tmp_path / "here"
    shutil.copytree(template, copy, symlinks=True, ignore=shutil.ignore_patterns("fifo"))
    os.mkfifo(copy / "fifo")
    return copy


def make(folder: Path, name: str) -> Path:
    (folder / name).mkdir(exist_ok=True)
    return folder


Done = subprocess.CompletedProcess[bytes]


def shell(line: str, cwd: Path, before: str = "", after: str = "", **variables: str) -> Done:
    """Run a command in a shell: limits before it, redirections after it."""
    return subprocess.run(
        ["bash", "-c", f"{before} exec {RUN} {line} {after}"], cwd=cwd, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables}, stdin=subprocess.DEVNULL,
        check=False, timeout=30,
    )  # fmt: skip


def run(line: str, cwd: Path, **variables: str) -> Done:
    """Run a command in a process that has Python and the commands loaded: ten times as quick."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
        child = os.fork()
        if not child:
            try:
                os.chdir(cwd)
                os.environ.update(variables)
                for descriptor, file in ((1, out), (2, told)):
                    os.dup2(file.fileno(), descriptor)
                begin(shlex.split(line))
            finally:
                os._exit(99)
        code = wait_for(child, 20)
        out.seek(0)
        told.seek(0)
        return Done(line, code, out.read(), told.read())


def begin(arguments: list[str]) -> None:
    """Do as the installed command does, and end this process."""
    sys.argv = ["digitdrop", *arguments]
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w")  # noqa: SIM115
    warnings.resetwarnings()
    code = 1
    try:
        enter(lambda: app)
    except SystemExit as end:
        code = int(end.code or 0)
    except Exception:
        sys.excepthook(*sys.exc_info())
    sys.stderr.flush()
    os._exit(code)


def wait_for(child: int, seconds: float) -> int:
    """Wait for a process; give its exit code, -9 if it had to be killed."""
    until = time.monotonic() + seconds
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        time.sleep(0.005)
    return os.waitstatus_to_exitcode(ended[1])


def assert_one_line(done: Done, *codes: int) -> str:
    """See that a command ended with one of these codes and told why in one line; give the line."""
    told = done.stderr.decode(errors="replace")
    assert "Traceback" not in told + done.stdout.decode(errors="replace"), told
    assert done.returncode in codes, f"{done.returncode}: {told}"
    assert len(told.splitlines()) == 1, told
    assert told.startswith("digitdrop: "), told
    assert len(told) < 7_000
    return told


def assert_no_traceback(done: Done, *codes: int) -> None:
    """See that a command ended with one of these codes, and nothing was shown of its insides."""
    told = (done.stderr + done.stdout).decode(errors="replace")
    assert "Traceback" not in told, told
    assert "Exception ignored" not in told, told
    assert done.returncode in codes, f"{done.returncode}: {told}"


LONG = "x" * 5_000


@pytest.mark.parametrize(
    "line",
    [
        *(f"{WATCH} --settle={value}" for value in ("nan", "inf", "1e400", "-1", "abc", "''")),
        *(f"{WATCH} --max-wait {value}" for value in ("inf", "-inf", "NaN", "1e99")),
        *(f"{WATCH} --workers {value}" for value in ("0", "100000000", "1.5", "1e3", "''")),
        f"{WATCH} --max-pixels 99999999999999999999",
        f"{WATCH} --max-bytes 99999999999999999999999",
        f"{WATCH} --keep-done 999999999d",
        f"{WATCH} --keep-done 9999999999999999d",
        f"{WATCH} --rotate 0MB",
        f"{WATCH} --rotate 99999999999999GB",
        f"{WATCH} --log-format JSON",
        "watch --inbox '' --outbox out",
        "watch --inbox= --outbox=out",
        *(f"watch --inbox {name} --outbox out" for name in ("fifo", "file", "loop", "/dev/null")),
        f"watch --inbox {LONG} --outbox out",
        *(f"watch --inbox in --outbox {name}" for name in ("fifo", "file", "loop", "/dev/full")),
        f"watch --inbox in --outbox {LONG}",
        *(
            f"{WATCH} --metrics {name}"
            for name in ("empty", "fifo", "file", "/dev/full", "loop/x")
        ),
        f"{WATCH} --metrics {LONG}",
        *(f"{WATCH} --model {name}" for name in ("empty", "file", "fifo", "loop", LONG, "''")),
        *(f"batch scans --report {name}" for name in ("empty", "fifo", "/dev/full", "/dev/null")),
        f"batch scans --report {LONG}",
        "batch scans --report loop/x.csv",
        "batch '' --report x.csv",
        *(f"batch {name} --report x.csv" for name in (LONG, "nowhere", "loop", "scans/none")),
        "batch \udcff\udcfe --report x.csv",
        "predict ''",
        f"predict {LONG}",
        "predict \udcff.png",
        "predict seven.png --explain empty",
        "predict seven.png --explain /dev/full",
        "predict seven.png --explain nowhere/x.png",
        f"predict seven.png --explain {LONG}.png",
        *(f"evaluate {name}" for name in ("file", "fifo", "loop", LONG, "''", "empty")),
        f"status --inbox in --outbox {LONG}",
        "verify --inbox in --outbox loop",
        f"verify --inbox {LONG} --outbox out",
        f"why seven.png --inbox in --outbox {LONG}",
        "why '' --inbox in --outbox out",
        f"report --outbox out --output {LONG}",
        "report --outbox out --output /dev/full",
        "report --outbox out --output file",
        "report --outbox out --newest 99999999999999999999",
        "report --outbox loop",
        "corrections --outbox out --to file",
        "settings watch --settle nan",
        "settings frobnicate",
        "settings --service ../../etc/passwd",
        "service status --name 'a\nb'",
        "batch --cluster '' scans --report x",
        "frob\x1b[31mnicate",
    ],
)
def test_what_is_given_that_cannot_be_used(line: str, folder: Path) -> None:
    assert_one_line(run(line, folder), 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DIGITDROP_SETTLE", "abc"),
        ("DIGITDROP_SETTLE", "nan"),
        ("DIGITDROP_MAX_WAIT", "inf"),
        ("DIGITDROP_WORKERS", "many"),
        ("DIGITDROP_WORKERS", "-3"),
        ("DIGITDROP_POLL", "perhaps"),
        ("DIGITDROP_KEEP_DONE", "999999999999d"),
        ("DIGITDROP_ROTATE", "\udcff"),
        ("DIGITDROP_MODEL", "file"),
        ("DIGITDROP_METRICS", "empty"),
        ("DIGITDROP_LOG_FORMAT", "yaml"),
        ("DIGITDROP_INBOX", "file"),
        ("DIGITDROP_OUTBOX", "in/out"),
        ("DIGITDROP_OUTBOX", "x" * 5_000),
    ],
)
def test_a_variable_that_cannot_be_used(name: str, value: str, folder: Path) -> None:
    done = run("watch --no-page", folder, **{"DIGITDROP_INBOX": "in", name: value})

    assert_one_line(done, 2)


@pytest.mark.parametrize(
    "card",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"7",
        b"null",
        b'"text"',
        b"{}",
        b'{"sha256": 7, "thresholds": {}}',
        b'{"sha256": "x", "thresholds": []}',
        b'{"sha256": "x", "thresholds": {"temperature": NaN}}',
        b"[" * 100_000,
        b'{"sha256": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda card: card[:30].decode(errors="replace"),
)
def test_a_card_of_the_model_that_is_none(card: bytes, folder: Path, model: Path) -> None:
    shutil.copytree(model, folder / "model")
    (folder / "model" / "digits.json").write_bytes(card)

    assert_one_line(run("predict seven.png --model model", folder), 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda _: b"garbage" * 1_000,
        lambda network: network[: len(network) // 2],
        lambda network: network[:100],
        lambda network: network.replace(b"TFL3", b"TFL9"),
    ],
)
def test_a_network_that_is_none_though_its_card_says_so(
    change: Callable[[bytes], bytes], folder: Path, model: Path
) -> None:
    shutil.copytree(model, folder / "model")
    network = change((model / "digits.tflite").read_bytes())
    (folder / "model" / "digits.tflite").write_bytes(network)
    card = json.loads((model / "digits.json").read_bytes())
    card["sha256"] = hashlib.sha256(network).hexdigest()
    (folder / "model" / "digits.json").write_text(json.dumps(card))

    assert_one_line(run("predict seven.png --model model", folder), 2)


@pytest.mark.parametrize(
    "variables",
    [
        {"WATCHDOG_USEC": "abc", "NOTIFY_SOCKET": "@nobody-is-here"},
        {"WATCHDOG_USEC": "9" * 400, "NOTIFY_SOCKET": "/nowhere"},
        {"WATCHDOG_USEC": "-5", "WATCHDOG_PID": "x"},
        {"NOTIFY_SOCKET": "/" + "n" * 300},
        {"NOTIFY_SOCKET": "@" + "n" * 300},
        {"NOTIFY_SOCKET": "nonsense", "LISTEN_FDS": "x", "LISTEN_PID": "y"},
        {"NOTIFY_SOCKET": "/\udcff", "JOURNAL_STREAM": "nonsense"},
        {"COLUMNS": "abc", "LINES": "x", "TERM": "", "NO_COLOR": "1"},
        {"LANG": "nonsense", "LC_ALL": "nonsense", "TZ": "Mars/Phobos"},
        {
            "PYTHONIOENCODING": "ascii",
            "LC_ALL": "C",
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
        },
        {"PYTHONIOENCODING": "cp1252"},
        {"HOME": "/nonexistent", "TMPDIR": "/nonexistent", "XDG_CACHE_HOME": "/dev/null"},
        {"OPENBLAS_NUM_THREADS": "abc", "OMP_NUM_THREADS": "-1"},
        {"DIGITDROP_INBOX": "", "DIGITDROP_SETTLE": "", "DIGITDROP_KEEP_DONE": ""},
        {"PYTHONWARNINGS": "error"},
    ],
    ids=str,
)
def test_a_worker_starts_reads_and_stops_in_an_odd_environment(
    variables: dict[str, str], folder: Path
) -> None:
    (folder / "in" / "größe \u2192 7.png").write_bytes(a_picture(7))
    command = [sys.executable, "-P", "-m", "worker", *WATCH.split(), "--settle=0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            stdout=log, stderr=log,
        )  # fmt: skip
    report = folder / "out" / "predictions.csv"
    until = time.monotonic() + 20
    while report.read_bytes().count(b"\n") < 3 and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)

    told = ""
    assert process.wait(10) == 0, (told := (folder / "log").read_text(errors="replace"))
    assert "Traceback" not in told
    assert report.read_bytes().count(b"\n") == 3


COMMANDS = [
    "batch scans --report new.csv",
    "predict seven.png",
    "predict seven.png --json",
    "status --inbox in --outbox out --json",
    "status --inbox in --outbox out",
    "verify --inbox in --outbox out",
    "why seven.png --inbox in --outbox out",
    "settings",
    "settings --json",
    "evaluate scans",
    "corrections --outbox out --to checked",
    "report --outbox out",
    "service install --print --user --inbox in --outbox out",
    "--help",
]


@pytest.mark.parametrize("line", COMMANDS)
def test_an_output_that_takes_nothing(line: str, folder: Path) -> None:
    assert_one_line(shell(line, folder, after=">/dev/full"), 3)


@pytest.mark.parametrize("line", COMMANDS[::3])
def test_streams_that_are_closed(line: str, folder: Path) -> None:
    for after in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"):
        assert_no_traceback(shell(line, folder, after=after), 0, 1)
    assert_no_traceback(shell(line, folder, after=">/dev/full 2>/dev/full"), 3)


def test_what_libraries_print_gets_into_no_file_where_stderr_is_closed(folder: Path) -> None:
    shell("batch scans --report new.csv", folder, after="<&- >&- 2>&-")

    assert (folder / "new.csv").read_text().count("\n") == 2


@pytest.mark.parametrize("line", COMMANDS[::2])
def test_a_screen_and_an_encoding_that_can_show_next_to_nothing(line: str, folder: Path) -> None:
    (folder / "seven.png").rename(folder / "sïeben \u2192.png")
    line = line.replace("predict seven.png", "predict 's\u00efeben \u2192.png'")
    for encoding in ("ascii", "cp1252", "utf-16"):
        done = shell(line, folder, COLUMNS="1", TERM="dumb", PYTHONIOENCODING=encoding)
        assert_no_traceback(done, 0, 1)


@pytest.mark.parametrize("line", [WATCH, "batch scans --report new.csv", "predict seven.png"])
@pytest.mark.parametrize("mebibytes", [120, 200, 260, 300])
def test_memory_that_does_not_do_for_a_start(line: str, mebibytes: int, folder: Path) -> None:
    done = shell(line, folder, before=f"ulimit -v {mebibytes << 10};")

    assert "memory" in assert_one_line(done, 2)


@pytest.mark.parametrize("line", ["predict seven.png", "status --inbox in --outbox out"])
def test_few_files_may_be_open(line: str, folder: Path) -> None:
    for limit in (4, 5, 6, 8, 20):
        assert_no_traceback(shell(line, folder, before=f"ulimit -n {limit};"), 0, 1, 2)


GARBAGE = [
    b"",
    b"\xff\xfe\x00garbage\n" * 100,
    b"\0" * 100_000,
    b"x" * 10_000_000,
    b"[" * 100_000,
    b"[1, 2]",
    b'{"holder": 7, "deferred": 5}',
]
OURS = [".predictions.csv.lock", ".cleared-until", ".status.json", "report.html"]
ASKING = ["status", "verify", "why seven.png", "report"]


HOLDER = "process 1 on here"


def a_status(**wrong: object) -> bytes:
    """Write what the holder of the lock tells of itself, with something that is wrong."""
    told: dict[str, object] = dict.fromkeys(("since", "model", "inbox", "looking", "last"), "")
    told |= {"holder": HOLDER, "pid": 1, "settle": 2.0, "max_wait": 60.0, "is_ready": True}
    told |= {"deferred": [], "deferred_files": 0, "trouble": {}, "read": {}}
    return json.dumps(told | wrong).encode()


STATUSES = [
    a_status(read=[1, 2]),
    a_status(trouble="text"),
    a_status(looking=7),
    a_status(deferred=[{"name": 1}]),
    a_status(deferred=7),
    a_status(settle="long"),
    a_status(more=1),
]


@pytest.mark.parametrize("name", OURS)
def test_a_file_of_ours_that_is_garbage_while_a_worker_has_the_outbox(
    name: str, folder: Path
) -> None:
    lock = folder / "out" / OURS[0]
    lock.write_text(HOLDER)
    with lock.open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for content in [*GARBAGE, *(STATUSES if name == ".status.json" else [])]:
            (folder / "out" / name).write_bytes(content)
            for asked in ASKING[OURS.index(name) % 2 :: 2]:
                inbox = "" if asked == "report" else "--inbox in"
                assert_no_traceback(run(f"{asked} {inbox} --outbox out", folder), 0, 1, 2)


@pytest.mark.parametrize("name", [*OURS, "predictions.csv"])
@pytest.mark.parametrize("kind", ["folder", "fifo", "link", "socket"])
def test_a_file_of_ours_that_is_no_file(name: str, kind: str, folder: Path) -> None:
    path = folder / "out" / name
    path.unlink(missing_ok=True)
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("loop")
        (folder / "out" / "loop").symlink_to("loop")
    else:
        with socket.socket(socket.AF_UNIX) as here:
            os.chdir(folder / "out")
            here.bind(name)
            os.chdir(ROOT)
    for asked in ASKING:
        inbox = "" if asked == "report" else "--inbox in"
        assert_no_traceback(run(f"{asked} {inbox} --outbox out", folder), 0, 1, 2)


@pytest.mark.parametrize("content", GARBAGE[:5])
def test_a_report_and_a_note_that_are_garbage_stop_no_run(content: bytes, folder: Path) -> None:
    (folder / "new.csv").write_bytes(content)
    (folder / ".new.csv.begun").write_bytes(content)
    (folder / ".new.csv.lock").write_bytes(content)

    done = run("batch scans --report new.csv --quiet", folder)

    assert_no_traceback(done, 0, 2)
    assert_no_traceback(run("verify --inbox in --outbox out", folder), 0, 1)


@pytest.mark.parametrize("line", [WATCH, "batch scans --report new.csv --workers 2"])
def test_threads_that_cannot_be_started(line: str, folder: Path) -> None:
    done = shell(line, folder, before="ulimit -s 6000000; ulimit -v 3000000;")

    assert "thread" in assert_one_line(done, 2)


@pytest.mark.parametrize("asked", ["status --inbox in", "verify --inbox in", "report"])
def test_files_of_ours_that_are_far_too_long_take_no_memory(asked: str, folder: Path) -> None:
    for name in (*OURS, "predictions.csv"):
        with (folder / "out" / name).open("ab") as file:
            file.truncate(700_000_000)
    (folder / "out" / "report.html").unlink()  # one that is none of ours is not written over

    done = shell(f"{asked} --outbox out", folder, before="ulimit -v 600000;")

    assert_no_traceback(done, 0, 1)
