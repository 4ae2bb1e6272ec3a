r"""Every figure of docs/performance.md in one go: the goals, and what was measured.

    python benchmarks/performance.py --write docs/performance.md \
        --write docs/notes/performance-figures.md --write README.md

Takes about half an hour on two idle cores. `--quick` takes a few minutes, and proves
nothing but that everything runs.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks import latency, service, speed, stages
from benchmarks.goals import Measured, goals, in_short
from benchmarks.marks import put


def main() -> None:
    """Measure, print, and put the tables into pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="few pictures: does it all run?")
    parser.add_argument("--rounds", type=int, default=3, help="of each way, in turn")
    parser.add_argument("--write", type=Path, action="append", default=[], metavar="PAGE")
    parser.add_argument("--ultralytics", type=Path, metavar="PYTHON", help="see speed.py")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all that was measured")
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    found = measure(quick=options.quick, rounds=rounds, python=options.ultralytics)
    if options.json:
        options.json.write_text(json.dumps(asdict(found), indent=2))
    tables = {
        "goals": f"{_where()}\n\n{goals(found)}",
        "figures": f"{_where()}\n\n{_all(found)}",
        "in short": in_short(found.speed),
    }
    print("\n\n".join(tables.values()))
    for page in options.write:
        put(tables, page)


def measure(*, quick: bool, rounds: int, python: Path | None) -> Measured:
    """Measure everything, one thing after the other."""
    counts = {"small": 600, "scans": 60, "photos": 6} if quick else FULL
    backlogs = [1000, 2000] if quick else [1000, 10_000, 100_000, 200_000]
    # The page may still be written when the worker has ended.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return Measured(
            speed=speed.measure(counts, rounds, python=python),
            sustained=speed.measure(counts if quick else LONG, rounds, only=SUSTAINED),
            service=service.measure(backlogs, 5 if quick else 60),
            latency=latency.measure(Path(folder), 10 if quick else 120),
            stages=stages.measure(),
        )


FULL = {"small": 10_000, "scans": 1000, "photos": 60}
LONG = {"small": 60_000, "scans": 6000, "photos": 300}
"""So many take each way some ten seconds: what starts later than a process no longer counts."""
SUSTAINED = ("batch", "watch", "batch, one worker", "bare loop, disk")


def _where() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in _MATTER)
    machine = f"{os.cpu_count()} cores ({platform.machine()})"
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    return f"Measured on {today}, {machine}, Python {platform.python_version()}, {versions}."


_MATTER = ("Pillow", "opencv-python-headless", "ai-edge-litert", "numpy")


def _all(found: Measured) -> str:
    return "\n\n".join(
        [
            "### Side by side\n\n`benchmarks/speed.py`",
            str(found.speed),
            "### Side by side, when it goes on for longer",
            str(found.sustained),
            "### Stage by stage\n\n`benchmarks/stages.py`",
            stages.table(found.stages),
            "### From drop to row\n\n`benchmarks/latency.py`",
            latency.table(found.latency),
            "### The service\n\n`benchmarks/service.py`",
            service.told(found.service),
        ]
    )


if __name__ == "__main__":
    main()
