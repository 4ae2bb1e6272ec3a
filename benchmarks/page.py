"""What the page costs: time, size and memory, by the rows of the report.

    python benchmarks/page.py [--rows 1000 20000 200000]

For each size an outbox is made whose newest 3,000 pictures lie on their shelves. `cold`
is `digitdrop report` without an earlier page, as a process: with its start, and with all
thumbnails to be made; `again` is the same with the page there. `grown` is what a page
costs the process that follows the report, after 100 rows more. Memory is the process's
largest.
"""

import argparse
import hashlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from digitdrop.cli.options import NEWEST  # noqa: E402
from digitdrop.intake.claim_names import row_id  # noqa: E402
from digitdrop.outbox.archive import shelf  # noqa: E402
from digitdrop.outbox.report import REPORT  # noqa: E402
from digitdrop.outbox.row import END, HEADER, line  # noqa: E402
from digitdrop.page.make import Maker  # noqa: E402
from digitdrop.service.pager import PAGE  # noqa: E402
from digitdrop.values import Drop, Reading, Status, Verdict  # noqa: E402

SHELVED = 3000
LAST = datetime(2026, 5, 31, 12, tzinfo=UTC)
REASONS = {
    Status.UNCERTAIN: "it may also be 1",
    Status.NOT_A_DIGIT: "it does not look like a digit",
    Status.SEVERAL: "it looks like more than one digit",
    Status.BLANK: "nothing stands out from the paper",
    Status.UNREADABLE: "not a picture: none of PNG, JPEG, GIF, BMP, TIFF, WebP, PNM, AVIF",
}


def fill(outbox: Path, rows: int, *, first: int = 0, total: int | None = None) -> None:
    """Add rows to the report of an outbox, and the pictures of the newest to its shelves."""
    total = rows if total is None else total
    outbox.mkdir(exist_ok=True)
    report = outbox / REPORT
    is_new = not report.exists()
    with report.open("ab") as file:
        file.write(HEADER + END if is_new else b"")
        for reading, content in _readings(first, rows, total):
            file.write(line(reading))
            if total - int(Path(reading.drop.name).stem) <= SHELVED:
                path = shelf(outbox, reading.verdict.status, reading.time) / reading.drop.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


def _readings(first: int, rows: int, total: int) -> Iterator[tuple[Reading, bytes]]:
    choose = np.random.default_rng(1)
    kinds = [_photo(choose, number % 10) for number in range(40)]
    digests = [hashlib.sha256(content).hexdigest() for content in kinds]
    for number in range(first, first + rows):
        kind, name = number % 40, f"{number:06}.jpg"
        rare = [status for status in REASONS if not (number + 1) % (40 + 23 * len(status))]
        status = rare[0] if rare else Status.OK
        guess = str(kind % 10) if status in {Status.OK, Status.UNCERTAIN} else None
        share = float(1 - 0.12 * choose.random() ** 4 if status is Status.OK else 0.62)
        verdict = Verdict(
            status=status,
            prediction=guess,
            confidence=None if guess is None else share,
            reason=REASONS.get(status, ""),
            runner_up=None if guess is None else "1",
            runner_up_confidence=None if guess is None else (1 - share) / 2,
        )
        key = row_id("benchmark", name)
        drop = Drop(id=key, path=Path(name), name=name)
        at = LAST - timedelta(seconds=12 * (total - number))
        reading = Reading(
            id=key,
            drop=drop,
            time=at,
            verdict=verdict,
            sha256=digests[kind],
            model="digits-0123abcd",
        )
        yield reading, kinds[kind]


def _photo(choose: np.random.Generator, digit: int) -> bytes:
    """Photograph a number on uneven paper, 800x600, as JPEG."""
    light = np.linspace(150, 225, 800)[None, :] + choose.normal(0, 4, (600, 800))
    picture = np.clip(light, 0, 255).astype(np.uint8)
    place = (int(choose.integers(200, 400)), int(choose.integers(350, 500)))
    cv2.putText(picture, str(digit), place, cv2.FONT_HERSHEY_SIMPLEX, 9, (40,), 28)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 20_000, 200_000])
    print("| rows | cold, s | again, s | grown, s | page, MB | memory, MB |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for rows in parser.parse_args().rows:
        with tempfile.TemporaryDirectory() as folder:
            outbox = Path(folder) / "outbox"
            fill(outbox, rows)
            cold, again = _command(outbox), _command(outbox)
            megabytes = (outbox / PAGE).stat().st_size / 1e6
            memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            grown = _grown(outbox, rows)
        cells = f"{cold:.2f} | {again:.2f} | {grown:.2f} | {megabytes:.1f} | {memory:.0f}"
        print(f"| {rows:,} | {cells} |", flush=True)


def _command(outbox: Path) -> float:
    command = [sys.executable, "-P", "-m", "digitdrop", "report", "--outbox", str(outbox)]
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def _grown(outbox: Path, rows: int) -> float:
    maker = Maker(outbox=outbox, output=outbox / PAGE, newest=NEWEST)
    maker.make(now=LAST, patience=60)
    fill(outbox, 100, first=rows, total=rows + 100)
    began = time.perf_counter()
    maker.make(now=LAST, patience=60)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
