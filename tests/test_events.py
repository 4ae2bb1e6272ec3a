import math
from dataclasses import dataclass
from pathlib import Path

from digitdrop.intake.settle import Clocks, Settler
from digitdrop.intake.unfinished import UnfinishedFiles
from digitdrop.intake.watch import AFTERCARE, FileEvents


@dataclass
class Clock:
    """Tells how long ago a file got its ctime."""

    file: Path
    age: float = 0.0

    def __call__(self) -> Clocks:
        wall = self.file.stat().st_ctime_ns + round(self.age * 1e9)
        return Clocks(monotonic=100 + self.age, wall_ns=wall)


def a_drop(folder: Path) -> tuple[FileEvents, Clock]:
    clock = Clock(folder / "7.png")
    clock.file.write_bytes(b"7")
    settler = Settler(quiet=2.0, timeout=60.0, trust_ctime=True)
    return FileEvents(folder, settler, UnfinishedFiles(folder, clock), clock), clock


def test_a_file_written_just_now_waits_for_the_rest_of_its_time_and_no_longer(
    tmp_path: Path,
) -> None:
    events, clock = a_drop(tmp_path)
    clock.age = AFTERCARE / 3

    assert events.ready({"7.png"}) == []
    assert math.isclose(events.due(), AFTERCARE * 2 / 3, rel_tol=1e-6)

    clock.age = AFTERCARE

    assert events.due() == 0
    assert [found.name for found in events.ready(set())] == ["7.png"]


def test_nothing_is_due_where_nothing_is_kept(tmp_path: Path) -> None:
    events, clock = a_drop(tmp_path)

    assert events.due() == math.inf

    events.ready({"7.png"})
    clock.age = AFTERCARE
    events.ready(set())

    assert events.due() == math.inf


def test_a_file_that_is_gone_by_then_is_forgotten(tmp_path: Path) -> None:
    events, clock = a_drop(tmp_path)
    events.ready({"7.png"})
    there = clock.file.rename(tmp_path / "elsewhere")
    clock.file = there

    assert events.ready(set()) == []
    assert events.due() == math.inf


def test_an_unfinished_twin_that_goes_within_that_time_costs_no_wait(tmp_path: Path) -> None:
    events, clock = a_drop(tmp_path)
    (tmp_path / "7.png.aria2").write_bytes(b"")
    clock.age = AFTERCARE / 2
    assert events.ready({"7.png", "7.png.aria2"}) == []

    (tmp_path / "7.png.aria2").unlink()
    clock.age = AFTERCARE

    assert [found.name for found in events.ready(set())] == ["7.png"]
