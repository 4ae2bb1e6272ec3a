"""A worker that may open no more files, or only one or two, as where a limit is too low."""

import sys
from pathlib import Path

import pytest

from ledger import FIRST, THEN, Worker, drop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="changes a limit of another process"),
]


@pytest.mark.parametrize("more", [0, 1, 2])
def test_a_worker_out_of_file_descriptors_loses_nothing_and_goes_on_by_itself(
    worker: Worker, more: int
) -> None:
    limit_files(worker, open_files(worker) + more)
    drop(worker.inbox, THEN)
    worker.waits_until(lambda: len(worker.rows()) == 10 or not worker.is_well(), 30)

    limit_files(worker, 1024)
    worker.waits_until(lambda: len(worker.rows()) == 10)

    assert worker.stop() < 5
    assert not worker.complaints(FIRST + THEN)
    assert "Traceback" not in worker.told()


def open_files(worker: Worker) -> int:
    return sum(1 for _ in Path(f"/proc/{worker.process.pid}/fd").iterdir())


def limit_files(worker: Worker, most: int) -> None:
    import resource

    resource.prlimit(worker.process.pid, resource.RLIMIT_NOFILE, (most, 4096))
