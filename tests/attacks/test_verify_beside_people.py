"""`audit_outbox` is right at any time, beside a worker and people who move, rename and correct."""

import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from digitdrop.audit.verify import audit_outbox
from ledger import DIGITDROP, ROOT, Worker, a_picture, a_worker, drop

DROPS = [
    (f"picture {number}.png", a_picture(number % 10) + b"%d" % number) for number in range(40)
]


def asked(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [*DIGITDROP, "verify"]
    command += [f"--inbox={folder / 'inbox'}", f"--outbox={folder / 'outbox'}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@contextmanager
def people(act: Callable[[], None]) -> Iterator[None]:
    """Have somebody act again and again meanwhile."""
    end = threading.Event()

    def go_on() -> None:
        while not end.is_set():
            act()
            time.sleep(0.002)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def pictures(outbox: Path) -> list[Path]:
    return [
        Path(folder, name)
        for shelf in ("done", "review", "failed")
        for folder, _, names in os.walk(outbox / shelf)
        for name in names
        if ".claimed" not in folder
    ]


def moves_something(outbox: Path, chance: random.Random) -> Callable[[], None]:
    """Move, rename and correct pictures, as a person with a file manager does, but quicker."""

    def act() -> None:
        # What was put right is left there, for the worker to note it.
        found = [path for path in pictures(outbox) if path.parent.name != "6"]
        if not found:
            return
        path = chance.choice(found)
        folders = [path.parent, path.parent, outbox / "review/mine", outbox / "review/6"]
        folder = chance.choice(folders)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{chance.randrange(10**6)} {path.name[-20:]}"
        with suppress(FileNotFoundError):  # the worker was quicker
            path.rename(target)

    return act


def was_corrected(worker: Worker) -> bool:
    return any(row["status"] == "corrected" for row in worker.rows())


@pytest.mark.slow
def test_it_is_right_thirty_times_while_people_move_and_correct_and_the_worker_reads(
    tmp_path: Path,
) -> None:
    drop(tmp_path / "inbox", DROPS[:20])
    with a_worker(tmp_path, "--settle=0.05", "--max-wait=1") as worker:
        worker.waits_until(lambda: len(worker.rows()) >= 20)

        with people(moves_something(worker.outbox, random.Random(5))):
            wrong, times, until = [], 0, time.monotonic() + 60
            while times < 30 or not was_corrected(worker):
                drop(tmp_path / "inbox", DROPS[20 + times : 21 + times])
                account = audit_outbox(
                    worker.inbox, worker.outbox, worker.outbox / "predictions.csv"
                )
                if not account.is_complete:
                    wrong.append(str(account))
                times += 1
                assert time.monotonic() < until, "the worker notes no correction"
            by_command = asked(tmp_path)

        assert not wrong, wrong
        assert by_command.returncode == 0, by_command.stdout + by_command.stderr


def test_a_picture_that_leaves_while_it_is_looked_at_ends_nothing(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", [])
    drop(tmp_path / "outbox/review/notes", [(f"{n}.txt", b"%d" % n) for n in range(200)])

    flickers = [tmp_path / f"outbox/review/notes/flicker {n}.txt" for n in range(50)]

    def flicker() -> None:
        for path in flickers:
            path.write_bytes(b"here")
        for path in flickers:
            path.unlink()

    with people(flicker):
        account = audit_outbox(
            tmp_path / "inbox", tmp_path / "outbox", tmp_path / "outbox/predictions.csv"
        )

    assert len([one for one in account.unknown if "flicker" not in one]) == 200


@pytest.mark.parametrize("change", ["lost", "stray", "copied"])
def test_what_is_really_wrong_is_told_though_others_move_all_the_time(
    change: str, served: Path
) -> None:
    outbox = served / "outbox"
    one, *others = [path for path in pictures(outbox) if path.parent.parent.name == "done"]
    if change == "lost":
        one.unlink()
    elif change == "stray":
        drop(outbox / "failed/2026-05-01", [("stray.png", b"whose am I?")])
    else:
        shutil.copy(one, one.with_name("copy.png"))
    chance = random.Random(7)
    names = {path: path for path in others}

    def rename() -> None:
        path = chance.choice(others)
        names[path] = names[path].rename(path.with_name(f"{chance.randrange(10**6)}.png"))

    with people(rename):
        account = audit_outbox(served / "inbox", outbox, outbox / "predictions.csv")

    found = {
        "lost": account.missing,
        "stray": account.unknown,
        "copied": account.doubled,
    }
    assert {kind: len(lines) for kind, lines in found.items()} == {
        kind: int(kind == change) for kind in found
    }, str(account)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("read")
    drop(folder / "inbox", DROPS[:6])
    with a_worker(folder, "--settle=0.05") as worker:
        worker.waits_until(lambda: len(worker.rows()) == 6 and worker.is_idle())
        worker.stop()
    return folder


@pytest.fixture
def served(read: Path, tmp_path: Path) -> Path:
    shutil.copytree(read, tmp_path / "w")
    return tmp_path / "w"
