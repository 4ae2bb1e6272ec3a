"""What was dropped, and whether each of it is where it belongs: checked without the worker."""

import csv
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitdrop.audit.verify import audit_outbox
from digitdrop.escape import unescape

ROOT = Path(__file__).resolve().parent.parent
DIGITDROP = (sys.executable, "-P", "-m", "digitdrop")
"""The command, as it is installed for this Python."""


@dataclass(frozen=True)
class Correction:
    """What a person put right."""

    file: str
    digit: str
    sha256: str
    is_copy: bool = False
    """Whether the picture was copied, so that it is there once more."""


def a_picture(number: int = 7) -> bytes:
    """Draw a number on white paper, as PNG."""
    picture = np.full((80, 60), 255, np.uint8)
    cv2.putText(picture, str(number), (8, 62), cv2.FONT_HERSHEY_SIMPLEX, 2, (0,), 5)
    return cv2.imencode(".png", picture)[1].tobytes()


FIRST = [(f"first {number}.png", a_picture(number)) for number in range(5)]
THEN = [(f"then {number}.png", a_picture(number)) for number in range(5)]
"""What the worker of the fixture `worker` has read, and what tests drop thereafter."""


def drop_everything(inbox: Path) -> list[tuple[str, bytes]]:
    """Drop one of every kind: readable, same again, below a folder, cut short, no picture."""
    whole = a_picture(7)
    drops = [
        ("seven.png", whole),
        ("again.png", whole),
        ("scans/seven.png", a_picture(3)),
        ("=1+1 \n\udcff.png", a_picture(1)),
        ("empty paper.png", cv2.imencode(".png", np.full((50, 50), 255, np.uint8))[1].tobytes()),
        ("half.png", whole[: len(whole) // 2]),
        ("note.txt", b"this is no picture"),
    ]
    drop(inbox, drops)
    return drops


def drop(inbox: Path, drops: list[tuple[str, bytes]]) -> None:
    """Write files."""
    inbox.mkdir(parents=True, exist_ok=True)
    for name, content in drops:
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def a_socket(path: Path) -> None:
    """Leave a socket; nobody listens."""
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may be no longer than 107 bytes
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)
    os.chdir(here)


def wait_until(
    is_so: Callable[[], object], seconds: float = 60, *, told: Callable[[], str] = str
) -> None:
    """Wait until something is so.

    Args:
        is_so: asked again and again.
        seconds: how long.
        told: what is shown if it does not become so, such as a log.

    Raises:
        AssertionError: it does not become so.
    """
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, told()[-5000:]
        time.sleep(0.02)


def sha256(content: bytes) -> str:
    """Name content as the report does."""
    return hashlib.sha256(content).hexdigest()


def rows(report: Path) -> list[dict[str, str]]:
    """Read the report with nothing but the csv module."""
    with report.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def all_reports(report: Path) -> list[Path]:
    """List a report and those that were closed."""
    return sorted(report.parent.glob(f"{report.stem}*{report.suffix}"))


def every_row(report: Path) -> list[dict[str, str]]:
    """Read a report and those that were closed."""
    return [row for path in all_reports(report) for row in rows(path)]


def files_below(folder: Path) -> list[Path]:
    """List every file, hidden ones too."""
    return sorted(Path(path, name) for path, _, names in os.walk(folder) for name in names)


def on_shelves(outbox: Path) -> list[Path]:
    """List every file that was filed away."""
    return [path for shelf in ("done", "review", "failed") for path in files_below(outbox / shelf)]


def audit(
    inbox: Path,
    outbox: Path,
    drops: list[tuple[str, bytes]],
    *,
    corrections: list[Correction] | None = None,
    gone: list[bytes] | None = None,
) -> list[str]:
    """Compare drops, what people put right, rows and shelves; say what is not as promised.

    `gone` are the contents of pictures that may be on no shelf any more.
    """
    corrections, gone = corrections or [], gone or []
    complaints = audit_report(outbox / "predictions.csv", drops)
    complaints += audit_corrections(outbox / "predictions.csv", corrections)
    shelved = on_shelves(outbox)
    there = Counter(sha256(path.read_bytes()) for path in shelved)
    expected = Counter(sha256(content) for _, content in drops)
    expected += Counter(one.sha256 for one in corrections if one.is_copy)
    expected -= Counter(map(sha256, gone))
    if there != expected:
        complaints.append(f"pictures lost or doubled: {there - expected}, {expected - there}")
    if left := files_below(inbox):
        complaints.append(f"left in the inbox: {left}")
    if hidden := [path for path in shelved if path.name.startswith(".")]:
        complaints.append(f"left beside the pictures: {hidden}")
    account = audit_outbox(inbox, outbox, outbox / "predictions.csv")
    if not account.is_complete:
        complaints.append(f"verify says: {account}")
    return complaints


def audit_corrections(report: Path, corrections: list[Correction]) -> list[str]:
    """Compare what people put right with the rows that say so."""
    found = every_row(report)
    by_id = {row["id"]: row for row in found}
    corrected = [row for row in found if row["status"] == "corrected"]
    said = [
        Correction(unescape(row["file"]), row["prediction"], row["sha256"]) for row in corrected
    ]
    expected = [Correction(one.file, one.digit, one.sha256) for one in corrections]
    complaints = []
    if Counter(said) != Counter(expected):
        complaints.append(f"corrections: {said}, expected {expected}")
    about = [row["reason"].removeprefix("corrects ") for row in corrected]
    if len(set(about)) != len(about):
        complaints.append("a row was corrected twice")
    if any(
        by_id[row_id]["sha256"] != row["sha256"]
        for row_id, row in zip(about, corrected, strict=True)
    ):
        complaints.append("a correction names a row of another picture")
    return complaints


def audit_batch(inbox: Path, outbox: Path, drops: list[tuple[str, bytes]]) -> list[str]:
    """Compare the files of a folder with the rows of a one-shot run; a note has none."""
    pictures = [(name, content) for name, content in drops if not name.endswith(".txt")]
    complaints = audit_report(outbox / "predictions.csv", pictures)
    left = {path.read_bytes() for path in files_below(inbox)}
    if left != {content for _, content in drops}:
        complaints.append("the sources were changed")
    return complaints


def audit_report(report: Path, drops: list[tuple[str, bytes]]) -> list[str]:
    """Compare drops and rows, but for corrections."""
    complaints = []
    found = every_row(report)
    lines = [path.read_bytes().split(b"\r\n") for path in all_reports(report)]
    whole = sum(len(one) - 2 for one in lines)
    if any(one[-1] for one in lines) or whole != len(found):
        complaints.append(f"{whole} whole lines, {len(found)} rows")
    if any(None in row or None in row.values() for row in found):
        complaints.append("a row has too many or too few cells")
    if len({row["id"] for row in found}) != len(found):
        complaints.append("an id occurs twice")
    readings = [row for row in found if row["status"] != "corrected"]
    recorded = Counter((unescape(row["file"]), row["sha256"]) for row in readings)
    expected = Counter((name, sha256(content)) for name, content in drops)
    if recorded != expected:
        complaints.append(f"rows too many: {recorded - expected}; missing: {expected - recorded}")
    return complaints


@contextmanager
def a_worker(
    folder: Path,
    *more: str,
    outbox: Path | None = None,
    log: Path | None = None,
    within: tuple[str, ...] = (),
) -> "Iterator[Worker]":
    """Run the real worker on a folder; it is killed at the end if it still runs."""
    worker = Worker(folder, *more, outbox=outbox, log=log, within=within)
    try:
        yield worker
    finally:
        worker.kill()


class Worker:
    """The real worker in a process of its own."""

    def __init__(
        self,
        folder: Path,
        *more: str,
        outbox: Path | None = None,
        log: Path | None = None,
        within: tuple[str, ...] = (),
    ) -> None:
        """Start it; `within` is the command that runs it, such as one that takes rights away."""
        self.log = log or folder / "log"
        self.inbox, self.outbox = folder / "inbox", outbox or folder / "outbox"
        self.inbox.mkdir(parents=True, exist_ok=True)
        command = [
            *within,
            *DIGITDROP,
            "watch",
            "--workers=1",
            "--no-page",
        ]
        command += more
        command += [f"--inbox={self.inbox}", f"--outbox={self.outbox}"]
        with self.log.open("ab") as told:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=told, stderr=told)

    def told(self) -> str:
        """Give its log."""
        return self.log.read_text(errors="replace")

    def waits_until(self, is_so: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something is so.

        Raises:
            AssertionError: it does not become so, or the worker ended.
        """

        def is_so_yet() -> bool:
            found = is_so()
            assert found or self.process.poll() is None, self.told()[-5000:]
            return found

        wait_until(is_so_yet, seconds, told=self.told)

    def is_up(self) -> bool:
        """Say whether it has begun to watch."""
        return " watching " in self.told()

    def is_idle(self) -> bool:
        """Say whether nothing waits and nothing is in hand."""
        return self.is_up() and not files_below(self.inbox)

    def comes_to_rest(self, rows: int, seconds: float = 30) -> None:
        """Wait for as many rows, and for empty hands; stop it."""
        self.waits_until(lambda: len(self.rows()) >= rows and self.is_idle(), seconds)
        assert self.stop() < 5

    def status(self) -> tuple[int, str]:
        """Ask `digitdrop status`; give its exit code and what it says."""
        command = [*DIGITDROP, "status", f"--inbox={self.inbox}"]
        command.append(f"--outbox={self.outbox}")
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def is_well(self) -> bool:
        """Say whether `digitdrop status` has nothing to tell a person."""
        return self.status()[0] == 0

    def rows(self) -> list[dict[str, str]]:
        """Read its report; none if there is none."""
        report = self.outbox / "predictions.csv"
        return rows(report) if report.exists() else []

    def complaints(self, drops: list[tuple[str, bytes]]) -> list[str]:
        """Say what is not as promised, of all that was dropped."""
        return audit(self.inbox, self.outbox, drops)

    def stop(self) -> float:
        """Ask it to stop; give the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0, self.told()[-5000:]
        return time.monotonic() - began

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


def serve_once(folder: Path, *more: str) -> None:
    """Have the worker read what is there, and stop."""
    with a_worker(folder, "--settle=0", "--max-wait=0.3", *more) as worker:
        worker.waits_until(lambda: worker.is_idle() and worker.is_idle())
        worker.stop()


def searched(script: str, *arguments: str) -> str:
    """Run one of the long searches of this folder (`crash.py` and the like); give what it tells.

    Raises:
        AssertionError: it found something.
    """
    command = [sys.executable, str(ROOT / "tests" / script), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, timeout=600)
    told, complaint = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
    assert not done.returncode, told[-5000:] + complaint[-5000:]
    return told


def children(pid: int) -> list[int]:
    """List the processes that a process has started."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended meanwhile
            found += map(int, path.read_text().split())
    return found


def readers(pid: int) -> list[int]:
    """List those that read pictures."""
    return [child for child in children(pid) if b"spawn_main" in _command(child)]


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that has ended may still be waiting to be reaped."""
    return bool(_command(pid))


def wait_for_the_end(pids: list[int], seconds: float) -> None:
    """See that processes end by themselves.

    Raises:
        AssertionError: one goes on.
    """
    wait_until(lambda: not any(map(is_alive, pids)), seconds, told=lambda: str(pids))


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
