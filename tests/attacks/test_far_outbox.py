"""The outbox on another file system: files are copied there, and no copy holds up anything."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from digitdrop.errors import TooLarge, Unavailable
from digitdrop.files.copying import copy_durably
from digitdrop.system.shutdown import Stopped
from disks import OTHER_DISK, elsewhere
from ledger import a_picture, a_worker, audit, drop, files_below, on_shelves

GOOD = [(f"good {number}.png", a_picture(number)) for number in range(5)]
HUGE = 200 * 2**30


@pytest.fixture
def far() -> Iterator[Path]:
    with TemporaryDirectory(prefix="digitdrop-", dir=OTHER_DISK) as folder:
        yield Path(folder)


@elsewhere
@pytest.mark.slow
def test_a_file_of_200_gigabytes_is_refused_by_its_size_and_never_copied(
    tmp_path: Path, far: Path
) -> None:
    drop(tmp_path / "inbox", GOOD)
    huge = tmp_path / "inbox" / "folder" / "huge.png"
    huge.parent.mkdir()
    with huge.open("wb") as file:
        file.truncate(HUGE)
    before = huge.stat()

    with a_worker(tmp_path, "--settle=0", outbox=far / "outbox") as worker:
        worker.waits_until(lambda: len(worker.rows()) == 6 and worker.is_up(), 20)
        late = [("late.png", a_picture(9))]
        drop(worker.inbox, late)
        worker.waits_until(lambda: len(worker.rows()) == 7, 5)
        worker.waits_until(lambda: not huge.exists())
        assert worker.stop() < 5

    (kept,) = files_below(tmp_path / "inbox")
    assert kept.relative_to(tmp_path / "inbox").parts[0] == ".too-large"
    assert kept.parts[-2:] == ("folder", "huge.png")
    assert (kept.stat().st_ino, kept.stat().st_size) == (before.st_ino, HUGE)
    (row,) = [row for row in worker.rows() if row["file"] == "folder/huge.png"]
    assert (row["status"], "214,748,364,800 bytes" in row["reason"]) == ("unreadable", True)
    assert len(on_shelves(far / "outbox")) == 6

    with a_worker(tmp_path, "--settle=0", outbox=far / "outbox") as worker:
        worker.waits_until(worker.is_up)
        time.sleep(1)
        assert len(worker.rows()) == 7, "it is not read again"


@elsewhere
@pytest.mark.slow
def test_a_stop_is_heard_and_the_heart_beats_while_a_large_file_is_copied(
    tmp_path: Path, far: Path
) -> None:
    size = 3 * 2**29
    big = tmp_path / "inbox" / "big.png"
    big.parent.mkdir()
    with big.open("wb") as file:
        file.truncate(size)

    # It is full of holes, as a copy under way is: that is waited for.
    options = ("--settle=0", "--max-wait=0.5", f"--max-bytes={4 * 2**30}")
    with a_worker(tmp_path, *options, outbox=far / "outbox") as worker:
        worker.waits_until(lambda: any(path.suffix == ".part" for path in files_below(far)))
        assert worker.stop() < 5

    (left,) = files_below(tmp_path / "inbox")
    assert left.parts[-3] == ".claimed", "it is filed away at the next start"
    assert left.stat().st_size == size
    assert not [path for path in files_below(far) if path.suffix == ".part"]


@elsewhere
def test_a_copy_that_is_given_up_leaves_nothing_and_the_picture_stays(
    tmp_path: Path, far: Path
) -> None:
    source = tmp_path / "7.png"
    source.write_bytes(os.urandom(3 * 2**20))

    def stops() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        copy_durably(source, far / "7.png", aside=far / ".7.part", between=stops)

    assert source.exists()
    assert files_below(far) == []


def test_only_a_regular_file_of_fitting_size_is_copied(tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(b"seven")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("7.png")
    aside, target = tmp_path / "aside", tmp_path / "target"

    for name in ("pipe", "link"):
        with pytest.raises(Unavailable):
            copy_durably(tmp_path / name, target, aside=aside)
    with pytest.raises(TooLarge):
        copy_durably(tmp_path / "7.png", target, aside=aside, most=4)

    assert not target.exists()


def test_a_link_where_a_copy_is_written_aside_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(b"seven")
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "aside").symlink_to("precious")

    copy_durably(tmp_path / "7.png", tmp_path / "target", aside=tmp_path / "aside")

    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert (tmp_path / "target").read_bytes() == b"seven"


def test_a_copy_has_the_bytes_times_and_rights_of_its_source(tmp_path: Path) -> None:
    content = os.urandom(2**20 + 17)
    (tmp_path / "7.png").write_bytes(content)
    os.utime(tmp_path / "7.png", ns=(10**18, 10**18))
    (tmp_path / "7.png").chmod(0o640)

    copy_durably(tmp_path / "7.png", tmp_path / "target", aside=tmp_path / "aside")

    status = (tmp_path / "target").stat()
    assert (tmp_path / "target").read_bytes() == content
    assert (status.st_mtime_ns, status.st_mode & 0o777) == (10**18, 0o640)


@elsewhere
@pytest.mark.slow
def test_one_picture_that_cannot_be_copied_waits_in_hand_and_the_others_are_filed(
    tmp_path: Path, far: Path
) -> None:
    with a_worker(tmp_path, "--settle=0", outbox=far / "outbox") as worker:
        drop(worker.inbox, GOOD[:1])
        worker.waits_until(lambda: bool(on_shelves(worker.outbox)))
        (day,) = (worker.outbox / "done").iterdir()
        (day / "folder").symlink_to("/proc")  # where nothing can be made
        stuck = ("folder/stuck.png", a_picture(7))
        drop(worker.inbox, [stuck, *GOOD[1:]])

        worker.waits_until(lambda: len(on_shelves(worker.outbox)) >= 5)
        told = json.loads((worker.outbox / ".status.json").read_bytes())
        worker.waits_until(lambda: len(worker.rows()) == 6)
        (day / "folder").unlink()
        worker.waits_until(worker.is_idle, 90)

    assert told["deferred_files"] in {0, 1}
    assert audit(tmp_path / "inbox", far / "outbox", [*GOOD, stuck]) == []
