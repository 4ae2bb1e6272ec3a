import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from digitdrop.errors import Gone, TooLarge, Unavailable
from digitdrop.files.load import load


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "7.png").write_bytes(bytes(range(256)))

    assert load(tmp_path / "7.png", most=256) == bytes(range(256))


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse.png").open("wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(TooLarge, match="1,099,511,627,776 bytes"):
        load(tmp_path / "sparse.png", most=1000)


def test_a_file_that_is_gone_is_gone(tmp_path: Path) -> None:
    with pytest.raises(Gone):
        load(tmp_path / "7.png", most=1000)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "7.png").symlink_to(tmp_path / "secret")

    with pytest.raises(Unavailable):
        load(tmp_path / "7.png", most=1000)


def grows(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"8")


def is_cut(path: Path) -> None:
    os.truncate(path, 3)


def is_written_over(path: Path) -> None:
    time.sleep(0.02)  # some file systems tell time by ticks of the clock
    path.write_bytes(b"eight")


@pytest.mark.parametrize("change", [grows, is_cut, is_written_over])
def test_a_file_that_changes_while_it_is_read_is_not_taken(
    change: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "7.png"
    path.write_bytes(b"seven")
    seen, fstat = [], os.fstat

    def in_between(descriptor: int) -> os.stat_result:
        seen.append(fstat(descriptor))
        if len(seen) == 2:  # the type was checked first, and now the size
            change(path)
        return seen[-1]

    monkeypatch.setattr(os, "fstat", in_between)  # from outside, as `crash.py` does

    with pytest.raises(Unavailable, match="changed while it was read"):
        load(path, most=1000)


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_file_is_not_read_and_not_waited_for(kind: str, tmp_path: Path) -> None:
    path = {"device": Path("/dev/zero")}.get(kind, tmp_path / "7.png")
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()

    with pytest.raises(Unavailable):
        load(path, most=1000)
