"""Environments, streams, encodings and limits as nobody wants them: no traceback."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger import DIGITDROP, a_picture
from shells import WATCH, assert_no_traceback, assert_one_line, shell

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="shells, signals and limits of POSIX"),
]


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
    variables: dict[str, str], tried: Path
) -> None:
    (tried / "in" / "größe \u2192 7.png").write_bytes(a_picture(7))
    command = [*DIGITDROP, *WATCH.split(), "--settle=0"]
    with (tried / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=tried, env={**os.environ, **variables},
            stdout=log, stderr=log,
        )  # fmt: skip
    report = tried / "out" / "predictions.csv"
    until = time.monotonic() + 20
    while report.read_bytes().count(b"\n") < 3 and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)

    told = ""
    assert process.wait(10) == 0, (told := (tried / "log").read_text(errors="replace"))
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
def test_an_output_that_takes_nothing(line: str, tried: Path) -> None:
    assert_one_line(shell(line, tried, after=">/dev/full"), 3)


@pytest.mark.parametrize("line", COMMANDS[::3])
def test_streams_that_are_closed(line: str, tried: Path) -> None:
    for after in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"):
        assert_no_traceback(shell(line, tried, after=after), 0, 1)
    assert_no_traceback(shell(line, tried, after=">/dev/full 2>/dev/full"), 3)


def test_what_libraries_print_gets_into_no_file_where_stderr_is_closed(tried: Path) -> None:
    shell("batch scans --report new.csv", tried, after="<&- >&- 2>&-")

    assert (tried / "new.csv").read_text().count("\n") == 2


@pytest.mark.parametrize("line", COMMANDS[::2])
def test_a_screen_and_an_encoding_that_can_show_next_to_nothing(line: str, tried: Path) -> None:
    (tried / "seven.png").rename(tried / "sïeben \u2192.png")
    line = line.replace("predict seven.png", "predict 's\u00efeben \u2192.png'")
    for encoding in ("ascii", "cp1252", "utf-16"):
        done = shell(line, tried, COLUMNS="1", TERM="dumb", PYTHONIOENCODING=encoding)
        assert_no_traceback(done, 0, 1)


@pytest.mark.parametrize("line", [WATCH, "batch scans --report new.csv", "predict seven.png"])
@pytest.mark.parametrize("mebibytes", [120, 200, 260, 300])
def test_memory_that_does_not_do_for_a_start(line: str, mebibytes: int, tried: Path) -> None:
    done = shell(line, tried, before=f"ulimit -v {mebibytes << 10};")

    assert "memory" in assert_one_line(done, 2)


@pytest.mark.parametrize("line", ["predict seven.png", "status --inbox in --outbox out"])
def test_few_files_may_be_open(line: str, tried: Path) -> None:
    for limit in (4, 5, 6, 8, 12, 20):
        bare = f"ulimit -n {limit}; exec {shlex.quote(sys.executable)} -c pass"
        if subprocess.run(["bash", "-c", bare], capture_output=True, check=False).returncode:
            continue  # Python itself does not start
        assert_no_traceback(shell(line, tried, before=f"ulimit -n {limit};"), 0, 1, 2)


NO_THREADS = "ulimit -s 6000000; ulimit -v 3000000;"


def test_threads_that_cannot_be_started_end_a_run(tried: Path) -> None:
    done = shell("batch scans --report new.csv --workers 2", tried, before=NO_THREADS)

    assert "thread" in assert_one_line(done, 2)


def test_a_service_waits_until_threads_can_be_started_and_says_so(tried: Path) -> None:
    done = shell(WATCH, tried, before=f"(sleep 3; kill -TERM $$) & {NO_THREADS}")

    assert b"cannot start a thread" in done.stderr
    assert_no_traceback(done, 0)
