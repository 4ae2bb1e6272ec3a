"""How fast is it, beside what people use today and beside the limit of the machine?

    python benchmarks/speed.py [--rounds 3] [--small 10000] [--scans 1000] [--photos 200] [--json]

Makes its own pictures: small ones as people store MNIST's, of which most need no
work (eight of ten white on black, one black on white, one neither centred nor of
the right size, which does); scans with dark ink on white; photos with uneven
light and noise. It runs every way in turn, several rounds, each as a whole
process, and prints one table: medians of pictures per second, and our ratio to
each. Shared machines are noisy: only ratios within one run mean anything.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from worker.framing import to_frame  # noqa: E402
from worker.values import Frame  # noqa: E402

WAYS = Path(__file__).resolve().parent / "ways"
ANCESTOR_AT_MOST = 300  # pictures: it is so slow that more would only take longer


def main() -> None:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        counts = {"small": options.small, "scans": options.scans, "photos": options.photos}
        results = {
            kind: _measure(Path(folder), kind, count, options.rounds)
            for kind, count in counts.items()
            if count
        }
    print(json.dumps(results, indent=2) if options.json else _table(results, counts))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", type=int, default=10_000, help="28x28 PNGs")
    parser.add_argument("--scans", type=int, default=1000, help="300x300 PNGs")
    parser.add_argument("--photos", type=int, default=200, help="12-megapixel JPEGs")
    parser.add_argument("--folder", type=Path, default=None, help="where to work")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _measure(folder: Path, kind: str, count: int, rounds: int) -> dict[str, float]:
    """Return the median of pictures per second for each way, start included."""
    pictures = folder / kind
    _make(pictures, kind, count)
    ways: dict[str, Callable[[], tuple[int, float]]] = {
        "batch": lambda: _batch(pictures, folder, count),
        "watch": lambda: _watch(pictures, folder, count),
        "bare loop, disk": lambda: _bare("disk", pictures, count),
        "bare loop, memory": lambda: _bare("memory", pictures, count),
        "Keras, batches": lambda: _keras(pictures, folder, count),
        "the ancestor's way": lambda: _ancestor(pictures, min(count, ANCESTOR_AT_MOST)),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            done, seconds = way()
            rates[name].append(done / seconds)
    return {name: statistics.median(found) for name, found in rates.items()}


def _make(folder: Path, kind: str, count: int) -> None:
    """Make pictures of digits that no data set is needed for."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    height, width, suffix = {
        "small": (28, 28, ".png"),
        "scans": (300, 300, ".png"),
        "photos": (4000, 3000, ".jpg"),
    }[kind]
    different = min(count, 20 if kind == "photos" else 500)
    for number in range(different):
        digit = number % 10
        if kind == "small":
            pixels = _small(number // 10 % 10, digit, rng)
        else:
            pixels = _digit(digit, height, width, rng, photo=kind == "photos")
        encoded = cv2.imencode(suffix, pixels)[1]
        (folder / f"{number:06d}{suffix}").write_bytes(encoded.tobytes())
    for number in range(different, count):
        source = folder / f"{number % different:06d}{suffix}"
        shutil.copyfile(source, folder / f"{number:06d}{suffix}")


def _small(share: int, digit: int, rng: np.random.Generator) -> Frame:
    paper = np.full((280, 280), 245, np.uint8)
    ink = _digit(digit, 280, 280, rng, photo=False)
    large = np.asarray(cv2.subtract(paper, ink), np.uint8)
    if share == 9:
        return np.asarray(cv2.resize(large, (28, 28), interpolation=cv2.INTER_AREA), np.uint8)
    left, top, width, height = cv2.boundingRect(large)
    frame = to_frame(large[top : top + height, left : left + width])
    return ~frame if share == 8 else frame


def _digit(
    digit: int, height: int, width: int, rng: np.random.Generator, *, photo: bool
) -> "np.typing.NDArray[np.uint8]":
    side = min(height, width)
    pixels = np.full((height, width), 245 if side > 28 else 0, np.uint8)
    scale, pen = side / 28 * 0.75, max(2, side // 14)
    place = int(side * rng.uniform(0.2, 0.35)), int(height / 2 + side * rng.uniform(0.2, 0.35))
    colour = 30 if side > 28 else 255
    cv2.putText(pixels, str(digit), place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, pen)
    if photo:
        light = np.linspace(0.6, 1, width, dtype=np.float32)[None]
        noise = rng.normal(0, 4, (height, width)).astype(np.float32)
        pixels = np.clip(pixels * light + noise, 0, 255).astype(np.uint8)
        return np.asarray(
            cv2.merge([pixels, pixels, np.asarray(pixels * 0.97, np.uint8)]), np.uint8
        )
    return pixels


def _run(command: list[object], *, quiet: bool = True) -> tuple[float, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=ROOT,
        env=environment,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None,
    )
    return time.perf_counter() - started, done.stdout


def _batch(pictures: Path, folder: Path, count: int) -> tuple[int, float]:
    report = folder / "batch.csv"
    report.unlink(missing_ok=True)
    seconds, _ = _run(["-m", "worker", "batch", pictures, "--report", report, "--quiet"])
    assert _rows(report) == count
    return count, seconds


def _watch(pictures: Path, folder: Path, count: int) -> tuple[int, float]:
    """Time a worker from its start until the last row is in the report."""
    inbox, outbox = folder / "inbox", folder / "outbox"
    shutil.copytree(pictures, inbox)
    time.sleep(2.1)  # a backlog: older than --settle
    report = outbox / "predictions.csv"
    command = ["-m", "worker", "watch", "--inbox", inbox, "--outbox", outbox, "--quiet"]
    started = time.perf_counter()
    worker = subprocess.Popen([sys.executable, *map(str, command)], cwd=ROOT)
    try:
        while not report.exists() or _rows(report) < count:
            time.sleep(0.02)
        seconds = time.perf_counter() - started
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait()
    shutil.rmtree(inbox)
    shutil.rmtree(outbox)
    return count, seconds


def _bare(where: str, pictures: Path, count: int) -> tuple[int, float]:
    _, printed = _run([WAYS / "bare.py", where, pictures, count, ROOT / "models"])
    return count, float(printed)


def _keras(pictures: Path, folder: Path, count: int) -> tuple[int, float]:
    seconds, _ = _run([WAYS / "keras_batches.py", pictures, count, folder / "keras.csv"])
    return count, seconds


def _ancestor(pictures: Path, count: int) -> tuple[int, float]:
    """Leave out its start, which would weigh more for few pictures than for many."""
    start, _ = _run([WAYS / "ancestor.py", pictures, 1])
    seconds, _ = _run([WAYS / "ancestor.py", pictures, 1 + count])
    return count, seconds - start


def _rows(report: Path) -> int:
    with report.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) - 1


def _table(results: dict[str, dict[str, float]], counts: dict[str, int]) -> str:
    lines = [
        "| pictures | way | a second | `batch` is | `watch` is |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for kind, rates in results.items():
        for name, rate in rates.items():
            ratios = [f"{rates[ours] / rate:,.2f} x" for ours in ("batch", "watch")]
            lines.append(
                f"| {counts[kind]:,} {kind} | {name} | {rate:,.1f} | {' | '.join(ratios)} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
