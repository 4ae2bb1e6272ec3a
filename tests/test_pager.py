"""The page beside the real worker: it keeps up, and what befalls it befalls nothing else."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from digitdrop.files.mounts import HomeDisk
from digitdrop.service.pager import PAGE, Pager
from ledger import DIGITDROP, ROOT, a_picture, a_worker, audit, children, drop, serve_once

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
DROPS = [(f"{number}.png", a_picture(number)) for number in range(10)]


def report(outbox: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [*DIGITDROP, "report", "--outbox", str(outbox), *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def rows_in(outbox: Path) -> int:
    """Count the rows of a page that is whole; -1 without a page."""
    page = outbox / PAGE
    if not page.exists():
        return -1
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>")
    return len(re.findall('<tr role="row" data-status', text))


def followers(outbox: Path) -> list[int]:
    """Find the processes that make the page of an outbox."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"--follow" in words and os.fsencode(outbox) in words:
                found.append(int(process.name))
    return found


@contextmanager
def a_pager(
    outbox: Path, clock: Callable[[], float] = time.monotonic
) -> Iterator[tuple[Pager, Callable[[], list[int]]]]:
    """Have a pager in this very process, with what tells the processes that it has started."""
    others = children(os.getpid())
    pager = Pager(
        report=outbox / "predictions.csv",
        page=outbox / PAGE,
        home=HomeDisk(outbox),
        clock=clock,
    )

    def begun() -> list[int]:
        return [child for child in children(os.getpid()) if child not in others]

    try:
        yield pager, begun
    finally:
        pager.close()
        for child in begun():
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        pager.look()  # and so hears that it has ended


def blocked_in(process: int) -> set[signal.Signals]:
    """Tell which signals a process never hears, see proc_pid_status(5)."""
    mask = re.search(r"SigBlk:\s+(\w+)", Path(f"/proc/{process}/status").read_text())
    assert mask
    return {one for one in signal.Signals if int(mask[1], 16) >> (one - 1) & 1}


def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
@linux
def test_the_page_keeps_up_with_the_worker_and_shows_the_last_rows_when_it_stops(
    tmp_path: Path,
) -> None:
    with a_worker(tmp_path, "--settle=0.1", "--page") as worker:
        worker.waits_until(lambda: rows_in(worker.outbox) == 0)
        drop(worker.inbox, DROPS[:5])
        worker.waits_until(lambda: rows_in(worker.outbox) == 5)
        (follower,) = followers(worker.outbox)
        assert os.getpriority(os.PRIO_PROCESS, follower) == 19
        assert {signal.SIGINT, signal.SIGTERM} <= blocked_in(follower)
        drop(worker.inbox, DROPS[5:])
        worker.waits_until(lambda: len(worker.rows()) == 10)
        assert worker.stop() < 5

    until(lambda: not followers(tmp_path / "outbox"))
    assert rows_in(tmp_path / "outbox") == 10


@linux
def test_the_page_of_a_backlog_is_begun_when_it_is_read(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", [(f"{number}.png", a_picture()) for number in range(800)])
    with a_worker(tmp_path, "--settle=0", "--page") as worker:
        worker.waits_until(lambda: bool(followers(worker.outbox)))
        assert len(worker.rows()) == 800
        until(lambda: rows_in(worker.outbox) == 800)
        worker.stop()


@linux
def test_a_backlog_without_end_gets_its_page_within_ten_seconds(tmp_path: Path) -> None:
    now = 0.0

    def begun_at(seconds: float) -> bool:
        nonlocal now
        now = seconds
        pager.look(more=True)
        return bool(begun())

    with a_pager(tmp_path, lambda: now) as (pager, begun):
        seen = [begun_at(100.0), begun_at(105.0), begun_at(109.9), begun_at(110.0)]

    assert seen == [False, False, False, True]


@linux
def test_each_backlog_is_waited_for_anew(tmp_path: Path) -> None:
    now = 100.0
    report = tmp_path / "predictions.csv"
    with a_pager(tmp_path, lambda: now) as (pager, begun):
        pager.look(more=True)
        now = 110.0
        pager.look(more=True)
        (child,) = begun()
        pager.look()
        pager.close()
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        report.touch()
        now = 200.0
        pager.look(more=True)

        assert begun() == []


@linux
def test_a_stop_in_the_middle_of_a_backlog_leaves_a_page_of_what_was_read(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", DROPS)
    serve_once(tmp_path)
    outbox = tmp_path / "outbox"
    (outbox / PAGE).unlink(missing_ok=True)

    with a_pager(outbox) as (pager, _):
        pager.look(more=True)

    assert rows_in(outbox) == 10


@linux
def test_the_page_is_made_at_low_priority_from_the_first_moment(tmp_path: Path) -> None:
    with a_pager(tmp_path) as (pager, begun):
        pager.look()

        (child,) = begun()
        assert os.getpriority(os.PRIO_PROCESS, child) == 19


@pytest.mark.slow
@linux
def test_a_worker_that_is_killed_leaves_no_process_and_a_whole_page_behind(
    tmp_path: Path,
) -> None:
    for number in range(4):
        drop(tmp_path / "inbox", [(f"{number}/{name}", content) for name, content in DROPS])
        with a_worker(tmp_path, "--settle=0.1", "--page") as worker:
            worker.waits_until(lambda: len(worker.rows()) > 10 * number)  # noqa: B023
            time.sleep(0.2 * number)
            os.kill(worker.process.pid, signal.SIGKILL)
        until(lambda: not followers(tmp_path / "outbox"))
        rows_in(tmp_path / "outbox")  # which is whole, if there is one yet
    with a_worker(tmp_path, "--settle=0.1", "--page") as worker:
        worker.waits_until(lambda: worker.told().count(" watching ") == 5 and worker.is_idle())
        worker.stop()

    drops = [(f"{number}/{name}", content) for number in range(4) for name, content in DROPS]
    until(lambda: not followers(tmp_path / "outbox"))
    assert rows_in(tmp_path / "outbox") == 40
    assert audit(tmp_path / "inbox", tmp_path / "outbox", drops) == []


@pytest.mark.slow
@linux
def test_a_page_that_cannot_be_made_is_told_once_and_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "outbox" / PAGE).mkdir(parents=True)
    with a_worker(tmp_path, "--settle=0.1", "--page") as worker:
        worker.waits_until(worker.is_up)
        for number in range(3):
            drop(worker.inbox, DROPS[3 * number : 3 * number + 3])
            worker.waits_until(lambda: len(worker.rows()) == 3 * number + 3)  # noqa: B023
            until(lambda: not followers(worker.outbox))
        worker.stop()

    assert worker.told().count("the page could not be made") == 1
    done = report(tmp_path / "outbox")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
@linux
def test_a_page_process_that_is_killed_costs_the_worker_nothing(tmp_path: Path) -> None:
    with a_worker(tmp_path, "--settle=0.1", "--page") as worker:
        worker.waits_until(lambda: bool(followers(worker.outbox)))
        for follower in followers(worker.outbox):
            os.kill(follower, signal.SIGKILL)
        drop(worker.inbox, DROPS)
        worker.waits_until(worker.is_idle)
        worker.stop()

    assert audit(worker.inbox, worker.outbox, DROPS) == []


@linux
def test_without_a_page_no_process_is_started(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", DROPS[:1])
    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(worker.is_idle)
        assert followers(worker.outbox) == []
        worker.stop()

    assert not (tmp_path / "outbox" / PAGE).exists()


def test_report_makes_the_page_and_says_what_is_in_it(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", DROPS)
    serve_once(tmp_path)
    outbox, other = tmp_path / "outbox", tmp_path / "friday.html"

    done = report(outbox, "--output", str(other), "--newest", "4")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{other}: 10 rows, the newest 4 shown; ")
    assert not (outbox / PAGE).exists()


def test_report_without_an_outbox_is_one_clear_line_and_exit_code_2(tmp_path: Path) -> None:
    done = report(tmp_path / "none")

    assert done.returncode == 2
    assert (
        done.stderr
        == f"digitdrop: there is no outbox {tmp_path / 'none'}: `digitdrop watch` makes it\n"
    )


def test_the_page_process_ends_when_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "outbox").mkdir()
    script = (
        "import sys; from pathlib import Path; from digitdrop.page.follow import follow;"
        "from digitdrop.page.make import Maker; outbox = Path(sys.argv[1]);"
        "maker = Maker(outbox=outbox, output=outbox / 'report.html', newest=9);"
        "follow(maker, sys.stdin.fileno(), every=0.05, idle=0.1, rest=1)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "outbox")]

    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as process:
        code = process.wait(timeout=20)

    assert code == 0
    assert rows_in(tmp_path / "outbox") == 0
