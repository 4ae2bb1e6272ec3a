"""SIGTERM, Ctrl-C and a closed terminal, at any moment from a start to an end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger import DIGITDROP, THEN, a_picture, a_worker, audit, drop, wait_until
from shells import begun

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.skipif(sys.platform == "win32", reason="has no such signals"),
]

WATCH = ("watch", "--inbox=inbox", "--outbox=outbox", "--workers=1", "--no-page", "--settle=0")
BATCH = ("batch", "inbox", "--report=report.csv", "--workers=1")
POINTS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3)
"""Seconds after Digitdrop has begun."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    drop(tmp_path / "inbox", THEN)
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_service_that_is_stopped_at_any_moment_of_its_start_ends_with_0(
    number: signal.Signals, folder: Path
) -> None:
    for delay in POINTS[:: 1 if number is signal.SIGTERM else 4]:
        process = begun(*WATCH, cwd=folder)
        time.sleep(delay)
        process.send_signal(number)
        _, told = process.communicate(timeout=20)

        assert process.returncode == 0, f"after {delay} s: {told}"
        assert "Traceback" not in told


def test_so_is_a_run_and_it_tells_that_it_was_stopped(folder: Path) -> None:
    for delay in POINTS[:4]:
        process = begun(*BATCH, cwd=folder)
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)

        assert process.returncode in {130, 0}, f"after {delay} s: {told}"
        assert delay > POINTS[0] or process.returncode == 130
        assert "Traceback" not in told


def test_being_asked_again_and_again_changes_nothing(folder: Path) -> None:
    drops = [*THEN, *((f"more {number}.png", a_picture(number % 10)) for number in range(200))]
    drop(folder / "inbox", drops)

    for delay in (0.1, 0.4, 0.7, 1.0):
        process = begun(*WATCH, cwd=folder)
        time.sleep(delay)
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGINT)
            time.sleep(0.001)
        _, told = process.communicate(timeout=20)

        assert process.returncode == 0, told
        assert "Traceback" not in told

    with a_worker(folder, "--settle=0") as worker:
        worker.comes_to_rest(len(drops))
    assert audit(folder / "inbox", folder / "outbox", drops) == []


def test_a_closed_terminal_ends_a_service_with_all_that_it_started_and_blames_no_picture(
    folder: Path,
) -> None:
    drops = [*THEN, *((f"more {number}.png", a_picture(number % 10)) for number in range(400))]
    drop(folder / "inbox", drops)
    process = begun(*WATCH, "--workers=2", "--page", cwd=folder)
    report = folder / "outbox" / "predictions.csv"
    wait_until(lambda: report.exists() and report.stat().st_size > 10_000)

    os.killpg(process.pid, signal.SIGHUP)
    _, told = process.communicate(timeout=20)

    assert process.returncode == 0, told
    with a_worker(folder, "--settle=0") as worker:
        worker.comes_to_rest(len(drops))
    assert audit(folder / "inbox", folder / "outbox", drops) == []
    assert "crashed" not in report.read_text()


def test_what_is_said_to_all_processes_of_a_service_ends_none_but_the_worker(folder: Path) -> None:
    process = begun(*WATCH, "--page", cwd=folder)
    page = folder / "outbox" / "report.html"
    wait_until(page.exists)

    os.killpg(process.pid, signal.SIGTERM)
    _, told = process.communicate(timeout=20)

    assert process.returncode == 0, told
    assert "could not be made" not in told
    report = page.with_name("predictions.csv")
    wait_until(lambda: page.stat().st_mtime_ns >= report.stat().st_mtime_ns)


def test_a_service_that_is_to_outlive_its_terminal_does(folder: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        process = begun(*WATCH, cwd=folder)
    finally:
        signal.signal(signal.SIGHUP, before)
    for _ in range(20):
        process.send_signal(signal.SIGHUP)
        time.sleep(0.05)

    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_what_is_asked_while_a_worker_begins_anew_is_kept_for_the_new_one(folder: Path) -> None:
    def as_before_exec() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        os.kill(os.getpid(), signal.SIGTERM)

    done = subprocess.run(
        [*DIGITDROP, *WATCH],
        cwd=folder, env=dict(os.environ), check=False, timeout=20,
        preexec_fn=as_before_exec,
    )  # fmt: skip

    assert done.returncode == 0
