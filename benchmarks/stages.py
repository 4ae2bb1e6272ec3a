"""Where a picture's time goes, stage by stage, for each kind; and what a full decode takes.

    python benchmarks/stages.py [--json]

CPU time in microseconds, of one process that does one stage for many pictures, several
times over: the least, which other load disturbs the least. `see` is load to normalise in
one, as the worker does it.
"""

import argparse
import hashlib
import io
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import cv2
from PIL import Image

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.kinds import KINDS, make
from digitdrop import pipeline
from digitdrop.cli.options import MODEL
from digitdrop.decoding.decode import decode
from digitdrop.files.load import load
from digitdrop.inference.augmentation import answers
from digitdrop.inference.classifier import Classifier
from digitdrop.inference.decision import judge
from digitdrop.outbox.row import line
from digitdrop.preprocess.mnist_frame import is_framed
from digitdrop.preprocess.normalise import look
from digitdrop.values import ANY_COUNT, Drop, Grey, Limits, Picture

COUNTS = {"small": 400, "scans": 100, "photos": 10}
AGAIN = 5

One = TypeVar("One")
Next = TypeVar("Next")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure()
    print(json.dumps(found, indent=2) if options.json else table(found))


def measure() -> dict[str, dict[str, float]]:
    """Give CPU microseconds for each picture, by kind and stage."""
    cv2.setNumThreads(1)
    classifier = Classifier.load(MODEL)
    with tempfile.TemporaryDirectory() as name:
        return {
            kind: _stages(make(Path(name) / kind, kind, COUNTS[kind]), classifier)
            for kind in KINDS
        }


def table(found: dict[str, dict[str, float]]) -> str:
    """Write them as a table."""
    lines = [f"| stage, µs of CPU | {' | '.join(found)} |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| {stage} | {' | '.join(_cell(found[kind][stage]) for kind in found)} |"
        for stage in found["small"]
    ]
    return "\n".join(lines)


def _stages(folder: Path, classifier: Classifier) -> dict[str, float]:
    paths = sorted(folder.iterdir())
    drops = [Drop(id=f"d{path.name}", path=path, name=path.name) for path in paths]
    limits, took = Limits(), {}
    took["load"], contents = _time(lambda path: load(path, most=limits.bytes), paths)
    took["digest (SHA-256)"], _ = _time(lambda some: hashlib.sha256(some).hexdigest(), contents)
    took["decode"], greys = _time(decode, contents)
    took["normalise"], sights = _time(look, greys)
    pictures = [sight.frames for sight in sights]
    took["classify"], (said,) = _time(lambda some: answers(some, classifier), [pictures])
    took["classify"] /= len(paths)
    pairs = list(zip(sights, said, strict=True))
    took["judge"], _ = _time(lambda pair: judge(*pair, classifier.thresholds), pairs)
    took["see: load to normalise"], seen = _time(lambda drop: pipeline.see(drop, limits), drops)
    readings = pipeline.read(seen, classifier, digits=ANY_COUNT, now=pipeline.utc_now)
    took["write the row"], _ = _time(line, readings)
    took["frames each"] = sum(map(len, pictures)) / len(paths)
    ready = [grey for grey in greys if _is_ready(grey)]
    took["normalise: no work to do"] = _time(look, ready)[0] if ready else math.nan
    rest = [grey for grey in greys if not _is_ready(grey)]
    took["normalise: work to do"] = _time(look, rest)[0] if rest else math.nan
    took["full decode (Pillow)"], _ = _time(_in_full, contents)
    took["decode at 1/8 (Pillow)"], _ = _time(_at_an_eighth, contents)
    assert all(isinstance(one, Picture) for one in seen)
    return took


def _time(do: Callable[[One], Next], items: Sequence[One]) -> tuple[float, list[Next]]:
    """Give the CPU microseconds for each item, and the results."""
    took, found = [], []
    for _ in range(AGAIN):
        before = time.process_time()
        found = [do(item) for item in items]
        took.append(time.process_time() - before)
    return 1e6 * min(took) / len(items), found


def _is_ready(grey: Grey) -> bool:
    return is_framed(grey) or is_framed(~grey)


def _in_full(content: bytes) -> None:
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()


def _at_an_eighth(content: bytes) -> None:
    with Image.open(io.BytesIO(content)) as picture:
        picture.draft(None, (picture.width // 8, picture.height // 8))  # of JPEGs alone
        picture.load()


def _cell(took: float) -> str:
    if math.isnan(took):
        return ""
    return f"{took:,.1f}" if took < 100 else f"{took:,.0f}"


if __name__ == "__main__":
    main()
