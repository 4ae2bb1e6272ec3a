"""What is swapped for a pipe, a link or a socket is never followed, waited for or read."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from digitdrop.intake.claim_names import batch_name
from digitdrop.intake.claims import Claims
from digitdrop.intake.owner import owner_of
from disks import OTHER_DISK, elsewhere
from ledger import a_picture, a_socket, a_worker, audit, drop, files_below, rows

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pipes, and what has a name")

GOOD = [(f"good {number}.png", a_picture(number)) for number in range(5)]
OUTSIDE = "outside"


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link(path: Path) -> None:
    inbox = next(folder for folder in path.parents if folder.name == "inbox")
    path.symlink_to(inbox.parent / OUTSIDE)


def a_broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


def a_loop(path: Path) -> None:
    path.symlink_to(path.name)


KINDS: list[Callable[[Path], None]] = [a_pipe, a_socket, a_link, a_broken_link, a_loop]


def within(seconds: float, act: Callable[[], object]) -> None:
    """Do something that must not hang.

    Raises:
        AssertionError: it takes longer.
    """
    doing = threading.Thread(target=act, daemon=True)
    doing.start()
    doing.join(seconds)
    assert not doing.is_alive(), "it hangs"


@pytest.mark.parametrize("swap", KINDS)
def test_a_folder_emptied_by_a_claim_may_become_anything_before_it_is_synced(
    swap: Callable[[Path], None], tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    drop(inbox, [("scans/7.png", b"7"), ("8.png", b"8"), ("9.png", b"9")])
    drop(tmp_path / OUTSIDE, [("secret.png", b"secret")])
    claims = Claims(inbox, tmp_path / "outbox")
    claims.prepare()

    def names() -> Iterator[str]:
        yield "scans/7.png"
        yield "8.png"
        (inbox / "scans").rmdir()
        swap(inbox / "scans")
        yield "9.png"

    taken: list[str] = []
    within(5, lambda: taken.extend(one.name for one in claims.acquire(names())))

    assert taken == ["scans/7.png", "8.png", "9.png"]
    assert files_below(tmp_path / OUTSIDE) == [tmp_path / OUTSIDE / "secret.png"]


@pytest.mark.parametrize("swap", KINDS)
def test_a_file_that_became_something_else_before_its_claim_goes_back_as_it_is(
    swap: Callable[[Path], None], tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    claims = Claims(inbox, tmp_path / "outbox")
    claims.prepare()
    swap(inbox / "7.png")
    before = (inbox / "7.png").lstat()

    (taken,) = claims.acquire(["7.png"])
    assert list(claims.left_behind()) == []
    assert claims.irregular() == [taken]
    assert claims.requeue(taken)

    after = (inbox / "7.png").lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


@pytest.mark.parametrize("swap", KINDS)
def test_what_is_given_back_is_never_put_through_what_its_folder_became(
    swap: Callable[[Path], None], tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    drop(inbox, [("scans/below/7.png", b"7")])
    (tmp_path / OUTSIDE).mkdir()
    claims = Claims(inbox, tmp_path / "outbox")
    claims.prepare()
    (taken,) = claims.acquire(["scans/below/7.png"])
    (inbox / "scans" / "below").rmdir()
    (inbox / "scans").rmdir()
    swap(inbox / "scans")

    assert not claims.requeue(taken)

    assert taken.path.read_bytes() == b"7"
    assert list((tmp_path / OUTSIDE).iterdir()) == []


def test_a_batch_that_is_a_link_is_nobodys(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    drop(inbox, [("7.png", b"7")])
    drop(tmp_path / OUTSIDE, [("secret.png", b"secret")])
    claims = Claims(inbox, tmp_path / "outbox")
    claims.prepare()
    batch = batch_name(owner_of(tmp_path / "outbox").id, time.time())
    (inbox / ".claimed" / batch).symlink_to(tmp_path / OUTSIDE)

    assert list(claims.left_behind()) == []
    assert (tmp_path / OUTSIDE / "secret.png").exists()


@elsewhere
@pytest.mark.slow
def test_odd_things_in_hand_beside_their_twins_hold_up_nothing_on_another_disk_either(
    tmp_path: Path,
) -> None:
    with TemporaryDirectory(prefix="digitdrop-", dir=OTHER_DISK) as far:
        outbox = Path(far) / "outbox"
        held = tmp_path / "inbox" / ".claimed" / batch_name(owner_of(outbox).id, time.time())
        held.mkdir(parents=True)
        drop(tmp_path / OUTSIDE, [("secret.png", b"secret")])
        twins = [(f"{kind.__name__}.png", a_picture(3)) for kind in KINDS]
        for kind, (name, _) in zip(KINDS, twins, strict=True):
            kind(held / name)
        drop(tmp_path / "inbox", [*twins, *GOOD])

        with a_worker(tmp_path, "--settle=0", "--poll", outbox=outbox) as worker:
            worker.waits_until(lambda: len(worker.rows()) == len(GOOD + twins), 20)
            worker.waits_until(lambda: not files_below(held), 20)
            assert worker.stop() < 5

        assert sorted(row["file"] for row in rows(outbox / "predictions.csv")) == sorted(
            name for name, _ in GOOD + twins
        )
        left = {path.name for path in (tmp_path / "inbox").iterdir()} - {".claimed"}
        assert left == {name for name, _ in twins}, "they are back under their names"
        assert files_below(tmp_path / OUTSIDE) == [tmp_path / OUTSIDE / "secret.png"]


@pytest.mark.slow
def test_a_worker_whose_folders_are_swapped_all_the_time_reads_on_and_hears_a_stop(
    tmp_path: Path,
) -> None:
    inbox, over = tmp_path / "inbox", threading.Event()
    drop(tmp_path / OUTSIDE, [("secret.png", b"secret")])
    drops: list[tuple[str, bytes]] = []

    def swap_all_the_time() -> None:
        number = 0
        while not over.wait(0.003):
            number += 1
            folder = inbox / f"scans {number % 3}"
            drops.append((f"{folder.name}/{number}.png", a_picture(number % 10)))
            drop(inbox, drops[-1:])
            until = time.monotonic() + 10
            while (folder / f"{number}.png").exists() and time.monotonic() < until:
                time.sleep(0.0005)
            folder.rmdir()
            KINDS[number % len(KINDS)](folder)
            time.sleep(0.002)
            folder.unlink()

    swapping = threading.Thread(target=swap_all_the_time)
    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(worker.is_up)
        swapping.start()
        time.sleep(3)
        over.set()
        swapping.join()
        worker.waits_until(lambda: len(worker.rows()) == len(drops) and worker.is_idle(), 20)
        assert worker.stop() < 5

    assert len(drops) > 10
    assert audit(inbox, tmp_path / "outbox", drops) == []
