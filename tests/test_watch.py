import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from digitdrop.intake.watch import LOOK_EVERYWHERE, EventWatch

linux = pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="inotify")


class Ear:
    """Waits for what the watch hears."""

    def __init__(self, inbox: Path) -> None:
        """Watch a folder."""
        self._woken = threading.Event()
        self.watch = EventWatch(inbox, self._woken.set)
        self.watch.start()
        self.told: set[str] = set()
        """All that it heard so far."""

    def heard(self, name: str) -> bool:
        """Say whether a name is told within some seconds."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            hints = self.watch.events()
            self.told |= hints
            if name in hints:
                return True
            self._woken.wait(0.05)
            self._woken.clear()
        return False


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox" / "scans").mkdir(parents=True)
    (tmp_path / "inbox" / ".claimed").mkdir()
    (tmp_path / "aside").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def ear(inbox: Path) -> Iterator[Ear]:
    ear = Ear(inbox)
    yield ear
    ear.watch.stop()


@pytest.mark.parametrize(
    "arrive",
    [
        lambda inbox: (inbox / "7.png").write_bytes(b"7"),
        lambda inbox: moved(inbox.parent / "aside" / "7.png", inbox / "7.png"),
        lambda inbox: moved(inbox / ".7.png.part", inbox / "7.png"),
    ],
    ids=["written", "moved in", "renamed"],
)
def test_a_file_that_is_whole_is_told_of(
    arrive: Callable[[Path], object], inbox: Path, ear: Ear
) -> None:
    arrive(inbox)

    assert ear.heard("7.png")


def moved(source: Path, target: Path) -> None:
    source.write_bytes(b"7")
    source.rename(target)


def test_names_below_folders_and_names_that_are_not_text_are_told_exactly(
    inbox: Path, ear: Ear
) -> None:
    (inbox / "scans" / "\udcff\n.png").write_bytes(b"7")

    assert ear.heard("scans/\udcff\n.png")


def test_a_new_folder_means_to_look_everywhere_and_is_heard_from_then_on(
    inbox: Path, ear: Ear
) -> None:
    (inbox / "new").mkdir()
    assert ear.heard(LOOK_EVERYWHERE)

    (inbox / "new" / "7.png").write_bytes(b"7")

    assert ear.heard("new/7.png")


@linux
def test_a_file_that_is_only_begun_is_not_told_of(inbox: Path, ear: Ear) -> None:
    with (inbox / "7.png").open("wb") as file:
        file.write(b"7")
        file.flush()
        (inbox / "8.png").write_bytes(b"8")
        until, told = time.monotonic() + 5, set()
        while "8.png" not in told and time.monotonic() < until:
            told |= ear.watch.events()

        assert told == {"8.png"}
    assert ear.heard("7.png")


def test_what_happens_to_files_in_hand_wakes_nobody(inbox: Path, ear: Ear) -> None:
    (inbox / ".claimed" / "x.png").write_bytes(b"7")
    (inbox / "7.png").write_bytes(b"7")

    assert ear.heard("7.png")
    assert ear.told == {"7.png"}


def test_a_claim_folder_that_is_made_anew_wakes_nobody(inbox: Path, ear: Ear) -> None:
    (inbox / ".claimed").rmdir()
    (inbox / ".claimed").mkdir()
    (inbox / "7.png").write_bytes(b"7")

    assert ear.heard("7.png")
    assert ear.told == {"7.png"}


@linux
def test_the_system_is_not_even_asked_to_tell_of_files_in_hand(inbox: Path, ear: Ear) -> None:
    (inbox / ".claimed" / "batch").mkdir()
    (inbox / "new").mkdir()
    assert ear.heard(LOOK_EVERYWHERE)

    watched = inodes_watched()

    for name in ("", "scans", "new"):
        assert (inbox / name).stat().st_ino in watched
    for name in (".claimed", ".claimed/batch"):
        assert (inbox / name).stat().st_ino not in watched


def inodes_watched() -> set[int]:
    """Ask the system which inodes this process has inotify(7) watches on."""
    told = [path.read_text() for path in Path("/proc/self/fdinfo").iterdir() if path.exists()]
    return {
        int(found, 16)
        for text in told
        for found in re.findall(r"^inotify .* ino:(\w+)", text, re.M)
    }


def test_more_names_than_can_be_kept_mean_to_look_everywhere(inbox: Path) -> None:
    from watchdog.events import FileClosedEvent

    watch = EventWatch(inbox, lambda: None)
    for number in range(20_000):
        watch.on_any_event(FileClosedEvent(f"{inbox}/{number}.png"))

    names = watch.events()

    assert LOOK_EVERYWHERE in names
    assert len(names) <= 10_001


@pytest.mark.parametrize("how", ["deleted", "renamed", "replaced"])
def test_it_notices_that_the_folder_is_another_and_hears_again_once_restarted(
    how: str, inbox: Path, ear: Ear
) -> None:
    assert ear.watch.is_well()
    if how == "deleted":
        for path in (inbox / "scans", inbox / ".claimed", inbox):
            path.rmdir()
    else:
        inbox.rename(inbox.with_name("away"))
    if how == "replaced":
        inbox.mkdir()

    assert not ear.watch.is_well()
    inbox.mkdir(exist_ok=True)
    ear.watch.start()
    (inbox / "7.png").write_bytes(b"7")

    assert ear.watch.is_well()
    assert ear.heard("7.png")


def test_a_watch_that_stopped_is_not_well(inbox: Path) -> None:
    ear = Ear(inbox)
    ear.watch.stop()

    assert not ear.watch.is_well()
    ear.watch.stop()


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_threads_and_open_files_do_not_grow_with_restarts(inbox: Path) -> None:
    ear = Ear(inbox)
    ear.watch.start()
    descriptors, threads = open_files(), threading.active_count()

    for _ in range(5):
        ear.watch.start()

    assert open_files() <= descriptors
    assert threading.active_count() <= threads
    ear.watch.stop()
