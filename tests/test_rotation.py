import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from builders import NOON, a_heartbeat, a_reading
from digitdrop.files.mounts import HomeDisk
from digitdrop.health.deferred import DeferredQueue
from digitdrop.intake.claims import Claims
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.report import Report
from digitdrop.outbox.rotation import Rotation, closed
from digitdrop.outbox.rows import Rows
from digitdrop.service.loop import now
from digitdrop.system.shutdown import Shutdown
from digitdrop.values import Reading
from ledger import rows

DAILY, MONTHLY = Rotation(period="day"), Rotation(period="month")
DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "predictions.csv"


def at(time: datetime, name: str = "seven.png") -> Reading:
    return replace(a_reading(name, row=f"d{name}{time:%m%d%H%M%S}"), time=time)


def append(path: Path, rotation: Rotation | None, *readings: Reading) -> None:
    report = Report(path, rotation)
    for part in report.parts(readings):
        report.append(part)


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir())


def test_without_rotation_a_report_is_never_closed(path: Path) -> None:
    append(path, None, at(NOON), at(NOON + 400 * DAY))

    assert names(path) == ["predictions.csv"]


def test_the_first_row_of_a_day_begins_a_new_report(path: Path) -> None:
    append(path, DAILY, at(NOON))
    append(path, DAILY, at(NOON, "same day.png"))
    append(path, DAILY, at(NOON + DAY))

    assert names(path) == ["predictions-2026-05-01.csv", "predictions.csv"]
    assert [row["file"] for row in rows(path)] == ["seven.png"]
    closed_one = path.with_name("predictions-2026-05-01.csv")
    assert [row["file"] for row in rows(closed_one)] == ["seven.png", "same day.png"]


def test_rows_written_together_over_midnight_are_parted(path: Path) -> None:
    midnight = datetime(2026, 5, 2, tzinfo=UTC)

    append(path, DAILY, at(midnight - timedelta(seconds=1), "a"), at(midnight, "b"))

    assert [row["file"] for row in rows(path.with_name("predictions-2026-05-01.csv"))] == ["a"]
    assert [row["file"] for row in rows(path)] == ["b"]


def test_the_day_is_that_of_utc(path: Path) -> None:
    from datetime import timezone

    late = datetime(2026, 5, 1, 23, tzinfo=timezone(-timedelta(hours=5)))  # the 2nd, in UTC
    append(path, DAILY, at(NOON), at(late))

    assert "predictions-2026-05-01.csv" in names(path)


def test_a_month_is_closed_when_the_next_begins(path: Path) -> None:
    append(path, MONTHLY, at(NOON))
    append(path, MONTHLY, at(NOON + 20 * DAY))
    append(path, MONTHLY, at(NOON + 31 * DAY))

    assert names(path) == ["predictions-2026-05.csv", "predictions.csv"]


def test_a_report_is_closed_before_it_passes_its_size(path: Path) -> None:
    rotation = Rotation(size=1000)
    for number in range(20):
        append(path, rotation, at(NOON, f"{number}.png"))

    assert names(path)[:2] == [
        "predictions-2026-05-01-0001.csv",
        "predictions-2026-05-01-0002.csv",
    ]
    assert max(one.stat().st_size for one in path.parent.iterdir()) <= 1000
    files = [row.file for _, row in Rows(path).every_row()]
    assert files == [f"{number}.png" for number in range(20)]


def test_a_file_that_has_the_name_is_never_written_over(path: Path) -> None:
    taken = path.with_name("predictions-2026-05-01.csv")
    taken.write_text("mine")

    append(path, DAILY, at(NOON), at(NOON + DAY))

    assert taken.read_text() == "mine"
    assert "predictions-2026-05-01-0001.csv" in names(path)


def test_a_clock_that_was_set_back_closes_nothing(path: Path) -> None:
    append(path, DAILY, at(NOON), at(NOON - DAY))

    assert names(path) == ["predictions.csv"]


def test_a_report_whose_last_row_was_edited_goes_by_its_last_change(path: Path) -> None:
    append(path, None, at(NOON))
    path.write_bytes(path.read_bytes().replace(b"2026-05-01T", b"1st of May "))
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))

    append(path, DAILY, at(NOON + DAY))

    assert "predictions-2026-05-01.csv" in names(path)


def test_a_report_with_nothing_but_its_header_is_not_closed(path: Path) -> None:
    append(path, None, at(NOON))
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])

    append(path, Rotation(size=10), at(NOON))

    assert names(path) == ["predictions.csv"]


def test_closed_reports_come_in_the_order_of_their_rows(path: Path) -> None:
    ordered = ["2026-04-30", "2026-05-01", "2026-05-01-0001", "2026-05-01-0010", "2026-05"]
    for name in [*reversed(ordered), "foreign-20260501T120000000000", "old", "2026-5-1"]:
        path.with_name(f"predictions-{name}.csv").touch()

    assert closed(path) == [path.with_name(f"predictions-{name}.csv") for name in ordered]


def test_a_report_that_is_closed_while_it_is_read_is_read_once(path: Path) -> None:
    append(path, DAILY, at(NOON, "a"), at(NOON + DAY, "b"))
    found = Rows(path).every_row()
    read = [next(found)[1].file]

    append(path, DAILY, at(NOON + 2 * DAY, "c"))
    read += [row.file for _, row in found]

    assert read == ["a", "b"]


def test_recovery_finds_a_row_in_the_report_that_was_closed_last(path: Path) -> None:
    old, last = at(NOON, "a"), at(NOON + DAY, "b")
    append(path, DAILY, old, last, at(NOON + 2 * DAY, "c"))

    assert set(Report(path).rows([last.id], since=NOON + DAY)) == {last.id}


def test_recovery_passes_over_reports_that_were_closed_long_before_the_claim(path: Path) -> None:
    readings = [at(NOON + day * DAY, f"{day}") for day in range(9)]
    append(path, DAILY, *readings)
    for day, name in enumerate(closed(path)):
        last_write = (NOON + day * DAY).timestamp()
        os.utime(name, (last_write, last_write))
    ids = [reading.id for reading in readings]

    found = Report(path).rows(ids, since=NOON + 4 * DAY)

    assert set(found) == set(ids[3:])
    assert set(Report(path).rows(ids)) == set(ids)


def test_whatever_clocks_say_recovery_looks_into_the_reports_closed_last(path: Path) -> None:
    readings = [at(NOON + day * DAY, f"{day}") for day in range(9)]
    append(path, DAILY, *readings)
    ids = [reading.id for reading in readings]

    found = Report(path).rows(ids, since=datetime.now(UTC) + 9 * DAY)

    assert set(found) == set(ids[-4:])


def test_a_report_that_is_just_being_closed_is_read_once(path: Path) -> None:
    append(path, DAILY, at(NOON))
    path.with_name("predictions-2026-05-01.csv").hardlink_to(path)

    assert len(list(Rows(path).every_row())) == 1


def test_what_one_turn_read_over_midnight_goes_into_both_reports(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "inbox" / name).write_bytes(name.encode())
    outbox = tmp_path / "outbox"
    claims, report = Claims(tmp_path / "inbox", outbox), Report(outbox / "predictions.csv", DAILY)
    claims.prepare()
    midnight = datetime(2026, 5, 2, tzinfo=UTC)
    readings = [
        replace(a_reading(drop.name, row=drop.id), drop=drop, time=time)
        for drop, time in zip(
            claims.acquire(["a.png", "b.png"]),
            [midnight - timedelta(seconds=1), midnight],
            strict=True,
        )
    ]

    recorder = Recorder(
        claims=claims,
        report=report,
        outbox=outbox,
        home=HomeDisk(outbox),
        shutdown=Shutdown(),
        deferred=DeferredQueue(now),
        heartbeat=a_heartbeat(),
    )
    recorder.record(readings)
    recorder.archive(readings)

    assert names(outbox / "predictions.csv") == [
        ".owner",
        "done",
        "predictions-2026-05-01.csv",
        "predictions.csv",
    ]
    assert (outbox / "done" / "2026-05-01" / "a.png").exists()
    assert (outbox / "done" / "2026-05-02" / "b.png").exists()
