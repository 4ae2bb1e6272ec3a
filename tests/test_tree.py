"""Walking folders: deep ones, and ones that are swapped meanwhile."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitdrop.files.tree import folders, opened_folder, walk
from digitdrop.intake.listing import listing, survey


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """Give a folder whose depth is no trouble for who cleans up: Python's own way recurses."""
    yield tmp_path
    subprocess.run(["rm", "-rf", tmp_path], check=True)


def a_deep_folder(below: Path, depth: int) -> None:
    here = os.open(below, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("deep", dir_fd=here)
        deeper = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("picture.png", os.O_CREAT, dir_fd=here))
    os.close(here)


@pytest.mark.parametrize("in_order", [False, True])
def test_a_picture_below_500_folders_is_listed(deep: Path, in_order: bool) -> None:
    a_deep_folder(deep, 500)

    (found,) = listing(deep, in_order=in_order)

    assert found.name == "deep/" * 500 + "picture.png"
    assert len(folders(deep)) == 500


def test_what_lies_deeper_than_a_path_can_be_is_told_of(deep: Path) -> None:
    a_deep_folder(deep, 2000)
    (deep / "near.png").touch()

    found = survey(deep)

    assert found.waiting == 1
    (why,) = found.refused.values()
    assert why == "File name too long"


def test_a_walk_in_order_is_sorted_by_folder(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/1.png", "a.png", "c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    names = [name for name, _ in walk(tmp_path, in_order=True)]

    assert names == ["a.png", "b/1.png", "b/2.png", "c.png"]


@pytest.mark.parametrize("below", ["link", "link/deeper", "pipe", "file"])
def test_only_a_folder_without_a_link_on_the_way_is_opened(tmp_path: Path, below: str) -> None:
    (tmp_path / "elsewhere/deeper").mkdir(parents=True)
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(root / "pipe")
    (root / "file").touch()

    with pytest.raises(NotADirectoryError), opened_folder(root, below):
        pass


def test_the_root_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real/folder").mkdir(parents=True)
    (tmp_path / "root").symlink_to(tmp_path / "real")

    with opened_folder(tmp_path / "root", "folder") as descriptor:
        assert os.path.samestat(os.fstat(descriptor), (tmp_path / "real/folder").stat())
