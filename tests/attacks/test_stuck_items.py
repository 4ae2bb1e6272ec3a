"""One file that cannot be taken, put back or filed away costs the others nothing."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from digitdrop.intake.claim_names import batch_name
from digitdrop.intake.owner import owner_of
from ledger import Worker, a_picture, a_worker, audit, drop, files_below
from rights import unprivileged

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="rights as on Unix"),
]

GOOD = [(f"good {number}.png", a_picture(number)) for number in range(5)]
STUCK = ("scanner/seven.png", a_picture(7))


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)


def deferred(worker: Worker) -> list[tuple[str, str]]:
    """Give what the worker tells of what waits: name, and what it cannot."""
    try:
        told = json.loads((worker.outbox / ".status.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return []
    return [(one["name"], one["cannot"]) for one in told["deferred"]]


def is_read(worker: Worker, *names: str) -> bool:
    return {row["file"] for row in worker.rows()} >= set(names)


def left_in_hand(folder: Path, name: str, content: bytes) -> None:
    """Lay out what a worker left that was killed with a file in hand."""
    batch = batch_name(owner_of(folder / "outbox").id, time.time())
    drop(folder / "inbox" / ".claimed" / batch, [(name, content)])


def test_a_file_in_somebody_elses_folder_is_told_as_long_as_it_lasts_and_others_are_read(
    tmp_path: Path,
) -> None:
    drop(tmp_path / "inbox", [STUCK])
    with (
        unwritable(tmp_path / "inbox" / "scanner"),
        a_worker(tmp_path, "--settle=0", "--poll", within=unprivileged()) as worker,
    ):
        worker.waits_until(lambda: deferred(worker) == [(STUCK[0], "be taken")])
        drop(worker.inbox, GOOD)
        worker.waits_until(lambda: is_read(worker, *(name for name, _ in GOOD)), 10)
        time.sleep(2)  # another listing
        assert deferred(worker) == [(STUCK[0], "be taken")], worker.told()
        assert worker.told().count("cannot be taken") == 1

        (worker.inbox / "scanner").chmod(0o755)

        worker.waits_until(lambda: is_read(worker, STUCK[0]), 30)
        worker.waits_until(lambda: not deferred(worker))
        assert worker.stop() < 5

    assert audit(tmp_path / "inbox", tmp_path / "outbox", [*GOOD, STUCK]) == []


def test_thousands_that_cannot_be_taken_slow_nobody_down(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", [(f"scanner/{number}.png", a_picture(7)) for number in range(1000)])
    with (
        unwritable(tmp_path / "inbox" / "scanner"),
        a_worker(tmp_path, "--settle=0", "--poll", within=unprivileged()) as worker,
    ):
        worker.waits_until(lambda: len(deferred(worker)) == 100)
        for name, content in GOOD:
            drop(worker.inbox, [(name, content)])
            worker.waits_until(partial(is_read, worker, name), 5)
        assert worker.stop() < 5


def test_a_file_that_cannot_be_put_back_waits_in_hand_and_others_are_read(tmp_path: Path) -> None:
    half = (STUCK[0], STUCK[1][:100])
    left_in_hand(tmp_path, *half)
    with unwritable(tmp_path / "inbox" / "scanner"):
        options = ("--settle=0.3", "--max-wait=1", "--poll")
        with a_worker(tmp_path, *options, within=unprivileged()) as worker:
            worker.waits_until(lambda: deferred(worker) == [(STUCK[0], "be put back")])
            drop(worker.inbox, GOOD)
            worker.waits_until(lambda: is_read(worker, *(name for name, _ in GOOD)), 10)
            assert worker.told().count("cannot be put back") == 1
            assert not is_read(worker, STUCK[0])

            (worker.inbox / "scanner").chmod(0o755)

            worker.waits_until(lambda: is_read(worker, STUCK[0]), 30)
            assert worker.stop() < 5

    assert audit(tmp_path / "inbox", tmp_path / "outbox", [*GOOD, half]) == []


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_picture_that_cannot_be_filed_away_has_its_row_and_others_are_filed(
    is_killed: bool, tmp_path: Path
) -> None:
    note = ("note.txt", b"no picture")
    with (
        unwritable(tmp_path / "outbox" / "done"),
        a_worker(tmp_path, "--settle=0", "--poll", within=unprivileged()) as worker,
    ):
        drop(worker.inbox, GOOD)
        worker.waits_until(lambda: len(deferred(worker)) == 5)
        drop(worker.inbox, [note])
        worker.waits_until(lambda: bool(files_below(worker.outbox / "failed")), 10)
        assert is_read(worker, note[0], *(name for name, _ in GOOD))

        if is_killed:
            worker.kill()
        else:
            (worker.outbox / "done").chmod(0o755)
            worker.waits_until(worker.is_idle, 30)
            worker.waits_until(lambda: not deferred(worker))
            worker.stop()
    if is_killed:
        with a_worker(tmp_path, "--settle=0", "--poll", within=unprivileged()) as worker:
            worker.waits_until(worker.is_idle)

    assert audit(tmp_path / "inbox", tmp_path / "outbox", [*GOOD, note]) == []


def test_a_shelf_that_leads_into_the_inbox_by_now_gets_nothing(tmp_path: Path) -> None:
    with a_worker(tmp_path, "--settle=0", "--poll") as worker:
        drop(worker.inbox, GOOD[:1])
        worker.waits_until(lambda: worker.is_idle() and bool(worker.rows()))
        shutil.move(worker.outbox / "done", tmp_path / "kept")
        (worker.outbox / "done").symlink_to(worker.inbox)
        drop(worker.inbox, GOOD[1:2])

        worker.waits_until(lambda: deferred(worker) == [(GOOD[1][0], "be filed")])
        time.sleep(2)

        assert len(worker.rows()) == 2
        (worker.outbox / "done").unlink()
        shutil.move(tmp_path / "kept", worker.outbox / "done")
        worker.waits_until(worker.is_idle, 30)

    assert audit(tmp_path / "inbox", tmp_path / "outbox", GOOD[:2]) == []


def test_so_many_that_cannot_leave_the_hand_are_no_matter_of_single_files(tmp_path: Path) -> None:
    many = [(f"{number}.txt", b"%d" % number) for number in range(1500)]
    drop(tmp_path / "inbox", many)
    with (
        unwritable(tmp_path / "outbox" / "failed"),
        a_worker(tmp_path, "--settle=0", "--poll", within=unprivileged()) as worker,
    ):
        worker.waits_until(lambda: "cannot claim more files" in worker.told())
        time.sleep(1)
        in_hand = len(files_below(worker.inbox / ".claimed"))
        assert 1000 <= in_hand < 1500
        (worker.outbox / "failed").chmod(0o755)
        worker.waits_until(worker.is_idle, 60)
        worker.stop()

    assert audit(tmp_path / "inbox", tmp_path / "outbox", many) == []


def test_what_cannot_be_filed_for_now_keeps_its_times_and_number(tmp_path: Path) -> None:
    with (
        unwritable(tmp_path / "outbox" / "done"),
        a_worker(tmp_path, "--settle=0", "--poll", within=unprivileged()) as worker,
    ):
        drop(worker.inbox, GOOD[:1])
        before = (worker.inbox / GOOD[0][0]).stat().st_ino
        worker.waits_until(lambda: len(deferred(worker)) == 1)
        (worker.outbox / "done").chmod(0o755)
        worker.waits_until(worker.is_idle, 30)

    (filed,) = files_below(tmp_path / "outbox" / "done")
    assert filed.stat().st_ino == before
