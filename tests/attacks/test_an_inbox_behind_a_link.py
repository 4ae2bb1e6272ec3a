"""An inbox may be a link, or lie behind one, and the link may be led elsewhere meanwhile."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitdrop.intake.watch import EventWatch
from ledger import Worker, a_picture, a_worker

SEVEN = a_picture(7)
SOON = 1.5
"""Seconds; a listing, which needs no events, takes up to five more."""


@pytest.fixture(params=["the inbox", "a folder above it", "two links", "a relative link"])
def linked(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Make an inbox that is reached by a link."""
    real = tmp_path / "disk" / "scans"
    real.mkdir(parents=True)
    if request.param == "a folder above it":
        (tmp_path / "link").symlink_to(tmp_path / "disk")
        return tmp_path / "link" / "scans"
    target = {"two links": tmp_path / "other", "a relative link": Path("disk/scans")}
    (tmp_path / "other").symlink_to(real)
    (tmp_path / "inbox").symlink_to(target.get(request.param, real))
    return tmp_path / "inbox"


@pytest.fixture
def watch(linked: Path) -> Iterator[EventWatch]:
    """Watch that inbox."""
    watch = EventWatch(linked, lambda: None)
    watch.start()
    yield watch
    watch.stop()


def heard(watch: EventWatch) -> set[str]:
    """Give the names that are told within some seconds of the first one."""
    until = time.monotonic() + 5
    names: set[str] = set()
    while not names and time.monotonic() < until:
        time.sleep(0.05)
        names = watch.events()
    return names


def test_what_is_dropped_behind_a_link_is_told_by_its_name(
    linked: Path, watch: EventWatch
) -> None:
    (linked / "7.png").write_bytes(SEVEN)

    assert heard(watch) == {"7.png"}
    assert watch.is_well()


def test_a_link_that_leads_elsewhere_is_noticed_and_followed(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "inbox").symlink_to("one")
    watch = EventWatch(tmp_path / "inbox", lambda: None)
    watch.start()
    try:
        (tmp_path / "new").symlink_to("two")
        (tmp_path / "new").replace(tmp_path / "inbox")
        assert not watch.is_well()

        watch.start()
        (tmp_path / "two" / "7.png").write_bytes(SEVEN)

        assert heard(watch) == {"7.png"}
        assert watch.is_well()
    finally:
        watch.stop()


def its_row_comes_soon(worker: Worker, name: str) -> bool:
    """Drop a picture; say whether its row comes before a listing would bring it."""
    before = len(worker.rows())
    (worker.inbox / name).write_bytes(SEVEN)
    try:
        worker.waits_until(lambda: len(worker.rows()) > before, seconds=SOON)
    except AssertionError:
        return False
    return True


@pytest.mark.slow
def test_a_worker_whose_inbox_is_a_link_reads_at_once_also_after_it_was_led_elsewhere(
    tmp_path: Path,
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "inbox").symlink_to("one")
    with a_worker(tmp_path) as worker:
        worker.waits_until(worker.is_up)
        assert all(its_row_comes_soon(worker, f"{number}.png") for number in range(3))

        (tmp_path / "new").symlink_to("two")
        (tmp_path / "new").replace(tmp_path / "inbox")
        (worker.inbox / "first.png").write_bytes(SEVEN)
        worker.waits_until(lambda: len(worker.rows()) == 4)

        assert all(its_row_comes_soon(worker, f"{number}.png") for number in range(3))
        assert "looking" in worker.status()[1]
        assert "events" in worker.status()[1]
        assert worker.stop() < 5
