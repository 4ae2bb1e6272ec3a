"""A file in Prometheus' text format, for the node exporter's textfile collector."""

import logging
import math
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from digitdrop.errors import FolderError
from digitdrop.files.regular import create_anew, open_regular
from digitdrop.health.worker_status import WorkerStatus
from digitdrop.intake import listing as inbox
from digitdrop.intake.claim_names import claimed_drops
from digitdrop.outbox.to_review import count_to_review
from digitdrop.system.version import installed_version
from digitdrop.values import Status

logger = logging.getLogger(__name__)

_SPACING: Final = 5.0  # seconds between two writes while something changes
_HEARTBEAT: Final = 30.0
"""Seconds between two writes while nothing does: who reads the file must see that we live."""
_SHARE: Final = 0.01  # of the time may be spent on writing it, however many files wait


class Metrics:
    """Writes the file aside and renames it."""

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
        """Write what changed, every five seconds at most; now and then also if nothing did."""
        wait = _HEARTBEAT if told is self._told else self._spacing
        if now - self._at >= wait:
            self._at, self._told = now, told
            began = time.perf_counter()
            self._write(_Sample(told, self._inbox, self._outbox, is_up=True))
            self._spacing = max(_SPACING, (time.perf_counter() - began) / _SHARE)

    def end(self, told: WorkerStatus) -> None:
        """Write that the worker is down."""
        self._write(_Sample(told, self._inbox, self._outbox, is_up=False))

    def _write(self, sample: "_Sample") -> None:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(sample)
        try:
            with create_anew(self._aside) as file:
                file.write(generate_latest(registry))
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


_START: Final = b"# HELP digitdrop_"


class _Sample(Collector):
    """The figures of one moment."""

    def __init__(self, told: WorkerStatus, folder: Path, outbox: Path, *, is_up: bool) -> None:
        self._told = told
        self._folder = folder
        self._outbox = outbox
        self._is_up = is_up

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # so that registering it does not yet count the files that wait

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily | InfoMetricFamily]:
        told = self._told
        rows = CounterMetricFamily(
            "digitdrop_pictures", "Rows written since the start.", labels=["status"]
        )
        for status in Status:
            rows.add_metric([status], told.read.get(status, 0))
        yield rows
        yield InfoMetricFamily(
            "digitdrop",
            "Version and model.",
            {"version": installed_version(), "model": told.model},
        )
        yield _gauge("up", "1 while the worker runs.", self._is_up)
        yield _gauge("ready", "1 once it takes files in.", self._is_up and told.is_ready)
        yield _gauge("trouble", "1 while it cannot take in or record.", bool(told.trouble))
        yield _gauge("start_time_seconds", "When it started.", _epoch(told.since))
        yield _gauge("beat_time_seconds", "When it last moved on.", time.time())
        yield _gauge("last_row_time_seconds", "Time of its last row.", _epoch(told.last))
        yield _gauge(
            "in_hand_files", "Claimed files.", sum(1 for _ in claimed_drops(self._folder))
        )
        yield _gauge("waiting_files", "Files in the inbox.", inbox.count_listed(self._folder))
        yield _gauge(
            "deferred_files", "What cannot be taken, listed or filed for now.", told.deferred_files
        )
        yield _gauge(
            "to_review_files",
            "Pictures in review/ and failed/ that wait for a person.",
            sum(count_to_review(self._outbox, self._folder).values()),
        )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"digitdrop_{name}", text, value)


def _epoch(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp() if iso else math.nan
