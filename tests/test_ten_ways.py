"""A thousand files come in ten ways while the worker is stopped and killed twenty times."""

import csv
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ledger import DIGITDROP, wait_until

ROOT = Path(__file__).parent.parent
EACH = 100


@pytest.mark.slow
def test_a_thousand_files_dropped_in_ten_ways_get_a_thousand_rows(tmp_path: Path) -> None:
    inbox, outbox, aside = tmp_path / "inbox", tmp_path / "outbox", tmp_path / "aside"
    inbox.mkdir()
    pictures = _pictures(aside, 10 * EACH)
    chance = random.Random(1)

    _before_the_start(pictures[: 2 * EACH], inbox)
    dropping = threading.Thread(target=_drop, args=(pictures[2 * EACH :], inbox))
    dropping.start()
    for number in range(20):
        with _worker(inbox, outbox) as worker:
            time.sleep(chance.uniform(0.3, 1.2))
            worker.send_signal(signal.SIGTERM if number % 2 else signal.SIGKILL)
            worker.wait(timeout=5)
    dropping.join()
    with _worker(inbox, outbox) as worker:
        wait_until(lambda: len(_rows(outbox)) >= 10 * EACH)
        time.sleep(1)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=5) == 0

    rows = _rows(outbox)
    assert len(rows) == 10 * EACH
    assert len({row["id"] for row in rows}) == 10 * EACH
    assert len({row["sha256"] for row in rows}) == 10 * EACH
    assert {row["status"] for row in rows} <= {"ok", "uncertain", "not_a_digit", "several"}
    kept = [path for path in outbox.rglob("*.png") if path.is_file()]
    assert sorted(path.read_bytes() for path in kept) == sorted(pictures)
    assert not [path for path in inbox.rglob("*") if path.is_file()]


def _pictures(folder: Path, count: int) -> list[bytes]:
    """Make small pictures, no two alike."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    contents = []
    for number in range(count):
        pixels = np.zeros((28, 28), np.uint8)
        pixels[4:24, 11:17] = 255
        pixels[rng.integers(4, 24, 30), rng.integers(5, 23, 30)] = 200
        path = folder / f"{number}.png"
        Image.fromarray(pixels).save(path)
        contents.append(path.read_bytes())
        path.unlink()
    assert len(set(contents)) == count
    return contents


def _before_the_start(contents: list[bytes], inbox: Path) -> None:
    """Ways 1 and 2: they lie there, in the inbox and in a folder."""
    (inbox / "early").mkdir()
    for number, content in enumerate(contents):
        folder = inbox / "early" if number % 2 else inbox
        (folder / f"early-{number}.png").write_bytes(content)


def _drop(contents: list[bytes], inbox: Path) -> None:
    ways: list[Callable[[Path, bytes, Path], None]] = [
        _moved,
        _copied,
        _written_slowly,
        _renamed_from_part,
        _linked,
        _overwritten,
        _touched_first,
        _copied_by_python,
    ]
    for number, content in enumerate(contents[:-EACH]):
        ways[number % len(ways)](inbox / f"drop-{number}.png", content, inbox.parent / "aside")
        time.sleep(0.01)
    # Ways 10: as whole folders, moved in and copied in.
    for number in range(0, EACH, 10):
        folder = inbox.parent / "aside" / f"folder-{number}"
        folder.mkdir()
        for index, content in enumerate(contents[-EACH:][number : number + 10]):
            (folder / f"{index}.png").write_bytes(content)
        if number % 20:
            folder.rename(inbox / folder.name)
        else:
            shutil.copytree(folder, inbox / folder.name)


def _moved(target: Path, content: bytes, aside: Path) -> None:
    (aside / target.name).write_bytes(content)
    (aside / target.name).rename(target)


def _copied(target: Path, content: bytes, aside: Path) -> None:
    (aside / target.name).write_bytes(content)
    subprocess.run(["cp", "-p", aside / target.name, target], check=True)


def _copied_by_python(target: Path, content: bytes, aside: Path) -> None:
    """It sets mode and times by name once the file is closed."""
    (aside / target.name).write_bytes(content)
    shutil.copy2(aside / target.name, target)


def _written_slowly(target: Path, content: bytes, _: Path) -> None:
    with target.open("wb", buffering=0) as file:
        for start in range(0, len(content), 100):
            file.write(content[start : start + 100])
            time.sleep(0.02)


def _renamed_from_part(target: Path, content: bytes, _: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    part.write_bytes(content)
    part.rename(target)


def _linked(target: Path, content: bytes, aside: Path) -> None:
    (aside / target.name).write_bytes(content)
    os.link(aside / target.name, target)


def _overwritten(target: Path, content: bytes, aside: Path) -> None:
    """It waits half written under its name, then the whole one replaces it."""
    target.write_bytes(content[: len(content) // 2])
    (aside / target.name).write_bytes(content)
    (aside / target.name).replace(target)


def _touched_first(target: Path, content: bytes, _: Path) -> None:
    target.touch()
    time.sleep(0.01)
    with target.open("ab") as file:
        file.write(content)


@contextmanager
def _worker(inbox: Path, outbox: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        *DIGITDROP,
        "watch",
        "--inbox",
        inbox,
        "--outbox",
        outbox,
    ]
    options = ["--settle", "0.5", "--quiet"]
    worker = subprocess.Popen([*map(str, command), *options], cwd=ROOT)
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def _rows(outbox: Path) -> list[dict[str, str]]:
    report = outbox / "predictions.csv"
    if not report.exists():
        return []
    with report.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
