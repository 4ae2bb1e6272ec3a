"""What the tests of the cluster need: an S3 server, a Ray cluster, a run as a person starts it."""

import csv
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import cv2
import numpy as np

from ledger import DIGITDROP, ROOT, rows

Row = dict[str, str]

REFUSAL = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
"""What S3 says with 403 to whose key has run out, or who has no right."""


def some_pictures(folder: Path, count: int, *, different: int = 500) -> None:
    """Make pictures, many of them alike: digits, blots and blanks, some inverted, some cut off."""
    chance = np.random.default_rng(7)
    made = []
    for number in range(min(count, different)):
        paper = np.full((60, 50), 250, np.uint8)
        if number % 10 != 9:
            place = tuple(int(side) for side in chance.integers((4, 40), (20, 56)))
            cv2.putText(paper, str(number % 9), place, 0, 1.2 + chance.random(), (30,), 3)
        content = cv2.imencode(".png", ~paper if number % 7 == 0 else paper)[1].tobytes()
        made.append(content[: len(content) // 2] if number % 50 == 17 else content)
    for number in range(count):
        path = folder / f"{number // 1000:03}" / f"{number:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made[number % len(made)])


def shards(target: Path) -> list[Path]:
    """List the shards in a folder."""
    return sorted(target.glob("part-*"))


def cluster_rows(target: Path) -> list[Row]:
    """Read all CSV shards."""
    return [row for path in shards(target) for row in rows(path)]


def without_time(found: list[Row]) -> list[Row]:
    """Sort rows, and leave out when each was read."""
    kept = [{name: row[name] for name in row if name != "time"} for row in found]
    return sorted(kept, key=lambda row: row["id"])


def environment(**more: str) -> dict[str, str]:
    """Give what a run needs of its surroundings."""
    return {**os.environ, **more}


def command(*arguments: object) -> list[str]:
    """Give the command line of a one-shot run."""
    return [*DIGITDROP, "batch", *map(str, arguments)]


def a_run(*arguments: object, **more: str) -> "subprocess.CompletedProcess[str]":
    """Read once, as a person would."""
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )


def local_report(report: Path, *sources: Path) -> list[Row]:
    """Read on this machine without a cluster."""
    done = a_run(*sources, "--report", report, "--quiet")
    assert done.returncode in {0, 1}, done.stderr
    return rows(report)


@contextmanager
def quiet_ray() -> Iterator[None]:
    """Have Ray work in a short-lived folder, without asking who calls, and tell nobody of it."""
    folder = tempfile.mkdtemp(prefix="ray")  # short: its sockets have names of 107 bytes at most
    settings = {
        "RAY_TMPDIR": folder,
        "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def two_nodes() -> Iterator[Any]:
    """Run a Ray cluster of two nodes on this machine, a core each; the second may be killed."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        cluster.add_node(**node)
        yield cluster
    finally:
        cluster.shutdown()


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Run an empty S3 server on the loopback; yield what makes programs use it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    try:
        # Buckets belong to the process, not to the server: those of the test before are here.
        urlopen(Request(f"{address}/moto-api/reset", method="POST"), timeout=10).close()
        yield _settings(address)
    finally:
        server.stop()


@contextmanager
def answering_server(status: int, content: bytes, *, delay: float = 0) -> Iterator[dict[str, str]]:
    """Run a server on the loopback that gives each request the same answer, after some seconds."""

    class Answering(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            time.sleep(delay)
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield _settings(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()


def _settings(address: str) -> dict[str, str]:
    """Give what makes programs use a server."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def csv_rows(content: bytes) -> list[Row]:
    """Read the rows of a CSV that is no file."""
    return list(csv.DictReader(content.decode().splitlines()))
