"""The cost of the review page's rows: seconds and memory, by the size of the report.

    python benchmarks/review.py [--rows 100000 1000000]

A process reads all rows of an outbox, as `digitdrop review` does at its start, and gives the
first page; then it searches names, sorts, and takes 100 new rows in. Seconds are of the clock,
those of the processor in brackets: on a busy machine only the second ones can be compared.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from benchmarks.page import fill  # noqa: E402
from digitdrop.outbox.report import REPORT  # noqa: E402
from digitdrop.review.selection import Selection  # noqa: E402
from digitdrop.review.store import Store  # noqa: E402


def main() -> None:
    """Measure each size in a process of its own, since memory is the process's largest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--outbox", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.outbox:
        _measure(asked.outbox, asked.rows[0])
        return
    print("| rows | first page, s | search, s | sort, s | 100 new rows, s | memory, MB |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for rows in asked.rows:
        with tempfile.TemporaryDirectory() as folder:
            outbox = Path(folder) / "outbox"
            fill(outbox, rows)
            command = [sys.executable, "-P", __file__, "--rows", str(rows)]
            subprocess.run([*command, f"--outbox={outbox}"], cwd=ROOT, check=True)


def _measure(outbox: Path, rows: int) -> None:
    cells = []

    def note(began: tuple[float, float]) -> None:
        cells.append(
            f"{time.perf_counter() - began[0]:.2f} ({time.process_time() - began[1]:.2f})"
        )

    began = _clocks()
    store = Store(outbox / REPORT)
    store.refresh()
    store.page(Selection())
    note(began)
    for selection in (Selection(text="9999"), Selection(sort="confidence")):
        began = _clocks()
        store.page(selection)
        store.count(selection)
        note(began)
    fill(outbox, 100, first=rows, total=rows + 100)
    began = _clocks()
    store.refresh(at_once=True)
    note(began)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {rows:,} | {' | '.join(cells)} | {memory:.0f} |", flush=True)


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    main()
