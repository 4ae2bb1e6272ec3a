"""Scanners that make the name long before the picture, and copies that pause, are waited for."""

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from PIL import Image

from ledger import a_picture, a_worker

MAX_WAIT = 0.8

PNG = a_picture(7)


def a_jpeg() -> bytes:
    """Give the same picture as JPEG."""
    content = io.BytesIO()
    Image.open(io.BytesIO(PNG)).resize((300, 400)).save(content, "JPEG")
    return content.getvalue()


def scanned(path: Path, content: bytes) -> None:
    """Make the name, and write after longer than a half picture is waited for."""
    with path.open("wb") as file:
        time.sleep(2.5 * MAX_WAIT)
        file.write(content)


def in_parts(path: Path, content: bytes) -> None:
    """Write with pauses that are longer than `--settle`."""
    with path.open("wb") as file:
        _write_slowly(file, content)


def at_full_size(path: Path, content: bytes) -> None:
    """Reserve the room first, as Windows' Explorer does, then write with pauses."""
    with path.open("wb") as file:
        file.truncate(len(content))
        _write_slowly(file, content)


def _write_slowly(file: BinaryIO, content: bytes) -> None:
    third = len(content) // 3
    for part in (content[:third], content[third : 2 * third], content[2 * third :]):
        file.write(part)
        file.flush()
        time.sleep(0.6 * MAX_WAIT)


@pytest.mark.slow
def test_each_is_read_once_and_whole_and_an_empty_one_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    writers: dict[str, tuple[Callable[[Path, bytes], None], bytes]] = {
        "scanned.png": (scanned, PNG),
        "scanned.jpg": (scanned, a_jpeg()),
        "parts.png": (in_parts, PNG),
        "parts.jpg": (in_parts, a_jpeg()),
        "reserved.jpg": (at_full_size, a_jpeg()),
    }
    with a_worker(tmp_path, "--settle=0.2", f"--max-wait={MAX_WAIT}") as worker:
        worker.waits_until(worker.is_up)
        began = time.monotonic()
        (worker.inbox / "empty.png").touch()
        threads = [
            threading.Thread(target=write, args=(worker.inbox / name, content))
            for name, (write, content) in writers.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        worker.waits_until(lambda: len(worker.rows()) >= len(writers))
        assert {row["file"]: row["status"] for row in worker.rows()} == dict.fromkeys(
            writers, "ok"
        )
        worker.comes_to_rest(len(writers) + 1)

        assert time.monotonic() - began >= 10 * MAX_WAIT
        assert [worker.rows()[-1][cell] for cell in ("file", "status")] == [
            "empty.png",
            "unreadable",
        ]
        for name, (_, content) in writers.items():
            assert next(worker.outbox.glob(f"done/*/{name}")).read_bytes() == content
