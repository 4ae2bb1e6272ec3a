import os
import resource
import signal
import sys
from pathlib import Path

import pytest

from builders import a_reading
from digitdrop.outbox.report import Report
from digitdrop.outbox.row import HEADER
from digitdrop.values import Status
from ledger import rows

BOM = b"\xef\xbb\xbf"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "predictions.csv"


def ids(path: Path) -> list[str]:
    return [row["id"] for row in rows(path)]


def start(path: Path) -> Report:
    report = Report(path)
    report.prepare()
    return report


def test_a_report_begins_with_its_header_and_grows_by_whole_rows(path: Path) -> None:
    report = start(path)
    report.append([a_reading("a.png"), a_reading("b.png")])
    report.append([a_reading("c.png")])

    assert path.read_bytes().startswith(HEADER + b"\r\n")
    assert [row["file"] for row in rows(path)] == ["a.png", "b.png", "c.png"]
    assert path.read_bytes().count(b"\r\n") == 4


def test_nothing_is_written_before_there_is_a_row(path: Path) -> None:
    start(path)

    assert not path.exists()


def test_a_crash_at_any_byte_costs_only_the_row_it_tore(path: Path) -> None:
    names = ["a.png", '"b", c\n.png', "=1+1", "\udcff.png"]
    readings = [a_reading(name) for name in names]
    start(path).append(readings)
    whole = path.read_bytes()
    everything = ids(path)

    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        report = start(path)
        known = report.rows(everything)
        report.append([one for one in readings if one.id not in known])

        assert sorted(ids(path)) == sorted(everything), cut
        assert path.read_bytes().replace(b"\r\n", b"").count(b"\n") == 0, cut
        assert path.read_bytes().replace(b"\r\n", b"").count(b"\r") == 0, cut
        assert path.read_bytes().startswith(HEADER), cut


def test_a_torn_line_is_kept_beside_the_report(path: Path) -> None:
    start(path).append([a_reading("a.png"), a_reading("b.png")])
    path.write_bytes(path.read_bytes()[:-30])

    start(path)

    assert b"b.png" in path.with_name("predictions.csv.torn").read_bytes()
    assert [row["file"] for row in rows(path)] == ["a.png"]


def test_zeros_that_a_power_cut_left_at_the_end_are_cut(path: Path) -> None:
    start(path).append([a_reading("a.png")])
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(5000))

    start(path)

    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.removesuffix(b"\r\n"),
        lambda text: BOM + text,
        lambda text: text.replace(b"\r\n", b"\n"),
        lambda text: text.replace(b"\r\n", b"\n").removesuffix(b"\n"),
        lambda text: text.splitlines(True)[0] + b"".join(text.splitlines(True)[:0:-1]),
        lambda text: BOM + text.removesuffix(b"\n"),
    ],
    ids=["no newline", "BOM", "LF", "LF, no newline", "reordered", "BOM, no LF"],
)
def test_what_editors_do_to_a_report_costs_no_row(edit: object, path: Path) -> None:
    assert callable(edit)
    report = start(path)
    report.append([a_reading("a.png"), a_reading("b.png")])
    known = ids(path)
    path.write_bytes(edit(path.read_bytes()))

    found = report.rows(known)
    start(path)
    report.append([a_reading("c.png")])

    assert set(found) == set(known)
    text = path.read_bytes().removeprefix(BOM)
    path.write_bytes(text)
    assert sorted(row["file"] for row in rows(path)) == ["a.png", "b.png", "c.png"]
    assert not path.with_name("predictions.csv.torn").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"name,size\r\na.png,7\r\n",
        b"\n",
        b"id;time;file\r\n",
        HEADER + b",mine\r\n",
        b"\0" * 100 + b"\n",
        b"name,size\r\na.png",
        b"\x89PNG\r\n\x1a\n\0\0IHDR",
        b"\xff\xd8\xff\xe0 a photo",
    ],
)
def test_a_report_with_a_foreign_header_is_set_aside_and_never_touched(
    content: bytes, path: Path
) -> None:
    path.write_bytes(content)

    report = start(path)
    report.append([a_reading("a.png")])

    assert [row["file"] for row in rows(path)] == ["a.png"]
    (aside,) = path.parent.glob("predictions-foreign-*.csv")
    assert aside.read_bytes() == content
    assert not path.with_name("predictions.csv.torn").exists()


def test_rows_are_found_in_a_report_that_was_set_aside(path: Path) -> None:
    report = start(path)
    report.append([a_reading("a.png")])
    known = ids(path)
    text = path.read_bytes().replace(b",", b";")
    path.write_bytes(text)
    report.append([a_reading("b.png")])

    assert set(report.rows(known)) == set(known)


def test_a_report_that_was_taken_away_or_replaced_is_begun_or_gone_on_with(path: Path) -> None:
    report = start(path)
    report.append([a_reading("a.png")])
    path.rename(path.with_name("taken.csv"))
    report.append([a_reading("b.png")])
    other = path.with_name("new")
    other.write_bytes(path.read_bytes())
    other.replace(path)
    report.append([a_reading("c.png")])

    assert [row["file"] for row in rows(path)] == ["b.png", "c.png"]


def test_a_report_whose_folder_was_deleted_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "outbox" / "predictions.csv"
    report = start(path)
    report.append([a_reading("a.png")])
    path.unlink()
    path.parent.rmdir()

    report.append([a_reading("b.png")])

    assert [row["file"] for row in rows(path)] == ["b.png"]


def test_a_row_tells_recovery_its_status_and_time(path: Path) -> None:
    report = start(path)
    reading = a_reading("a.png", status=Status.UNCERTAIN)
    report.append([reading])

    row = report.rows([reading.id])[reading.id]

    assert row.status is Status.UNCERTAIN
    assert row.time == reading.time


def test_no_row_is_torn_when_the_disk_is_full_wherever_it_fills_up(path: Path) -> None:
    first, second = a_reading("a.png"), a_reading("b.png")
    start(path).append([first])
    size = path.stat().st_size

    for room in range(0, 120, 7):
        child = os.fork()
        if not child:
            os._exit(_append_with_room(path, size + room, second))
        _, status = os.waitpid(child, 0)

        assert os.waitstatus_to_exitcode(status) == 28, "the append must tell of it"
        assert path.stat().st_size == size
    start(path).append([second])
    assert [row["file"] for row in rows(path)] == ["a.png", "b.png"]


def _append_with_room(path: Path, room: int, reading: object) -> int:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        Report(path).append([reading])  # type: ignore[list-item]
    except OSError:
        return 28
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def test_a_report_is_made_with_the_users_umask_and_cannot_be_run(path: Path) -> None:
    before = os.umask(0o027)
    try:
        start(path).append([a_reading("a.png")])
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == 0o640
