import signal
import subprocess
import sys
from pathlib import Path

import pytest

from digitdrop.errors import ReportError
from digitdrop.files import lock

HOLD = """
import sys
from pathlib import Path
from digitdrop.files import lock
with lock.lock_report(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "outbox" / "predictions.csv"


def a_holder(report: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(report)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_writer_is_told_who_holds_the_report(report: Path) -> None:
    with a_holder(report) as holder:
        with (
            pytest.raises(ReportError, match=f"process {holder.pid} on .* since .* stop that one"),
            lock.lock_report(report),
        ):
            pass
        holder.communicate()


def test_a_lock_left_by_a_dead_process_blocks_nobody(report: Path) -> None:
    with a_holder(report) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert report.with_name(".predictions.csv.lock").exists()

    with lock.lock_report(report):
        pass
    with lock.lock_report(report):
        pass


def test_another_report_in_the_same_folder_is_another_lock(report: Path) -> None:
    with lock.lock_report(report), lock.lock_report(report.with_name("other.csv")):
        pass


def test_a_folder_that_cannot_be_had_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with (
        pytest.raises(ReportError, match="cannot make"),
        lock.lock_report(tmp_path / "file" / "predictions.csv"),
    ):
        pass
