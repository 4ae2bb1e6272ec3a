"""The worker under attack, and what can be seen of it from outside: of `hostile.py`."""

import csv
import heapq
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TextIO

from digitdrop.escape import unescape
from ledger import children

LONG = 60.0
MAX_WAIT = 3.0  # seconds, the worker's option


class Later(threading.Thread):
    """Does things at their time, one after the other."""

    def __init__(self) -> None:
        """Start it."""
        super().__init__(daemon=True)
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()
        self._is_ending = False
        self._changed = threading.Condition()
        self.start()

    def __call__(self, seconds: float, act: Callable[[], object]) -> None:
        """Have something done after so many seconds."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), act))
            self._changed.notify()

    def run(self) -> None:
        """Do it."""
        while act := self._next():
            act()

    def join(self, timeout: float | None = None) -> None:
        """Wait until all is done."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()
        super().join(timeout)

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            while not self._due or self._due[0][0] > time.monotonic():
                if not self._due and self._is_ending:
                    return None
                left = self._due[0][0] - time.monotonic() if self._due else None
                self._changed.wait(left)
            return heapq.heappop(self._due)[2]


class Rows(threading.Thread):
    """Reads a report as it grows, and notes when each row came."""

    def __init__(self, report: Path) -> None:
        """Start it."""
        super().__init__(daemon=True)
        self._report = report
        self.at: dict[str, float] = {}
        """Monotonic time of the first row of each name."""
        self.contents: Counter[tuple[str, str]] = Counter()
        """Rows by name and SHA-256."""
        self.ids: set[str] = set()
        self.count = 0
        self.last = time.monotonic()
        self.start()

    def run(self) -> None:
        """Read it to the end of this process."""
        while not self._report.exists():
            time.sleep(0.02)
        with self._report.open(encoding="utf-8", newline="") as file:
            names = next(csv.reader([self._line(file)]))
            while line := self._line(file):
                self._note(dict(zip(names, next(csv.reader([line])), strict=True)))

    def _line(self, file: TextIO) -> str:
        line = ""
        while not line.endswith("\n"):
            if more := file.readline():
                line += more
            else:
                time.sleep(0.01)
        return line

    def _note(self, row: dict[str, str]) -> None:
        name = unescape(row["file"])
        self.last = time.monotonic()
        self.at.setdefault(name, self.last)
        self.contents[name, row["sha256"]] += 1
        self.ids.add(row["id"])
        self.count += 1


class Subject:
    """The real worker: its current folder is the inbox, and as root it has no capabilities."""

    def __init__(self, folder: Path, outbox: Path) -> None:
        """Name the folders; inbox and log lie in the first."""
        self._folder = folder
        self._folders = [f"--inbox={folder / 'inbox'}", f"--outbox={outbox}"]
        self._digitdrop = Path(sys.executable).with_name("digitdrop")
        self.memory: list[float] = []
        """MiB of all its processes together, shared pages counted once; each half second."""
        self.cpu = 0.0
        """Seconds of those that have ended."""
        self.code: int | None = None
        self.starts: list[tuple[float, float]] = []
        """Monotonic time of the end before each start, and of that start."""
        self._ended = time.monotonic()

    def start(self) -> None:
        """Start it, and look at its memory for as long as it runs."""
        options = ["--settle=0.5", f"--max-wait={MAX_WAIT}", "--workers=2", "--log-format=json"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command("watch", *options),
                cwd=self._folder / "inbox",
                stdout=log,
                stderr=log,
            )
        self.code = None
        self.starts.append((self._ended, time.monotonic()))
        threading.Thread(target=self._weigh, args=(self._process.pid,), daemon=True).start()

    def has_ended(self) -> bool:
        """Say whether it has ended; its CPU time counts then, and that of its children."""
        if self.code is None:
            pid, status, used = os.wait4(self._process.pid, os.WNOHANG)
            if pid:
                self.code = self._process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu += used.ru_utime + used.ru_stime
        return self.code is not None

    def stop(self) -> float:
        """Ask it to stop; give the seconds that it took."""
        began = self._ended = time.monotonic()
        if not self.has_ended():
            os.kill(self._process.pid, signal.SIGTERM)
        while not self.has_ended() and time.monotonic() - began < LONG:
            time.sleep(0.01)
        return time.monotonic() - began

    def kill(self) -> None:
        """End it, and wait for that."""
        self._ended = time.monotonic()
        while not self.has_ended():
            os.kill(self._process.pid, signal.SIGKILL)
            time.sleep(0.01)

    def ask(self, command: str) -> tuple[int, str]:
        """Ask another command; give its exit code, 124 if it takes too long, and its words."""
        try:
            done = subprocess.run(
                self._command(command), capture_output=True, check=False, timeout=LONG
            )
        except subprocess.TimeoutExpired:
            return 124, "no answer"
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def log(self) -> str:
        """Give what it has told."""
        return (self._folder / "log").read_text(errors="replace")

    def last_line(self) -> str:
        """Give the last that it has told."""
        return self.log().rstrip().rpartition("\n")[2][:300]

    def _command(self, command: str, *options: str) -> list[str | Path]:
        run: list[str | Path] = [self._digitdrop, command, *self._folders, *options]
        if os.geteuid() or not shutil.which("setpriv"):
            return run
        return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", *run]

    def _weigh(self, pid: int) -> None:
        while Path(f"/proc/{pid}/smaps_rollup").exists():
            self.memory.append(sum(map(_size, _family(pid))))
            time.sleep(0.5)


def _family(pid: int) -> list[int]:
    found = [pid]
    for one in found:  # it grows meanwhile
        found += children(one)
    return found


def _size(pid: int) -> float:
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return int(told.partition("\nPss:")[2].split()[0]) / 1024 if "\nPss:" in told else 0.0
