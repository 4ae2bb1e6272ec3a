"""The ways that are compared, each run as a whole process, with the CPU time that it took."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmarks.running import ROOT, SETTLED, a_worker, rows

WAYS = Path(__file__).resolve().parent / "ways"
ANCESTOR_AT_MOST, YOLO_AT_MOST = 100, 200  # pictures: more would only take longer


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a way took."""

    count: int
    """Pictures that it read."""
    seconds: float
    """From the start of its process to its end, or to its last row."""
    cpu: float
    """Seconds of CPU time, of the process and those that it started."""


Way = Callable[[Path, int], Run]
"""Reads the first so many pictures of a folder."""


def batch(*more: str) -> Way:
    """Make the way of `digitdrop batch`."""

    def run(pictures: Path, count: int) -> Run:
        report = pictures.with_name("batch.csv")
        report.unlink(missing_ok=True)
        command = [
            "-P",
            "-m",
            "digitdrop",
            "batch",
            pictures,
            "--report",
            report,
            "--quiet",
            *more,
        ]
        done = _run(command, count)
        assert rows(report) == count
        return done

    return run


def watch(*more: str) -> Way:
    """Make the way of `digitdrop watch`: from its start until the last row is in the report."""

    def run(pictures: Path, count: int) -> Run:
        folder = Path(tempfile.mkdtemp(dir=pictures.parent))
        shutil.copytree(pictures, folder / "inbox")
        time.sleep(SETTLED)
        before = _cpu()
        with a_worker(folder, *more) as worker:
            seconds = worker.waits_until(lambda: worker.rows() >= count, every=0.02) - worker.began
        shutil.rmtree(folder, ignore_errors=True)  # the page may still be written
        return Run(count, seconds, _cpu() - before)

    return run


def predict(pictures: Path, count: int) -> Run:
    """Look at a few pictures with `digitdrop predict`."""
    return _run(["-P", "-m", "digitdrop", "predict", *sorted(pictures.iterdir())[:count]], count)


def bare(where: str) -> Way:
    """Make the way of the bare loop, from `disk` or `memory`."""

    def run(pictures: Path, count: int) -> Run:
        return _run([WAYS / "bare.py", where, pictures, count, ROOT / "models"], count)

    return run


def keras(pictures: Path, count: int) -> Run:
    """Go the way of a good Keras script."""
    return _run(
        [WAYS / "keras_batches.py", pictures, count, pictures.with_name("keras.csv")], count
    )


def ancestor(pictures: Path, count: int) -> Run:
    """Go the ancestor's way, on the first pictures only."""
    few = min(count, ANCESTOR_AT_MOST)
    return _run([WAYS / "ancestor.py", pictures, few], few)


def ultralytics(python: Path) -> Way:
    """Make the way of `yolo classify predict`; it needs a Python of its own that has it."""

    def run(pictures: Path, count: int) -> Run:
        few = min(count, YOLO_AT_MOST)
        some, saved = pictures.with_name("some"), pictures.with_name("yolo")
        some.mkdir()
        for path in sorted(pictures.iterdir())[:few]:
            (some / path.name).hardlink_to(path)
        done = _run(
            [WAYS / "yolo.py", some, saved],
            few,
            python=python,
            settings={"YOLO_CONFIG_DIR": str(pictures.parent), "YOLO_OFFLINE": "true"},
        )
        shutil.rmtree(some)
        shutil.rmtree(saved)
        return done

    return run


def _run(
    command: list[object],
    count: int,
    *,
    python: Path | str = sys.executable,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Run:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "worker"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **settings,
    }
    before, started = _cpu(), time.perf_counter()
    subprocess.run(
        [str(python), *map(str, command)],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return Run(count, time.perf_counter() - started, _cpu() - before)


def _cpu() -> float:
    """Give the CPU seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
