"""What does the service cost: its start, when idle, and with a backlog of any size?

    python benchmarks/service.py [--counts 1000 10000 100000 200000] [--idle 60] [--json]

For each count the inbox is filled with so many small pictures, and a worker is
started on it: seconds to its first row, the most memory that all its processes
held together, pictures a second, and the CPU time that one picture took (with
one worker, so that no process is started whose start would weigh more in a small
backlog; the start of the worker itself is left out). Then a worker is left alone.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.running import Worker, a_picture, a_worker

_SETTLE = 2.1  # seconds after which a file counts as a backlog


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 10_000, 100_000, 200_000])
    parser.add_argument("--idle", type=float, default=60, help="seconds to leave it alone")
    parser.add_argument("--folder", type=Path, default=None, help="where to work")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        idle = _idle(folder / "idle", options.idle)
        found = {"idle": idle} | {
            f"{count} waiting": {
                **_backlog(folder / "all", count),
                "CPU, us a picture": _cost(folder / "one", count),
            }
            for count in options.counts
        }
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for title, figures in found.items():
        told = ", ".join(f"{what} {value:,.3g}" for what, value in figures.items())
        print(f"{title}: {told}")


def _idle(folder: Path, seconds: float) -> dict[str, float]:
    with a_worker(folder) as worker:
        (worker.inbox / "first.png").write_bytes(a_picture(1))
        worker.waits_until(lambda: worker.rows() == 1)
        time.sleep(5)
        before = worker.cpu()
        time.sleep(seconds)
        return {
            "% of a core": 100 * (worker.cpu() - before) / seconds,
            "MB": worker.memory(),
        }


def _backlog(folder: Path, count: int) -> dict[str, float]:
    _fill(folder / "inbox", count)
    with a_worker(folder) as worker:
        first = worker.waits_until(lambda: worker.rows() > 0, every=0.005) - worker.began
        most = worker.memory()
        started, rows = time.perf_counter(), worker.rows()
        while worker.rows() < count:
            most = max(most, worker.memory())
            worker.waits_until(lambda: True)
            time.sleep(0.2)
        rate = (count - rows) / (time.perf_counter() - started)
    shutil.rmtree(folder, ignore_errors=True)
    return {"s to the first row": first, "MB at most": most, "a second": rate}


def _cost(folder: Path, count: int) -> float:
    """Give the microseconds of CPU time that a picture takes from drop to shelf."""
    alone = _cpu(folder, 0)
    return 1e6 * (_cpu(folder, count) - alone) / count


def _cpu(folder: Path, count: int) -> float:
    _fill(folder / "inbox", count)
    with a_worker(folder, "--workers=1") as worker:
        (worker.inbox / "last.png").write_bytes(a_picture(1))
        worker.waits_until(lambda: _is_done(worker, count + 1), every=0.2)
        used = worker.cpu()
    shutil.rmtree(folder, ignore_errors=True)
    return used


def _is_done(worker: Worker, count: int) -> bool:
    return worker.rows() >= count and not any(worker.inbox.glob("*.png"))


def _fill(inbox: Path, count: int) -> None:
    inbox.mkdir(parents=True)
    pictures = [a_picture(number) for number in range(10)]
    for number in range(count):
        (inbox / f"{number:06}.png").write_bytes(pictures[number % 10])
    time.sleep(_SETTLE)


if __name__ == "__main__":
    main()
