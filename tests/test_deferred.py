import errno
import logging
import math

import pytest

from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.worker_status import Deferred
from digitdrop.intake.settle import Clocks

DENIED = PermissionError(errno.EACCES, "Permission denied")


def at(seconds: float) -> Clocks:
    return Clocks(monotonic=seconds, wall_ns=int((seconds + 86_400) * 1e9))


def put(queue: DeferredQueue, name: str, seconds: float, *, key: str = "") -> None:
    queue.put(name, cannot="be taken", error=DENIED, now=at(seconds), key=key)


def test_an_item_waits_twice_as_long_each_time_and_at_most_a_minute() -> None:
    queue, now, waits = DeferredQueue(), 0.0, []

    for _ in range(10):
        put(queue, "7.png", now)
        waits.append(queue.due(at(now)))
        now += waits[-1]
        assert not queue.is_due("7.png", at(now - 0.01))
        assert queue.is_due("7.png", at(now))

    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_an_item_that_is_not_kept_may_always_be_tried() -> None:
    queue = DeferredQueue()
    put(queue, "7.png", 0)

    queue.done("7.png")
    queue.done("never met")

    assert queue.is_due("7.png", at(0))
    assert queue.due(at(0)) == math.inf


def test_a_change_is_reported_with_the_time_of_the_first_failure() -> None:
    reported: list[tuple[tuple[Deferred, ...], int]] = []
    queue = DeferredQueue(lambda first, count: reported.append((first, count)))

    put(queue, "7.png", 0)
    put(queue, "7.png", 5)
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
    queue = DeferredQueue(lambda first, count: reported.append((first, count)), limit=150)

    for number in range(200):
        put(queue, f"{number}.png", 0)

    assert [one.name for one in reported[-1][0]] == [f"{number}.png" for number in range(100)]
    assert reported[-1][1] == len(queue) == 150


def test_an_item_that_no_listing_shows_is_forgotten_but_not_a_claimed_one() -> None:
    queue = DeferredQueue()
    put(queue, "gone.png", 0)
    put(queue, "there.png", 0)
    queue.put("held.png", cannot="be filed", error=DENIED, now=at(0), key="d1")

    queue.end_of_listing("be taken")
    assert len(queue) == 3
    queue.is_due("there.png", at(1))
    queue.end_of_listing("be taken")

    assert [key for key in ("gone.png", "there.png", "d1") if key in queue] == ["there.png", "d1"]


def test_keys_distinguish_two_items_of_the_same_name() -> None:
    queue = DeferredQueue()
    put(queue, "7.png", 0, key="d1")
    put(queue, "7.png", 0, key="d2")

    queue.done("d1")

    assert len(queue) == 1
    assert not queue.is_due("d2", at(0))


def test_the_log_has_one_line_at_the_beginning_and_one_at_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    queue = DeferredQueue()

    for seconds in range(20):
        put(queue, "a\n7.png", seconds)
    queue.done("a\n7.png")

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert all("\n" not in record.getMessage() for record in caplog.records)
