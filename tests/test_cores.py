"""The cores of a process are those that it may use, by affinity and by the quota of its cgroup."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitdrop.system.cores import quota, usable_cores
from ledger import DIGITDROP, ROOT

CPU = Path("/sys/fs/cgroup/cpu/digitdrop-test")


def groups(folder: Path, own: str, files: dict[str, str]) -> float | None:
    for name, content in files.items():
        path = folder / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    (folder / "own").write_text(own)
    return quota(folder / "own", folder / "cgroup")


@pytest.mark.parametrize(
    ("allowed", "share", "cores"),
    [
        (8, None, 8),
        (8, 2.0, 2),
        (8, 1.5, 2),
        (8, 0.1, 1),
        (2, 4.0, 2),
        (1, 0.5, 1),
        (64, 63.01, 64),
    ],
)
def test_a_share_is_rounded_up_and_never_more_than_affinity_allows(
    allowed: int, share: float | None, cores: int
) -> None:
    assert usable_cores(allowed, share) == cores


@pytest.mark.parametrize(
    ("own", "files", "share"),
    [
        ("0::/\n", {"cpu.max": "150000 100000"}, 1.5),
        ("0::/\n", {"cpu.max": "max 100000"}, None),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000", "a/b/cpu.max": "max 100000"}, 2.0),
        ("0::/a/b\n", {"a/cpu.max": "50000 100000", "a/b/cpu.max": "400000 100000"}, 0.5),
        ("0::/a/b\n", {"a/b/cpu.max": "25000 50000"}, 0.5),
        ("0::/../../host\n", {"cpu.max": "300000 100000"}, 3.0),
        ("0::/not/mounted/here\n", {"cpu.max": "100000 100000"}, 1.0),
        ("0::/a\n", {"b/cpu.max": "100000 100000"}, None),
        ("0::/\n", {"cpu.max": "nonsense"}, None),
        ("0::/\n", {"cpu.max": "100000 0"}, None),
        (
            "4:cpu,cpuacct:/docker/x\n3:memory:/docker/x\n",
            {"cpu,cpuacct/cpu.cfs_quota_us": "250000", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
            2.5,
        ),
        (
            "4:cpu:/a\n0::/\n",
            {"cpu/a/cpu.cfs_quota_us": "-1", "cpu/a/cpu.cfs_period_us": "100000"},
            None,
        ),
        ("not what it should be", {"cpu.max": "100000 100000"}, None),
    ],
)
def test_the_tightest_quota_on_the_way_to_the_own_group_counts(
    own: str, files: dict[str, str], share: float | None, tmp_path: Path
) -> None:
    assert groups(tmp_path, own, files) == share


def test_there_is_no_quota_where_there_are_no_cgroups(tmp_path: Path) -> None:
    assert quota(tmp_path / "own", tmp_path) is None


def settings_on(*words: str) -> str:
    command = [*words, *DIGITDROP, "settings"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def workers(told: str) -> str:
    return next(line.split()[1] for line in told.splitlines() if "--workers" in line)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_a_process_that_is_bound_to_one_core_uses_one() -> None:
    told = settings_on("taskset", "--cpu-list", str(min(os.sched_getaffinity(0))))

    assert workers(told) == "1"
    assert "cores: 1" in told


@pytest.fixture
def half_a_core() -> Iterator[Path]:
    """Make a real cgroup that may take half a core."""
    try:
        CPU.mkdir()
        (CPU / "cpu.cfs_quota_us").write_text("50000")
    except OSError:
        pytest.skip("no cgroup (version 1) can be made here")
    try:
        yield CPU
    finally:
        CPU.rmdir()


def test_a_process_with_a_quota_of_half_a_core_uses_one(half_a_core: Path) -> None:
    told = settings_on("sh", "-c", f'echo $$ > {half_a_core}/cgroup.procs; exec "$@"', "sh")

    assert workers(told) == "1"
    assert os.cpu_count() == 1 or "the quota of its cgroup" in told
