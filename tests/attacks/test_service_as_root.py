"""What root makes for a service's user gives that user nothing else, whatever is swapped in."""

import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from digitdrop.errors import SetupError
from digitdrop.systemd.systemctl import ServiceError
from digitdrop.systemd.unit import Unit
from digitdrop.systemd.usable import check_as
from ledger import ROOT

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="systemd runs on Linux"),
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may"),
]

SWAP = """
import os, sys
inbox, away, target = sys.argv[1:]
number = 0
while True:
    try:
        os.rename(inbox, f"{away}/{number}")
        os.symlink(target, inbox)
        number += 1
    except OSError:
        pass
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a folder that belongs to the service's user, beside one that is root's alone."""
    nobody = pwd.getpwnam("nobody")
    place = tmp_path / "place"
    place.mkdir()
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    (tmp_path / "precious").mkdir(mode=0o700)
    (tmp_path / "precious" / "secret").write_text("secret")
    return place


def a_unit(inbox: Path, outbox: Path) -> Unit:
    return Unit(
        command=("/bin/false",),  # ends at once, without a message
        program_folder=ROOT,
        arguments=(),
        inbox=inbox,
        outbox=outbox,
        model=ROOT / "models",
        user="nobody",
    )


def is_roots(folder: Path) -> bool:
    status = folder.stat()
    return status.st_uid == 0 and stat.S_IMODE(status.st_mode) == 0o700


def test_new_folders_belong_to_the_user_and_its_group(place: Path) -> None:
    with pytest.raises(ServiceError, match="no message"):
        check_as(a_unit(place / "new" / "in", place / "new" / "out"))

    for folder in (place / "new" / "in", place / "new" / "out"):
        assert folder.owner() == "nobody"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o2770
    assert (place / "new").owner() == "root"


def test_a_link_of_somebody_elses_on_the_way_is_refused(place: Path) -> None:
    precious = place.with_name("precious")
    (place / "digits").symlink_to(precious)
    os.lchown(place / "digits", pwd.getpwnam("nobody").pw_uid, -1)

    with pytest.raises(SetupError, match="is a link that is not root's"):
        check_as(a_unit(place / "digits" / "in", place / "out"))

    assert [path.name for path in precious.iterdir()] == ["secret"]
    assert is_roots(precious)


def test_a_link_that_root_made_is_followed(place: Path) -> None:
    (place.parent / "digits").symlink_to("place/../place")

    with pytest.raises(ServiceError, match="no message"):
        check_as(a_unit(place.parent / "digits" / "in", place / "out"))

    assert (place / "in").owner() == "nobody"


@pytest.mark.parametrize("kind", ["link", "file", "pipe"])
def test_what_has_the_name_of_the_folder_is_left_as_it_is(kind: str, place: Path) -> None:
    inbox, elsewhere = place / "in", place.with_name("precious") / "made"
    match kind:
        case "link":
            inbox.symlink_to(elsewhere)
        case "file":
            inbox.touch(mode=0o600)
        case "pipe":
            os.mkfifo(inbox, 0o600)

    with pytest.raises(SetupError):
        check_as(a_unit(inbox, place / "out"))

    assert not elsewhere.exists()
    assert inbox.lstat().st_uid == 0


@pytest.fixture
def swapping(place: Path) -> Iterator[None]:
    """Have the new inbox moved away, and a link put in its place, as fast as a process can."""
    (place / "away").mkdir()
    words = [str(place / "in"), str(place / "away"), str(place.with_name("precious"))]
    with subprocess.Popen([sys.executable, "-I", "-c", SWAP, *words]) as process:
        yield
        process.kill()


@pytest.mark.usefixtures("swapping")
def test_a_link_swapped_in_gets_neither_owner_nor_mode(place: Path) -> None:
    inbox = place / "in"

    for _ in range(100):
        with suppress(SetupError):
            check_as(a_unit(inbox, place))
        with suppress(OSError):
            inbox.unlink()

    assert is_roots(place.with_name("precious"))
    assert (place.with_name("precious") / "secret").owner() == "root"
