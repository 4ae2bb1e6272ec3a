import json
import subprocess
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from digitdrop.files.mounts import HomeDisk
from digitdrop.health.worker_status import StatusFile, WorkerStatus
from disks import OTHER_DISK, elsewhere
from ledger import DIGITDROP, ROOT, a_picture, a_worker, drop, rows


def status(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [*DIGITDROP, "status", *more]
    command += [f"--inbox={folder / 'inbox'}", f"--outbox={folder / 'outbox'}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_without_a_worker_a_person_is_needed(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "outbox").mkdir()

    told = status(tmp_path)

    assert told.returncode == 1
    assert "not running" in told.stdout
    assert "start `digitdrop watch`" in told.stdout


def test_a_folder_that_is_away_is_told(tmp_path: Path) -> None:
    told = status(tmp_path)

    assert told.returncode == 1
    assert f"there is no inbox {tmp_path / 'inbox'}" in told.stdout
    assert "Traceback" not in told.stderr


@pytest.mark.slow
def test_a_running_worker_is_told_with_what_it_has_read(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", [(f"{number}.png", a_picture(number)) for number in range(5)])
    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(lambda: status(tmp_path).stdout.count("0 in the inbox, 0 in hand") > 0)
        worker.waits_until(lambda: len(rows(worker.outbox / "predictions.csv")) == 5)

        told = status(tmp_path, "--json")

    found = json.loads(told.stdout)
    assert (told.returncode, found["well"], found["needs"]) == (0, True, [])
    assert found["running"]
    assert sum(found["rows"]["total"].values()) == 5
    assert sum(found["rows"]["today"].values()) == 5
    assert (found["waiting"], found["in_hand"]) == (0, 0)
    assert found["worker"]["model"].startswith("digits-")


@pytest.mark.slow
def test_what_keeps_the_worker_from_going_on_is_told(tmp_path: Path) -> None:
    with a_worker(tmp_path, "--settle=0", "--poll") as worker:
        worker.waits_until(lambda: "watching" in worker.told())
        worker.inbox.rename(tmp_path / "away")
        worker.waits_until(lambda: "cannot take files in" in worker.told())
        worker.waits_until(lambda: "cannot take files in" in status(tmp_path).stdout)

        told = status(tmp_path)

    assert told.returncode == 1
    assert "goes on by itself" in told.stdout


@elsewhere
def test_nothing_is_told_where_the_disk_of_the_outbox_is_away(tmp_path: Path) -> None:
    told = WorkerStatus(
        holder="", pid=1, since="", model="", inbox=str(tmp_path), settle=2, max_wait=60
    )  # fmt: skip
    outbox = tmp_path / "outbox"
    with TemporaryDirectory(dir=OTHER_DISK) as disk:
        outbox.symlink_to(disk)
        file = StatusFile(outbox, HomeDisk(outbox))
        file.tell(told, now=0)
        assert len(list(outbox.iterdir())) == 1
        outbox.unlink()
        outbox.mkdir()  # what a disk that was mounted here had hidden

        file.tell(replace(told, is_ready=True), now=60)

        assert list(outbox.iterdir()) == []
