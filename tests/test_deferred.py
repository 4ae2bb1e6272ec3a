import errno
import logging
import math
from pathlib import Path

import pytest

from builders import a_drop
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.worker_status import Deferred
from digitdrop.intake.settle import Clocks

DENIED = PermissionError(errno.EACCES, "Permission denied")


class Time:
    """A clock that a test sets."""

    seconds = 0.0

    def __call__(self) -> Clocks:
        return Clocks(monotonic=self.seconds, wall_ns=int((self.seconds + 86_400) * 1e9))


def put(queue: DeferredQueue, name: str, *, key: str = "") -> None:
    queue.put(name, cannot="be taken", error=DENIED, key=key)


def fail() -> None:
    raise DENIED


def test_an_item_waits_twice_as_long_each_time_and_at_most_a_minute() -> None:
    time = Time()
    queue, waits = DeferredQueue(time), []

    for _ in range(10):
        queue.attempt(a_drop(Path("7.png")), "be filed", fail)
        began = time.seconds
        waits.append(queue.due())
        time.seconds = began + waits[-1] - 0.01
        assert not queue.is_due(a_drop(Path("7.png")).id or "")
        time.seconds = began + waits[-1]
        assert queue.is_due(a_drop(Path("7.png")).id or "")

    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_an_item_that_is_not_kept_may_always_be_tried() -> None:
    queue = DeferredQueue(Time())
    put(queue, "7.png")

    queue.done("7.png")
    queue.done("never met")

    assert queue.is_due("7.png")
    assert queue.due() == math.inf


def test_a_change_is_reported_with_the_time_of_the_first_failure() -> None:
    time = Time()
    reported: list[tuple[tuple[Deferred, ...], int]] = []
    queue = DeferredQueue(time, lambda first, count: reported.append((first, count)))

    put(queue, "7.png")
    time.seconds = 5
    put(queue, "7.png")
    queue.done("7.png")

    item = Deferred(
        name="7.png",
        cannot="be taken",
        why="Permission denied",
        since="1970-01-02T00:00:00.000Z",
    )
    assert reported == [((item,), 1), ((), 0)]


def test_of_many_items_the_first_hundred_are_reported_and_all_are_counted() -> None:
    reported: list[tuple[tuple[Deferred, ...], int]] = []
    queue = DeferredQueue(Time(), lambda first, count: reported.append((first, count)), limit=150)

    for number in range(200):
        put(queue, f"{number}.png")

    assert [one.name for one in reported[-1][0]] == [f"{number}.png" for number in range(100)]
    assert reported[-1][1] == len(queue) == 150


def test_an_item_that_no_listing_shows_is_forgotten_but_not_a_claimed_one() -> None:
    queue = DeferredQueue(Time())
    put(queue, "gone.png")
    put(queue, "there.png")
    queue.put("held.png", cannot="be filed", error=DENIED, key="d1")

    queue.end_of_listing("be taken")
    assert len(queue) == 3
    queue.is_due("there.png")
    queue.end_of_listing("be taken")

    assert [key for key in ("gone.png", "there.png", "d1") if key in queue] == ["there.png", "d1"]


def test_keys_distinguish_two_items_of_the_same_name() -> None:
    queue = DeferredQueue(Time())
    put(queue, "7.png", key="d1")
    put(queue, "7.png", key="d2")

    queue.done("d1")

    assert len(queue) == 1
    assert not queue.is_due("d2")


def test_an_action_that_succeeds_hastens_the_others_of_its_kind() -> None:
    time, disk = Time(), {"is full": True}
    queue = DeferredQueue(time)
    done: list[str] = []

    def file(name: str) -> None:
        if disk["is full"]:
            raise OSError(errno.ENOSPC, "No space left on device")
        done.append(name)

    queue.attempt(a_drop(Path("late.png")), "be filed", lambda: file("late.png"))
    time.seconds = 0.5
    queue.retry()  # it is due at 1.5 now
    time.seconds = 0.9
    queue.attempt(a_drop(Path("soon.png")), "be filed", lambda: file("soon.png"))
    disk["is full"] = False
    time.seconds = 1.4
    queue.retry()
    queue.retry()

    assert done == ["soon.png", "late.png"]
    assert len(queue) == 0


def test_an_action_that_postpones_another_one_stays_deferred() -> None:
    queue, drop = DeferredQueue(Time()), a_drop(Path("7.png"))

    queue.attempt(drop, "be put back", lambda: queue.postpone(drop, "be filed", DENIED, fail))

    assert queue.is_postponed(drop)
    assert len(queue) == 1


def test_a_thousand_claimed_files_that_fail_are_an_outage() -> None:
    queue = DeferredQueue(Time())
    for number in range(999):
        queue.attempt(a_drop(Path(f"{number}.png")), "be filed", fail)
    queue.make_room()

    queue.attempt(a_drop(Path("last.png")), "be filed", fail)

    with pytest.raises(OSError, match="1,000 claimed files"):
        queue.make_room()


def test_the_log_has_one_line_at_the_beginning_and_one_at_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    time = Time()
    queue = DeferredQueue(time)

    for seconds in range(20):
        time.seconds = seconds
        put(queue, "a\n7.png")
    queue.done("a\n7.png")

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert all("\n" not in record.getMessage() for record in caplog.records)
