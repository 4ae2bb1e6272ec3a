"""Whoever writes to stderr, and whenever: a line of the log comes out, with its time."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ledger import DIGITDROP, ROOT, a_picture, a_worker, drop

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no fork")

HEAD = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) +\S"
)


def damaged_tiff(compression: str, mode: str) -> bytes:
    """Make a TIFF of which libtiff complains on stderr."""
    picture = Image.open(io.BytesIO(a_picture(7))).resize((400, 400)).convert(mode)
    file = io.BytesIO()
    picture.save(file, "TIFF", compression=compression)
    content = bytearray(file.getvalue())
    for at in range(60, len(content) // 2, 37):
        content[at] ^= 0xFF
    return bytes(content)


def drop_what_makes_noise(inbox: Path) -> None:
    """Drop damaged TIFFs, and folders deep enough to be renamed while they are watched."""
    kinds = [("group4", "1"), ("group3", "1"), ("packbits", "L"), ("tiff_adobe_deflate", "L")]
    drop(inbox, [(f"{one}.tif", damaged_tiff(one, mode)) for one, mode in kinds])
    for number in range(5):
        drop(inbox, [(f"z{number}/a/b/c/d/{number}.png", a_picture(number))])
    (inbox / "z1").rename(inbox / "y1")


def objects(text: str) -> list[dict[str, Any]]:
    """Read a log for machines.

    Raises:
        AssertionError: a line is no object with time, level and message.
    """
    lines = []
    for line in text.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            raise AssertionError(f"not JSON: {line!r}") from None
        assert {"time", "level", "message"} <= set(lines[-1]), line
    return lines


def digitdrop(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DIGITDROP, *arguments],
        cwd=cwd, env={**os.environ, **variables}, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip


def python(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={**os.environ, **variables},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.slow
def test_what_a_library_writes_to_stderr_is_an_object_in_a_log_for_machines(
    tmp_path: Path,
) -> None:
    with a_worker(tmp_path, "--settle=0", "--max-wait=0.3", "--log-format=json") as worker:
        worker.waits_until(lambda: "watching" in worker.told())
        drop_what_makes_noise(worker.inbox)
        worker.waits_until(lambda: len(worker.rows()) == 9)
        worker.stop()

    strays = [one for one in objects(worker.told()) if one.get("source") == "stderr"]
    assert any("Fax4Decode" in one["message"] for one in strays)


@pytest.mark.slow
def test_and_has_its_time_in_a_log_for_people(tmp_path: Path) -> None:
    with a_worker(tmp_path, "--settle=0", "--max-wait=0.3") as worker:
        worker.waits_until(worker.is_up)
        drop_what_makes_noise(worker.inbox)
        worker.waits_until(lambda: len(worker.rows()) == 9)
        worker.stop()

    lines = worker.told().splitlines()
    assert any("Fax4Decode" in line for line in lines)
    assert [line for line in lines if not HEAD.match(line)] == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE])
def test_the_last_words_of_a_worker_that_crashes_come_out_as_objects(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    with a_worker(tmp_path, "--log-format=json") as worker:
        worker.waits_until(lambda: "watching" in worker.told())
        worker.process.send_signal(number)
        assert worker.process.wait(10) == -number
        until = time.monotonic() + 5
        while "most recent call" not in worker.told():
            assert time.monotonic() < until, worker.told()
            time.sleep(0.01)

    assert any("Fatal Python error" in one["message"] for one in objects(worker.told()))


STRAYS = """
import os, subprocess, sys, threading, warnings
from digitdrop.log import logs

logs.configure(logs.LogFormat.JSON, quiet=True)

class Stubborn:
    def __del__(self):
        raise RuntimeError("not\\ncollected")

warnings.warn("hot\\nand cold")
Stubborn()
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
print("printed\\rover\\n\\n", file=sys.stderr)
os.write(2, b"half a line, \\xff")
os.write(2, b" and its end\\n")
subprocess.run([sys.executable, "-c", "raise SystemExit('a child')"])
print("{\\"not\\": \\"closed\\"", file=sys.stderr)
print("[1, 2]", file=sys.stderr)
raise OSError("the end\\nof it")
"""


def test_all_that_python_and_its_children_say_are_objects_up_to_the_end() -> None:
    done = python(STRAYS)

    said = [one["message"] for one in objects(done.stderr)]
    assert done.returncode == 1
    assert [one for one in said if "hot\nand cold" in one and "UserWarning" in one]
    assert [one for one in said if "not\ncollected" in one]
    assert "a thread crashed: division by zero" in said
    for text in ("printed", "over", "half a line, \\xff and its end", "a child", "[1, 2]"):
        assert text in said
    assert '{"not": "closed"' in said
    assert "it crashed: the end\nof it" in said


FLOOD = """
import ctypes, sys
from digitdrop.log import logs

logs.configure(logs.LogFormat.JSON, quiet=True)
noise = b"".join(b"noise %d\\n" % number for number in range(300_000)) + b"x" * 1_000_000
with_the_lock_held = ctypes.PyDLL(None).write
written = 0
while written < len(noise):
    written += with_the_lock_held(2, noise[written:], len(noise) - written)
"""


def test_a_flood_blocks_nothing_and_is_counted_not_written_out() -> None:
    began = time.monotonic()

    done = python(FLOOD)

    lines = objects(done.stderr)
    assert done.returncode == 0
    assert time.monotonic() - began < 30
    assert len(lines) < 500
    told = [one for one in lines if one["message"].startswith("noise")]
    assert len(told) + sum(one.get("more", 0) for one in lines) >= 300_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["watch", "--bogus"],
        ["watch", "--settle", "abc"],
        ["watch", "--inbox=x", "--outbox=x/y"],
        ["batch", "gone", "--report=r.csv", "--quiet"],
        ["batch"],
        ["evaluate", "gone"],
        ["predict", "gone.png"],
        ["frobnicate"],
        ["status", "--inbox", "gone\naway", "--outbox=file"],
    ],
    ids=" ".join,
)
def test_a_mistake_is_an_object_from_the_first_moment_on(
    arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    done = digitdrop(*arguments, cwd=tmp_path, DIGITDROP_LOG_FORMAT="json")

    (line,) = objects(done.stderr)
    assert line["level"] == "critical"
    assert done.returncode == 2


@pytest.mark.slow
def test_progress_is_told_as_objects_too(tmp_path: Path) -> None:
    drop(tmp_path / "scans", [(f"{number}.png", a_picture(number % 10)) for number in range(10)])
    drop(tmp_path / "scans", [("a.tif", damaged_tiff("group4", "1")), ("b.png", b"rubbish")])
    ours, theirs = os.openpty()  # on a terminal a bar would be drawn

    process = subprocess.Popen(
        [
            *(*DIGITDROP, "batch", "scans"),
            *("--report=r.csv", "--log-format=json"),
        ],
        cwd=tmp_path, env=dict(os.environ), stdout=subprocess.DEVNULL,
        stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    told = b""
    while chunk := read_terminal(ours):
        told += chunk
    os.close(ours)

    assert process.wait(60) == 1
    assert objects(told.decode().replace("\r\n", "\n"))


def read_terminal(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # nobody has the other end any more
        return b""
