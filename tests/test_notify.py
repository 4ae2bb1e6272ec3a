"""What a service manager hears of a real worker, on a real socket."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from digitdrop.health.systemd import Systemd
from digitdrop.health.worker_status import WorkerStatus
from ledger import a_picture, a_worker, drop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="systemd runs on Linux"),
]


class Manager:
    """The end of the socket that systemd would hold."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.settimeout(0.2)

    def hear(self, seconds: float, until: str = "nothing") -> list[str]:
        """Collect what comes in so many seconds, or up to a line that begins so."""
        lines: list[str] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end and not any(line.startswith(until) for line in lines):
            try:
                lines += self._socket.recv(4096).decode().split("\n")
            except TimeoutError:
                continue
        return lines

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def address(tmp_path: Path) -> str:
    return str(tmp_path / "notify")


@pytest.fixture
def manager(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    monkeypatch.setenv("WATCHDOG_USEC", "180000000")
    manager = Manager(address.replace("@", "\0"))
    yield manager
    manager.close()


@pytest.mark.parametrize("address", [f"@digitdrop-{os.getpid()}"])
def test_a_manager_hears_when_it_is_ready_how_many_were_read_and_that_it_stops(
    manager: Manager, tmp_path: Path
) -> None:
    drop(tmp_path / "inbox", [("seven.png", a_picture(7))])
    with a_worker(tmp_path, "--settle=0.1", "--poll") as worker:
        start = manager.hear(30, until="READY=1")
        drop(tmp_path / "inbox", [("six.png", a_picture(6))])
        then = manager.hear(20, until="STATUS=watching; 2 pictures read")
        worker.stop()
        end = manager.hear(2, until="STATUS=stopped")

    assert start[0].startswith("EXTEND_TIMEOUT_USEC="), "it is not ready before it can watch"
    assert "READY=1" not in then, "it says so once"
    assert any(line.startswith("STATUS=watching; 2 pictures read: ") for line in then)
    assert "WATCHDOG=1" in then
    assert "STOPPING=1" in end


def test_that_it_is_ready_is_said_at_once(manager: Manager, address: str) -> None:
    starting = WorkerStatus(
        holder="", pid=1, since="", model="", inbox="", settle=2.0, max_wait=60.0
    )
    systemd = Systemd(address, watchdog=False)

    systemd.tell(starting, now=0.0)
    systemd.tell(replace(starting, is_ready=True), now=0.001)

    assert "READY=1" in manager.hear(5, until="READY=1")
    systemd.end(starting)


def test_a_worker_that_hangs_sends_no_sign_of_life(manager: Manager, tmp_path: Path) -> None:
    with a_worker(tmp_path, "--poll") as worker:
        manager.hear(30, until="READY=1")
        assert "WATCHDOG=1" in manager.hear(5, until="WATCHDOG=1")

        worker.process.send_signal(signal.SIGSTOP)
        manager.hear(0.5)
        assert manager.hear(4) == []

        worker.process.send_signal(signal.SIGCONT)
        assert "WATCHDOG=1" in manager.hear(5, until="WATCHDOG=1")
        worker.stop()


def test_a_worker_whose_inbox_is_away_says_so_and_still_moves(
    manager: Manager, tmp_path: Path
) -> None:
    with a_worker(tmp_path, "--poll") as worker:
        manager.hear(30, until="READY=1")
        (tmp_path / "inbox").rename(tmp_path / "away")

        heard = manager.hear(20, until="STATUS=cannot take files in")

        assert any("No such file" in line for line in heard)
        assert "WATCHDOG=1" in manager.hear(5, until="WATCHDOG=1")
        (tmp_path / "away").rename(tmp_path / "inbox")
        assert manager.hear(20, until="STATUS=watching")
        worker.stop()
