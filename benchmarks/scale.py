"""What does a run on a cluster cost, beside the same pictures read without one?

    python benchmarks/scale.py [--photos 160] [--crops 2000] [--small 1000 10000] [--rounds 3]

Makes its own pictures: photos of 12 megapixels, crops (JPEGs of 30 KB), small ones of
28x28. It reads photos and crops with `batch`, with one worker and with two, and with
`batch --cluster local` on as many cores, one after the other in each round; each is a
whole process. An engine takes some seconds to start, whatever there is to read: so rates
are those at which rows get their times (the slope of a line through them), and the start
is told apart. Then it reads more and more small pictures, and tells what each costs,
and how much memory all processes take. Shared machines are noisy: only ratios within one
round mean anything.
"""

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from benchmarks.kinds import Kind, a_digit, make, photographed  # noqa: E402
from benchmarks.running import Worker  # noqa: E402

WORKERS = 1, 2
LOOK = 0.1


@dataclass
class Cost:
    """What a whole run took."""

    seconds: float
    rate: float
    """Pictures a second, once it has begun to read."""
    start: float
    """Seconds until the first rows."""
    cpu: float
    """Seconds of CPU time, of all processes."""
    memory: float
    """MB at the most, of all processes; shared pages count in part."""


Round: TypeAlias = dict[str, tuple[Cost, Cost]]
"""What each kind of pictures took without a cluster, and with one."""


class Run(Worker):
    """A one-shot run under measurement."""

    def __init__(self, *arguments: object) -> None:
        """Start it."""
        command = [
            sys.executable,
            "-P",
            "-m",
            "digitdrop",
            "batch",
            *map(str, arguments),
            "--quiet",
        ]
        self.began, self.clock = time.perf_counter(), time.time()
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)

    def cost(self, report: Path) -> Cost:
        """Look at it until it ends; the report tells the rest."""
        cpu = memory = 0.0
        while True:
            try:
                self.process.wait(LOOK)
            except subprocess.TimeoutExpired:
                cpu, memory = max(cpu, self.cpu()), max(memory, self.memory())
            else:
                break
        if self.process.returncode:
            raise RuntimeError(f"the run ended with {self.process.returncode}")
        seconds, times = time.perf_counter() - self.began, _times(report)
        rate = float(np.polyfit(times, np.arange(len(times)), 1)[0])
        return Cost(seconds, rate, times[0] - self.clock, cpu, memory)


def _times(report: Path) -> list[float]:
    """Tell when each row was read, in order."""
    parts = sorted(report.glob("part-*")) if report.is_dir() else [report]
    times = []
    for part in parts:
        with part.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            times += [datetime.fromisoformat(row["time"]).timestamp() for row in rows]
    return sorted(times)


def main() -> None:
    """Measure and print."""
    options = _options()
    counts = {"photos": options.photos, "crops": options.crops}
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        make(folder / "one", "small", 1)
        make(folder / "photos", "photos", options.photos)
        _make_crops(folder / "crops", options.crops)
        for workers in WORKERS:
            rounds = [_round(folder, counts, workers) for _ in range(options.rounds)]
            print(_side_by_side(counts, workers, rounds), flush=True)
        _more_and_more(folder, options.small)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photos", type=int, default=160, help="12-megapixel JPEGs")
    parser.add_argument("--crops", type=int, default=2000, help="JPEGs of 30 KB")
    small = [1000, 10_000, 100_000]
    parser.add_argument("--small", type=int, nargs="*", default=small, help="28x28 PNGs")
    parser.add_argument("--folder", type=Path, default=None, help="where to work")
    return parser.parse_args()


def _make_crops(folder: Path, count: int) -> None:
    """Make pictures as they are cut out of photos: of some 30 KB."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    for number in range(count):
        pixels = photographed(a_digit(number % 10, Kind(320, 240, ".jpg", 1), rng), rng)
        encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 96])[1]
        (folder / f"{number:06d}.jpg").write_bytes(encoded.tobytes())


def _read(folder: Path, kind: str, workers: int, *, cluster: bool) -> Cost:
    with tempfile.TemporaryDirectory(dir=folder) as target:
        report = Path(target) / "report"
        far = ["--cluster", "local", "--shards", "csv"] if cluster else []
        run = Run(folder / kind, "--report", report, "--workers", workers, *far)
        return run.cost(report)


def _round(folder: Path, kinds: Iterable[str], workers: int) -> Round:
    """Read every kind without a cluster and with one."""
    return {
        kind: (
            _read(folder, kind, workers, cluster=False),
            _read(folder, kind, workers, cluster=True),
        )
        for kind in kinds
    }


def _side_by_side(counts: dict[str, int], workers: int, rounds: list[Round]) -> str:
    lines = [
        f"\n{workers} worker{'s' * (workers > 1)}, {len(rounds)} rounds\n",
        "| pictures | `batch`, a second | cluster, a second | ratio | start | start, cluster |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    median = statistics.median
    for kind, count in counts.items():
        here, far = ([one[kind][way] for one in rounds] for way in (0, 1))
        cells = [
            f"{median(one.rate for one in here):,.1f}",
            f"{median(one.rate for one in far):,.1f}",
            f"{median(ours.rate / its.rate for its, ours in zip(here, far, strict=True)):.2f}",
            f"{median(one.start for one in here):.1f} s",
            f"{median(one.start for one in far):.1f} s",
        ]
        lines.append(f"| {count:,} {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _more_and_more(folder: Path, counts: list[int]) -> None:
    print("\n| pictures | seconds | ms a picture | ms of CPU a picture | MB at the most |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for count in counts:
        make(folder / f"{count}", "small", count)
        cost = _read(folder, f"{count}", max(WORKERS), cluster=True)
        each, cpu = (1000 * seconds / count for seconds in (cost.seconds, cost.cpu))
        print(
            f"| {count:,} | {cost.seconds:.1f} | {each:.2f} | {cpu:.2f} | {cost.memory:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
