"""What people, file managers and attackers put on a shelf: told as what it is, in bounded time."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from digitdrop.audit.account import Account
from digitdrop.audit.verify import audit_outbox
from digitdrop.files import lock
from ledger import a_picture, a_socket, drop, rows, serve_once
from rights import unprivileged
from shells import asked


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    drop(folder / "inbox", [(f"{number}.png", a_picture(number)) for number in range(4)])
    serve_once(folder)
    return folder


def of(folder: Path) -> Account:
    outbox = folder / "outbox"
    return audit_outbox(folder / "inbox", outbox, outbox / "predictions.csv")


def day(folder: Path) -> Path:
    found: Path = next((folder / "outbox/done").iterdir())
    return found


def test_pipes_links_sockets_devices_and_loops_are_told_as_what_they_are(folder: Path) -> None:
    shelf = day(folder)
    os.mkfifo(shelf / "pipe.png")
    (shelf / "broken.png").symlink_to("nowhere")
    (shelf / "loop.png").symlink_to("loop.png")
    (shelf / "folder").symlink_to("..")
    a_socket(shelf / "socket.png")
    if os.geteuid() == 0:
        os.mknod(shelf / "zero.png", 0o20644, os.makedev(1, 5))

    began = time.monotonic()
    account = of(folder)

    assert time.monotonic() - began < 5
    assert account.is_complete, str(account)
    told = str(account)
    for name in ("broken.png", "loop.png", "folder"):
        assert f"{name}: it is a symbolic link" in told
    for name in ("pipe.png", "socket.png"):
        assert f"{name}: it is no regular file, but a pipe, a socket or a device" in told
    assert told.endswith("every picture is accounted for")


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store", "Thumbs.db", "THUMBS.DB", "desktop.ini", "._0.png", ".directory",
        ".daaaaaaaaaaaaaaaa.part", "@eaDir/0.png", "0.png.tmp",
    ],
)  # fmt: skip
def test_litter_of_file_managers_is_litter(name: str, folder: Path) -> None:
    drop(day(folder), [(name, b"not a picture")])

    account = of(folder)

    assert account.is_complete, str(account)
    assert account.litter == 1


def test_a_copy_that_broke_off_is_never_taken_for_a_picture_that_is_lost(folder: Path) -> None:
    path = day(folder) / "0.png"
    key = next(row["id"] for row in rows(folder / "outbox/predictions.csv"))
    path.rename(path.with_name(f".{key}.part"))

    assert len(of(folder).missing) == 1


def test_a_picture_that_was_replaced_by_a_link_or_a_pipe_is_missing(folder: Path) -> None:
    path = day(folder) / "0.png"
    path.rename(folder / "0.png")
    path.symlink_to(folder / "0.png")
    os.mkfifo(path.with_name("pipe.png"))

    account = of(folder)

    assert len(account.missing) == 1
    assert len(account.odd) == 2


def test_a_sparse_file_of_terabytes_is_not_read(folder: Path) -> None:
    with (day(folder) / "sparse.png").open("wb") as file:
        file.truncate(2**42)

    began = time.monotonic()
    (unknown,) = of(folder).unknown.values()

    assert "sparse.png: has no row" in unknown
    assert time.monotonic() - began < 5


def test_folders_nested_beyond_any_path_are_told(folder: Path) -> None:
    here = os.open(day(folder), os.O_RDONLY)
    for _ in range(600):
        os.mkdir("nested", dir_fd=here)
        below = os.open("nested", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)

    account = of(folder)
    subprocess.run(["rm", "-rf", day(folder)], check=True)  # Python's own way recurses

    assert "File name too long" in next(iter(account.unseen.values()))
    assert account.conclusion.startswith("cannot say")


def test_a_shelf_that_may_not_be_looked_into_leaves_it_open_and_is_no_loss(folder: Path) -> None:
    day(folder).chmod(0)

    done = asked("verify", folder, within=unprivileged())

    assert done.returncode == 1
    assert f"cannot look: done/{day(folder).name}: Permission denied" in done.stdout
    assert "nowhere" not in done.stdout
    assert done.stdout.splitlines()[-1] == "cannot say: not everything may be looked at by you"


def test_a_picture_that_may_not_be_read_is_told(folder: Path) -> None:
    (day(folder) / "0.png").chmod(0)

    done = asked("verify", folder, within=unprivileged())

    assert done.returncode == 1
    assert "0.png: cannot be opened: Permission denied" in done.stdout
    assert "has no row" not in done.stdout
    assert "nowhere" not in done.stdout


def test_a_folder_of_the_inbox_that_may_not_be_listed_is_told_by_all(folder: Path) -> None:
    drop(folder / "inbox/scanner", [("six.png", a_picture(6))])
    (folder / "inbox/scanner").chmod(0)

    verified, status, why = (
        asked("verify", folder, within=unprivileged()),
        asked("status", folder, within=unprivileged()),
        asked("why", folder, "scanner/six.png", within=unprivileged()),
    )

    assert (verified.returncode, status.returncode, why.returncode) == (1, 1, 1)
    assert "cannot look: scanner in the inbox: Permission denied" in verified.stdout
    assert "scanner cannot be listed by you: Permission denied" in status.stdout
    assert "its folder scanner may not be looked into by you" in why.stdout


@pytest.mark.parametrize("what", ["outbox", "outbox/predictions.csv", "inbox/.claimed"])
def test_what_may_not_be_read_at_all_is_one_clear_line(what: str, folder: Path) -> None:
    (folder / what).chmod(0)

    done = asked("verify", folder, within=unprivileged())
    (folder / what).chmod(0o700)

    assert done.returncode in {1, 2}
    told = done.stdout + done.stderr
    assert "Permission denied" in told or "is not readable" in told
    assert len(done.stderr.splitlines()) <= 1


@pytest.mark.parametrize("target", ["done", "review/2026-05-01"])
def test_a_file_that_has_the_name_of_a_shelf_is_one_clear_line(target: str, folder: Path) -> None:
    path = folder / "outbox" / target
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"no folder")

    done = asked("verify", folder)

    assert done.returncode in {1, 2}
    assert len(done.stderr.splitlines()) <= 1


def test_a_report_that_is_a_pipe_is_not_waited_for(folder: Path) -> None:
    report = folder / "outbox/predictions.csv"
    report.unlink()
    os.mkfifo(report)

    for command in ("verify", "status"):
        done = asked(command, folder)

        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done
        assert "predictions.csv" in done.stderr


@pytest.mark.parametrize("name", [".status.json", ".cleared-until", ".owner"])
def test_a_pipe_in_the_place_of_a_file_of_the_worker_is_not_waited_for(
    name: str, folder: Path
) -> None:
    (folder / "outbox" / name).unlink(missing_ok=True)
    os.mkfifo(folder / "outbox" / name)

    with lock.lock_report(folder / "outbox/predictions.csv"):
        done = [asked(command, folder, *more) for command, *more in (["verify"], ["status"])]

    for one in done:
        assert one.returncode < 2 or (one.stdout, len(one.stderr.splitlines())) == ("", 1), one


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_an_outbox_that_is_mounted_in_itself_is_looked_at_in_bounded_time(folder: Path) -> None:
    loop = folder / "outbox/review/loop"
    loop.mkdir(parents=True)
    mount = ["mount", "--bind", str(folder / "outbox"), str(loop)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this system does not let root mount")
    try:
        done = asked("verify", folder)
    finally:
        subprocess.run(["umount", str(loop)], check=True)

    assert done.returncode == 1
    assert "lies there once more" in done.stdout
