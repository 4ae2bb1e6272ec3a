"""A picture that kills or hangs the decoder costs that picture only."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from digitdrop.pool.probe import find_poison, prepare_file
from digitdrop.values import Limits
from ledger import (
    DIGITDROP,
    ROOT,
    a_picture,
    a_worker,
    audit,
    audit_report,
    drop,
    files_below,
    readers,
    rows,
    wait_for_the_end,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("poison")]

DROPS = [(f"{number}.png", a_picture(number)) for number in range(5)]
REASONS = {
    "kills": "crashed the reader twice",
    "hangs": "takes longer than 2 seconds to read",
}
LAUNCHERS = {
    "-m digitdrop": [*DIGITDROP],
    "script": [str(Path(sys.executable).with_name("digitdrop"))],
}


def a_poisoned(how: str) -> tuple[str, bytes]:
    return f"{how}.png", a_picture() + how.encode()


def check(folder: Path, *poisoned: str) -> None:
    drops = DROPS + [a_poisoned(how) for how in poisoned]
    assert audit(folder / "inbox", folder / "outbox", drops) == []
    unreadable = [
        (row["file"], row["reason"])
        for row in rows(folder / "outbox" / "predictions.csv")
        if row["status"] == "unreadable"
    ]
    assert sorted(unreadable) == [(f"{how}.png", REASONS[how]) for how in poisoned]
    failed = files_below(folder / "outbox" / "failed")
    assert [path.name for path in failed] == [f"{how}.png" for how in poisoned]


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_picture_that_kills_the_worker_is_set_aside_at_the_next_start(
    launcher: str, tmp_path: Path
) -> None:
    drop(tmp_path / "inbox", [*DROPS, a_poisoned("kills")])
    folders = ["--inbox", str(tmp_path / "inbox"), "--outbox", str(tmp_path / "outbox")]
    command = [*LAUNCHERS[launcher], "watch", *folders, "--settle=0"]
    starts = 0
    until = time.monotonic() + 60

    while files_below(tmp_path / "inbox"):  # as systemd would
        starts += 1
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and files_below(tmp_path / "inbox"):
                assert time.monotonic() < until
                time.sleep(0.05)
            process.terminate()

    assert starts == 2
    check(tmp_path, "kills")


def test_a_picture_that_never_ends_is_set_aside_without_anybodys_help(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", [*DROPS, a_poisoned("hangs")])

    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(worker.is_idle)
        worker.stop()

    check(tmp_path, "hangs")


def test_a_stop_is_heard_within_five_seconds_while_a_picture_hangs(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", [a_poisoned("hangs")])

    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(lambda: bool(files_below(worker.inbox / ".claimed")))

        assert worker.stop() < 5


def test_a_stop_is_heard_within_five_seconds_while_a_picture_is_probed(tmp_path: Path) -> None:
    held = tmp_path / "inbox" / ".claimed"
    drop(tmp_path / "inbox", [a_poisoned("hangs")])
    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(lambda: bool(files_below(held)))
    assert files_below(held)

    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(lambda: worker.told().count("claimed pictures that have no row") == 1)

        assert worker.stop() < 5

    assert files_below(held), "it is tried again at the next start"


def test_a_probe_that_hangs_does_not_outlive_a_worker_that_is_killed(tmp_path: Path) -> None:
    held = tmp_path / "inbox" / ".claimed"
    drop(tmp_path / "inbox", [a_poisoned("hangs")])
    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(lambda: bool(files_below(held)))
    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(lambda: bool(readers(worker.process.pid)))
        (probe,) = readers(worker.process.pid)
        time.sleep(1)  # for it to hang
        worker.kill()

    wait_for_the_end([probe], 5)


def test_a_probe_finds_the_pictures_that_kill_and_hang_among_many(tmp_path: Path) -> None:
    drop(tmp_path, [*DROPS, a_poisoned("kills"), a_poisoned("hangs"), ("z.png", a_picture())])
    paths = sorted(tmp_path.iterdir())

    found = find_poison(partial(prepare_file, Limits()), paths, time_limit=2)

    assert [paths[index].name for index in found] == ["hangs.png", "kills.png"]


def test_a_ctrl_c_while_a_probe_begins_puts_the_blame_on_no_picture(tmp_path: Path) -> None:
    drop(tmp_path, DROPS)
    with ThreadPoolExecutor(1) as pool:
        read, paths = partial(prepare_file, Limits()), sorted(tmp_path.iterdir())
        found = pool.submit(find_poison, read, paths, time_limit=60)
        until = time.monotonic() + 30
        while not (probe := readers(os.getpid())):
            assert time.monotonic() < until
            time.sleep(0.001)
        os.kill(probe[0], signal.SIGINT)

        assert found.result(30) == []


def a_batch(folder: Path) -> "subprocess.CompletedProcess[str]":
    report = folder / "outbox" / "predictions.csv"
    command = [*DIGITDROP, "batch", str(folder / "inbox"), "--report"]
    return subprocess.run(
        [*command, str(report)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_picture_that_kills_a_one_shot_run_is_passed_over_by_the_next(tmp_path: Path) -> None:
    drops = [*DROPS, a_poisoned("kills")]
    drop(tmp_path / "inbox", drops)

    first, second, third = (a_batch(tmp_path) for _ in range(3))

    assert first.returncode == -6
    assert (second.returncode, third.returncode) == (1, 1), second.stderr
    assert audit_report(tmp_path / "outbox" / "predictions.csv", drops) == []
    assert "(6 were in the report already)" in third.stdout
    assert not (tmp_path / "outbox" / ".predictions.csv.begun").exists()


def test_a_picture_that_hangs_a_one_shot_run_is_passed_over_without_anybodys_help(
    tmp_path: Path,
) -> None:
    drops = [*DROPS, a_poisoned("hangs")]
    drop(tmp_path / "inbox", drops)

    assert a_batch(tmp_path).returncode == 1
    assert audit_report(tmp_path / "outbox" / "predictions.csv", drops) == []


def test_the_marks_do_nothing_where_nobody_asks_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    drop(tmp_path / "inbox", [a_poisoned("kills")])

    assert a_batch(tmp_path).returncode == 0
    assert os.environ.get("PYTHONPATH") is None
