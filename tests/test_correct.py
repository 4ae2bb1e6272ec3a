import logging
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from builders import NOON, a_reading
from digitdrop.audit.verify import verify
from digitdrop.escape import escape
from digitdrop.intake.claims import Hand
from digitdrop.outbox.report import Report
from digitdrop.outbox.row import is_whole
from digitdrop.values import Status
from ledger import rows, sha256
from rights import unprivileged
from shelved import MODEL, Shelved

FOLDERS = {"none", *"0123456789"}
TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
def outbox(tmp_path: Path) -> Shelved:
    return Shelved(tmp_path)


def is_accounted_for(outbox: Shelved) -> bool:
    account = verify(outbox.inbox, outbox.outbox, outbox.report)
    assert account.is_complete, str(account)
    return True


def test_the_folders_stand_ready_and_are_made_again(outbox: Shelved) -> None:
    corrector = outbox.corrector()
    review = outbox.outbox / "review"

    corrector.look()
    assert {path.name for path in review.iterdir()} >= FOLDERS
    (review / "7").rmdir()
    corrector.look()

    assert (review / "7").is_dir()


def test_a_picture_moved_into_a_folder_of_review_gets_a_row_that_corrects_its_own(
    outbox: Shelved,
) -> None:
    path = outbox.put("scans/a.png", b"one", status=Status.UNCERTAIN, prediction="1")
    before = outbox.report.read_bytes()
    (first,) = outbox.rows()
    outbox.move(path, "7/a.png")

    outbox.corrector().look()

    assert outbox.report.read_bytes().startswith(before)
    row = rows(outbox.report)[1]
    assert row["file"] == "scans/a.png"
    assert (row["prediction"], row["status"]) == ("7", "corrected")
    assert row["reason"] == f"corrects {first}"
    assert (row["confidence"], row["runner_up"], row["runner_up_confidence"]) == ("", "", "")
    assert row["model"] == MODEL
    assert outbox.files("done", "review") == [f"done/{TODAY}/scans/a.png"]
    assert is_accounted_for(outbox)


@pytest.mark.parametrize("number", ["42", "0042", "00000000", "12345678"])
def test_a_folder_that_a_person_makes_says_a_number_with_its_leading_zeros(
    number: str, outbox: Shelved
) -> None:
    outbox.corrector().look()
    outbox.move(outbox.put("a.png", b"one", status=Status.SEVERAL, prediction=None), f"{number}/a")

    outbox.corrector().look()

    assert outbox.corrections() == [("a.png", number, "several")]
    assert rows(outbox.report)[1]["prediction"] == number
    assert outbox.files("done", "review") == [f"done/{TODAY}/a.png"]
    assert is_accounted_for(outbox)


def test_a_folder_of_a_number_that_is_deleted_is_not_made_again(outbox: Shelved) -> None:
    corrector = outbox.corrector()
    folder = outbox.outbox / "review" / "0042"
    folder.mkdir(parents=True)
    corrector.look()
    folder.rmdir()

    corrector.look()

    assert not folder.exists()


ODD = ["abc", "123456789", "٣", "4 2", "None", "-7", "7.5"]


@pytest.mark.parametrize("name", ODD)
def test_a_folder_that_is_no_label_is_named_once_and_its_pictures_stay(
    name: str, outbox: Shelved, caplog: pytest.LogCaptureFixture
) -> None:
    moved = outbox.move(outbox.put("a.png", b"one"), f"{name}/a.png")
    corrector = outbox.corrector()

    for _ in range(3):
        corrector.look()

    (line,) = caplog.messages
    assert f"review/{escape(name)}, which is no label: expected a whole number" in line
    assert moved.read_bytes() == b"one"
    assert outbox.corrections() == []
    assert is_accounted_for(outbox)


def test_a_folder_that_is_renamed_into_a_number_counts(outbox: Shelved) -> None:
    outbox.move(outbox.put("a.png", b"one"), "abc/a.png")
    corrector = outbox.corrector()
    corrector.look()

    (outbox.outbox / "review" / "abc").rename(outbox.outbox / "review" / "0042")
    corrector.look()

    assert outbox.corrections() == [("a.png", "0042", "ok")]


def test_days_hidden_folders_and_files_are_never_called_odd(
    outbox: Shelved, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.put("a.png", b"one", status=Status.UNCERTAIN)
    review = outbox.outbox / "review"
    for name in (".claimed", ".hidden", "@eaDir"):
        (review / name).mkdir()
    (review / "notes.txt").write_text("mine")
    (review / "0042").write_text("a file, and no folder")

    outbox.corrector().look()

    assert caplog.messages == []
    assert outbox.corrections() == []


def test_a_folder_in_hand_that_somebody_renamed_says_nothing(outbox: Shelved) -> None:
    review = outbox.outbox / "review"
    outbox.move(outbox.put("a.png", b"one"), "7/a.png")
    hand = Hand(review, outbox.outbox)
    hand.prepare()
    (taken,) = hand.take(["7/a.png"])
    taken.path.parent.rename(taken.path.parent.with_name("abc"))

    outbox.corrector().look()

    assert outbox.corrections() == []
    assert outbox.files("review") == ["review/abc/a.png"]


@pytest.mark.skipif(os.name != "posix", reason="no rights as on Unix here")
def test_a_number_s_folder_that_cannot_be_listed_holds_up_no_other(tmp_path: Path) -> None:
    command = (*unprivileged(), sys.executable, "-P", "-c", UNLISTED)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}

    done = subprocess.run(
        [*command, tmp_path], env=environment, capture_output=True, text=True, check=False
    )

    assert done.stdout == "[('b.png', '7')]\n", done.stderr
    assert done.stderr.count("review/0042 cannot be listed: Permission denied") == 1


UNLISTED = """
import sys
from pathlib import Path
from shelved import Shelved

outbox = Shelved(Path(sys.argv[1]))
outbox.move(outbox.put("a.png", b"one"), "0042/a.png").parent.chmod(0)
outbox.move(outbox.put("b.png", b"two"), "7/b.png")
corrector = outbox.corrector()
corrector.look()
corrector.look()
print([(name, number) for name, number, _ in outbox.corrections()])
(outbox.outbox / "review" / "0042").chmod(0o755)
"""


def test_none_says_that_there_is_no_single_number(outbox: Shelved) -> None:
    outbox.move(outbox.put("a.png", b"one"), "none/a.png")

    outbox.corrector().look()

    assert outbox.corrections() == [("a.png", None, "ok")]


def test_a_row_of_a_correction_is_whole_to_its_last_byte(outbox: Shelved) -> None:
    path = outbox.put("a.png", b"one")
    outbox.report.write_bytes(outbox.report.read_bytes().replace(MODEL.encode(), b"mine"))
    outbox.move(path, "7/a.png")

    outbox.corrector().look()

    assert is_whole(outbox.report.read_bytes().splitlines()[-1])


@pytest.mark.parametrize("status", [Status.OK, Status.BLANK, Status.UNREADABLE])
def test_a_picture_can_be_put_right_from_every_shelf(status: Status, outbox: Shelved) -> None:
    outbox.move(outbox.put("a.png", b"one", status=status), "3/a.png")

    outbox.corrector().look()

    assert outbox.corrections() == [("a.png", "3", status)]
    assert is_accounted_for(outbox)


def test_a_picture_may_get_another_name_on_its_way(outbox: Shelved) -> None:
    outbox.move(outbox.put("a.png", b"one"), "3/my three.png")

    outbox.corrector().look()

    assert outbox.files("done") == [f"done/{TODAY}/a.png"]
    assert is_accounted_for(outbox)


def test_a_whole_folder_may_be_moved(outbox: Shelved) -> None:
    for name in ("scans/a.png", "scans/b.png", "c.png"):
        outbox.put(name, name.encode(), status=Status.UNCERTAIN)
    day = outbox.outbox / "review" / NOON.date().isoformat()
    (outbox.outbox / "review" / "5").mkdir()
    day.rename(outbox.outbox / "review" / "5" / day.name)

    outbox.corrector().look()

    assert sorted(name for name, _, _ in outbox.corrections()) == [
        "c.png",
        "scans/a.png",
        "scans/b.png",
    ]
    assert is_accounted_for(outbox)


def test_a_copy_corrects_as_well_and_the_original_stays(outbox: Shelved) -> None:
    path = outbox.put("a.png", b"one", status=Status.UNCERTAIN)
    (outbox.outbox / "review" / "4").mkdir()
    shutil.copyfile(path, outbox.outbox / "review" / "4" / "a.png")

    outbox.corrector().look()

    assert outbox.corrections() == [("a.png", "4", "uncertain")]
    assert path.exists()
    assert is_accounted_for(outbox)


def test_a_second_correction_names_the_first(outbox: Shelved) -> None:
    outbox.move(outbox.put("a.png", b"one"), "7/a.png")
    corrector = outbox.corrector()
    corrector.look()

    outbox.move(outbox.outbox / "done" / TODAY / "a.png", "3/a.png")
    corrector.look()

    first, second, third = outbox.rows().items()
    assert (second[1].corrects, third[1].corrects) == (first[0], second[0])
    assert third[1].prediction == "3"
    assert is_accounted_for(outbox)


def test_two_copies_at_once_are_two_corrections_one_about_the_other(outbox: Shelved) -> None:
    path = outbox.put("a.png", b"one")
    for digit in "25":
        (outbox.outbox / "review" / digit).mkdir()
        shutil.copyfile(path, outbox.outbox / "review" / digit / "a.png")

    outbox.corrector().look()

    first, second, third = outbox.rows().items()
    assert {second[1].corrects, third[1].corrects} == {first[0], second[0]}
    assert is_accounted_for(outbox)


def test_of_pictures_with_the_same_content_each_row_is_corrected_once(outbox: Shelved) -> None:
    one = outbox.put("one.png", b"same")
    other = outbox.put("other.png", b"same")
    outbox.move(one, "1/x.png")
    outbox.move(other, "2/other.png")

    outbox.corrector().look()

    assert sorted(outbox.corrections()) == [("one.png", "1", "ok"), ("other.png", "2", "ok")]
    assert is_accounted_for(outbox)


def test_the_id_in_a_name_tells_pictures_of_the_same_name_and_content_apart(
    outbox: Shelved,
) -> None:
    first, second = "d" + 16 * "a", "d" + 16 * "b"
    outbox.put("a.png", b"same", row=first)
    outbox.put("a.png", b"same", row=second)
    path = outbox.outbox / "done" / NOON.date().isoformat() / "a.png"
    shutil.copyfile(path, path.with_name(f"a~{first}.png"))
    outbox.move(path.with_name(f"a~{first}.png"), f"7/a~{first}.png")

    outbox.corrector().look()

    assert [row.corrects for row in outbox.rows().values() if row.corrects] == [first]


def test_a_picture_whose_row_tells_no_content_is_known_by_its_name(outbox: Shelved) -> None:
    path = outbox.put("a.png", b"large", status=Status.UNREADABLE, tells_content=False)
    outbox.move(path, "9/a.png")

    outbox.corrector().look()

    assert outbox.corrections() == [("a.png", "9", "unreadable")]
    assert is_accounted_for(outbox)


def test_a_row_in_a_report_that_was_closed_is_corrected_too(outbox: Shelved) -> None:
    path = outbox.put("a.png", b"one")
    outbox.report.rename(outbox.report.with_stem("predictions-2026-05-01"))
    outbox.move(path, "7/a.png")

    outbox.corrector().look()

    assert outbox.corrections() == [("a.png", "7", "ok")]
    assert is_accounted_for(outbox)


def test_a_picture_without_a_row_stays_and_is_told_of_once(
    outbox: Shelved, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.put("a.png", b"one")
    strange = outbox.outbox / "review" / "7" / "strange.png"
    strange.parent.mkdir()
    strange.write_bytes(b"nobody knows me")
    corrector = outbox.corrector()

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            corrector.look()

    assert strange.read_bytes() == b"nobody knows me"
    assert len(caplog.messages) == 1
    assert "review/7/strange.png" in caplog.messages[0]
    assert "strange.png: has no row" in str(verify(outbox.inbox, outbox.outbox, outbox.report))


def test_a_strange_picture_is_tried_again_once_it_changes(outbox: Shelved) -> None:
    outbox.put("a.png", b"one").unlink()
    strange = outbox.outbox / "review" / "7" / "a.png"
    strange.parent.mkdir()
    strange.write_bytes(b"on")
    corrector = outbox.corrector()
    corrector.look()

    strange.write_bytes(b"one")
    corrector.look()

    assert outbox.corrections() == [("a.png", "7", "ok")]


def test_a_copy_is_not_taken_before_it_is_complete(outbox: Shelved) -> None:
    path = outbox.put("a.png", b"one")
    corrector = outbox.corrector(quiet=60)
    outbox.move(path, "7/a.png").write_bytes(b"on")

    due = corrector.look()

    assert not outbox.corrections()
    assert due <= 1
    assert outbox.files("review") == ["review/7/a.png"]


def test_more_than_one_turn_can_take_goes_on_at_once(outbox: Shelved) -> None:
    for number in range(300):
        outbox.move(outbox.put(f"{number}.png", b"%d" % number), f"7/{number}.png")
    corrector = outbox.corrector()

    assert corrector.look() == 0
    assert corrector.look() > 0
    assert len(outbox.corrections()) == 300
    assert is_accounted_for(outbox)


def test_what_a_crash_left_in_hand_is_given_back_if_its_row_is_gone(outbox: Shelved) -> None:
    held = Path("review", ".claimed")
    corrector = outbox.corrector()
    corrector.look()
    batch = next(iter(_claim(outbox)))
    outbox.report.unlink(missing_ok=True)

    outbox.corrector().look()

    assert outbox.files(str(held)) == []
    assert outbox.files("review") == ["review/7/a.png"]
    assert not batch.exists()


def test_what_lies_in_hand_after_its_disk_was_away_is_taken_in_without_a_restart(
    outbox: Shelved,
) -> None:
    corrector = outbox.corrector()
    corrector.look()
    outbox.move(outbox.put("a.png", b"one"), "7/a.png")
    Hand(outbox.outbox / "review", outbox.outbox).take(["7/a.png"])

    corrector.look()
    assert outbox.corrections() == []
    corrector.recover()
    corrector.look()

    assert outbox.corrections() == [("a.png", "7", "ok")]


def test_killed_between_row_and_shelf_it_is_filed_under_the_name_of_its_row(
    outbox: Shelved,
) -> None:
    review = outbox.outbox / "review"
    outbox.move(outbox.put("scans/a.png", b"one"), "7/b.png")
    hand = Hand(review, outbox.outbox)
    hand.prepare()
    (drop,) = hand.take(["7/b.png"])
    recorded = replace(a_reading("scans/a.png", row=drop.id), time=NOON, sha256=sha256(b"one"))
    Report(outbox.report).append([recorded])
    before = outbox.report.read_bytes()

    outbox.corrector().look()

    assert outbox.report.read_bytes() == before
    assert outbox.files("done", "review") == ["done/2026-05-01/scans/a.png"]


def test_of_rows_alike_in_all_one_that_nobody_corrected_comes_first(outbox: Shelved) -> None:
    first, second = "d" + 16 * "a", "d" + 16 * "b"
    paths = [
        outbox.put("a.png", b"same", row=first),
        outbox.put("a.png", b"same", row=second, time=NOON + timedelta(days=1)),
    ]
    for path in paths:
        outbox.move(path, "7/a.png")
        outbox.corrector().look()

    corrected = {row.corrects for row in outbox.rows().values() if row.corrects}
    assert corrected == {first, second}


@pytest.mark.parametrize("tells_content", [True, False])
def test_in_hand_a_picture_is_accounted_for(tells_content: bool, outbox: Shelved) -> None:
    _claim(outbox, tells_content=tells_content)

    assert is_accounted_for(outbox)


def test_in_hand_a_picture_without_a_row_is_no_finding_yet(outbox: Shelved) -> None:
    _claim(outbox)
    outbox.report.unlink()

    assert is_accounted_for(outbox)


def _claim(outbox: Shelved, *, tells_content: bool = True) -> list[Path]:
    review = outbox.outbox / "review"
    outbox.move(outbox.put("a.png", b"one", tells_content=tells_content), "7/a.png")
    hand = Hand(review, outbox.outbox)
    hand.prepare()
    return [drop.path.parent.parent for drop in hand.take(["7/a.png"])]


def test_a_file_in_the_place_of_a_folder_holds_up_nothing_else(
    outbox: Shelved, caplog: pytest.LogCaptureFixture
) -> None:
    (outbox.outbox / "review" / "7").write_bytes(b"no folder")

    corrector = outbox.corrector()
    corrector.look()
    corrector.look()
    (outbox.outbox / "review" / "7").unlink()
    corrector.look()

    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    assert (outbox.outbox / "review" / "7").is_dir()


def test_an_edited_name_never_leads_out_of_the_outbox(outbox: Shelved) -> None:
    path = outbox.put("a.png", b"one")
    outbox.report.write_bytes(outbox.report.read_bytes().replace(b",a.png,", b",../../a.png,"))
    outbox.move(path, "7/a.png")

    outbox.corrector().look()

    assert outbox.files("done") == [f"done/{TODAY}/a.png"]
