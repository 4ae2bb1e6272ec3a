"""Pictures below hundreds of nested folders hold up no others, and are lost to no kill."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitdrop.intake.claims import Claims
from digitdrop.intake.listing import listing
from ledger import Worker, a_picture, a_worker, on_shelves

DEPTH = 1_700
SOON = 5.0
"""Seconds; with a folder synced at each step it takes ten times as long."""


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Path]:
    """Give an inbox that is cleared by what does not recurse as Python does."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    yield inbox
    subprocess.run(["rm", "-rf", inbox, tmp_path / "outbox"], check=True)


def a_deep_picture(inbox: Path, name: str, digit: int) -> str:
    """Nest folders, with a picture in the last; give its name."""
    folder = os.open(inbox, os.O_RDONLY)
    for part in (name, *"d" * DEPTH):
        os.mkdir(part, dir_fd=folder)
        below = os.open(part, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    file = os.open("deep.png", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=folder)
    os.write(file, a_picture(digit))
    os.close(file)
    os.close(folder)
    return f"{name}/" + "d/" * DEPTH + "deep.png"


def names(worker: Worker) -> list[str]:
    """Give the names of all rows."""
    return [row["file"] for row in worker.rows()]


@pytest.mark.slow
@pytest.mark.alone
def test_pictures_however_deep_are_read_and_hold_up_no_others(inbox: Path) -> None:
    with a_worker(inbox.parent, "--settle=0.2", "--no-page") as worker:
        deep = [a_deep_picture(inbox, str(number), number) for number in range(4)]
        began = time.monotonic()
        (inbox / "7.png").write_bytes(a_picture(7))

        worker.waits_until(lambda: "7.png" in names(worker))
        took = time.monotonic() - began
        worker.waits_until(lambda: len(on_shelves(worker.outbox)) == 5, seconds=30)

    assert took < SOON
    assert sorted(names(worker)) == sorted([*deep, "7.png"])


def test_a_deep_picture_that_a_kill_left_in_hand_is_found_under_its_name(
    inbox: Path, tmp_path: Path
) -> None:
    (tmp_path / "outbox").mkdir()
    deep = a_deep_picture(inbox, "top", 7)
    claims = Claims(inbox, tmp_path / "outbox")
    claims.prepare()
    (taken,) = claims.acquire([deep])

    (left,) = Claims(inbox, tmp_path / "outbox").left_behind()

    assert (left.id, left.name) == (taken.id, deep)
    assert claims.requeue(left)
    assert [found.name for found in listing(inbox)] == [deep]


def test_taking_deep_pictures_costs_no_more_than_their_steps(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "outbox").mkdir()
    deep = [a_deep_picture(inbox, str(number), number) for number in range(3)]
    claims = Claims(inbox, tmp_path / "outbox")
    claims.prepare()
    began = time.process_time()

    found = sorted(one.name for one in listing(inbox))
    drops = claims.acquire(found)
    for drop in drops:
        claims.requeue(drop)
    claims.release(drops)

    assert time.process_time() - began < 1.5  # with a way from the root at each step 4 s
    assert found == sorted(deep)
