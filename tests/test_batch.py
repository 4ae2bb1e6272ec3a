from collections.abc import Callable
from pathlib import Path

import pytest

from digitdrop.batch.batch import Summary, batch
from digitdrop.errors import FolderError, ReportError
from digitdrop.inference.classifier import Classifier
from digitdrop.pool.started import Begun
from digitdrop.system.shutdown import Stopper
from digitdrop.values import ANY_COUNT, Limits, Status
from ledger import a_picture, drop, rows

Run = Callable[..., Summary]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    drop(
        tmp_path / "scans",
        [
            ("7.png", a_picture(7)),
            ("below/1.png", a_picture(1)),
            ("no suffix", a_picture(3)),
            ("list.csv", b"name\n7.png\n"),
            (".hidden.png", a_picture(2)),
            ("half.png", a_picture(4)[:200]),
        ],
    )
    return tmp_path / "scans"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "out" / "report.csv"


@pytest.fixture
def run(report: Path, classifier: Classifier) -> Run:
    def run(*sources: Path, stopper: Stopper | None = None) -> Summary:
        return batch(
            sources,
            report,
            classifier,
            limits=Limits(),
            digits=ANY_COUNT,
            workers=2,
            stopper=stopper or Stopper(),
            progress=lambda _: None,
        )

    return run


def files(report: Path) -> list[str]:
    return [row["file"] for row in rows(report)]


def test_a_run_ends_well_although_its_note_cannot_be_removed(
    scans: Path, report: Path, run: Run
) -> None:
    report.with_name(f".{report.name}.begun").mkdir(parents=True)  # as on a disk that fails

    assert run(scans).counts.total() == len(files(report)) == 4


def test_pictures_are_read_in_order_and_other_files_passed_over(
    scans: Path, report: Path, run: Run
) -> None:
    summary = run(scans)

    assert files(report) == ["7.png", "below/1.png", "half.png", "no suffix"]
    assert summary.counts.total() == 4
    assert summary.failed, "half a picture is unreadable"


def test_the_files_stay_where_they_are(scans: Path, run: Run) -> None:
    before = {path: path.read_bytes() for path in scans.rglob("*") if path.is_file()}

    run(scans)

    assert {path: path.read_bytes() for path in scans.rglob("*") if path.is_file()} == before


def test_a_second_run_has_nothing_to_do_also_for_what_cannot_be_read(
    scans: Path, report: Path, run: Run
) -> None:
    run(scans)
    whole = report.read_bytes()

    summary = run(scans)

    assert report.read_bytes() == whole
    assert summary.known == 4
    assert summary.counts[Status.UNREADABLE] == 1


def test_a_run_goes_on_where_another_was_cut_at_any_row(
    scans: Path, report: Path, run: Run
) -> None:
    run(scans)
    lines = report.read_bytes().splitlines(keepends=True)

    for kept in range(len(lines) + 1):
        report.write_bytes(b"".join(lines[:kept]) + (lines[kept][:40] if lines[kept:] else b""))
        run(scans)

        assert sorted(files(report)) == ["7.png", "below/1.png", "half.png", "no suffix"]


def test_changed_content_gets_a_row_of_its_own(scans: Path, report: Path, run: Run) -> None:
    run(scans)
    (scans / "7.png").write_bytes(a_picture(9))

    run(scans)

    assert files(report).count("7.png") == 2
    assert len({row["sha256"] for row in rows(report) if row["file"] == "7.png"}) == 2


def test_the_same_content_under_two_names_gets_two_rows(
    tmp_path: Path, report: Path, run: Run
) -> None:
    drop(tmp_path / "a", [("7.png", a_picture(7)), ("8.png", a_picture(7))])

    run(tmp_path / "a")

    assert files(report) == ["7.png", "8.png"]


def test_the_same_name_in_two_folders_gets_two_rows(
    tmp_path: Path, report: Path, run: Run
) -> None:
    for folder in "ab":
        drop(tmp_path / folder, [("7.png", a_picture(7))])

    run(tmp_path / "a", tmp_path / "b")

    assert files(report) == ["7.png", "7.png"]
    assert len({row["id"] for row in rows(report)}) == 2


def test_sources_that_overlap_are_read_once(scans: Path, report: Path, run: Run) -> None:
    run(scans / "7.png", scans, scans / "below", scans / "below" / "..")

    assert files(report) == ["7.png", "below/1.png", "half.png", "no suffix"]


def test_a_file_that_is_named_is_read_whatever_it_is(scans: Path, report: Path, run: Run) -> None:
    run(scans / "list.csv")

    (row,) = rows(report)
    assert row["status"] == "unreadable"


def test_a_source_that_does_not_exist_is_one_clear_line(tmp_path: Path, run: Run) -> None:
    with pytest.raises(FolderError, match="no such file or folder"):
        run(tmp_path / "nothing")


def test_a_stop_is_heard_and_the_next_run_goes_on(scans: Path, report: Path, run: Run) -> None:
    stopper = Stopper()
    stopper.stop()

    assert run(scans, stopper=stopper).was_stopped
    assert not run(scans).was_stopped
    assert len(files(report)) == 4


def test_a_report_that_cannot_be_written_is_one_clear_line(
    scans: Path, report: Path, run: Run
) -> None:
    report.mkdir(parents=True)

    with pytest.raises(ReportError, match="is a folder: name a file with --report"):
        run(scans)


def test_what_a_run_had_begun_is_found_from_another_folder_too(
    scans: Path, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report.parent.mkdir()
    monkeypatch.chdir(scans)
    Begun(report).note([Path("7.png"), Path("below") / "1.png", Path("gone.png")])

    monkeypatch.chdir(report.parent)

    assert Begun(report).left() == [scans / "7.png", scans / "below" / "1.png"]
