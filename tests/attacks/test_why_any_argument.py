"""`why` answers in bounded time whatever it is asked about, and with one line for each mistake."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import a_picture, a_socket, drop, serve_once
from shells import asked

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


def why(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    done = asked("why", folder, *more)  # it is killed after a minute
    assert done.returncode in {0, 1, 2}
    assert len(done.stderr.splitlines()) <= 1
    return done


def a_sparse_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**42)


THINGS: dict[str, tuple[Make, str]] = {
    "pipe": (os.mkfifo, "a pipe, a socket or a device"),
    "socket": (a_socket, "a pipe, a socket or a device"),
    "loop": (lambda path: path.symlink_to(path.name), "a symbolic link"),
    "folder": (Path.mkdir, "it is a folder"),
    "sparse": (a_sparse_file, ""),
    "not UTF-8 \udcff\udcfe": (lambda path: path.write_bytes(a_picture()), ""),
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

    done = why(folder, str(path))

    assert done.returncode in {0, 1}
    assert told in done.stdout, done.stdout


@pytest.mark.parametrize(
    "name",
    ["/dev/zero", "/dev/full", "/", "..", ".", "", "x" * 300, "x/" * 3000, "../../etc/passwd",
     "inbox/.claimed", "/proc/self/mem", "a\nb", "\x1b[31m", "\udcff", "-", "*"],
)  # fmt: skip
def test_any_name_gets_an_answer(name: str, folder: Path) -> None:
    done = why(folder, "--json", "--", name)

    assert done.returncode in {0, 1, 2}
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stderr if done.returncode == 2 else json.loads(done.stdout)["text"]


def test_folders_that_are_loops_are_one_clear_line(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")

    for option in ("--inbox=loop", "--outbox=loop"):
        done = why(folder, "seven.png", option)

        assert done.returncode in {0, 1, 2}


def test_a_name_that_was_dropped_twice_is_told_as_two_pictures(folder: Path) -> None:
    words, as_json = why(folder, "twice.png"), why(folder, "--json", "twice.png")

    assert "the last of 2 pictures that were dropped under that name" in words.stdout
    assert len(json.loads(as_json.stdout)["rows"]) == 2


def test_a_name_that_waits_again_is_told_with_its_earlier_picture(folder: Path) -> None:
    drop(folder / "inbox", [("seven.png", a_picture(8))])

    done = why(folder, "--json", "seven.png")

    found = json.loads(done.stdout)
    assert (done.returncode, found["answer"]) == (1, "stuck"), "no worker is running"
    assert len(found["rows"]) == 1
