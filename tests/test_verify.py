import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from digitdrop.audit.account import Account
from digitdrop.audit.verify import audit_outbox
from digitdrop.errors import FolderError
from ledger import DIGITDROP, ROOT, a_picture, drop, drop_everything, files_below, rows, serve_once
from shelved import Shelved

Reconcile = Callable[[], Account]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have the real worker read one drop of every kind, once for all tests."""
    folder = tmp_path_factory.mktemp("served")
    drop_everything(folder / "inbox")
    drop(folder / "inbox", [("large.png", a_picture() + bytes(100_000))])
    serve_once(folder, "--max-bytes=100000")
    return folder


@pytest.fixture
def folder(served: Path, tmp_path: Path) -> Path:
    import shutil

    shutil.copytree(served, tmp_path / "w", symlinks=True)
    return tmp_path / "w"


@pytest.fixture
def report(folder: Path) -> Path:
    return folder / "outbox" / "predictions.csv"


@pytest.fixture
def reconcile(folder: Path, report: Path) -> Reconcile:
    return lambda: audit_outbox(folder / "inbox", folder / "outbox", report)


def a_shelved(folder: Path, name: str = "scans/seven.png") -> Path:
    (path,) = (folder / "outbox" / "done").glob(f"*/{name}")
    return path


def test_every_picture_is_accounted_for_after_a_run(reconcile: Reconcile) -> None:
    account = reconcile()

    assert account.is_complete, str(account)
    assert account.rows == 8
    assert sum(account.filed.values()) == 8
    assert (account.waiting, account.in_hand) == (0, 0)


def test_what_waits_and_what_is_in_hand_is_counted(folder: Path, reconcile: Reconcile) -> None:
    drop(folder / "inbox", [("new.png", b"7"), (".claimed/owner-batch/held.png", b"8")])

    account = reconcile()

    assert account.is_complete
    assert (account.waiting, account.in_hand) == (1, 1)


def test_a_row_whose_picture_is_nowhere_is_missing(folder: Path, reconcile: Reconcile) -> None:
    a_shelved(folder).unlink()

    account = reconcile()

    assert len(account.missing) == 1
    assert "scans/seven.png" in next(iter(account.missing.values()))
    assert not account.doubled
    assert not account.unknown


def test_a_picture_that_changed_is_missing_and_its_new_content_unknown(
    folder: Path, reconcile: Reconcile
) -> None:
    a_shelved(folder).write_bytes(b"other content")

    account = reconcile()

    assert (len(account.missing), len(account.unknown)) == (1, 1)


def test_a_changed_picture_is_noticed_whatever_its_name(
    folder: Path, report: Path, reconcile: Reconcile
) -> None:
    path = a_shelved(folder)
    key = next(row["id"] for row in rows(report) if row["file"] == "scans/seven.png")
    renamed = path.with_name(f"seven~{key}.png")
    path.rename(renamed)
    assert reconcile().is_complete

    renamed.write_bytes(b"other content")

    assert len(reconcile().missing) == 1


def test_pictures_that_people_renamed_are_found_by_their_content(
    folder: Path, reconcile: Reconcile
) -> None:
    path = a_shelved(folder)
    path.rename(path.with_name("my favourite.png"))

    assert reconcile().is_complete


def test_a_picture_too_large_to_be_read_is_matched_by_its_name(
    folder: Path, reconcile: Reconcile
) -> None:
    (path,) = (folder / "outbox" / "failed").glob("*/large.png")
    path.unlink()

    (missing,) = reconcile().missing.values()

    assert "large.png" in missing


@pytest.mark.parametrize("shelf", ["done", "review", "failed"])
def test_a_file_without_a_row_is_unknown_on_every_shelf(
    shelf: str, folder: Path, reconcile: Reconcile
) -> None:
    drop(folder / "outbox" / shelf, [("2026-05-01/stray.png", b"who am I")])

    (unknown,) = reconcile().unknown.values()

    assert "stray.png" in unknown


def test_a_picture_that_lies_there_twice_is_doubled(folder: Path, reconcile: Reconcile) -> None:
    path = a_shelved(folder)
    path.with_name("copy.png").write_bytes(path.read_bytes())

    account = reconcile()

    assert len(account.doubled) == 1
    assert not account.missing


def test_a_row_that_is_there_twice_is_doubled(report: Path, reconcile: Reconcile) -> None:
    lines = report.read_bytes().splitlines(keepends=True)
    report.write_bytes(b"".join([*lines, lines[-1]]))

    (doubled,) = reconcile().doubled.values()

    assert doubled.endswith("2 rows")


def test_a_row_that_was_deleted_leaves_its_picture_unknown(
    report: Path, reconcile: Reconcile
) -> None:
    lines = report.read_bytes().splitlines(keepends=True)
    report.write_bytes(b"".join(line for line in lines if b"scans/" not in line))

    (unknown,) = reconcile().unknown.values()

    assert "scans/seven.png: has no row" in unknown


def test_a_torn_line_is_unknown(report: Path, reconcile: Reconcile) -> None:
    lines = report.read_bytes().splitlines(keepends=True)
    report.write_bytes(b"".join(lines[:-1]) + lines[-1][:40])

    account = reconcile()

    assert any("no row" in one for one in account.unknown.values())
    assert not account.is_complete


def test_a_report_that_was_deleted_leaves_all_pictures_unknown(
    report: Path, reconcile: Reconcile
) -> None:
    report.unlink()

    assert len(reconcile().unknown) == 8


def test_a_report_set_aside_still_counts(report: Path, reconcile: Reconcile) -> None:
    text = report.read_bytes().replace(b",", b";")
    report.with_name("predictions-foreign-20260501T120000000000.csv").write_bytes(text)
    report.unlink()

    assert reconcile().is_complete


def test_a_crash_between_two_names_of_one_picture_is_no_loss(
    folder: Path, reconcile: Reconcile
) -> None:
    path = a_shelved(folder)
    held = folder / "inbox" / ".claimed" / "owner-batch" / "seven.png"
    held.parent.mkdir(parents=True)
    held.hardlink_to(path)

    account = reconcile()

    assert account.is_complete
    assert account.in_hand == 1


def test_a_picture_in_hand_with_its_row_is_accounted_for(
    folder: Path, report: Path, reconcile: Reconcile
) -> None:
    from digitdrop.intake.claim_names import row_id

    held = folder / "inbox" / ".claimed" / "owner-batch" / "seven.png"
    held.parent.mkdir(parents=True)
    path = a_shelved(folder)
    old = next(line for line in report.read_bytes().splitlines() if b"scans/" in line)
    new = row_id("owner-batch", "seven.png").encode() + b"," + old.partition(b",")[2]
    report.write_bytes(report.read_bytes().replace(old, new))
    path.rename(held)

    assert reconcile().is_complete


def test_an_outbox_that_is_not_there_is_one_clear_line(folder: Path) -> None:
    with pytest.raises(FolderError, match="no outbox"):
        audit_outbox(folder / "inbox", folder / "typo", folder / "typo" / "predictions.csv")


def test_it_changes_nothing(folder: Path, reconcile: Reconcile) -> None:
    before = {path: path.read_bytes() for path in files_below(folder)}

    reconcile()

    assert {path: path.read_bytes() for path in files_below(folder)} == before


def test_the_command_tells_by_its_exit_code_and_in_json(folder: Path) -> None:
    command = [*DIGITDROP, "verify", "--json"]
    command += ["--inbox", str(folder / "inbox"), "--outbox", str(folder / "outbox")]

    good = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    a_shelved(folder).unlink()
    bad = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    assert (good.returncode, bad.returncode) == (0, 1)
    assert json.loads(good.stdout)["accounted_for"]
    assert len(json.loads(bad.stdout)["missing"]) == 1


@pytest.fixture
def corrected(tmp_path: Path) -> Shelved:
    """One picture that was put right twice: three rows, one file."""
    outbox = Shelved(tmp_path)
    outbox.move(outbox.put("a.png", b"one"), "7/a.png")
    corrector = outbox.corrector()
    corrector.look()
    outbox.move(outbox.outbox / outbox.files("done")[0], "3/a.png")
    corrector.look()
    return outbox


def of(outbox: Shelved) -> Account:
    return audit_outbox(outbox.inbox, outbox.outbox, outbox.report)


def test_a_corrected_picture_has_several_rows_and_one_file(corrected: Shelved) -> None:
    account = of(corrected)

    assert account.is_complete, str(account)
    assert account.rows == 3
    assert sum(account.filed.values()) == 1


def test_a_corrected_picture_that_is_lost_is_missing_once(corrected: Shelved) -> None:
    (corrected.outbox / corrected.files("done")[0]).unlink()

    assert len(of(corrected).missing) == 1


def test_a_corrected_picture_that_changed_is_missing_and_unknown(corrected: Shelved) -> None:
    (corrected.outbox / corrected.files("done")[0]).write_bytes(b"other")

    account = of(corrected)

    assert (len(account.missing), len(account.unknown)) == (1, 1)


def test_more_copies_than_rows_are_doubled(corrected: Shelved) -> None:
    path = corrected.outbox / corrected.files("done")[0]
    for number in range(3):
        path.with_name(f"copy {number}.png").write_bytes(b"one")

    assert len(of(corrected).doubled) == 1


def test_a_picture_is_never_taken_for_that_of_a_correction_if_its_own_row_is_deleted(
    corrected: Shelved,
) -> None:
    corrected.put("b.png", b"two")
    lines = corrected.report.read_bytes().splitlines(keepends=True)
    corrected.report.write_bytes(b"".join(line for line in lines if b"b.png" not in line))

    (unknown,) = of(corrected).unknown.values()

    assert "b.png: has no row" in unknown


def test_corrections_whose_first_row_was_deleted_still_have_their_picture(
    corrected: Shelved,
) -> None:
    lines = corrected.report.read_bytes().splitlines(keepends=True)
    corrected.report.write_bytes(lines[0] + b"".join(lines[2:]))

    assert of(corrected).is_complete


def test_a_correction_that_names_itself_does_not_hold_up_anybody(corrected: Shelved) -> None:
    *_, last = corrected.rows()
    lines = corrected.report.read_bytes().splitlines(keepends=True)
    lines[-1] = re.sub(rb"corrects d[a-z2-7]{16}", f"corrects {last}".encode(), lines[-1])
    corrected.report.write_bytes(b"".join(lines))

    assert of(corrected).rows == 3


def test_what_waits_in_a_folder_of_review_is_accounted_for(corrected: Shelved) -> None:
    corrected.move(corrected.outbox / corrected.files("done")[0], "5/a.png")

    assert of(corrected).is_complete


def test_rows_of_closed_reports_have_their_pictures(folder: Path, report: Path) -> None:
    report.rename(report.with_stem("predictions-2026-05-01"))

    account = audit_outbox(folder / "inbox", folder / "outbox", report)

    assert account.is_complete, str(account)
    assert account.rows == 8
