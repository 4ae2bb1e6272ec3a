"""How long from a drop until its row, when the worker is idle?

    python benchmarks/latency.py [--pictures 300] [--folder DIR] [--json]

Small pictures are dropped one at a time, at random moments: moved in from beside
the inbox, and copied in. The clock starts when the move, or the close of the
copy, is done. `row`: its line can be read. `safe`: the picture lies on its shelf,
which comes after the report was synced to the disk. The worker waits 15 ms after
each drop, for the sake of senders that still set mode or times.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.running import Worker, a_picture, a_worker


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=None, help="where to work")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    # The page may still be written when the worker has ended.
    with tempfile.TemporaryDirectory(dir=options.folder, ignore_cleanup_errors=True) as folder:
        found = measure(Path(folder), options.pictures)
    print(json.dumps(found, indent=2) if options.json else table(found))


def table(found: dict[str, dict[str, dict[str, float]]]) -> str:
    """Write times as a table."""
    lines = [
        "| dropped by | until | median, ms | 99 % within, ms |",
        "| --- | --- | ---: | ---: |",
    ]
    for way, ends in found.items():
        for end, figures in ends.items():
            lines.append(f"| {way} | {end} | {figures['median']:.1f} | {figures['p99']:.1f} |")
    return "\n".join(lines)


def measure(folder: Path, count: int) -> dict[str, dict[str, dict[str, float]]]:
    """Drop pictures both ways, in turn; give milliseconds by way and end."""
    aside = folder / "aside"
    aside.mkdir()
    ways: dict[str, Callable[[Path, bytes], None]] = {
        "moving": lambda target, content: _move(aside / target.name, target, content),
        "copying": _copy,
    }
    times: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    chance = random.Random(1)
    with a_worker(folder) as worker:
        worker.inbox.joinpath("first.png").write_bytes(a_picture(0))
        worker.waits_until(lambda: worker.rows() == 1)
        for number in range(count):
            for way, drop in ways.items():
                time.sleep(chance.uniform(0.05, 0.25))
                times[way].append(_one(worker, f"{way}-{number}.png", drop, number))
    return {
        way: {
            end: _figures([1000 * pair[place] for pair in pairs])
            for place, end in enumerate(("row", "safe"))
        }
        for way, pairs in times.items()
    }


def _one(
    worker: Worker, name: str, drop: Callable[[Path, bytes], None], number: int
) -> tuple[float, float]:
    """Drop a picture; give the seconds until its row is there, and until it is safe."""
    before = worker.report.stat().st_size
    drop(worker.inbox / name, a_picture(number))
    dropped = time.perf_counter()
    row = worker.waits_until(lambda: worker.report.stat().st_size > before, every=0.0005)
    safe = worker.waits_until(lambda: any(worker.outbox.glob(f"[dr]*/*/{name}")), every=0.0005)
    return row - dropped, safe - dropped


def _move(source: Path, target: Path, content: bytes) -> None:
    source.write_bytes(content)
    source.rename(target)


def _copy(target: Path, content: bytes) -> None:
    target.write_bytes(content)


def _figures(milliseconds: list[float]) -> dict[str, float]:
    ranked = sorted(milliseconds)
    return {
        "median": statistics.median(ranked),
        "p99": ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))],
    }


if __name__ == "__main__":
    main()
