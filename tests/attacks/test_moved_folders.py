"""Inbox and outbox are moved, copied or mounted elsewhere, also after a kill with full hands."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from digitdrop.intake.claim_names import batch_name, digest
from digitdrop.intake.claims import Claims
from digitdrop.intake.owner import OWNER, owner_of
from ledger import a_picture, a_worker, audit, drop, files_below, rows

GOOD = [(f"good {number}.png", a_picture(number)) for number in range(5)]
STUCK = ("hangs.png", a_picture(8) + b"hangs")


def killed_with_full_hands(folder: Path, poison: pytest.MonkeyPatch) -> None:
    """Have a worker claim, and kill it while a picture keeps it busy."""
    drop(folder / "inbox", [*GOOD, STUCK])
    with poison.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "poison"))
        patch.setenv("POISON_SECONDS", "60")
        with a_worker(folder, "--settle=0") as worker:
            worker.waits_until(lambda: bool(files_below(folder / "inbox" / ".claimed")))
            time.sleep(0.2)
            worker.kill()
    assert files_below(folder / "inbox" / ".claimed")


def is_all_read(folder: Path) -> None:
    with a_worker(folder, "--settle=0") as worker:
        worker.waits_until(worker.is_idle)
        worker.stop()
    assert audit(folder / "inbox", folder / "outbox", [*GOOD, STUCK]) == []


@pytest.mark.slow
def test_what_was_in_hand_is_read_though_both_folders_have_another_name_by_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_with_full_hands(tmp_path / "before", monkeypatch)

    (tmp_path / "before").rename(tmp_path / "after")

    is_all_read(tmp_path / "after")


@pytest.mark.slow
def test_what_was_in_hand_is_read_though_both_folders_were_restored_from_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_with_full_hands(tmp_path / "before", monkeypatch)
    _is_older(tmp_path / "before" / "outbox")

    shutil.copytree(tmp_path / "before", tmp_path / "after")
    shutil.rmtree(tmp_path / "before")

    is_all_read(tmp_path / "after")


def _is_older(outbox: Path) -> str:
    """Have an outbox be a hundred seconds old; give its id."""
    path = outbox / OWNER
    name, number, since = path.read_text().split()
    path.write_text(f"{name} {number} {int(since) - 100}\n")
    return name


def a_hand(folder: Path, outbox: Path) -> Claims:
    claims = Claims(folder / "inbox", outbox)
    claims.prepare()
    return claims


def test_a_copied_outbox_leaves_alone_what_the_first_one_claims_from_then_on(
    tmp_path: Path,
) -> None:
    drop(tmp_path / "inbox", GOOD)
    owner_of(tmp_path / "outbox")
    name = _is_older(tmp_path / "outbox")
    first = a_hand(tmp_path, tmp_path / "outbox")
    earlier = first.acquire([GOOD[0][0]])
    shutil.copytree(tmp_path / "outbox", tmp_path / "copy")
    time.sleep(1.1)  # the name of a batch tells whole seconds

    later = first.acquire([GOOD[1][0]])
    second = a_hand(tmp_path, tmp_path / "copy")

    assert owner_of(tmp_path / "outbox").id == name
    assert owner_of(tmp_path / "copy").id != name
    assert list(second.left_behind()) == earlier, "as after a restored backup"
    assert list(first.left_behind()) == [*earlier, *later]


def test_rights_and_names_that_change_leave_an_outbox_who_it_is(tmp_path: Path) -> None:
    before = owner_of(tmp_path / "outbox")
    _is_older(tmp_path / "outbox")

    (tmp_path / "outbox" / OWNER).chmod(0o600)
    (tmp_path / "outbox").rename(tmp_path / "moved")

    assert owner_of(tmp_path / "moved").id == before.id


def test_what_an_earlier_version_left_in_hand_is_still_known_by_the_outboxs_path(
    tmp_path: Path,
) -> None:
    (tmp_path / "outbox").mkdir()
    owner = digest(os.fsencode((tmp_path / "outbox").resolve()))[:8]
    drop(tmp_path / "inbox" / ".claimed" / batch_name(owner, time.time()), GOOD[:1])

    assert [one.name for one in a_hand(tmp_path, tmp_path / "outbox").left_behind()] == [
        GOOD[0][0]
    ]


DAMAGED: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(b"abcdefghijkl"),
    "zeros": lambda path: path.write_bytes(bytes(37)),
    "no UTF-8": lambda path: path.write_bytes(b"\xff" * 37),
    "huge": lambda path: path.write_bytes(b"a" * 10_000_000),
    "a pipe": os.mkfifo,
    "a link": lambda path: path.symlink_to("precious"),
    "a broken link": lambda path: path.symlink_to("nowhere"),
    "a loop": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_note_of_the_owner_is_written_anew_with_a_warning(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = tmp_path / "outbox"
    outbox.mkdir()
    (outbox / "precious").write_bytes(b"precious")
    DAMAGED[kind](outbox / OWNER)

    owner = owner_of(outbox)

    assert owner_of(outbox) == owner
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert (outbox / "precious").read_bytes() == b"precious"
    assert not (outbox / "nowhere").exists()


@pytest.mark.slow
def test_a_folder_in_the_place_of_that_note_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "outbox" / OWNER / "precious").mkdir(parents=True)

    with a_worker(tmp_path) as worker:
        assert worker.process.wait(30) == 2
    (line,) = worker.told().splitlines()
    assert OWNER in line
    assert (tmp_path / "outbox" / OWNER / "precious").exists()


@pytest.mark.slow
def test_two_outboxes_made_of_one_read_each_drop_once(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", GOOD[:1])
    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(lambda: worker.is_idle() and bool(worker.rows()))
    _is_older(tmp_path / "outbox")
    shutil.copytree(tmp_path / "outbox", tmp_path / "copy")

    many = [(f"{number}.png", a_picture(number % 10)) for number in range(100)]
    with (
        a_worker(tmp_path, "--settle=0") as one,
        a_worker(tmp_path, "--settle=0", outbox=tmp_path / "copy", log=tmp_path / "log 2") as two,
    ):
        drop(tmp_path / "inbox", many)
        two.waits_until(two.is_idle)
        one.kill()
        with a_worker(tmp_path, "--settle=0") as again:
            again.waits_until(again.is_idle)

    found = [
        row["file"]
        for outbox in ("outbox", "copy")
        for row in rows(tmp_path / outbox / "predictions.csv")
        if row["file"] != GOOD[0][0]
    ]
    assert sorted(found) == sorted(name for name, _ in many)
