"""Folders nested, renamed, deleted or called oddly end neither a listing nor the service."""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from digitdrop.intake.listing import listing, survey
from digitdrop.intake.watch import LOOK_EVERYWHERE, EventWatch
from ledger import ROOT, a_picture, a_worker
from test_tree import a_deep_folder

SEVEN = a_picture(7)
BEYOND_ANY_PATH = 1_000
"""Folders of which the innermost has a path of 5,000 bytes; 4,096 are allowed."""


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """Give a folder whose depth is no trouble for who cleans up: Python's own way recurses."""
    yield tmp_path
    subprocess.run(["rm", "-rf", tmp_path], check=True)


def asked(command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command on the inbox and outbox of a folder."""
    words = ["-P", "-m", "digitdrop", *command.split()]
    full = [str(folder / word[1:]) if word.startswith("@") else word for word in words]
    return subprocess.run(
        [sys.executable, *full], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_a_worker_reads_on_above_folders_that_no_path_reaches_and_tells_of_them(
    deep: Path,
) -> None:
    inbox = deep / "inbox"
    inbox.mkdir()
    a_deep_folder(inbox, BEYOND_ANY_PATH)
    (inbox / "deep/deep/7.png").write_bytes(SEVEN)
    (deep / "aside").mkdir()
    a_deep_folder(deep / "aside", BEYOND_ANY_PATH)
    with a_worker(deep, "--settle=0.2", "--poll") as worker:
        worker.waits_until(lambda: len(worker.rows()) == 1)

        (deep / "aside").rename(inbox / "moved in")
        (inbox / "moved in/7.png").write_bytes(SEVEN)
        worker.waits_until(lambda: len(worker.rows()) == 2)
        (inbox / "moved in/deep/8.png").write_bytes(SEVEN)
        worker.waits_until(lambda: len(worker.rows()) == 3, seconds=4)

        status = worker.outbox / ".status.json"
        worker.waits_until(lambda: len(json.loads(status.read_text())["deferred"]) == 2, seconds=9)
        told = json.loads(status.read_text())["deferred"]
        assert {one["cannot"] for one in told} == {"be listed"}
        for command in (
            "status --inbox @inbox --outbox @outbox",
            "verify --inbox @inbox --outbox @outbox",
        ):
            assert "Traceback" not in asked(command, deep).stderr
        assert worker.stop() < 5
        assert "Traceback" not in worker.told()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["at the start", "moved in"])
def test_a_watch_hears_on_beside_folders_deeper_than_any_stack(how: str, deep: Path) -> None:
    inbox, aside = deep / "inbox", deep / "aside"
    inbox.mkdir()
    aside.mkdir()
    place = (aside if how == "moved in" else inbox) / "x"
    watch = EventWatch(inbox, lambda: None)
    place.mkdir()
    nest(place, 1_200)  # which a path can name, but no stack of 1,000 frames
    watch.start()
    if how == "moved in":
        (aside / "x").rename(inbox / "x")  # is found by a thread that must survive it
    try:
        told: set[str] = set()
        until = time.monotonic() + 10
        while "7.png" not in told and time.monotonic() < until:
            (inbox / "7.png").write_bytes(SEVEN)
            time.sleep(0.1)
            told |= watch.events()

        assert "7.png" in told
        assert watch.is_well()
    finally:
        watch.stop()


def nest(below: Path, depth: int) -> Path:
    """Make folders of one letter within each other; give the innermost."""
    for _ in range(depth):
        below = Path(f"{below}/d")
        below.mkdir()
    return below


FEW_WATCHES = (
    "echo 5 > /proc/sys/user/max_inotify_watches && exec {} -P -m digitdrop watch --no-page "
    "--workers=1 --settle=0.2 --inbox={} --outbox={}"
)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("unshare"), reason="needs a limit of its own")
def test_where_the_system_allows_no_more_watches_listings_do_the_rest_and_status_says_so(
    tmp_path: Path,
) -> None:
    inbox, outbox, report = tmp_path / "inbox", tmp_path / "out", tmp_path / "out/predictions.csv"
    for number in range(8):
        (inbox / str(number)).mkdir(parents=True)
    line = FEW_WATCHES.format(sys.executable, inbox, outbox)
    worker = subprocess.Popen(["unshare", "--user", "--map-root-user", "sh", "-c", line], cwd=ROOT)
    try:
        until = time.monotonic() + 30
        while not (outbox / ".status.json").exists():
            if worker.poll() is not None:
                pytest.skip("no limit can be set here")
            assert time.monotonic() < until
            time.sleep(0.1)
        for number in range(8):
            (inbox / str(number) / "7.png").write_bytes(SEVEN)
        while not (report.exists() and report.read_text().count("7.png") == 8):
            assert time.monotonic() < until
            time.sleep(0.1)

        told = json.loads((outbox / ".status.json").read_text())["looking"]
        assert told.startswith("events, and listings for some folders")
        assert "max_user_watches" in told
    finally:
        worker.kill()
        worker.wait()


def test_a_one_shot_run_reads_on_above_folders_that_no_path_reaches(deep: Path) -> None:
    (deep / "in").mkdir()
    a_deep_folder(deep / "in", BEYOND_ANY_PATH)
    (deep / "in" / "7.png").write_bytes(SEVEN)

    done = asked("batch @in --report @r.csv --workers=1", deep)

    assert "Traceback" not in done.stderr
    assert "cannot list the folder deep/deep" in done.stderr
    assert done.returncode == 1, "a folder that no path reaches may hold pictures"
    assert (deep / "r.csv").read_text().count("7.png") == 1


@pytest.mark.parametrize(
    "name",
    ["two\nlines", "\udcff\udcfe", "n" * 255, "tab\t", " ", "-rf", "%s", "é" * 127, "\x1b[31m"],
)
def test_a_folder_of_any_name_is_heard_from(name: str, tmp_path: Path) -> None:
    woken = threading.Event()
    watch = EventWatch(tmp_path, woken.set)
    watch.start()
    try:
        (tmp_path / name).mkdir()
        assert woken.wait(5)
        assert watch.events() == {LOOK_EVERYWHERE}
        woken.clear()

        (tmp_path / name / "7.png").write_bytes(SEVEN)

        assert woken.wait(5)
        assert watch.events() == {f"{name}/7.png"}
        assert [found.name for found in listing(tmp_path)] == [f"{name}/7.png"]
    finally:
        watch.stop()


def test_folders_of_others_are_not_even_watched(tmp_path: Path) -> None:
    woken = threading.Event()
    watch = EventWatch(tmp_path, woken.set)
    (tmp_path / "#recycle").mkdir()
    watch.start()
    try:
        (tmp_path / "@Recycle").mkdir()
        woken.wait(1)
        watch.events()

        for folder in ("#recycle", "@Recycle"):
            (tmp_path / folder / "7.png").write_bytes(SEVEN)
        (tmp_path / "7.png").write_bytes(SEVEN)

        told: set[str] = set()
        while "7.png" not in told:
            assert woken.wait(5)
            told |= watch.events()
        assert told == {"7.png"}
    finally:
        watch.stop()


def test_folders_that_come_and_go_while_they_are_walked_are_no_error(tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(SEVEN)
    ends = threading.Event()
    acts: list[Callable[[Path], object]] = [
        lambda folder: folder.mkdir(),
        lambda folder: (folder / "8.png").write_bytes(SEVEN),
        lambda folder: folder.rename(folder.with_name(f"{folder.name}-renamed")),
        lambda folder: folder.symlink_to(tmp_path),
        lambda folder: folder.unlink(),
        lambda folder: subprocess.run(["rm", "-rf", f"{folder}-renamed"], check=True),
    ]

    def others() -> None:
        while not ends.is_set():
            for act in acts:
                for number in range(5):
                    with suppress(OSError):
                        act(tmp_path / f"folder-{number}")

    thread = threading.Thread(target=others)
    thread.start()
    try:
        for _ in range(300):
            names = [found.name for found in listing(tmp_path)]
            assert names.count("7.png") == 1
            assert len(names) == len(set(names))
            assert survey(tmp_path).waiting >= 1
    finally:
        ends.set()
        thread.join()
