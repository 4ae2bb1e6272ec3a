"""A link or mount that leads the worker's own pictures back into its inbox is refused."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from digitdrop.errors import FolderError
from digitdrop.service.folders import check_folders
from ledger import DIGITDROP, ROOT, a_picture

REFUSED: dict[str, Callable[[Path, Path], object]] = {
    "done to the inbox": lambda inbox, outbox: link(outbox / "done", inbox),
    "done to a folder in it": lambda inbox, outbox: link(outbox / "done", inbox / "scans"),
    "done to the folder around both": lambda inbox, outbox: link(outbox / "done", inbox.parent),
    "failed by a relative link": lambda _, outbox: link(outbox / "failed", Path("../inbox")),
    "review": lambda inbox, outbox: link(outbox / "review", inbox),
    "review/7": lambda inbox, outbox: link(outbox / "review" / "7", inbox),
    "review/none to done": lambda _, outbox: link(outbox / "review" / "none", outbox / "done"),
    "review/1 to review/7": lambda _, outbox: link(outbox / "review/1", outbox / "review/7"),
    "done to failed": lambda _, outbox: link(outbox / "done", outbox / "failed"),
    "a day": lambda inbox, outbox: link(outbox / "done" / "2026-12-01", inbox),
    "the report": lambda inbox, outbox: link(outbox / "predictions.csv", inbox / "r.csv"),
    "claims to somewhere else": lambda inbox, _: link(inbox / ".claimed", inbox.parent / "aside"),
    "claims to nowhere": lambda inbox, _: link(inbox / ".claimed", inbox.parent / "gone"),
    "corrections": lambda inbox, outbox: link(outbox / "review" / ".claimed", inbox),
    "the whole outbox": lambda inbox, outbox: link(outbox, inbox),
    "the whole outbox to the folder around": lambda inbox, outbox: link(outbox, inbox.parent),
}


def link(path: Path, target: Path) -> None:
    """Make a link, with the folder that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        path.rmdir()
    path.symlink_to(target)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("inbox/scans", "outbox", "aside"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path / "inbox", tmp_path / "outbox"


@pytest.mark.parametrize("how", REFUSED)
def test_what_leads_into_the_inbox_or_another_shelf_is_refused(
    how: str, folders: tuple[Path, Path]
) -> None:
    REFUSED[how](*folders)

    with pytest.raises(FolderError) as refused:
        check_folders(*folders)

    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("shelf", ["done", "review", "failed", "review/7", "done/2026-12-01"])
def test_a_shelf_on_another_disk_is_not_refused(shelf: str, folders: tuple[Path, Path]) -> None:
    link(folders[1] / shelf, folders[1].parent / "aside")

    check_folders(*folders)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_shelf_that_is_the_inbox_by_a_bind_mount_is_refused(folders: tuple[Path, Path]) -> None:
    inbox, outbox = folders
    (outbox / "done").mkdir()
    mounted = subprocess.run(["mount", "--bind", inbox, outbox / "done"], check=False)
    if mounted.returncode:
        pytest.skip("nothing may be mounted here")
    try:
        with pytest.raises(FolderError):
            check_folders(*folders)
    finally:
        subprocess.run(["umount", outbox / "done"], check=True)


def test_the_command_says_so_in_one_line_and_reads_nothing(folders: tuple[Path, Path]) -> None:
    inbox, outbox = folders
    link(outbox / "done", inbox)
    (inbox / "7.png").write_bytes(a_picture(7))
    command = [
        *DIGITDROP,
        "watch",
        f"--inbox={inbox}",
        f"--outbox={outbox}",
    ]

    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert str(outbox / "done") in done.stderr
    assert not (outbox / "predictions.csv").exists()
