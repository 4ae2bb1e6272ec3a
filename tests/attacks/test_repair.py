"""`digitdrop repair`: what `verify` finds apart is brought together, and nothing is deleted."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from disks import OTHER_DISK, elsewhere
from ledger import (
    ROOT,
    a_picture,
    a_worker,
    drop,
    files_below,
    rows,
    serve_once,
    sha256,
)
from shells import asked

DROPS = [
    ("seven.png", a_picture(7)),
    ("scans/three.png", a_picture(3)),
    ("one.png", a_picture(1)),
    ("note.txt", b"this is no picture"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    drop(folder / "inbox", DROPS)
    serve_once(folder)
    return folder


def repair(folder: Path, *more: str) -> tuple[int, str]:
    done = asked("repair", folder, *more)
    return done.returncode, done.stdout + done.stderr


def contents(folder: Path) -> Counter[str]:
    """Count every picture by its content, wherever it lies."""
    return Counter(
        sha256(path.read_bytes())
        for path in files_below(folder)
        if not path.name.startswith((".", "predictions")) and path.name != "log"
    )


def forget_row(folder: Path, name: str) -> None:
    report = folder / "outbox" / "predictions.csv"
    lines = report.read_bytes().splitlines(keepends=True)
    report.write_bytes(b"".join(line for line in lines if name.encode() not in line))


def shelved(folder: Path, name: str) -> Path:
    (path,) = (folder / "outbox").glob(f"*/2*/**/{name}")
    return path


def a_batch(folder: Path, owner: str, *, age: float = 3600) -> Path:
    return folder / "inbox/.claimed" / f"{owner}-{int(time.time() - age):08x}-{'0' * 16}"


def test_where_all_is_accounted_for_there_is_nothing_to_do(folder: Path) -> None:
    before = contents(folder)

    code, told = repair(folder)

    assert (code, told.splitlines()) == (0, ["nothing to do", "every picture is accounted for"])
    assert contents(folder) == before


def test_pictures_without_a_row_are_given_back_under_their_names_and_read_again(
    folder: Path,
) -> None:
    before = contents(folder)
    forget_row(folder, "scans/three.png")
    forget_row(folder, "note.txt")

    code, told = repair(folder)

    assert code == 0, told
    assert "given back to the inbox: done/" in told or "given back to the inbox: review/" in told
    assert (folder / "inbox/scans/three.png").read_bytes() == a_picture(3)
    assert (folder / "inbox/note.txt").is_file()
    assert contents(folder) == before
    serve_once(folder)
    assert asked("verify", folder).returncode == 0
    assert len(rows(folder / "outbox/predictions.csv")) == len(DROPS)


def test_a_dry_run_says_the_same_and_changes_nothing(folder: Path) -> None:
    forget_row(folder, "seven.png")
    before = {path: path.stat().st_ino for path in files_below(folder)}

    code, would = repair(folder, "--dry-run")

    after = {path: path.stat().st_ino for path in files_below(folder)}
    after.pop(folder / "outbox/.predictions.csv.lock", None)
    before.pop(folder / "outbox/.predictions.csv.lock", None)
    assert (code, after) == (0, before)
    assert "nothing was changed" in would
    _, did = repair(folder)
    assert would.splitlines()[0].replace("would give", "given") == did.splitlines()[0]


def test_no_other_file_in_the_inbox_is_written_over(folder: Path) -> None:
    drop(folder / "inbox", [("seven.png", b"another one")])
    forget_row(folder, "seven.png")

    code, told = repair(folder)

    assert code == 0, told
    assert (folder / "inbox/seven.png").read_bytes() == b"another one"
    (back,) = (folder / "inbox").glob("seven~d*.png")
    assert back.read_bytes() == a_picture(7)


def test_a_picture_goes_back_by_its_name_as_dropped_also_if_it_got_its_id_on_the_shelf(
    folder: Path,
) -> None:
    path = shelved(folder, "seven.png")
    path.rename(path.with_name("seven~daaaaaaaaaaaaaaaa.png"))
    forget_row(folder, "seven.png")

    repair(folder)

    assert (folder / "inbox/seven.png").read_bytes() == a_picture(7)


def test_a_folder_of_the_inbox_that_is_a_link_is_not_followed(folder: Path) -> None:
    (folder / "outside").mkdir()
    (folder / "inbox/scans").rmdir()
    (folder / "inbox/scans").symlink_to(folder / "outside")
    forget_row(folder, "scans/three.png")

    code, told = repair(folder)

    assert code == 0, told
    assert not list((folder / "outside").iterdir())
    (back,) = (folder / "inbox").glob("three~d*.png")
    assert back.read_bytes() == a_picture(3)


def test_a_copy_of_a_picture_that_has_its_row_is_left_and_told(folder: Path) -> None:
    path = shelved(folder, "seven.png")
    shutil.copy(path, path.with_name("copy.png"))

    code, told = repair(folder)

    assert code == 1
    assert "left for a person: " in told
    assert "copy.png: lies there once more than in the report" in told
    assert not files_below(folder / "inbox")


def test_a_row_whose_picture_is_nowhere_is_told_and_kept(folder: Path) -> None:
    shelved(folder, "seven.png").unlink()

    code, told = repair(folder)

    assert code == 1
    assert "its picture is nowhere: if you have a copy of it, put it there" in told
    assert len(rows(folder / "outbox/predictions.csv")) == len(DROPS)


def test_what_is_in_another_outboxes_hand_is_given_back_only_if_asked_for(folder: Path) -> None:
    held = a_batch(folder, "fedcba98") / "scans/lost.png"
    drop(held.parent, [("lost.png", a_picture(4))])

    verified = asked("verify", folder)
    code, told = repair(folder)
    then, given = repair(folder, "--foreign-claims")

    assert verified.returncode == 1
    assert "1 file is in the hand of the worker of another outbox since" in verified.stdout
    assert code == 1
    assert "scans/lost.png: in the hand of the worker of another outbox" in told
    assert "--foreign-claims gives it back" in told
    assert (then, given.splitlines()[-1]) == (0, "every picture is accounted for")
    assert (folder / "inbox/scans/lost.png").read_bytes() == a_picture(4)
    assert not list((folder / "inbox/.claimed").iterdir())


def test_what_another_worker_claimed_just_now_is_no_fault(folder: Path) -> None:
    drop(a_batch(folder, "fedcba98", age=1), [("busy.png", a_picture(4))])

    assert repair(folder) == (0, "nothing to do\nevery picture is accounted for\n")


def test_what_is_in_hand_with_its_row_is_filed_away_whoever_claimed_it(folder: Path) -> None:
    from digitdrop.intake.claim_names import row_id

    batch = a_batch(folder, "fedcba98")
    report = folder / "outbox/predictions.csv"
    path = shelved(folder, "seven.png")
    batch.mkdir(parents=True)
    path.rename(batch / "seven.png")
    old = next(row["id"] for row in rows(report) if row["file"] == "seven.png")
    new = row_id(batch.name, "seven.png")
    report.write_bytes(report.read_bytes().replace(old.encode(), new.encode()))

    code, told = repair(folder)

    assert code == 0, told
    assert f"it was in hand, and has its row {new}" in told
    assert shelved(folder, "seven.png").read_bytes() == a_picture(7)


def test_what_this_outboxes_worker_has_in_hand_is_left_to_its_next_start(folder: Path) -> None:
    from digitdrop.intake.owner import read_owner

    drop(a_batch(folder, read_owner(folder / "outbox").id), [("mine.png", a_picture(4))])

    code, told = repair(folder)

    assert code == 0
    assert "1 in hand: the next start of `digitdrop watch` reads it" in told


def test_pipes_and_links_in_hand_are_told_and_neither_opened_nor_moved(folder: Path) -> None:
    batch = a_batch(folder, "fedcba98")
    batch.mkdir(parents=True)
    os.mkfifo(batch / "pipe.png")
    (batch / "link.png").symlink_to("/etc/passwd")

    code, told = repair(folder, "--foreign-claims")

    assert code == 1
    assert "pipe.png: in hand, and no picture: a link or pipe" in told
    assert "link.png: in hand, and no picture: a link or pipe" in told
    assert {path.name for path in batch.iterdir()} == {"pipe.png", "link.png"}


def test_while_a_worker_runs_it_refuses_in_one_line(folder: Path) -> None:
    forget_row(folder, "seven.png")
    with a_worker(folder) as worker:
        worker.waits_until(worker.is_up)

        done = asked("repair", folder)

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "is being written by process" in line
    assert shelved(folder, "seven.png").is_file()


def test_its_acts_are_given_as_json(folder: Path) -> None:
    forget_row(folder, "seven.png")

    found = json.loads(repair(folder, "--json")[1])

    assert found["accounted_for"]
    (act,) = found["acts"]
    assert (act["act"], act["to"]) == ("give_back", "seven.png")


@pytest.mark.parametrize("away", ["inbox", "outbox"])
def test_a_folder_that_is_away_is_told_and_not_made(away: str, folder: Path) -> None:
    (folder / away).rename(folder / "elsewhere")

    code, told = repair(folder)

    assert code == 2
    assert f"there is no {away}" in told
    assert not (folder / away).exists()


@elsewhere
def test_a_picture_on_another_disk_is_copied_whole_and_then_moved(folder: Path) -> None:
    far = OTHER_DISK / f"repair-{os.getpid()}"
    shutil.copytree(folder / "outbox", far)
    shutil.rmtree(folder / "outbox")
    (folder / "outbox").symlink_to(far)
    try:
        forget_row(folder, "seven.png")

        code, told = repair(folder)

        assert code == 0, told
        (back,) = (folder / "inbox").glob("seven~d*.png")
        assert back.read_bytes() == a_picture(7)
        assert not list(far.glob("*/2*/seven.png"))
    finally:
        shutil.rmtree(far)


_KILLED = """
import os, signal, sys
count, command = int(sys.argv[1]), sys.argv[2:]
def counted(name):
    real = getattr(os, name)
    def call(*arguments, **options):
        global count
        if count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        count -= 1
        return real(*arguments, **options)
    setattr(os, name, call)
for name in ("link", "unlink", "rename", "fsync", "mkdir", "rmdir", "replace"):
    counted(name)
sys.argv = ["digitdrop", *command]
from digitdrop.cli.app import app
app()
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 17, 3))
def test_killed_before_any_operation_a_second_run_completes_it(number: int, folder: Path) -> None:
    forget_row(folder, "scans/three.png")
    forget_row(folder, "seven.png")
    drop(a_batch(folder, "fedcba98"), [("lost.png", a_picture(4))])
    before = set(contents(folder))
    command = [sys.executable, "-c", _KILLED, str(number), "repair", "--foreign-claims"]
    command += [f"--inbox={folder / 'inbox'}", f"--outbox={folder / 'outbox'}"]

    killed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=60)
    code, told = repair(folder, "--foreign-claims")

    assert killed.returncode in {-signal.SIGKILL, 0}
    assert code == 0, told
    assert set(contents(folder)) == before
    assert Counter(contents(folder).values()) == {1: len(before)}
    names = {
        path.relative_to(folder / "inbox").as_posix() for path in files_below(folder / "inbox")
    }
    assert names == {"seven.png", "scans/three.png", "lost.png"}
