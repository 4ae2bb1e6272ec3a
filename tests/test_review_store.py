"""The rows of the review page: filtered, sorted, paged, and following a report that grows."""

from datetime import timedelta
from pathlib import Path

import pytest

from builders import NOON
from digitdrop.review.selection import Selection
from digitdrop.review.store import Store
from digitdrop.values import Status
from shelved import Shelved


@pytest.fixture
def outbox(tmp_path: Path) -> Shelved:
    return Shelved(tmp_path)


@pytest.fixture
def store(outbox: Shelved) -> Store:
    return Store(outbox.report)


def names(store: Store, **asked: str) -> list[str]:
    store.refresh(at_once=True)
    selection = Selection.of(asked)
    found = store.page(selection)
    assert store.count(selection) == len(found)
    assert [one.n for one in store.every(selection)] == [one.n for one in found]
    return [one.row.name for one in found]


def test_rows_are_found_by_each_filter_and_sorted_by_each_column(
    outbox: Shelved, store: Store
) -> None:
    outbox.put("scans/b,1.png", b"1", prediction="7")
    outbox.put('a "2"_%.png', b"2", prediction="0042", time=NOON + timedelta(days=1))
    outbox.put("c.png", b"3", status=Status.SEVERAL, prediction=None)

    assert names(store) == ["c.png", 'a "2"_%.png', "scans/b,1.png"]
    assert names(store, text="SCANS/") == ["scans/b,1.png"]
    assert names(store, text="_%") == ['a "2"_%.png']
    assert names(store, status="several") == ["c.png"]
    assert names(store, day="2026-05-02") == ['a "2"_%.png']
    assert names(store, prediction="none") == ["c.png"]
    assert names(store, prediction="0042") == ['a "2"_%.png']
    assert names(store, prediction="42") == []
    assert names(store, model="another") == []
    assert names(store, sort="file", order="up") == ['a "2"_%.png', "c.png", "scans/b,1.png"]
    assert names(store, sort="prediction") == ["scans/b,1.png", 'a "2"_%.png', "c.png"]


def test_parameters_that_make_no_sense_count_as_absent(outbox: Shelved, store: Store) -> None:
    outbox.put("a.png", b"1")

    assert names(store, sort="id; DROP TABLE rows", status="x' OR 1", page="-1") == ["a.png"]
    assert names(store, text="' OR 1 --") == []


def test_new_rows_are_seen_also_through_a_rotation(outbox: Shelved, store: Store) -> None:
    outbox.put("a.png", b"1")
    assert names(store) == ["a.png"]
    outbox.report.rename(outbox.report.with_name("predictions-2026-05-01.csv"))
    outbox.put("b.png", b"2")

    assert names(store) == ["b.png", "a.png"]


def test_rows_of_a_report_that_was_edited_are_read_anew(outbox: Shelved, store: Store) -> None:
    outbox.put("a.png", b"1")
    outbox.put("b.png", b"2")
    assert names(store) == ["b.png", "a.png"]
    outbox.report.write_bytes(outbox.report.read_bytes().replace(b"a.png", b"z.png"))

    assert names(store) == ["b.png", "z.png"]


def test_only_pictures_that_nobody_corrected_wait(outbox: Shelved, store: Store) -> None:
    outbox.move(outbox.put("a.png", b"1", status=Status.UNCERTAIN), "3/a.png")
    outbox.put("b.png", b"2", status=Status.SEVERAL, prediction=None)
    outbox.put("c.png", b"3", status=Status.UNCERTAIN)
    outbox.put("d.png", b"4")
    outbox.corrector().look()
    store.refresh(at_once=True)

    assert [one.row.name for one in store.waiting("matters")] == ["c.png", "b.png"]
    (reading, correction) = store.chain(store.page(Selection(text="a.png"))[0].id)
    assert (reading.row.prediction, correction.row.prediction) == ("7", "3")
