"""No process of a Ray cluster imports or runs what lies in the current folder or the source."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stores import quiet_ray, two_nodes
from traps import Trap

pytest.importorskip("ray", reason="the extra `cluster` is not installed")
pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.alone]

SCRIPT = str(Path(sys.executable).with_name("digitdrop"))


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    with quiet_ray():
        yield


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with two_nodes() as nodes:
        yield nodes.address


def read_in(trap: Trap, cluster: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SCRIPT, "batch", ".", "--report=../out", "--workers=2", f"--cluster={cluster}"],
        cwd=trap.folder,
        env=os.environ | {"PATH": f":.:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_a_cluster_of_its_own_runs_no_code_of_the_folder(tmp_path: Path) -> None:
    trap = Trap(tmp_path / "trap")

    done = read_in(trap, "local")

    assert trap.sprung() == []
    assert (done.returncode, done.stdout) == (0, "6 pictures: 6 ok\n"), done.stderr


def test_a_cluster_that_runs_already_runs_no_code_of_the_folder(
    tmp_path: Path, address: str
) -> None:
    trap = Trap(tmp_path / "trap")

    done = read_in(trap, address)

    assert trap.sprung() == []
    assert (done.returncode, done.stdout) == (0, "6 pictures: 6 ok\n"), done.stderr
