"""What becomes of a worker that is left alone, with a picture now and then?

    python benchmarks/alone.py [--minutes 60] [--command FILE] [--folder DIR]

Runs `digitdrop watch --log-format json` (that of this Python, unless another is named)
with every default in an empty folder,
drops one of the samples each minute, and writes down each minute: rows, memory
(of all its processes; shared pages count in part), seconds of CPU time (its own,
and of the page's processes), open files, threads, bytes of its log. The lines
come as CSV; at the end the growth from the tenth minute to the last.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.running import ROOT, Worker

_SAMPLES = sorted(
    path for path in (ROOT / "examples").iterdir() if path.suffix in {".jpg", ".png"}
)
_COMMAND = Path(sys.executable).with_name("digitdrop")
_WARM = 10  # minutes after which every buffer has been met
_COLUMNS = (
    "minute",
    "rows",
    "MB",
    "own MB",
    "CPU s",
    "own CPU s",
    "files",
    "threads",
    "log bytes",
)


class Alone(Worker):
    """The installed command in an empty folder, as somebody would start it."""

    def __init__(self, folder: Path, command: Path) -> None:
        """Start it there, its log beside its folders."""
        self.inbox, self.outbox, self.log = folder / "inbox", folder / "outbox", folder / "log"
        self.report = self.outbox / "predictions.csv"
        self.began = time.perf_counter()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [command, "watch", "--log-format", "json"], cwd=folder, stdout=log, stderr=log
            )

    def row(self, minute: int) -> tuple[float, ...]:
        """Measure now."""
        own = Path(f"/proc/{self.process.pid}")
        status = dict(
            line.split(":", 1) for line in (own / "status").read_text().splitlines() if ":" in line
        )
        cells = (own / "stat").read_text().rpartition(")")[2].split()
        return (
            minute,
            self.rows(),
            round(self.memory(), 1),
            round(int(status["VmRSS"].split()[0]) / 1024, 1),
            self.cpu(),
            sum(map(int, cells[11:13])) / os.sysconf("SC_CLK_TCK"),
            sum(1 for _ in (own / "fd").iterdir()),
            int(status["Threads"]),
            self.log.stat().st_size,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--command", type=Path, default=_COMMAND, help="the installed one")
    parser.add_argument("--folder", type=Path, default=None, help="an empty one")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp())
    out = csv.writer(sys.stdout)
    out.writerow(_COLUMNS)
    rows = []
    for row in _minutes(folder, options.command.absolute(), options.minutes):
        out.writerow(row)
        sys.stdout.flush()
        rows.append(row)
    warm, last = rows[min(_WARM, len(rows) - 1)], rows[-1]
    growth = (
        f"{name} {new - old:+g}" for name, old, new in zip(_COLUMNS, warm, last, strict=True)
    )
    print("since it was warm:", ", ".join(growth), file=sys.stderr)


def _minutes(folder: Path, command: Path, minutes: int) -> Iterator[tuple[float, ...]]:
    worker = Alone(folder, command)
    try:
        worker.waits_until((worker.outbox / ".status.json").exists, every=0.1)
        began = time.monotonic()
        for minute in range(minutes + 1):
            time.sleep(max(0.0, began + 60 * minute - time.monotonic()))
            yield worker.row(minute)
            sample = _SAMPLES[minute % len(_SAMPLES)]
            (worker.inbox / f"{minute:04}-{sample.name}").write_bytes(sample.read_bytes())
    finally:
        worker.stop()


if __name__ == "__main__":
    main()
