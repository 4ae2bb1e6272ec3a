"""A clock that leaps, or starts wrong, deletes nothing and has nothing read too early."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digitdrop.intake.listing import ListedFile, Stamp
from digitdrop.intake.settle import Clocks, Settler
from digitdrop.outbox.rows import Rows
from digitdrop.retention.clear import Clearer
from digitdrop.retention.time_passed import FASTER, STEADY, SteadyClock
from digitdrop.values import Status
from shelved import Shelved

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
TODAY = datetime(2026, 12, 1, 12, tzinfo=UTC)
KEEP = 30 * DAY


@dataclass
class Machine:
    """A worker's two clocks, and what it clears as time passes."""

    outbox: Shelved
    wall: datetime = TODAY
    up: timedelta = field(default_factory=timedelta)

    def __post_init__(self) -> None:
        self.starts()

    def __call__(self) -> Clocks:
        return Clocks(self.up.total_seconds(), round(self.wall.timestamp()) * 10**9)

    def starts(self) -> None:
        """Begin a new worker."""
        passed = SteadyClock(self.outbox.outbox, self)
        rows = Rows(self.outbox.report)
        self._clearer = Clearer(self.outbox.outbox, rows, keep=KEEP, clock=passed)
        self._passed = passed
        self.runs(timedelta())

    def runs(self, time: timedelta, step: timedelta = 10 * MINUTE) -> None:
        """Let time pass, as the loop does: with a step of the clearer now and then."""
        left = time
        while True:
            while self._clearer.step():
                pass
            if left <= timedelta():
                return
            one = min(step, left)
            self.wall, self.up, left = self.wall + one, self.up + one, left - one

    def leaps(self, by: timedelta) -> None:
        """Set the wall clock."""
        self.wall += by

    def believes(self) -> datetime:
        """Tell the time that it goes by."""
        return self._passed()

    def days(self) -> list[str]:
        """List the days of which there are pictures in `done/`."""
        return sorted({path.split("/")[1] for path in self.outbox.files("done")})


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Make an outbox with a picture of each of 60 days, and a worker that is new to it."""
    outbox = Shelved(tmp_path)
    for age in range(60):
        outbox.put(f"{age}.png", b"%d" % age, time=TODAY - age * DAY)
    return Machine(outbox)


def test_what_is_old_enough_goes_at_the_first_start_where_the_clock_agrees_with_the_shelves(
    machine: Machine,
) -> None:
    assert len(machine.days()) == 31
    machine.runs(DAY)
    assert len(machine.days()) == 30


@pytest.mark.parametrize("by", [400 * DAY, 29_000 * DAY, 40 * DAY, 3 * DAY])
def test_a_leap_of_some_hours_costs_no_picture_that_time_would_not_have(
    by: timedelta, machine: Machine
) -> None:
    before = machine.days()

    machine.leaps(by)
    machine.runs(timedelta(seconds=4), timedelta(seconds=1))
    machine.runs(HOUR - 5 * MINUTE)
    machine.leaps(-by)
    machine.runs(2 * HOUR)

    assert machine.days() == before


def test_a_clock_that_stays_ahead_costs_a_day_an_hour_and_no_more_once_it_is_put_right(
    machine: Machine,
) -> None:
    machine.leaps(400 * DAY)
    machine.runs(6 * HOUR)
    left = len(machine.days())
    assert 31 - 6 <= left <= 31 - 4

    machine.leaps(-400 * DAY)
    machine.runs(12 * HOUR)

    assert len(machine.days()) == left


@pytest.mark.parametrize("year", [1970, 2027, 2099])
def test_a_machine_that_starts_with_a_wrong_year_deletes_nothing_until_it_is_told_the_time(
    year: int, machine: Machine
) -> None:
    before = machine.days()
    right = machine.wall

    machine.wall = datetime(year, 1, 1, tzinfo=UTC)
    machine.starts()
    machine.runs(50 * MINUTE)
    machine.wall = right + 50 * MINUTE
    machine.runs(50 * MINUTE)
    assert machine.days() == before
    machine.runs(26 * HOUR)

    assert len(machine.days()) == 30  # a day has passed, and was not held up by that year


def test_a_clock_that_was_wrong_when_all_began_is_not_believed_for_ever(tmp_path: Path) -> None:
    machine = Machine(Shelved(tmp_path), wall=datetime(2099, 1, 1, tzinfo=UTC))
    machine.runs(2 * HOUR)
    machine.wall = TODAY
    for age in range(40):
        machine.outbox.put(f"{age}.png", b"%d" % age, time=TODAY - age * DAY)
    machine.runs(4 * HOUR)
    before = machine.days()

    machine.leaps(20 * 365 * DAY)
    machine.runs(50 * MINUTE)

    assert machine.days() == before


def test_time_without_a_worker_is_made_up_for_within_hours(machine: Machine) -> None:
    machine.leaps(20 * DAY)  # it was off
    machine.starts()
    assert len(machine.days()) == 31

    machine.runs(timedelta(hours=20 * 24 / (FASTER - 1) + 2))

    assert machine.wall.date().isoformat() == "2026-12-22"
    assert machine.days()[0] == "2026-11-22"


def test_restarts_and_leaps_in_any_order_never_let_time_run_faster_than_that(
    machine: Machine,
) -> None:
    began = machine.believes()
    ran = timedelta()
    for number in range(40):
        machine.leaps((-1) ** number * 100 * DAY)
        if number % 3 == 0:
            machine.starts()
        machine.runs(HOUR / 2)
        ran += HOUR / 2

    assert machine.believes() <= began + ran
    assert timedelta(seconds=STEADY) == HOUR


def test_a_disk_that_takes_no_note_keeps_time_and_is_told_of(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    (machine.outbox.outbox / ".time-passed.part").mkdir()

    machine.runs(3 * HOUR)

    assert machine.believes() == machine.wall
    assert any("cannot write the time" in text for text in caplog.messages)


def test_only_the_days_that_are_due_go_when_the_clock_is_put_right_in_the_middle(
    tmp_path: Path,
) -> None:
    outbox, time = Shelved(tmp_path), [TODAY]
    for number in range(3_000):
        path = outbox.outbox / "done" / "2026-11-30" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"same")
    outbox.put("a.png", b"same", time=TODAY - DAY, status=Status.OK)
    clearer = Clearer(outbox.outbox, Rows(outbox.report), keep=KEEP, clock=lambda: time[0])
    time[0] += 40 * DAY
    assert clearer.step()

    time[0] -= 40 * DAY
    left = len(outbox.files("done"))
    for _ in range(500):
        assert not clearer.step()

    assert len(outbox.files("done")) == left > 0


def test_after_a_leap_the_times_of_files_prove_nothing_until_they_were_watched() -> None:
    settler = Settler(quiet=2.0, timeout=60.0, trust_ctime=True)
    writing = ListedFile("7.png", Stamp(10, 0, 1_000 * 10**9, 1))
    assert not settler.is_settled(writing, Clocks(monotonic=0, wall_ns=1_000 * 10**9))

    leapt = Clocks(monotonic=0.5, wall_ns=(1_000 + 400 * 86_400) * 10**9)

    assert not settler.is_settled(writing, leapt)
    later = Clocks(monotonic=2.6, wall_ns=leapt.wall_ns + 2_100_000_000)
    assert settler.is_settled(writing, later)
