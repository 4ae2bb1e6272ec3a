"""Write a file in Prometheus' text format, for the node exporter's textfile collector."""

import logging
import math
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from prometheus_client import generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from digitdrop.errors import FolderError
from digitdrop.files.regular import create_anew, open_regular
from digitdrop.health.worker_status import WorkerStatus
from digitdrop.intake.claim_names import claimed_drops
from digitdrop.intake.listing import count_listed
from digitdrop.outbox.to_review import count_to_review
from digitdrop.system.version import installed_version
from digitdrop.values import Status

logger = logging.getLogger(__name__)

_SPACING: Final = 5.0  # seconds between two writes while something changes
_HEARTBEAT: Final = 30.0
"""Seconds between two writes while nothing changes: the file must show that the worker lives."""
_SHARE: Final = 0.01  # of the time may be spent on the file, however many files wait
_START: Final = b"# HELP digitdrop_"


class Metrics:
    """A status sink that writes the file aside and renames it."""

    def __init__(self, path: Path, inbox: Path, outbox: Path) -> None:
        """Name the file.

        Raises:
            FolderError: its folder is not there, or another file has its name.
        """
        if not path.parent.is_dir():
            raise FolderError(
                f"no folder {path.parent} for the metrics file {path.name}: make it, "
                "or name another file with --metrics"
            )
        if path.exists() and not _is_ours(path):
            raise FolderError(
                f"{path} is there and none of our metrics files, so it is left as it is: "
                "name another file with --metrics"
            )
        self._path = path
        self._aside = path.with_name(f".{path.name}.new")
        self._inbox = inbox
        self._outbox = outbox
        self._told: WorkerStatus | None = None
        self._at = -math.inf
        self._spacing = _SPACING
        self._failed = False

    def tell(self, told: WorkerStatus, now: float) -> None:
        """Write a new status every five seconds at most, and an old one every 30 seconds."""
        wait = _HEARTBEAT if told is self._told else self._spacing
        if now - self._at >= wait:
            self._at, self._told = now, told
            began = time.perf_counter()
            self._write(told, is_up=True)
            self._spacing = max(_SPACING, (time.perf_counter() - began) / _SHARE)

    def end(self, told: WorkerStatus) -> None:
        """Write that the worker is down."""
        self._write(told, is_up=False)

    def _write(self, status: WorkerStatus, *, is_up: bool) -> None:
        try:
            with create_anew(self._aside) as file:
                sample = _Sample(status, self._inbox, self._outbox, is_up=is_up)
                file.write(generate_latest(sample))
            self._aside.replace(self._path)
        except OSError as error:
            if not self._failed:
                logger.warning("cannot write the metrics to %s: %s", self._path, error.strerror)
            self._failed = True
        else:
            self._failed = False


def _is_ours(path: Path) -> bool:
    try:
        with open_regular(path) as file:
            return file.read(len(_START)) in {_START, b""}
    except OSError:
        return False


class _Sample(Collector):
    """The figures of one moment."""

    def __init__(self, status: WorkerStatus, inbox: Path, outbox: Path, *, is_up: bool) -> None:
        self._status = status
        self._inbox = inbox
        self._outbox = outbox
        self._is_up = is_up

    def collect(self) -> Iterator[Metric]:
        worker, inbox = self._status, self._inbox
        rows = CounterMetricFamily(
            "digitdrop_pictures", "Rows written since the start.", labels=["status"]
        )
        for status in Status:
            rows.add_metric([status], worker.read.get(status, 0))
        yield rows
        about = {"version": installed_version(), "model": worker.model}
        yield InfoMetricFamily("digitdrop", "Version and model.", about)
        to_review = sum(count_to_review(self._outbox, inbox).values())
        gauges: tuple[tuple[str, str, float], ...] = (
            ("up", "1 while the worker runs.", self._is_up),
            ("ready", "1 once it takes files in.", self._is_up and worker.is_ready),
            ("trouble", "1 while it cannot take in or record.", bool(worker.trouble)),
            ("start_time_seconds", "When it started.", _epoch(worker.since)),
            ("beat_time_seconds", "When it last moved on.", time.time()),
            ("last_row_time_seconds", "Time of its last row.", _epoch(worker.last)),
            ("in_hand_files", "Claimed files.", sum(1 for _ in claimed_drops(inbox))),
            ("waiting_files", "Files in the inbox.", count_listed(inbox)),
            (
                "deferred_files",
                "What cannot be taken, listed or filed for now.",
                worker.deferred_files,
            ),
            (
                "to_review_files",
                "Pictures in review/ and failed/ that wait for a person.",
                to_review,
            ),
        )
        for name, text, value in gauges:
            yield GaugeMetricFamily(f"digitdrop_{name}", text, value)


def _epoch(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp() if iso else math.nan
