"""`7.png` beside `7.png.part`: nothing is taken from under what a sender has not finished."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from digitdrop.intake.listing import survey
from digitdrop.intake.settle import Clocks, Settler
from digitdrop.intake.unfinished import STALE, UnfinishedFiles
from digitdrop.intake.watch import AFTERCARE, FileEvents
from ledger import a_picture, a_worker

SEVEN = a_picture(7)
TWINS = [
    "7.png.part", "7.png.crdownload", "7.png.download", "7.png.partial", "7.png.filepart",
    "7.png.aria2", "7.png.!qB", ".7.png.part", ".7.png.x8dK2a", "7.png.lftp-pget-status",
    "7.Ab3xK1_q.png.part", "7.png.xltd", "7.png.tmp", ".7.png.ocTransferId77.part",
    "7.png.sb-1a2b3c4d-XyZ123",
]  # fmt: skip
NO_TWINS = ["8.png.part", "7.part", "7.png.json", "7.png.lock", ".8.png.x8dK2a", "x7.png.part"]


@dataclass
class Clock:
    """Stands still until it is set."""

    at: float = 100.0

    def __call__(self) -> Clocks:
        return Clocks(monotonic=self.at, wall_ns=4_000_000_000 * 10**9)


@pytest.fixture
def worker_inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.mark.slow
@pytest.mark.parametrize("order", ["before the start", "twin first", "file first"])
def test_a_file_with_an_unfinished_twin_is_read_once_and_only_when_that_is_gone(
    order: str, worker_inbox: Path
) -> None:
    names = [f"{number}/7.png" for number in range(len(TWINS))]

    def make(content: bytes) -> None:
        for name, twin in zip(names, TWINS, strict=True):
            (worker_inbox / name).parent.mkdir(exist_ok=True)
            files = [(worker_inbox / name).with_name(twin), worker_inbox / name]
            for path in files[:: -1 if order == "file first" else 1]:
                path.write_bytes(content)

    if order == "before the start":
        make(SEVEN)
    with a_worker(worker_inbox.parent, "--settle=0.3", "--max-wait=0.5") as worker:
        worker.waits_until(worker.is_up)
        if order != "before the start":
            # A file that is whole before its twin begins is read; one that is empty is not.
            make(SEVEN if order == "twin first" else b"")
        for _ in range(4):
            time.sleep(0.6)  # listings, and events of others
            (worker_inbox / "other.png").write_bytes(SEVEN)
        worker.waits_until(lambda: len(worker.rows()) >= 4)
        assert {row["file"] for row in worker.rows()} == {"other.png"}

        for name, twin in zip(names, TWINS, strict=True):
            (worker_inbox / name).with_name(twin).write_bytes(SEVEN)
            (worker_inbox / name).with_name(twin).replace(worker_inbox / name)

        worker.comes_to_rest(len(TWINS) + 4)
        assert len(worker.rows()) == len(TWINS) + 4
        assert {row["status"] for row in worker.rows()} == {"ok"}


@pytest.mark.parametrize("twin", TWINS)
def test_a_twin_holds_up_a_file_that_an_event_tells_of(twin: str, tmp_path: Path) -> None:
    clock = Clock()
    unfinished = UnfinishedFiles(tmp_path, clock)
    events = FileEvents(
        tmp_path, Settler(quiet=2, timeout=60, trust_ctime=True), unfinished, clock
    )
    (tmp_path / "7.png").write_bytes(SEVEN)
    (tmp_path / twin).write_bytes(b"")

    assert events.ready({twin, "7.png"}) == []

    (tmp_path / twin).unlink()
    clock.at += AFTERCARE
    assert [found.name for found in events.ready({"7.png"})] == ["7.png"]


@pytest.mark.parametrize("other", NO_TWINS)
def test_what_is_no_twin_holds_up_nothing(other: str, tmp_path: Path) -> None:
    unfinished = UnfinishedFiles(tmp_path, Clock())
    (tmp_path / other).write_bytes(b"x")

    unfinished.note(other)

    assert not unfinished.blocks("7.png")


def test_a_folder_that_a_browser_downloads_into_is_a_twin_as_long_as_it_grows(
    tmp_path: Path,
) -> None:
    clock, folder = Clock(), tmp_path / "7.png.download"
    unfinished = UnfinishedFiles(tmp_path, clock)
    folder.mkdir()
    (folder / "7.png").write_bytes(b"7")
    unfinished.note("7.png.download")
    assert unfinished.blocks("7.png")

    clock.at += STALE - 1
    (folder / "7.png").write_bytes(b"77")
    assert unfinished.blocks("7.png")
    clock.at += STALE - 1

    assert unfinished.blocks("7.png")


def test_a_twin_that_nobody_has_written_for_an_hour_holds_up_nothing_and_that_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    unfinished = UnfinishedFiles(tmp_path, clock)
    (tmp_path / "7.png.part").write_bytes(b"7")
    unfinished.note("7.png.part")
    assert unfinished.blocks("7.png")
    clock.at += STALE - 1
    assert unfinished.blocks("7.png")

    clock.at += 1

    assert not unfinished.blocks("7.png")
    assert not unfinished.blocks("7.png")
    (told,) = caplog.messages
    assert "7.png.part has not changed for an hour" in told
    (tmp_path / "7.png.part").write_bytes(b"77")
    assert unfinished.blocks("7.png")


def test_an_old_file_whose_times_lie_is_a_twin_as_well(tmp_path: Path) -> None:
    unfinished = UnfinishedFiles(tmp_path, Clock())
    (tmp_path / "7.png.part").write_bytes(b"7")
    os.utime(tmp_path / "7.png.part", (0, 0))

    unfinished.note("7.png.part")

    assert unfinished.blocks("7.png")


def test_unfinished_files_are_forgotten_once_no_listing_shows_them_and_memory_is_bounded(
    tmp_path: Path,
) -> None:
    unfinished = UnfinishedFiles(tmp_path, Clock(), limit=2)
    for name in ("7.png", "8.png", "9.png"):
        (tmp_path / f"{name}.part").write_bytes(b"x")
        unfinished.note(f"{name}.part")

    assert [unfinished.blocks(name) for name in ("7.png", "8.png", "9.png")] == [True, True, False]
    unfinished.end_of_listing()
    unfinished.note("8.png.part")
    unfinished.end_of_listing()
    assert [unfinished.blocks(name) for name in ("7.png", "8.png", "9.png")] == [
        False,
        True,
        False,
    ]


def test_status_counts_a_file_that_a_twin_holds_up_and_does_not_call_it_forgotten(
    tmp_path: Path,
) -> None:
    for name in ("scans/7.png.part", "scans/7.png", "8.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(SEVEN)

    found = survey(tmp_path)

    assert found.waiting == 2
    assert found.oldest
    assert found.oldest.name == "8.png"
