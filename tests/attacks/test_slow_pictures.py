"""A picture that takes long, hangs or kills costs the others less than two seconds.

How long a picture takes is made up (`tests/poison`): what really takes long changes with
each version of the libraries that decode it.
"""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from ledger import (
    DIGITDROP,
    ROOT,
    Worker,
    a_picture,
    a_worker,
    audit,
    audit_report,
    drop,
    files_below,
    rows,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.usefixtures("poison", "patience"),
    pytest.mark.skipif(sys.platform == "win32", reason="signals, and /proc"),
]

GOOD = [(f"good {number}.png", a_picture(number)) for number in range(5)]
SOON = 10.0
"""Seconds; on idle cores less than two. Without a lane it takes a minute."""


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give pictures their full minute."""
    monkeypatch.setenv("POISON_SECONDS", "60")


def poisoned(how: str, count: int = 1) -> list[tuple[str, bytes]]:
    return [
        (f"{number} {how}.png", a_picture(number % 10) + how.encode()) for number in range(count)
    ]


def is_read(worker: Worker, drops: list[tuple[str, bytes]]) -> bool:
    return {row["file"] for row in worker.rows()} >= {name for name, _ in drops}


def have_left(worker: Worker, count: int) -> bool:
    return worker.told().count("others go on") == count


@pytest.mark.parametrize(("count", "workers"), [(1, 1), (4, 1), (4, 2)])
def test_others_have_their_rows_at_once_while_pictures_hang(
    count: int, workers: int, tmp_path: Path
) -> None:
    with a_worker(tmp_path, "--settle=0", f"--workers={workers}") as worker:
        worker.waits_until(worker.is_up)
        drop(worker.inbox, poisoned("hangs", count))
        worker.waits_until(lambda: bool(files_below(worker.inbox / ".claimed")))
        for one in GOOD:
            drop(worker.inbox, [one])
            worker.waits_until(partial(is_read, worker, [one]), SOON)
        assert worker.stop() < 5

    held = files_below(tmp_path / "inbox" / ".claimed")
    assert [path.suffix for path in held] == [".png"] * count, "read at the next start"


def test_a_slow_picture_that_is_sound_gets_its_answer_from_the_same_worker(tmp_path: Path) -> None:
    slow = poisoned("slow", 2)
    with a_worker(tmp_path, "--settle=0", "--workers=2") as worker:
        worker.waits_until(worker.is_up)
        drop(worker.inbox, slow)
        worker.waits_until(lambda: "others go on" in worker.told(), 10)
        drop(worker.inbox, GOOD)
        worker.waits_until(lambda: is_read(worker, [*slow, *GOOD]), 30)
        worker.waits_until(worker.is_idle)
        assert "starting anew" not in worker.told()
        assert worker.stop() < 5

    assert audit(tmp_path / "inbox", tmp_path / "outbox", [*slow, *GOOD]) == []
    assert all(row["status"] != "unreadable" for row in worker.rows())


def test_a_worker_that_is_killed_while_pictures_take_long_loses_and_doubles_none(
    tmp_path: Path,
) -> None:
    slow = poisoned("slow", 3)
    drop(tmp_path / "inbox", [*slow, *GOOD])
    for _ in range(2):
        with a_worker(tmp_path, "--settle=0", "--workers=2") as worker:
            worker.waits_until(partial(is_read, worker, GOOD), 20)
            worker.kill()

    with a_worker(tmp_path, "--settle=0", "--workers=2") as worker:
        worker.waits_until(worker.is_idle)
        worker.stop()

    assert audit(tmp_path / "inbox", tmp_path / "outbox", [*slow, *GOOD]) == []


def test_a_start_with_a_picture_in_hand_that_hangs_reads_the_others_at_once(
    tmp_path: Path,
) -> None:
    drop(tmp_path / "inbox", poisoned("hangs"))
    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(lambda: bool(files_below(worker.inbox / ".claimed")))
        worker.kill()

    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(lambda: worker.told().count(" watching ") == 2)
        drop(worker.inbox, GOOD)
        worker.waits_until(lambda: is_read(worker, GOOD), SOON)
        assert worker.stop() < 5


def test_a_picture_that_hangs_a_process_of_the_pool_leaves_the_run_going(tmp_path: Path) -> None:
    many = [(f"{number:04}.png", a_picture(number % 10)) for number in range(600)]
    drop(tmp_path / "pictures", [*many, ("0300 slow.png", a_picture() + b"slow")])
    report = tmp_path / "report.csv"
    command = [*DIGITDROP, "batch", str(tmp_path / "pictures"), "-q"]

    done = subprocess.run(
        [*command, f"--report={report}", "--workers=2"], cwd=ROOT, check=False, timeout=60
    )

    assert done.returncode == 0
    found = [row["file"] for row in rows(report)]
    assert len(found) == 601
    assert found.index("0300 slow.png") > found.index("0400.png")
    assert audit_report(report, [*many, ("0300 slow.png", a_picture() + b"slow")]) == []


def test_of_a_picture_that_kills_the_rest_of_a_busy_worker_is_unharmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is met by a start that finds it in hand, so by a process of its own."""
    monkeypatch.setenv("POISON_SECONDS", "5")
    poison = poisoned("kills")
    drop(tmp_path / "inbox", poison)
    with a_worker(tmp_path, "--settle=0") as worker:
        assert worker.process.wait(30) == -6

    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(lambda: is_read(worker, poison), 30)
        pid = worker.process.pid
        drop(worker.inbox, GOOD)
        worker.waits_until(lambda: is_read(worker, GOOD), SOON)
        os.kill(pid, 0)
        assert worker.stop() < 5

    reasons = {row["file"]: row["reason"] for row in worker.rows()}
    assert reasons[poison[0][0]] == "crashed the reader twice"


def test_many_that_hang_wait_for_one_another_and_nobody_for_them(tmp_path: Path) -> None:
    with a_worker(tmp_path, "--settle=0", "--workers=2") as worker:
        worker.waits_until(worker.is_up)
        for two in range(4):
            drop(worker.inbox, poisoned("hangs", 2 * two + 2)[-2:])
            worker.waits_until(partial(have_left, worker, 2 * two + 2), 15)
            drop(worker.inbox, GOOD[two : two + 1])
            worker.waits_until(partial(is_read, worker, GOOD[two : two + 1]), SOON)
        assert worker.stop() < 5
    assert len(worker.rows()) == 4
