"""The real worker on disks that are full, read-only, beyond their quota, or away for a while."""

import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from disks import Disk, a_quota, a_small_disk, mount, mounted, unmount
from ledger import (
    FIRST,
    THEN,
    Correction,
    Worker,
    a_picture,
    a_worker,
    audit,
    drop,
    files_below,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="Linux does these things to disks"),
]

LAST = [("last.png", a_picture(9))]
MANY = [(f"{number}.png", a_picture(number % 10)) for number in range(400)]


def told_by_status(worker: Worker, *words: str) -> bool:
    """Say whether `status` exits with 1 and has one of these words."""
    code, said = worker.status()
    return code == 1 and any(word in said for word in words)


def is_said_once(worker: Worker) -> bool:
    """Say whether the log tells of each trouble only once."""
    lines = [line for line in worker.told().splitlines() if "trying until it succeeds" in line]
    told = Counter(line.partition("cannot ")[2].partition(":")[0] for line in lines)
    return set(told.values()) <= {1}


def is_shown(outbox: Path, name: str) -> bool:
    """Say whether the page has a row of a name."""
    page = outbox / "report.html"
    return page.exists() and name in page.read_text()


# Full.


def test_a_full_disk_is_waited_out_without_a_torn_row(worker: Worker) -> None:
    size = (worker.outbox / "predictions.csv").stat().st_size
    unlimited = resource.RLIM_INFINITY
    assert worker.is_well()
    resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (size + 200, unlimited))
    drop(worker.inbox, THEN)
    worker.waits_until(lambda: "cannot write the report" in worker.told())
    assert (worker.outbox / "predictions.csv").stat().st_size == size
    worker.waits_until(lambda: told_by_status(worker, "the worker cannot write the report"))
    assert is_said_once(worker)
    resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
    worker.waits_until(worker.is_well)

    worker.comes_to_rest(10)

    assert worker.complaints(FIRST + THEN) == []


KINDS = {"full": a_small_disk, "beyond its quota": a_quota}


@pytest.fixture
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with KINDS[request.param](tmp_path / "disk") as disk:
        yield disk


@pytest.mark.parametrize("where", ["outbox", "inbox", "both"])
@pytest.mark.parametrize(
    ("disk", "since"),
    [("full", "the start"), ("full", "later"), ("beyond its quota", "later")],
    indirect=["disk"],
)
def test_a_disk_without_room_costs_nothing_wherever_it_is(
    where: str, since: str, disk: Disk, tmp_path: Path
) -> None:
    base = disk.folder if where in {"inbox", "both"} else tmp_path
    outbox = disk.folder / "outbox" if where in {"outbox", "both"} else tmp_path / "outbox"
    drop(base / "inbox", FIRST)
    if since == "the start":
        disk.fill()

    options = ("--settle=0.3", "--max-wait=1", "--page")
    with a_worker(base, *options, outbox=outbox, log=tmp_path / "log") as worker:
        late = []
        if since == "later":
            worker.waits_until(worker.is_idle)
            late = LAST
            worker.process.send_signal(signal.SIGSTOP)
            drop(base / "inbox", LAST)
            disk.fill()
            worker.process.send_signal(signal.SIGCONT)
        words = ("the worker cannot", "left on the disk of the")
        worker.waits_until(lambda: told_by_status(worker, *words))
        time.sleep(2)
        assert is_said_once(worker)
        disk.make_room()
        drop(base / "inbox", THEN)
        worker.waits_until(lambda: len(worker.rows()) == len(FIRST + late + THEN))
        worker.waits_until(worker.is_well)
        if where == "outbox":
            worker.waits_until(lambda: is_shown(outbox, THEN[0][0]), 150)
        assert worker.stop() < 5

    assert worker.complaints(FIRST + THEN + late) == []


def test_a_quota_is_told_although_the_disk_has_room(tmp_path: Path) -> None:
    with (
        a_quota(tmp_path / "disk") as disk,
        a_worker(tmp_path, "--settle=0", outbox=disk.folder / "outbox") as worker,
    ):
        worker.waits_until(worker.is_well)
        disk.fill()
        drop(worker.inbox, FIRST)

        worker.waits_until(lambda: "[Errno 122]" in worker.told())
        worker.waits_until(lambda: told_by_status(worker, "beyond a quota?"))

        disk.make_room()
        worker.waits_until(worker.is_well)
        worker.comes_to_rest(5)
        assert worker.complaints(FIRST) == []


# Read-only.


def test_a_disk_that_becomes_read_only_is_waited_for(worker: Worker) -> None:
    with mounted(worker.outbox, "--bind", str(worker.outbox)):
        read_only = ["mount", "-o", "remount,bind,ro", str(worker.outbox)]
        # The system refuses while a file there is open for writing, as the page may still be.
        worker.waits_until(lambda: not subprocess.run(read_only, check=False).returncode)
        drop(worker.inbox, THEN)
        worker.waits_until(lambda: "cannot write the report" in worker.told())
        worker.waits_until(lambda: told_by_status(worker, "cannot be written"))
        assert is_said_once(worker)

    worker.waits_until(worker.is_well)
    worker.comes_to_rest(10)

    assert worker.complaints(FIRST + THEN) == []


# Away.


def test_a_disk_mounted_over_the_inbox_is_watched_and_so_is_what_was_below(
    worker: Worker,
) -> None:
    with mounted(worker.inbox, "-t", "tmpfs", "tmpfs"):
        drop(worker.inbox, THEN)
        worker.waits_until(lambda: len(worker.rows()) == 10 and worker.is_idle())
    drop(worker.inbox, LAST)

    worker.comes_to_rest(11)

    assert worker.complaints(FIRST + THEN + LAST) == []


@pytest.mark.parametrize("way", ["--page", "--poll"])
def test_an_inbox_that_is_unmounted_in_the_middle_of_work_and_mounted_again_loses_nothing(
    way: str, tmp_path: Path
) -> None:
    with a_small_disk(tmp_path / "disk") as disk:
        there, inbox = disk.folder / "inbox", tmp_path / "inbox"
        drop(there, MANY)
        with (
            mounted(inbox, "--bind", str(there)),
            a_worker(tmp_path, "--settle=0", "--workers=2", way) as worker,
        ):
            worker.waits_until(lambda: len(worker.rows()) > 20)
            worker.waits_until(lambda: is_stopped_with_full_hands(worker, there))
            unmount(inbox)
            worker.process.send_signal(signal.SIGCONT)
            drop(inbox, LAST)  # into the folder that the disk had hidden
            worker.waits_until(lambda: any(row["file"] == "last.png" for row in worker.rows()))
            assert files_below(there / ".claimed"), "what was in hand waits there"
            mount(inbox, "--bind", str(there))

            worker.comes_to_rest(401)

            assert worker.complaints(MANY + LAST) == []


def is_stopped_with_full_hands(worker: Worker, inbox: Path) -> bool:
    """Stop the worker where it is, and say whether it has something in hand; else let it go on."""
    worker.process.send_signal(signal.SIGSTOP)
    in_hand = files_below(inbox / ".claimed")
    if not in_hand:
        worker.process.send_signal(signal.SIGCONT)
    return bool(in_hand)


def test_an_outbox_that_is_unmounted_is_waited_for_and_nothing_is_written_below(
    tmp_path: Path,
) -> None:
    with a_small_disk(tmp_path / "disk") as disk:
        there, outbox = disk.folder / "outbox", tmp_path / "outbox"
        there.mkdir()
        drop(tmp_path / "inbox", MANY)
        with (
            mounted(outbox, "--bind", str(there)),
            a_worker(tmp_path, "--settle=0", "--workers=2", "--page") as worker,
        ):
            worker.waits_until(lambda: len(worker.rows()) > 50)
            put_right = a_correction(worker)
            unmount(outbox)
            drop(tmp_path / "inbox", LAST)
            worker.waits_until(lambda: "trying until it succeeds" in worker.told())
            code, said = worker.status()
            assert (code, "is its disk mounted" in said) == (1, True)
            time.sleep(2)
            assert is_said_once(worker)
            assert not files_below(outbox)
            mount(outbox, "--bind", str(there))

            worker.waits_until(worker.is_well)
            worker.waits_until(lambda: is_shown(outbox, LAST[0][0]), 150)
            worker.comes_to_rest(402)

            complaints = audit(worker.inbox, outbox, MANY + LAST, corrections=[put_right])
            assert complaints == []


def a_correction(worker: Worker) -> Correction:
    """Say of the first picture, which was filed away some turns ago, that it shows a 3."""
    row = worker.rows()[0]
    (path,) = (worker.outbox / "done").glob(f"*/*{row['id']}*")  # as on another disk
    (worker.outbox / "review" / "3").mkdir(parents=True, exist_ok=True)
    path.rename(worker.outbox / "review" / "3" / path.name)
    return Correction(row["file"], "3", row["sha256"])
