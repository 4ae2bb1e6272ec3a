"""`why` answers in bounded time whatever it is asked about, and with one line for each mistake."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import DIGITDROP, a_picture, drop, serve_once

Make = Callable[[Path], object]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    drop(folder / "inbox", [("twice.png", a_picture(1)), ("seven.png", a_picture(7))])
    serve_once(folder)
    drop(folder / "inbox", [("twice.png", a_picture(2))])
    (folder / "log").unlink()
    serve_once(folder)
    return folder


@pytest.fixture
def folder(served: Path, tmp_path: Path) -> Path:
    shutil.copytree(served, tmp_path / "w", symlinks=True)
    return tmp_path / "w"


def why(folder: Path, *more: str | bytes | Path) -> subprocess.CompletedProcess[bytes]:
    command: list[str | bytes | Path] = [*DIGITDROP, "why", *more]
    command += [f"--inbox={folder / 'inbox'}", f"--outbox={folder / 'outbox'}"]
    environment = dict(os.environ)
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, timeout=60
    )
    assert time.monotonic() - began < 20
    assert b"Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1
    return done


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)
    os.chdir(here)


def a_sparse_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**42)


THINGS: dict[str, tuple[Make, bytes]] = {
    "pipe": (os.mkfifo, b"a pipe, a socket or a device"),
    "socket": (a_socket, b"a pipe, a socket or a device"),
    "loop": (lambda path: path.symlink_to(path.name), b"a symbolic link"),
    "folder": (Path.mkdir, b"it is a folder"),
    "sparse": (a_sparse_file, b""),
    "not UTF-8 \udcff\udcfe": (lambda path: path.write_bytes(a_picture()), b""),
}


@pytest.mark.parametrize("where", ["inbox", "elsewhere"])
@pytest.mark.parametrize("name", THINGS)
def test_anything_that_lies_anywhere_is_told_as_what_it_is(
    name: str, where: str, folder: Path
) -> None:
    make, told = THINGS[name]
    path = folder / where / name
    path.parent.mkdir(exist_ok=True)
    make(path)

    done = why(folder, os.fsencode(path))

    assert done.returncode in {0, 1}
    assert told in done.stdout, done.stdout


@pytest.mark.parametrize(
    "name",
    ["/dev/zero", "/dev/full", "/", "..", ".", "", "x" * 300, "x/" * 3000, "../../etc/passwd",
     "inbox/.claimed", "/proc/self/mem", "a\nb", "\x1b[31m", b"\xff", "-", "*"],
)  # fmt: skip
def test_any_name_gets_an_answer(name: str | bytes, folder: Path) -> None:
    done = why(folder, "--json", "--", name)

    assert done.returncode in {0, 1, 2}
    assert b"\x1b" not in done.stdout + done.stderr
    assert done.stderr if done.returncode == 2 else json.loads(done.stdout)["text"]


def test_folders_that_are_loops_are_one_clear_line(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")

    for option in ("--inbox=loop", "--outbox=loop"):
        done = why(folder, "seven.png", option)

        assert done.returncode in {0, 1, 2}


def test_a_name_that_was_dropped_twice_is_told_as_two_pictures(folder: Path) -> None:
    words, as_json = why(folder, "twice.png"), why(folder, "--json", "twice.png")

    assert b"the last of 2 pictures that were dropped under that name" in words.stdout
    assert len(json.loads(as_json.stdout)["rows"]) == 2


def test_a_name_that_waits_again_is_told_with_its_earlier_picture(folder: Path) -> None:
    drop(folder / "inbox", [("seven.png", a_picture(8))])

    done = why(folder, "--json", "seven.png")

    found = json.loads(done.stdout)
    assert (done.returncode, found["answer"]) == (1, "stuck"), "no worker is running"
    assert len(found["rows"]) == 1
