"""What does a run on a cluster cost, beside the same pictures read without one?

    python benchmarks/scale.py [--photos 60] [--crops 2000] [--small 1000 10000] [--rounds 3]

Makes its own pictures: photos of 12 megapixels, crops (JPEGs of 30 KB), small ones of
28x28. It reads photos and crops with `batch`, with one worker and with two, and with
`batch --cluster local` on as many cores, one after the other in each round; each is a
whole process. An engine takes some seconds to start, whatever there is to read: its time
for a single picture is told apart, and left out of the rates. Then it reads more and
more small pictures, and tells what each costs, and how much memory all processes take.
Shared machines are noisy: only ratios within one run mean anything, and those of CPU
time more than those of rates, which others' work lowers by chance.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.kinds import Kind, a_digit, make, photographed  # noqa: E402
from benchmarks.running import Worker  # noqa: E402

WORKERS = 1, 2
LOOK = 0.1


@dataclass
class Cost:
    """What a whole run took."""

    seconds: float
    cpu: float
    """Seconds of CPU time, of all processes."""
    memory: float
    """MB at the most, of all processes; shared pages count in part."""

    def __sub__(self, start: "Cost") -> "Cost":
        """Leave out what a run takes whatever there is to read."""
        return Cost(self.seconds - start.seconds, self.cpu - start.cpu, self.memory)


Round: TypeAlias = dict[str, tuple[Cost, Cost]]
"""What each kind of pictures took without a cluster, and with one."""


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
    counts = {"one": 1, "photos": options.photos, "crops": options.crops}
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
    parser.add_argument("--photos", type=int, default=60, help="12-megapixel JPEGs")
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
        far = ["--cluster", "local"] if cluster else []
        return Run(folder / kind, "--report", report, "--workers", workers, *far).cost()


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
    start = statistics.median(one["one"][1].seconds for one in rounds)
    lines = [
        f"\n{workers} workers; the cluster starts in {start:.1f} s\n",
        "| pictures | `batch`, a second | cluster, a second | ratio | CPU time, ratio |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for kind in list(counts)[1:]:
        pairs = [tuple(one[kind][way] - one["one"][way] for way in (0, 1)) for one in rounds]
        rates = [
            counts[kind] / statistics.median(one[way].seconds for one in pairs) for way in (0, 1)
        ]
        quicker = statistics.median(here.seconds / far.seconds for here, far in pairs)
        dearer = statistics.median(far.cpu / here.cpu for here, far in pairs)
        lines.append(
            f"| {counts[kind]:,} {kind} | {rates[0]:,.1f} | {rates[1]:,.1f} | {quicker:.2f} "
            f"| {dearer:.2f} |"
        )
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
