"""Real disks for tests: another one; as root, small ones, ones with a quota, ones that go away."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

OTHER_DISK = Path("/dev/shm")
"""On another file system than tests write to, nearly everywhere."""
elsewhere = pytest.mark.skipif(
    not OTHER_DISK.is_dir()
    or OTHER_DISK.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev,
    reason="needs a second file system",
)

LEFT = 200 * 2**20  # bytes that a disk has left at first: enough for `status` to be content


@dataclass
class Disk:
    """A folder in which only so much can be written."""

    folder: Path
    ballast: Path | None = None

    def fill(self) -> None:
        """Leave no room."""
        self.ballast = self.folder / "ballast"
        with self.ballast.open("wb", buffering=0) as file:
            for size in (2**20, 2**12, 1):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError:
                    continue

    def make_room(self) -> None:
        """Give back what `fill` took."""
        assert self.ballast
        self.ballast.unlink()


@contextmanager
def a_small_disk(folder: Path) -> Iterator[Disk]:
    """Mount a disk of which `status` says in time that it is nearly full."""
    with mounted(folder, "-t", "tmpfs", "-o", f"size={LEFT}", "tmpfs"):
        yield Disk(folder)


@contextmanager
def a_quota(folder: Path) -> Iterator[Disk]:
    """Mount a disk with room, and give a folder on it that may only have 2 MiB of that."""
    for needed in ("mkfs.btrfs", "btrfs"):
        if not shutil.which(needed):
            pytest.skip(f"no {needed} here (btrfs-progs): no quota to be had")
    image = folder.with_name(f"{folder.name}.image")
    with image.open("wb") as file:
        file.truncate(2 * LEFT)  # sparse
    _run("mkfs.btrfs", "-q", "--mixed", str(image))
    with mounted(folder, "-t", "btrfs", "-o", "loop", str(image)):
        limited = folder / "limited"
        _run("btrfs", "quota", "enable", str(folder))
        _run("btrfs", "subvolume", "create", str(limited))
        _run("btrfs", "qgroup", "limit", "2M", str(limited))
        yield Disk(limited)


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[None]:
    """Mount something over a folder; the test is skipped where that is not allowed."""
    mount(folder, *arguments)
    try:
        yield
    finally:
        unmount(folder)


def mount(folder: Path, *arguments: str) -> None:
    """Mount as `mount` does, and leave it."""
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("only root may mount, and only Linux as it is done here")
    folder.mkdir(parents=True, exist_ok=True)
    _run("mount", *arguments, str(folder))


def unmount(folder: Path) -> None:
    """Take a disk away, whoever is using it."""
    subprocess.run(["umount", "--lazy", folder], check=False, capture_output=True)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{command[0]} says: {done.stderr.strip()}")
