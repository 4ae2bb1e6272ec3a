"""How fast is it, beside what people use today and beside the limit of the machine?

    python benchmarks/speed.py [--rounds 3] [--small 10000] [--scans 1000] [--photos 100] [--json]

Makes its own pictures (`kinds.py`), runs every way (`contenders.py`) in turn, several
rounds, each as a whole process, and prints medians: pictures a second with the start of
the process and without it, CPU time for each picture, and our ratio to each way, both
without their starts. What a start takes is measured by the same way on one picture.

Shared machines are noisy: only ratios within one run mean anything, and CPU time for each
picture means more than pictures a second.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.contenders import (
    Run,
    Way,
    ancestor,
    bare,
    batch,
    keras,
    predict,
    ultralytics,
    watch,
)
from benchmarks.kinds import KINDS, make

OURS = ("batch", "watch")
Figures = dict[str, dict[str, float]]
"""By way: medians."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured."""

    counts: dict[str, int]
    """Pictures by kind."""
    kinds: dict[str, Figures]
    start: dict[str, float]
    """Seconds that one picture takes, by way."""

    def __str__(self) -> str:
        """Write tables."""
        return f"{_table(self.kinds, self.counts)}\n\n{_starts(self.start)}"


def main() -> None:
    """Measure and print."""
    options = _options()
    counts = {kind: getattr(options, kind) for kind in KINDS}
    found = measure(counts, options.rounds, python=options.ultralytics, folder=options.folder)
    print(json.dumps(asdict(found), indent=2) if options.json else found)


def measure(
    counts: dict[str, int],
    rounds: int,
    *,
    python: Path | None = None,
    folder: Path | None = None,
    only: Collection[str] = (),
) -> Found:
    """Run every way in turn.

    Args:
        counts: pictures by kind; kinds of which none are wanted are left out.
        rounds: how often.
        python: one that has Ultralytics, to compare with it.
        folder: where to work.
        only: ways to run; all if there are none.
    """
    counts = {kind: count for kind, count in counts.items() if count}
    ways = {name: way for name, way in _ways(python).items() if not only or name in only}
    starts: dict[str, list[Run]] = defaultdict(list)
    runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
    # The page may still be written when a worker has ended.
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as name:
        one = make(Path(name) / "start" / "pictures", "small", 1)
        pictures = {
            kind: make(Path(name) / kind / "pictures", kind, count)
            for kind, count in counts.items()
        }
        for _ in range(rounds):
            for way, read in {**ways, "predict": predict}.items():
                starts[way].append(read(one, 1))
            for kind, count in counts.items():
                for way, read in ways.items():
                    runs[kind, way].append(read(pictures[kind], count))
    return Found(
        counts,
        {kind: {way: _figures(runs[kind, way], starts[way]) for way in ways} for kind in counts},
        {way: statistics.median(run.seconds for run in some) for way, some in starts.items()},
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", type=int, default=10_000, help="28x28 PNGs")
    parser.add_argument("--scans", type=int, default=1000, help="300x300 PNGs")
    parser.add_argument("--photos", type=int, default=100, help="12-megapixel JPEGs")
    parser.add_argument("--folder", type=Path, default=None, help="where to work")
    parser.add_argument(
        "--ultralytics", type=Path, metavar="PYTHON", help="a Python that has it, to compare with"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _ways(python: Path | None) -> dict[str, Way]:
    ways: dict[str, Way] = {
        "batch": batch(),
        "watch": watch(),
        "batch, one worker": batch("--workers=1"),
        "bare loop, disk": bare("disk"),
        "bare loop, memory": bare("memory"),
        "Keras, batches": keras,
        "the ancestor's way": ancestor,
    }
    return {**ways, "yolo classify predict": ultralytics(python)} if python else ways


def _figures(runs: list[Run], starts: list[Run]) -> dict[str, float]:
    """Give the medians of one way; a start is that of the same round."""
    pairs = list(zip(runs, starts, strict=True))
    return {
        "a second": statistics.median(run.count / run.seconds for run in runs),
        "start left out": statistics.median(
            (run.count - 1) / max(run.seconds - start.seconds, 1e-3) for run, start in pairs
        ),
        "CPU, ms": statistics.median(
            1000 * (run.cpu - start.cpu) / (run.count - 1) for run, start in pairs
        ),
    }


def _table(kinds: dict[str, Figures], counts: dict[str, int]) -> str:
    lines = [
        "| pictures | way | a second | start left out | CPU, ms each | `batch` is | `watch` is |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind, figures in kinds.items():
        for way, one in figures.items():
            ratios = [
                f"{figures[our]['start left out'] / one['start left out']:,.2f} x" for our in OURS
            ]
            cells = [
                f"{one['a second']:,.1f}",
                f"{one['start left out']:,.1f}",
                f"{one['CPU, ms']:,.3f}",
            ]
            lines.append(f"| {counts[kind]:,} {kind} | {way} | {' | '.join(cells + ratios)} |")
    return "\n".join(lines)


def _starts(start: dict[str, float]) -> str:
    lines = ["| one picture, whole process | s |", "| --- | ---: |"]
    return "\n".join(lines + [f"| {way} | {seconds:.2f} |" for way, seconds in start.items()])


if __name__ == "__main__":
    main()
