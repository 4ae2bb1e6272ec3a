"""A copy that sets the full size first and then pauses is waited for, in every format."""

from pathlib import Path
from typing import IO

import pytest

from encoded import KINDS
from ledger import Worker, a_worker

PAUSE = 3.0
"""Seconds; several times as long as a file has to be quiet."""


def begun(path: Path, content: bytes, written: int) -> IO[bytes]:
    """Set the size of a file, write its beginning, and keep it open."""
    file = path.open("wb")
    file.truncate(len(content))
    file.write(content[:written])
    file.flush()
    return file


def pause(worker: Worker) -> None:
    with pytest.raises((AssertionError, TimeoutError)):
        worker.waits_until(lambda: bool(worker.rows()), seconds=PAUSE)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_copy_that_pauses_is_read_once_it_is_whole(share: float, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    contents = {name: make() for name, make in KINDS.items()}
    with a_worker(tmp_path, "--settle=0.5", "--max-wait=60") as worker:
        worker.waits_until(worker.is_up)
        files = {
            name: begun(inbox / name, content, int(share * len(content)))
            for name, content in contents.items()
        }

        pause(worker)

        for name, file in files.items():
            file.seek(0)
            file.write(contents[name])
            file.close()
        worker.comes_to_rest(len(contents))
        read = {row["file"]: (row["prediction"], row["status"]) for row in worker.rows()}
        assert read == dict.fromkeys(contents, ("7", "ok"))


@pytest.mark.slow
def test_a_copy_that_broke_off_is_unreadable_and_never_read_half(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    large = {name: make() for name, make in KINDS.items() if len(make()) > 12_000}
    assert len(large) >= 4
    with a_worker(tmp_path, "--settle=0.5", "--max-wait=2") as worker:
        worker.waits_until(worker.is_up)
        for name, content in large.items():
            begun(inbox / name, content, len(content) // 2).close()

        worker.comes_to_rest(len(large))

        assert {row["status"] for row in worker.rows()} == {"unreadable"}


@pytest.mark.slow
def test_zeros_that_may_be_pixels_wait_and_are_read_as_they_are(tmp_path: Path) -> None:
    content = KINDS["seven.bmp"]()
    half = content[: len(content) // 2].ljust(len(content), b"\0")  # written, so it is no hole
    with a_worker(tmp_path, "--settle=0.3", "--max-wait=5") as worker:
        worker.waits_until(worker.is_up)
        (worker.inbox / "seven.bmp").write_bytes(half)

        pause(worker)

        worker.comes_to_rest(1)
        (row,) = worker.rows()
        assert row["status"] != "unreadable"
        assert row["reason"]


@pytest.mark.slow
def test_zeros_that_are_filled_in_time_are_read_once(tmp_path: Path) -> None:
    content = KINDS["seven.pgm"]()
    with a_worker(tmp_path, "--settle=0.3", "--max-wait=60") as worker:
        worker.waits_until(worker.is_up)
        path = worker.inbox / "seven.pgm"
        path.write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))
        pause(worker)

        path.write_bytes(content)

        worker.comes_to_rest(1)
        (row,) = worker.rows()
        assert (row["prediction"], row["status"], row["reason"]) == ("7", "ok", "")
