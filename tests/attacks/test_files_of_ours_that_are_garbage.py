"""Files of ours that are damaged, huge, or no files: no traceback, no wait, no memory."""

import fcntl
import json
import os
import sys
from pathlib import Path

import pytest

from ledger import a_socket
from shells import assert_no_traceback, run, shell

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="shells, signals and limits of POSIX"),
]

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
    name: str, tried: Path
) -> None:
    lock = tried / "out" / OURS[0]
    lock.write_text(HOLDER)
    with lock.open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for content in [*GARBAGE, *(STATUSES if name == ".status.json" else [])]:
            (tried / "out" / name).write_bytes(content)
            for asked in ASKING[OURS.index(name) % 2 :: 2]:
                inbox = "" if asked == "report" else "--inbox in"
                assert_no_traceback(run(f"{asked} {inbox} --outbox out", tried), 0, 1, 2)


@pytest.mark.parametrize("name", [*OURS, "predictions.csv"])
@pytest.mark.parametrize("kind", ["folder", "fifo", "link", "socket"])
def test_a_file_of_ours_that_is_no_file(name: str, kind: str, tried: Path) -> None:
    path = tried / "out" / name
    path.unlink(missing_ok=True)
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("loop")
        (tried / "out" / "loop").symlink_to("loop")
    else:
        a_socket(path)
    for asked in ASKING:
        inbox = "" if asked == "report" else "--inbox in"
        assert_no_traceback(run(f"{asked} {inbox} --outbox out", tried), 0, 1, 2)


@pytest.mark.parametrize("content", GARBAGE[:5])
def test_a_report_and_a_note_that_are_garbage_stop_no_run(content: bytes, tried: Path) -> None:
    (tried / "new.csv").write_bytes(content)
    (tried / ".new.csv.begun").write_bytes(content)
    (tried / ".new.csv.lock").write_bytes(content)

    done = shell("batch scans --report new.csv --quiet", tried)  # it loads the network

    assert_no_traceback(done, 0, 2)
    assert_no_traceback(run("verify --inbox in --outbox out", tried), 0, 1)


@pytest.mark.parametrize("asked", ["status --inbox in", "verify --inbox in", "report"])
def test_files_of_ours_that_are_far_too_long_take_no_memory(asked: str, tried: Path) -> None:
    for name in (*OURS, "predictions.csv"):
        with (tried / "out" / name).open("ab") as file:
            file.truncate(700_000_000)
    (tried / "out" / "report.html").unlink()  # one that is none of ours is not written over

    done = shell(f"{asked} --outbox out", tried, before="ulimit -v 600000;")

    assert_no_traceback(done, 0, 1)
