"""Let memory run out while pictures are read, at every limit that a start survives.

    python tests/memory.py batch
    python tests/memory.py watch --every 20

The address space of the worker and of all that it starts is limited (RLIMIT_AS): in steps of one
MiB from what a start needs, to what all pictures need, large ones among them. Under each limit
nothing is lost, no row is half there or says of a sound picture that it is damaged, nothing ends
with a traceback, and exit codes are as documented, unless a native library ends the process, as
the system itself would. A run without the limit leaves each picture with exactly one row.
How many rows call a sound picture unreadable for want of memory is told.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "worker"), str(ROOT / "tests")]

from digitdrop.audit.verify import audit_outbox  # noqa: E402
from large_pictures import digests, pictures  # noqa: E402
from ledger import DIGITDROP, drop, files_below, on_shelves, rows, serve_once, sha256  # noqa: E402

ENOUGH = 6_000  # MiB
LONG = 60.0
DEATHS = {-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGKILL, 127}
"""Ends that native libraries choose where they get no memory: as if the system had killed it."""
QUIET = 3.0  # seconds without a change after which the service has done what it can
STOP = 5.0


def limited(command: list[str], mebibytes: int) -> "subprocess.Popen[str]":
    """Start a command that has only so much address space, as has all that it starts."""
    limit = ["sh", "-c", f'ulimit -v {mebibytes * 1024} && exec "$0" "$@"']
    return subprocess.Popen(
        [*limit, *DIGITDROP, *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def batch_on(folder: Path) -> list[str]:
    """Give the command that reads a folder in one go."""
    report = folder / "outbox" / "predictions.csv"
    return ["batch", str(folder / "inbox"), f"--report={report}", "--workers=2", "-q"]


def watch_on(folder: Path) -> list[str]:
    """Give the command that watches a folder."""
    folders = [f"--{name}={folder / name}" for name in ("inbox", "outbox")]
    return ["watch", *folders, "--workers=2", "--settle=0", "--max-wait=1", "--no-page"]


COMMANDS = {"batch": batch_on, "watch": watch_on}


def batch(folder: Path, mebibytes: int) -> tuple[list[str], int]:
    """Read a folder in one go, with so much memory; give complaints, and pictures blamed."""
    report = folder / "outbox" / "predictions.csv"
    command = batch_on(folder)
    process = limited(command, mebibytes)
    told, _ = process.communicate(timeout=10 * LONG)
    blamed = blamed_in(report)
    complaints = said(told, process.returncode, {0, 1, 2, 3}) + slandered(blamed)
    if process.returncode == 0 and blamed:
        complaints.append("exit 0, although a picture was not read")
    if not complaints:
        again = limited(command, ENOUGH)
        again.communicate(timeout=10 * LONG)
        complaints += about_rows(report)
    return complaints, len(blamed)


def watch(folder: Path, mebibytes: int) -> tuple[list[str], int]:
    """Have the service read a folder, with so much memory; the same."""
    outbox = folder / "outbox"
    process = limited(watch_on(folder), mebibytes)
    told, took = let_it_work(process, folder)
    complaints = said(told, process.returncode, {0} if " watching " in told else {0, 2})
    if took > STOP:
        complaints.append(f"a stop took {took:.0f} s")
    blamed = blamed_in(outbox / "predictions.csv")
    complaints += slandered(blamed)
    serve_once(folder)
    complaints += about_rows(outbox / "predictions.csv")
    if left := files_below(folder / "inbox"):
        complaints.append(f"left in the inbox: {left}")
    if {sha256(path.read_bytes()) for path in on_shelves(outbox)} != set(digests().values()):
        complaints.append("pictures are lost")
    account = audit_outbox(folder / "inbox", outbox, outbox / "predictions.csv")
    if not account.is_complete:
        complaints.append(f"verify says: {account}")
    return complaints, len(blamed)


def about_rows(report: Path) -> list[str]:
    """Say what is not right: each picture has one row, which may lack what took memory to know."""
    found = rows(report)
    complaints = [
        f"{row['file']} has the SHA-256 {row['sha256']!r}"
        for row in found
        if row["sha256"] != digests()[row["file"]]
        and not (row["sha256"] == "" and "memory" in row["reason"])
    ]
    if Counter(row["file"] for row in found) != Counter([*pictures()]):
        complaints.append(f"rows: {[row['file'] for row in found]}")
    return complaints


def let_it_work(process: "subprocess.Popen[str]", folder: Path) -> tuple[str, float]:
    """Wait until the service has ended or makes no headway; stop it; give its log and how long."""
    began = since = time.monotonic()
    last: object = None
    while process.poll() is None and time.monotonic() - began < LONG:
        now = [*map(str, files_below(folder))]
        last, since = now, since if now == last else time.monotonic()
        if not files_below(folder / "inbox") or time.monotonic() - since > QUIET:
            break
        time.sleep(0.05)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        return process.communicate(timeout=LONG)[0], time.monotonic() - began
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0], LONG


def said(told: str, code: int, expected: set[int]) -> list[str]:
    """Say what is not right about the end of a process and its words."""
    expected = expected | DEATHS
    complaints = [] if code in expected else [f"exit {code}: {told[-300:]}"]
    if "Traceback" in told:
        complaints.append(f"a traceback: {told.rstrip().rpartition(chr(10))[2][:200]}")
    if code == 2 and not told.strip():
        complaints.append("exit 2 without a word")
    return complaints


def blamed_in(report: Path) -> list[str]:
    """Name the sound pictures that a report calls unreadable."""
    found = rows(report) if report.exists() else []
    return [f"{row['file']}: {row['reason']}" for row in found if row["status"] == "unreadable"]


def slandered(blamed: list[str]) -> list[str]:
    """Pick out what says that something is wrong with a sound picture, and not with the memory."""
    return [f"not so: {one}" for one in blamed if "memory" not in one.partition(": ")[2]]


def what_suffices(is_enough: Callable[[int], bool]) -> int:
    """Find the least number of MiB that is enough."""
    low, high = 0, ENOUGH
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def reads(command: str, what: list[str]) -> Callable[[int], bool]:
    """Make what says whether so much memory is enough for these pictures."""

    def is_enough(mebibytes: int) -> bool:
        with tempfile.TemporaryDirectory(prefix="memory-") as name:
            folder = Path(name)
            drop(folder / "inbox", [(one, pictures()[one]) for one in what])
            run = limited(COMMANDS[command](folder), mebibytes)
            if command == "watch":
                let_it_work(run, folder)
            else:
                run.communicate(timeout=LONG)
            report = folder / "outbox" / "predictions.csv"
            return run.returncode == 0 and report.exists() and not blamed_in(report)

    return is_enough


def sweep(options: argparse.Namespace) -> tuple[range, int, Counter[str]]:
    """Try limits; give which, how many pictures were blamed, and what was wrong how often."""
    first = options.first or what_suffices(reads(options.command, ["small 1.png"]))
    last = options.last or what_suffices(reads(options.command, [*pictures()])) + options.every
    blamed, complaints = 0, Counter[str]()
    for mebibytes in range(first, last + 1, options.every):
        folder = Path(tempfile.mkdtemp(prefix="memory-"))
        drop(folder / "inbox", [*pictures().items()])
        found, some = (watch if options.command == "watch" else batch)(folder, mebibytes)
        shutil.rmtree(folder)
        blamed += some
        for one in found:
            complaints[one[:40]] += 1
            print(f"{options.command} with {mebibytes} MiB: {one}", flush=True)
    return range(first, last + 1, options.every), blamed, complaints


def main() -> None:
    """Sweep, and say how far it went."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["batch", "watch"])
    parser.add_argument("--every", type=int, default=1, help="MiB between two limits")
    parser.add_argument("--first", type=int, help="MiB; what a start needs if not given")
    parser.add_argument("--last", type=int, help="MiB; what suffices if not given")
    options = parser.parse_args()
    began = time.monotonic()
    tried, blamed, complaints = sweep(options)
    print(
        f"{options.command}: {len(tried)} limits from {tried[0]} to {tried[-1]} MiB, "
        f"{complaints.total()} complaints; {blamed} sound pictures called unreadable for want of "
        f"memory, {time.monotonic() - began:.0f} s"
    )
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
