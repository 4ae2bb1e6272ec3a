import logging
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from builders import NOON
from digitdrop.audit.verify import audit_outbox
from digitdrop.cli.quantities import age
from digitdrop.outbox.rows import Rows
from digitdrop.retention.clear import Clearer
from digitdrop.retention.notes import cleared_until
from digitdrop.values import Status
from shelved import Shelved

DAY = timedelta(days=1)
MAY_2 = datetime(2026, 5, 2, tzinfo=UTC)


@pytest.fixture
def outbox(tmp_path: Path) -> Shelved:
    return Shelved(tmp_path)


def a_clearer(outbox: Shelved, now: datetime, keep: timedelta = 30 * DAY) -> Clearer:
    return Clearer(outbox.outbox, Rows(outbox.report), keep=keep, clock=lambda: now)


def clear(outbox: Shelved, now: datetime, keep: timedelta = 30 * DAY) -> None:
    clearer = a_clearer(outbox, now, keep)
    while clearer.step():
        pass


def missing(outbox: Shelved) -> list[str]:
    return [*audit_outbox(outbox.inbox, outbox.outbox, outbox.report).missing.values()]


def test_a_day_goes_as_a_whole_once_its_last_moment_is_old_enough(outbox: Shelved) -> None:
    outbox.put("scans/a.png", b"a")
    outbox.put("b.png", b"b", time=NOON + DAY)

    clear(outbox, MAY_2 + 30 * DAY - timedelta(seconds=1))
    assert len(outbox.files("done")) == 2
    clear(outbox, MAY_2 + 30 * DAY)

    assert outbox.files("done") == ["done/2026-05-02/b.png"]
    assert [path.name for path in (outbox.outbox / "done").iterdir()] == ["2026-05-02"]


def test_hours_count_from_the_end_of_the_day_too(outbox: Shelved) -> None:
    outbox.put("a.png", b"a")

    clear(outbox, MAY_2 + timedelta(hours=11), keep=age("12h"))
    assert outbox.files("done")
    clear(outbox, MAY_2 + timedelta(hours=12), keep=age("12h"))

    assert not outbox.files("done")


def test_rows_stay_and_nothing_is_called_missing(outbox: Shelved) -> None:
    outbox.put("a.png", b"a")
    before = outbox.report.read_bytes()

    clear(outbox, MAY_2 + 30 * DAY)

    assert outbox.report.read_bytes() == before
    assert not missing(outbox)


def test_only_done_is_cleared(outbox: Shelved) -> None:
    outbox.put("a.png", b"a", status=Status.UNCERTAIN)
    outbox.put("b.png", b"b", status=Status.UNREADABLE)
    outbox.put("c.png", b"c")

    clear(outbox, NOON + 400 * DAY)

    assert outbox.files("done", "review", "failed") == [
        "failed/2026-05-01/b.png",
        "review/2026-05-01/a.png",
    ]


def test_a_picture_without_a_row_of_that_day_or_before_stays(
    outbox: Shelved, caplog: pytest.LogCaptureFixture
) -> None:
    day = outbox.put("a.png", b"a").parent
    (day / "stray.png").write_bytes(b"who am I")
    outbox.put("new.png", b"new", time=NOON + 300 * DAY).rename(day / "new.png")
    outbox.put("b.png", b"b", status=Status.BLANK).rename(day / "b.png")

    with caplog.at_level(logging.WARNING):
        clear(outbox, NOON + 100 * DAY)

    assert outbox.files("done") == [
        "done/2026-05-01/b.png",
        "done/2026-05-01/new.png",
        "done/2026-05-01/stray.png",
    ]
    assert "3 files" in caplog.text
    assert not missing(outbox)


def test_rows_of_closed_reports_count(outbox: Shelved) -> None:
    outbox.put("a.png", b"a")
    outbox.report.rename(outbox.report.with_stem("predictions-2026-05"))

    clear(outbox, NOON + 100 * DAY)

    assert not outbox.files("done")
    assert not missing(outbox)


def test_leftovers_of_copies_and_of_systems_go_but_not_what_people_hide(outbox: Shelved) -> None:
    day = outbox.put("a.png", b"a").parent
    for name in (f".d{'a' * 16}.part", ".DS_Store", "sub/Thumbs.db", ".mine"):
        (day / name).parent.mkdir(exist_ok=True)
        (day / name).write_bytes(b"x")

    clear(outbox, NOON + 100 * DAY)

    assert outbox.files("done") == ["done/2026-05-01/.mine"]


def test_what_is_no_folder_of_a_day_is_left_alone(outbox: Shelved, tmp_path: Path) -> None:
    day = outbox.put("a.png", b"a").parent
    day.rename(day.with_name("best of May"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.png").write_bytes(b"a")
    day.symlink_to(tmp_path / "elsewhere")

    clear(outbox, NOON + 100 * DAY)

    assert outbox.files("done") == ["done/best of May/a.png"]
    assert (tmp_path / "elsewhere" / "a.png").exists()


def test_a_link_is_neither_followed_nor_deleted(outbox: Shelved, tmp_path: Path) -> None:
    day = outbox.put("a.png", b"a").parent
    (tmp_path / "elsewhere.png").write_bytes(b"a")
    (day / "link.png").symlink_to(tmp_path / "elsewhere.png")

    clear(outbox, NOON + 100 * DAY)

    assert [path.name for path in day.iterdir()] == ["link.png"]
    assert (tmp_path / "elsewhere.png").exists()


def test_the_note_never_goes_back(outbox: Shelved) -> None:
    for day in range(3):
        outbox.put(f"{day}.png", b"%d" % day, time=NOON + day * DAY)
    clear(outbox, NOON + 3 * DAY, keep=DAY)
    outbox.put("again.png", b"again")

    clear(outbox, NOON + 3 * DAY, keep=2 * DAY)

    assert outbox.files("done") == ["done/2026-05-03/2.png"]
    assert cleared_until(outbox.outbox) == date(2026, 5, 2)
    assert not missing(outbox)


def test_without_anything_to_clear_there_is_no_note(outbox: Shelved) -> None:
    outbox.put("a.png", b"a")

    clear(outbox, NOON + 5 * DAY)

    assert cleared_until(outbox.outbox) is None


@pytest.mark.parametrize("lost", ["later day", "review"])
def test_a_picture_lost_otherwise_is_still_missing(lost: str, outbox: Shelved) -> None:
    outbox.put("a.png", b"a")
    later = outbox.put("later.png", b"later", time=NOON + 90 * DAY)
    review = outbox.put("review.png", b"review", status=Status.BLANK)
    clear(outbox, NOON + 91 * DAY)

    (later if lost == "later day" else review).unlink()

    (found,) = missing(outbox)
    assert lost.split(maxsplit=1)[0] in found


def test_of_two_rows_with_one_content_the_later_one_keeps_its_picture(outbox: Shelved) -> None:
    outbox.put("a.png", b"same", row="d" + 16 * "a")
    outbox.put("a.png", b"same", row="d" + 16 * "b", time=NOON + 90 * DAY)
    clear(outbox, NOON + 91 * DAY)
    assert outbox.files("done") == ["done/2026-07-30/a.png"]
    assert not missing(outbox)

    (outbox.outbox / "done" / "2026-07-30" / "a.png").unlink()

    assert len(missing(outbox)) == 1


def test_a_corrected_picture_goes_by_the_day_of_its_correction(outbox: Shelved) -> None:
    outbox.move(outbox.put("a.png", b"a"), "7/a.png")
    outbox.corrector().look()

    clear(outbox, NOON + 40 * DAY)
    assert len(outbox.files("done")) == 1
    clear(outbox, datetime.now(UTC) + 40 * DAY)

    assert not outbox.files("done")
    assert not missing(outbox)


def test_a_corrected_picture_that_is_lost_is_missing(outbox: Shelved) -> None:
    outbox.move(outbox.put("a.png", b"a"), "7/a.png")
    outbox.corrector().look()
    (outbox.outbox / outbox.files("done")[0]).unlink()

    (found,) = missing(outbox)

    assert "a.png" in found


def test_it_works_in_small_steps(outbox: Shelved) -> None:
    for number in range(1500):
        path = outbox.outbox / "done" / "2026-05-01" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"same")
    outbox.put("a.png", b"same")
    clearer = a_clearer(outbox, NOON + 100 * DAY)
    steps, slowest = 0, 0.0

    going = True
    while going:
        began = datetime.now(UTC)
        going = clearer.step()
        steps, slowest = steps + 1, max(slowest, (datetime.now(UTC) - began).total_seconds())

    assert steps > 2
    assert slowest < 0.5
    assert not outbox.files("done")


def test_it_sets_out_again_when_another_day_is_due(outbox: Shelved) -> None:
    outbox.put("a.png", b"a")
    time = [MAY_2 + 29 * DAY]
    clearer = Clearer(outbox.outbox, Rows(outbox.report), keep=30 * DAY, clock=lambda: time[0])
    assert not clearer.step()
    time[0] += DAY

    while clearer.step():
        pass

    assert not outbox.files("done")


def test_a_disk_that_refuses_is_told_of_and_tried_again_later(
    outbox: Shelved, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.put("a.png", b"a")
    time = [NOON + 100 * DAY]
    clearer = Clearer(outbox.outbox, Rows(outbox.report), keep=30 * DAY, clock=lambda: time[0])
    blocked = outbox.outbox / ".cleared-until.part"
    blocked.mkdir()  # nothing can be written under that name

    for _ in range(5):
        assert not clearer.step()
        time[0] += timedelta(seconds=6)
    assert len(caplog.messages) == 1
    blocked.rmdir()
    time[0] += timedelta(minutes=1)
    while clearer.step():
        pass

    assert not outbox.files("done")


def test_a_note_that_says_nothing_hides_no_loss(outbox: Shelved) -> None:
    outbox.put("a.png", b"a").unlink()
    (outbox.outbox / ".cleared-until").write_bytes(os.urandom(8).hex().encode())

    assert len(missing(outbox)) == 1
