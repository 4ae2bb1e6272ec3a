"""What does a run on a cluster cost, beside the same pictures read without one?

    python benchmarks/scale.py [--photos 100] [--small 1000 10000 100000] [--rounds 3]

Makes its own pictures, as `speed.py` does: photos of 12 megapixels, small ones of 28x28,
and crops, JPEGs of 30 KB. It reads each set with `batch`, with one worker and with two,
and with `batch --cluster local` on as many cores, one after the other in each round; each
is a whole process. An engine takes some seconds to start, whatever there is to read: its
time for a single picture is told apart, and left out of the rates. Then it reads more
and more small pictures, and tells what each costs, and how much memory all processes
take. Shared machines are noisy: only ratios within one run mean anything.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.running import Worker  # noqa: E402
from benchmarks.speed import _digit, _make  # noqa: E402

WORKERS = 1, 2
LOOK = 0.25


@dataclass
class Cost:
    """What a whole run took."""

    seconds: float
    cpu: float
    """Seconds of CPU time, of all processes."""
    memory: float
    """MB at the most, of all processes; shared pages count in part."""


class Run(Worker):
    """A one-shot run under measurement."""

    def __init__(self, *arguments: object) -> None:
        """Start it."""
        command = [sys.executable, "-m", "worker", "batch", *map(str, arguments), "--quiet"]
        self.began = time.perf_counter()
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)

    def cost(self) -> Cost:
        """Look at it until it ends."""
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
        return Cost(time.perf_counter() - self.began, cpu, memory)


def main() -> None:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        _make(folder / "one", "small", 1)
        _make(folder / "photos", "photos", options.photos)
        _make(folder / "small", "small", options.side)
        _make_crops(folder / "crops", options.crops)
        counts = {"photos": options.photos, "crops": options.crops, "small": options.side}
        for kind, count in counts.items():
            _side_by_side(folder, kind, count, options.rounds)
        _more_and_more(folder, options.small)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photos", type=int, default=100, help="12-megapixel JPEGs")
    parser.add_argument("--crops", type=int, default=2000, help="JPEGs of 30 KB")
    parser.add_argument("--side", type=int, default=10_000, help="28x28 PNGs, side by side")
    parser.add_argument("--small", type=int, nargs="*", default=[1000, 10_000, 100_000])
    parser.add_argument("--folder", type=Path, default=None, help="where to work")
    return parser.parse_args()


def _make_crops(folder: Path, count: int) -> None:
    """Make pictures as they are cut out of photos: of some 30 KB."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    for number in range(count):
        pixels = _digit(number % 10, 320, 240, rng, photo=True)
        encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 96])[1]
        (folder / f"{number:06d}.jpg").write_bytes(encoded.tobytes())


def _read(folder: Path, kind: str, workers: int, *, cluster: bool) -> Cost:
    with tempfile.TemporaryDirectory(dir=folder) as target:
        report = Path(target) / "report"
        far = ["--cluster", "local"] if cluster else []
        return Run(folder / kind, "--report", report, "--workers", workers, *far).cost()


def _side_by_side(folder: Path, kind: str, count: int, rounds: int) -> None:
    print(f"\n{count:,} {kind}, medians of {rounds} rounds\n")
    print("| workers | `batch`, a second | cluster, a second | ratio | start of the cluster |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for workers in WORKERS:
        here, far, starts = [], [], []
        for _ in range(rounds):
            without = _read(folder, "one", workers, cluster=False).seconds
            here.append(_read(folder, kind, workers, cluster=False).seconds - without)
            starts.append(_read(folder, "one", workers, cluster=True).seconds)
            far.append(_read(folder, kind, workers, cluster=True).seconds - starts[-1])
        ratio = statistics.median(ours / theirs for ours, theirs in zip(here, far, strict=True))
        rates = [count / statistics.median(found) for found in (here, far)]
        start = statistics.median(starts)
        print(
            f"| {workers} | {rates[0]:,.1f} | {rates[1]:,.1f} | {ratio:.2f} | {start:.1f} s |",
            flush=True,
        )


def _more_and_more(folder: Path, counts: list[int]) -> None:
    print("\n| pictures | seconds | ms a picture | ms of CPU a picture | MB at the most |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for count in counts:
        _make(folder / f"{count}", "small", count)
        cost = _read(folder, f"{count}", max(WORKERS), cluster=True)
        each, cpu = (1000 * seconds / count for seconds in (cost.seconds, cost.cpu))
        print(
            f"| {count:,} | {cost.seconds:.1f} | {each:.2f} | {cpu:.2f} | {cost.memory:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
