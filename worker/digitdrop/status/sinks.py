"""The places where the worker reports its status while it runs."""

import os
from pathlib import Path

from digitdrop.files.mounts import HomeDisk
from digitdrop.health.systemd import Systemd
from digitdrop.health.worker_status import StatusFile, StatusSink


def status_sinks(
    inbox: Path, outbox: Path, metrics: Path | None, home: HomeDisk
) -> list[StatusSink]:
    """Open the status file, and systemd's socket and the metrics file where there are any.

    Args:
        inbox: whose files are counted for the metrics.
        outbox: where the status file goes, and pictures are counted.
        metrics: file for Prometheus; None for none.
        home: disk of the outbox.

    Raises:
        FolderError: the folder of the metrics is not there, or another file has their name.
    """
    found: list[StatusSink] = [StatusFile(outbox, home)]
    if systemd := Systemd.from_environment(os.environ):
        found.append(systemd)
    if metrics:
        from digitdrop.status.metrics import Metrics  # loads 1 MB that hardly anybody needs

        found.append(Metrics(metrics, inbox, outbox))
    return found
