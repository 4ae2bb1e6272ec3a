"""What does the service cost: its start, when idle, and with a backlog of any size?

    python benchmarks/service.py [--counts 1000 10000 100000 200000] [--idle 60] [--json]

For each count the inbox is filled with so many small pictures, and a worker is started on
it: seconds to its first row, the most memory that all its processes hold together, and
pictures a second, over the first 50,000 rows at most. Then the CPU time of one picture
from drop to shelf while so many wait, over the first 20,000 rows: with one worker, so that
no process is started whose start would weigh more in a small backlog, and less what the
same costs with few pictures. A worker is left alone, once the process that made its page has
ended, and beside it a bare Python that wakes as often and does nothing: on some virtual
machines the first milliseconds after a sleep are many times slower than any later ones. And
batches of few and of many photos show whether memory grows with their number.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.kinds import make
from benchmarks.running import ROOT, SETTLED, a_picture, a_worker, memory, processes

_FEW = 300  # pictures after which all that is made when first needed is there
_DRAINED, _COSTED = 50_000, 20_000  # rows at most
_PHOTOS = (120, 480)  # both go on until processes read them, which few photos do not
_WAKES = "import time\nwhile True: time.sleep(5)"  # as often as the worker lists its inbox

Figures = dict[str, float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--counts", type=int, nargs="*", default=[1000, 10_000, 100_000, 200_000])
    parser.add_argument("--idle", type=float, default=60, help="seconds to leave it alone")
    parser.add_argument("--folder", type=Path, default=None, help="where to work")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.counts, options.idle, options.folder)
    print(json.dumps(found, indent=2) if options.json else told(found))


def measure(counts: list[int], idle: float, where: Path | None = None) -> dict[str, Figures]:
    """Measure all, in a folder that is made below `where`."""
    # The page may still be written when a worker has ended.
    with tempfile.TemporaryDirectory(dir=where, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        found = {"idle": _idle(folder / "idle", idle)}
        found |= {f"{count} waiting": _waiting(folder / str(count), count) for count in counts}
        return found | {
            f"batch of {count} photos": _photos(folder / f"p{count}", count) for count in _PHOTOS
        }


def told(found: dict[str, Figures]) -> str:
    """Write figures as a list."""
    return "\n".join(
        f"- {title}: {', '.join(f'{what} {value:,.4g}' for what, value in figures.items())}"
        for title, figures in found.items()
    )


def _idle(folder: Path, seconds: float) -> Figures:
    with a_worker(folder) as worker:
        (worker.inbox / "first.png").write_bytes(a_picture(1))
        worker.waits_until(lambda: worker.rows() == 1)
        time.sleep(5)  # by then the page's process is there
        worker.waits_until(lambda: len(processes(worker.process.pid)) == 1, every=0.5)
        bare = subprocess.Popen([sys.executable, "-c", _WAKES])
        time.sleep(1)
        both = worker.process.pid, bare.pid
        before = [_used(pid) for pid in both]
        time.sleep(seconds)
        ours, its = (_used(pid) - used for pid, used in zip(both, before, strict=True))
        bare.kill()
        bare.wait()
        return {
            "% of a core": 100 * ours / seconds,
            "% of a bare Python that wakes as often": 100 * its / seconds,
            "MB": worker.memory(),
        }


def _used(pid: int) -> float:
    """Give the seconds of CPU time of one process, finer than the ticks of `Worker.cpu`."""
    return time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid(3) names it on Linux


def _waiting(folder: Path, count: int) -> Figures:
    return {**_backlog(folder / "all", count), "CPU, µs a picture": _cost(folder / "one", count)}


def _backlog(folder: Path, count: int) -> Figures:
    _fill(folder / "inbox", count)
    with a_worker(folder) as worker:
        first = worker.waits_until(lambda: worker.rows() > 0, every=0.005) - worker.began
        most = worker.memory()
        started, rows = time.perf_counter(), worker.rows()
        while (now := worker.rows()) < min(count, _DRAINED):
            most = max(most, worker.memory())
            worker.waits_until(lambda: True)
            time.sleep(0.2)
        rate = (now - rows) / (time.perf_counter() - started)
    shutil.rmtree(folder, ignore_errors=True)  # the page may still be written
    return {"s to the first row": first, "MB at most": most, "a second": rate}


def _cost(folder: Path, count: int) -> float:
    """Give the microseconds of CPU time that a picture takes: a median where runs are short."""
    again = 5 if count < _COSTED else 1
    return statistics.median(_cost_once(folder, count) for _ in range(again))


def _cost_once(folder: Path, count: int) -> float:
    few, start = _cpu(folder, _FEW)
    rows, used = _cpu(folder, count)
    return 1e6 * (used - start) / (rows - few)


def _cpu(folder: Path, count: int) -> tuple[int, float]:
    """Give rows, and the CPU seconds used so far, once enough are there."""
    _fill(folder / "inbox", count)
    with a_worker(folder, "--workers=1", "--no-page") as worker:
        worker.waits_until(lambda: worker.rows() >= min(count, _COSTED), every=0.05)
        rows, used = worker.rows(), worker.cpu()
    shutil.rmtree(folder, ignore_errors=True)  # the page may still be written
    return rows, used


def _photos(folder: Path, count: int) -> Figures:
    make(folder / "photos", "photos", count)
    command = [sys.executable, "-P", "-m", "digitdrop", "batch", "--quiet", str(folder / "photos")]
    process = subprocess.Popen([*command, f"--report={folder / 'photos.csv'}"], cwd=ROOT)
    most = 0.0
    while process.poll() is None:
        most = max(most, memory(process.pid))
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)  # the page may still be written
    return {"MB at most": most}


def _fill(inbox: Path, count: int) -> None:
    inbox.mkdir(parents=True)
    pictures = [a_picture(number) for number in range(10)]
    for number in range(count):
        (inbox / f"{number:06}.png").write_bytes(pictures[number % 10])
    time.sleep(SETTLED)


if __name__ == "__main__":
    main()
