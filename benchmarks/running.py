"""A worker under measurement: start it, watch its report, its memory and its CPU time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SETTLED = 2.1
"""Seconds after which what lies in an inbox counts as a backlog."""
_TICK = os.sysconf("SC_CLK_TCK")


def a_picture(number: int) -> bytes:
    """Draw a digit as MNIST's pictures are: 28 x 28, white on black; as PNG."""
    pixels = np.zeros((28, 28), np.uint8)
    cv2.putText(pixels, str(number % 10), (7, 21), cv2.FONT_HERSHEY_SIMPLEX, 0.65, (255,), 2)
    return cv2.imencode(".png", pixels)[1].tobytes()


class Worker:
    """The real worker in a process of its own."""

    def __init__(self, folder: Path, *more: str) -> None:
        """Start it on FOLDER/inbox and FOLDER/outbox."""
        self.inbox, self.outbox = folder / "inbox", folder / "outbox"
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.report = self.outbox / "predictions.csv"
        self._lines = self._counted = 0
        command = [sys.executable, "-P", "-m", "digitdrop", "watch", "--quiet", *more]
        command += [f"--inbox={self.inbox}", f"--outbox={self.outbox}"]
        self.began = time.perf_counter()
        self.process = subprocess.Popen(command, cwd=ROOT)

    def waits_until(self, is_so: Callable[[], bool], *, every: float = 0.001) -> float:
        """Wait until something is so; give the time (perf_counter) when it was.

        Raises:
            RuntimeError: the worker ended, or it takes longer than ten minutes.
        """
        until = time.perf_counter() + 600
        while not is_so():
            if self.process.poll() is not None or time.perf_counter() > until:
                raise RuntimeError("the worker ended, or does not get there")
            time.sleep(every)
        return time.perf_counter()

    def rows(self) -> int:
        """Count the rows of its report: only what is new, or counting would slow it down."""
        if not self.report.exists():
            return 0
        with self.report.open("rb") as file:
            file.seek(self._counted)
            new = file.read()
        self._counted += len(new)
        self._lines += new.count(b"\n")
        return self._lines - 1

    def memory(self) -> float:
        """Give the MB that are resident, of all its processes; shared pages count in part."""
        return memory(self.process.pid)

    def cpu(self) -> float:
        """Give the seconds of CPU time used so far, also by processes that have ended."""
        total = 0
        for pid in processes(self.process.pid):
            cells = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
            total += sum(int(cell) for cell in cells[11:15])
        return total / _TICK

    def stop(self) -> None:
        """Ask it to stop, and wait."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


@contextmanager
def a_worker(folder: Path, *more: str) -> Iterator[Worker]:
    """Run a worker, and stop it in the end."""
    worker = Worker(folder, *more)
    try:
        yield worker
    finally:
        worker.stop()


def rows(report: Path) -> int:
    """Count the rows of a report."""
    with report.open("rb") as file:
        chunks = iter(lambda: file.read(1 << 20), b"")
        return sum(chunk.count(b"\n") for chunk in chunks) - 1


def processes(pid: int) -> list[int]:
    """List a process and those that it has started."""
    found, new = [], [pid]
    while new:
        found += new
        new = [
            int(child)
            for one in new
            for path in Path(f"/proc/{one}/task").glob("*/children")
            for child in _read(path).split()
        ]
    return found


def memory(pid: int) -> float:
    """Give the MB that a process and those that it has started hold; as `Worker.memory`."""
    rollups = [_read(Path(f"/proc/{one}/smaps_rollup")) for one in processes(pid)]
    lines = [line.split() for text in rollups for line in text.splitlines()]
    return sum(int(line[1]) for line in lines if line[0] == "Pss:") / 1024


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended meanwhile
        return ""
