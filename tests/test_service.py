"""The real worker, while folders, disks and people do what they do."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from digitdrop.audit.verify import verify
from digitdrop.errors import SetupError
from digitdrop.escape import unescape
from digitdrop.inference.classifier import Classifier
from digitdrop.service.daemon import serve
from digitdrop.service.wiring import Service
from digitdrop.system.shutdown import Stopper
from digitdrop.values import ANY_COUNT, Limits
from ledger import (
    DIGITDROP,
    FIRST,
    ROOT,
    THEN,
    Worker,
    a_picture,
    a_worker,
    drop,
    every_row,
    files_below,
    rows,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="Linux does these things to folders"),
]


def test_no_library_starts_a_thread_for_each_core(worker: Worker) -> None:
    """NumPy and OpenCV would each."""
    threads = list(Path(f"/proc/{worker.process.pid}/task").iterdir())

    own, observer, reader = 1, 4, 1
    assert len(threads) <= own + observer + reader


# The inbox.


def test_an_inbox_that_is_deleted_and_made_again_is_watched_again(worker: Worker) -> None:
    shutil.rmtree(worker.inbox)
    worker.waits_until(lambda: "cannot take files in" in worker.told())
    assert not worker.inbox.exists(), "it must not be made anew: its disk may only be away"
    drop(worker.inbox, THEN)

    worker.comes_to_rest(10)

    assert worker.complaints(FIRST + THEN) == []


def test_an_inbox_that_is_renamed_away_and_back_is_watched_again(worker: Worker) -> None:
    away = worker.inbox.with_name("away")
    worker.inbox.rename(away)
    drop(away, THEN)
    worker.waits_until(lambda: "cannot take files in" in worker.told())
    away.rename(worker.inbox)

    worker.comes_to_rest(10)

    assert worker.complaints(FIRST + THEN) == []


def test_an_inbox_that_is_replaced_at_once_is_watched_again(worker: Worker) -> None:
    worker.inbox.rename(worker.inbox.with_name("away"))
    drop(worker.inbox, THEN)

    worker.comes_to_rest(10)

    assert worker.complaints(FIRST + THEN) == []


def test_a_file_whose_room_is_made_before_it_is_written_is_not_taken_for_damaged(
    worker: Worker,
) -> None:
    name, content = THEN[0]
    (worker.inbox / name).write_bytes(bytes(len(content)))  # closed, and no picture
    time.sleep(0.1)
    with (worker.inbox / name).open("r+b") as file:
        file.write(content)

    worker.comes_to_rest(6)

    assert worker.complaints(FIRST + THEN[:1]) == []
    assert {row["status"] for row in worker.rows()} == {"ok"}


# The outbox and the report.


def test_an_outbox_that_is_deleted_is_made_again(worker: Worker, tmp_path: Path) -> None:
    # In one step: the worker makes the folders of review/ anew while others are still deleted.
    shutil.rmtree(worker.outbox.rename(tmp_path / "deleted"))
    drop(worker.inbox, THEN)

    worker.comes_to_rest(5)

    assert worker.complaints(THEN) == []


def test_a_report_that_is_deleted_is_begun_again(worker: Worker) -> None:
    (worker.outbox / "predictions.csv").unlink()
    drop(worker.inbox, THEN)

    worker.comes_to_rest(5)

    assert sorted(row["file"] for row in worker.rows()) == [name for name, _ in THEN]


@pytest.mark.parametrize("end", [b"\r\n", b""])
def test_a_report_that_an_editor_sorted_and_replaced_is_gone_on_with(
    end: bytes, worker: Worker
) -> None:
    report = worker.outbox / "predictions.csv"
    header, *lines = report.read_bytes().splitlines()
    saved = report.with_name("saved")
    saved.write_bytes(b"\r\n".join([header, *sorted(lines)]) + end)
    saved.replace(report)
    drop(worker.inbox, THEN)

    worker.comes_to_rest(10)

    assert worker.complaints(FIRST + THEN) == []


def test_a_report_that_got_a_foreign_header_is_set_aside(worker: Worker) -> None:
    report = worker.outbox / "predictions.csv"
    foreign = report.read_bytes().replace(b",", b";")
    report.write_bytes(foreign)
    drop(worker.inbox, THEN)

    worker.comes_to_rest(5)

    (aside,) = worker.outbox.glob("predictions-foreign-*.csv")
    assert aside.read_bytes() == foreign
    assert verify(worker.inbox, worker.outbox, report).is_complete


def test_a_report_that_cannot_be_written_is_waited_for_and_said_once(worker: Worker) -> None:
    report = worker.outbox / "predictions.csv"
    kept = report.with_name("kept")
    report.rename(kept)
    report.mkdir()  # a name that nothing can be written to, even by root
    drop(worker.inbox, THEN)
    worker.waits_until(lambda: "cannot write the report" in worker.told())
    time.sleep(2)
    assert worker.told().count("cannot write the report") == 1
    report.rmdir()
    kept.rename(report)

    worker.comes_to_rest(10)

    assert worker.complaints(FIRST + THEN) == []


# Names, and what is no file.

NAMES = [
    b"n" * 251 + b".png", b"two\nlines.png", b"tab\t.png", b"\"quoted\", 'twice'.png",
    b"\xff\xfe.png", "e\u0301.png".encode(), "\u00e9.png".encode(), "\U0001f600.png".encode(),
    b"=1+1.png", b"+1.png", b"-1.png", b"@A1.png", b"CON.png", b"a:b?*.png", b" ", b"a,b;c.png",
    "\u202egnp.7.png".encode(), b"a\rb.png", b"\\x41.png", b"same.png",
]  # fmt: skip


def test_every_name_gets_one_row_on_one_line_from_which_it_can_be_had_back(
    tmp_path: Path,
) -> None:
    names = [os.fsdecode(name) for name in NAMES]
    names += [f"{folder}/{name}" for folder in ("a", "\udcfe=b\n") for name in names]
    drops = [(name, a_picture(number % 10)) for number, name in enumerate(names)]
    drop(tmp_path / "inbox", drops)
    with a_worker(tmp_path, "--settle=0.3") as worker:
        worker.waits_until(worker.is_idle)
        again = [("same.png", a_picture(1)), ("a/same.png", a_picture(2))]
        for _ in range(2):  # the same name with other content, and with the same
            drop(worker.inbox, again)
            worker.waits_until(worker.is_idle)
        worker.comes_to_rest(len(drops) + 4)

    assert worker.complaints(drops + again + again) == []
    lines = (worker.outbox / "predictions.csv").read_bytes().splitlines()
    assert len(lines) == 1 + len(drops) + 4
    assert all(line.count(b"\n") == 0 for line in lines)
    assert not any(row["file"].startswith(tuple("=+-@\t\r")) for row in worker.rows())
    assert {unescape(row["file"]) for row in worker.rows()} == set(names)


def test_what_is_no_file_is_never_opened_followed_or_moved(tmp_path: Path) -> None:
    inbox, outside = tmp_path / "inbox", tmp_path / "outside"
    drop(outside, [("secret.png", a_picture(1)), ("folder/secret.png", a_picture(2))])
    inbox.mkdir()
    (inbox / "link.png").symlink_to(outside / "secret.png")
    (inbox / "folder").symlink_to(outside / "folder")
    (inbox / "loop.png").symlink_to(inbox / "loop.png")
    os.mkfifo(inbox / "pipe.png")
    devices = {"device.png"} if os.geteuid() == 0 else set()
    for name in devices:
        os.mknod(inbox / name, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # as /dev/zero
    (inbox / "folder.png").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(inbox)
        server.bind("socket.png")
        os.chdir(here)
        drop(inbox, FIRST)
        with a_worker(tmp_path, "--settle=0.3") as worker:
            worker.waits_until(lambda: len(worker.rows()) == 5)
            time.sleep(6)  # a listing or two more
            worker.stop()

        left = {path.name for path in inbox.iterdir()} - {".claimed"}
        assert left - devices == {
            "link.png", "folder", "loop.png", "pipe.png", "folder.png", "socket.png"
        }  # fmt: skip
        assert devices <= left
        assert len(worker.rows()) == 5
    assert len(files_below(outside)) == 2


@pytest.mark.parametrize("umask", [0o027, 0o077])
def test_all_that_the_worker_makes_is_made_with_the_users_umask_and_cannot_be_run(
    umask: int, tmp_path: Path
) -> None:
    drop(tmp_path / "inbox", [*FIRST, ("scans/note.txt", b"no picture")])
    (tmp_path / "outbox").mkdir()
    before = os.umask(umask)
    try:
        options = ("--settle=0", "--page", f"--metrics={tmp_path}/outbox/metrics")
        with a_worker(tmp_path, *options, "--rotate=1KB") as worker:
            worker.waits_until(lambda: len(every_row(worker.outbox / "predictions.csv")) == 6)
            drop(worker.inbox, THEN)
            worker.waits_until(lambda: len(every_row(worker.outbox / "predictions.csv")) == 11)
            worker.waits_until((worker.outbox / "report.html").exists)
            worker.waits_until((worker.outbox / ".status.json").exists)
            made = [path for path in tmp_path.rglob("*") if is_made_by(worker, path)]
            modes = {path: path.stat().st_mode & 0o777 for path in made}
            files = [path for path in made if path.is_file()]
            worker.stop()
    finally:
        os.umask(before)

    assert {path.name for path in files} >= {
        "predictions.csv", ".predictions.csv.lock", "report.html", ".status.json", "metrics"
    }  # fmt: skip
    assert {path: oct(mode) for path, mode in modes.items() if mode & umask} == {}
    assert {path: oct(modes[path]) for path in files if modes[path] & 0o111} == {}


def is_made_by(worker: Worker, path: Path) -> bool:
    is_below = path.is_relative_to(worker.outbox) or path.is_relative_to(worker.inbox / ".claimed")
    return is_below and path.suffix not in {".png", ".txt"} and path != worker.outbox


# Others.


def test_two_workers_with_two_outboxes_share_an_inbox_and_do_nothing_twice(
    tmp_path: Path,
) -> None:
    drops = [(f"{number}.png", a_picture(number % 10)) for number in range(400)]
    with a_worker(tmp_path, "--settle=0.1", "-q") as one:
        with a_worker(tmp_path, "--settle=0.1", "-q", outbox=tmp_path / "other") as other:
            for at in range(0, 400, 50):
                drop(tmp_path / "inbox", drops[at : at + 50])
                time.sleep(0.1)
            one.waits_until(lambda: len(one.rows()) + len(other.rows()) >= 400)
            one.waits_until(lambda: not files_below(tmp_path / "inbox"))
            other.stop()
        one.stop()

    both = one.rows() + other.rows()
    assert sorted(row["file"] for row in both) == sorted(name for name, _ in drops)
    assert len({row["id"] for row in both}) == 400
    for worker in (one, other):
        report = worker.outbox / "predictions.csv"
        assert not report.exists() or verify(worker.inbox, worker.outbox, report).is_complete


def test_verify_is_right_at_any_time_while_the_worker_runs(tmp_path: Path) -> None:
    drops = [(f"{number}.png", a_picture(number % 10)) for number in range(1500)]
    drop(tmp_path / "inbox", drops)
    codes = []
    with a_worker(tmp_path, "--settle=0", "--workers=2", "-q") as worker:
        worker.waits_until(lambda: len(worker.rows()) > 20)
        while files_below(worker.inbox):
            account = verify(worker.inbox, worker.outbox, worker.outbox / "predictions.csv")
            assert account.is_complete, str(account)
            codes.append(account.rows)
        worker.stop()

    assert any(0 < rows < 1500 for rows in codes)
    assert worker.complaints(drops) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["watch", "--inbox={0}/another", "--outbox={0}/outbox"],
        ["batch", "{0}/inbox", "--report={0}/outbox/predictions.csv"],
    ],
    ids=["watch", "batch"],
)
def test_a_second_writer_of_a_report_says_who_holds_it_and_exits_2(
    arguments: list[str], worker: Worker
) -> None:
    folder = worker.outbox.parent
    command = [*DIGITDROP, *(one.format(folder) for one in arguments)]

    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )

    assert done.returncode == 2
    assert f"process {worker.process.pid}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
@pytest.mark.parametrize("closed", ["inbox", "outbox", "predictions.csv"])
def test_what_may_not_be_used_is_one_clear_line_at_the_start(
    closed: str, tmp_path: Path, classifier: Classifier
) -> None:
    nobody = 65534
    for folder in [tmp_path, *tmp_path.parents[:2]]:
        folder.chmod(0o755)
    for name in ("inbox", "outbox"):
        (tmp_path / name).mkdir()
        os.chown(tmp_path / name, nobody, nobody)
    if closed == "predictions.csv":
        (tmp_path / "outbox" / closed).write_bytes(b"")
    else:
        os.chown(tmp_path / closed, 0, 0)
    service = Service(
        inbox=tmp_path / "inbox", outbox=tmp_path / "outbox", settle=2, max_wait=60,
        poll=False, workers=1, limits=Limits(), digits=ANY_COUNT,
    )  # fmt: skip
    told = os.open(tmp_path / "told", os.O_WRONLY | os.O_CREAT)

    child = os.fork()
    if not child:
        os.setgid(nobody)
        os.setuid(nobody)
        try:
            serve(service, classifier, Stopper())
        except SetupError as error:
            os.write(told, str(error).encode())
            os._exit(2)
        os._exit(99)
    os.close(told)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 2
    line = (tmp_path / "told").read_text()
    assert "Permission denied" in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_in_the_middle_of_work_is_quick_and_costs_nothing(
    signal_number: int, tmp_path: Path
) -> None:
    drops = [(f"{number}.png", a_picture(number % 10)) for number in range(1500)]
    drop(tmp_path / "inbox", drops)
    with a_worker(tmp_path, "--settle=0", "-q") as worker:
        worker.waits_until(lambda: len(worker.rows()) > 50)
        began = time.monotonic()
        worker.process.send_signal(signal_number)
        assert worker.process.wait(10) == 0
        assert time.monotonic() - began < 5
        assert len(worker.rows()) < 1500
        assert not files_below(tmp_path / "inbox" / ".claimed"), "what was not read is put back"

    with a_worker(tmp_path, "--settle=0", "-q") as worker:
        worker.waits_until(lambda: len(worker.rows()) == 1500)
        worker.waits_until(lambda: not files_below(tmp_path / "inbox"))
        worker.stop()

    assert worker.complaints(drops) == []
    assert len(rows(worker.outbox / "predictions.csv")) == 1500


def test_a_stopped_worker_finds_what_came_meanwhile(worker: Worker) -> None:
    worker.process.send_signal(signal.SIGSTOP)
    drop(worker.inbox, THEN)
    worker.process.send_signal(signal.SIGCONT)

    worker.comes_to_rest(10)

    assert worker.complaints(FIRST + THEN) == []
