"""A number is text with its leading zeros, and `--digits` holds wherever pictures are read."""

import doctest
import importlib
import json
import time
from pathlib import Path

import pytest

from builders import a_drop, a_reading
from digitdrop import DigitCount, Reader
from digitdrop.inference.classifier import Classifier
from digitdrop.outbox.report import Report
from digitdrop.outbox.row import cells
from digitdrop.pipeline import within
from digitdrop.pool.pool import Crew
from digitdrop.pool.settings import Terms
from digitdrop.pool.slow_lane import Lane
from digitdrop.values import ANY_COUNT, Drop, Limits, Reading, Status, Verdict, is_number
from ledger import ROOT, a_picture, a_worker, drop
from test_cli import digitdrop, rows

SEVEN = ROOT / "examples" / "seven-on-squared-paper.jpg"
TOO_SHORT = "it looks like 1 digit, and 2-8 are expected"

NO_NUMBERS = ["", "abc", "4 2", "123456789", "-7", "7.0", "٣", "²", "\uff17", " 7", "7\n"]
NO_COUNTS = ["", "0", "9", "1-9", "4-2", "2-", "-2", "2-3-4", "five", "2.5", "٣", "1" * 5000]


@pytest.mark.parametrize(
    "name", ["digitdrop.values", "digitdrop.corrections.folders", "digitdrop.evaluation.edits"]
)
def test_the_examples_in_docstrings_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))

    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_whole_number_of_up_to_eight_ascii_digits_is_none(text: str) -> None:
    assert not is_number(text)


@pytest.mark.parametrize("text", ["0", "7", "0042", "00000000", "12345678"])
def test_a_number_comes_back_from_the_report_as_it_stands(text: str, tmp_path: Path) -> None:
    report = Report(tmp_path / "r.csv")
    verdict = Verdict(
        status=Status.UNCERTAIN, prediction=text, confidence=0.5, runner_up=text[::-1]
    )
    report.append([a_reading_with(verdict)])

    ((_, row),) = report.every_row()

    assert (row.prediction, row.runner_up) == (text, text[::-1])


@pytest.mark.parametrize("text", [text for text in NO_NUMBERS if "\n" not in text])
def test_a_cell_that_is_no_number_is_read_as_none(text: str, tmp_path: Path) -> None:
    report = Report(tmp_path / "r.csv")
    report.append([a_reading_with(Verdict(status=Status.OK, prediction=text))])

    ((_, row),) = report.every_row()

    assert row.is_whole
    assert row.prediction is None


def test_a_row_of_the_version_before_is_read_as_it_was_written(tmp_path: Path) -> None:
    line = (
        f"d2,2026-11-24T07:13:16.703Z,a.png,7,0.9876,ok,,1,0.0021,{'a' * 64},digits-5dd3e619\r\n"
    )
    header = ",".join(
        (
            *("id", "time", "file", "prediction", "confidence", "status", "reason"),
            *("runner_up", "runner_up_confidence", "sha256", "model"),
        )
    )
    (tmp_path / "r.csv").write_text(f"{header}\r\n{line}", newline="")

    ((_, row),) = Report(tmp_path / "r.csv").every_row()
    again = a_reading_with(
        Verdict(
            status=row.status,
            prediction=row.prediction,
            confidence=row.confidence,
            runner_up=row.runner_up,
            runner_up_confidence=row.runner_up_confidence,
        )
    )

    assert list(cells(again))[3:9] == ["7", "0.9876", "ok", "", "1", "0.0021"]


def a_reading_with(verdict: Verdict) -> Reading:
    plain = a_reading()
    return Reading(
        id=plain.id,
        drop=plain.drop,
        time=plain.time,
        verdict=verdict,
        sha256=plain.sha256,
        model=plain.model,
    )


@pytest.mark.parametrize("text", ["1", "8", "2-5", "1-8"])
def test_a_count_is_written_as_it_is_read(text: str) -> None:
    assert str(DigitCount.parse(text)) == text


@pytest.mark.parametrize("text", NO_COUNTS)
def test_a_count_that_is_none_says_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match="no count of digits: expected N, or N-M"):
        DigitCount.parse(text)


@pytest.mark.parametrize("option", [["--digits", "4-2"], ["--digits=nine"]])
@pytest.mark.parametrize("command", ["watch", "batch", "predict", "evaluate"])
def test_a_count_that_is_none_is_one_line(command: str, option: list[str]) -> None:
    names: dict[str, list[object]] = {
        "watch": [],
        "batch": [SEVEN, "--report", "r.csv"],
        "predict": [SEVEN],
    }

    done = digitdrop(command, *names.get(command, [ROOT / "examples"]), *option)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "is no count of digits: expected N, or N-M" in done.stderr


def test_more_digits_than_expected_are_several_and_fewer_are_uncertain() -> None:
    read = Verdict(status=Status.OK, prediction="0042", confidence=0.99, runner_up="0047")

    assert within(read, ANY_COUNT) == read
    assert within(read, DigitCount(4, 4)) == read
    assert within(read, DigitCount(1, 3)) == Verdict(
        status=Status.SEVERAL, reason="it looks like 4 digits, and 1-3 may be read"
    )
    short = within(read, DigitCount(5, 5))
    assert (short.status, short.prediction) == (Status.UNCERTAIN, "0042")
    assert short.reason == "it looks like 4 digits, and 5 are expected"


@pytest.mark.parametrize(
    "status", [Status.BLANK, Status.SEVERAL, Status.NOT_A_DIGIT, Status.UNREADABLE]
)
def test_a_verdict_without_a_prediction_is_none_of_the_count_s_business(status: Status) -> None:
    verdict = Verdict(status=status, reason="why")

    assert within(verdict, DigitCount(2, 3)) == verdict


def test_predict_and_batch_hold_to_the_count(tmp_path: Path) -> None:
    looked = digitdrop("predict", SEVEN, "--digits=2-8", "--json")
    drawn = digitdrop("predict", SEVEN, "--digits=2-8", "--json", "--explain", tmp_path / "w.png")
    done = digitdrop("batch", SEVEN, "--digits=2-8", "--report", tmp_path / "r.csv")

    (answer,) = json.loads(looked.stdout)
    (explained,) = json.loads(drawn.stdout)
    (row,) = rows(tmp_path / "r.csv")
    assert done.returncode == 0, done.stderr
    for said in (answer, explained, row):
        assert (said["prediction"], said["status"], said["reason"]) == (
            *("7", "uncertain"), TOO_SHORT,
        )  # fmt: skip


@pytest.mark.parametrize("digits", [DigitCount(2, 8), "2-8"])
def test_the_library_holds_to_the_count(digits: str | DigitCount) -> None:
    answer = Reader(digits=digits).read(a_picture(7))

    assert (answer.prediction, answer.status, answer.reason) == ("7", "uncertain", TOO_SHORT)


def test_the_library_takes_a_plain_number_and_refuses_what_is_no_count() -> None:
    assert Reader(digits=1).read(a_picture(7)).status is Status.OK
    with pytest.raises(ValueError, match="'9' is no count of digits") as caught:
        Reader(digits=9)
    assert len(str(caught.value).splitlines()) == 1


def test_evaluate_holds_to_the_count(tmp_path: Path) -> None:
    drop(tmp_path, [("7/x.png", a_picture(7))])

    plain = digitdrop("evaluate", tmp_path, "--json", "-q")
    done = digitdrop("evaluate", tmp_path, "--digits=2-8", "--json", "-q")

    assert json.loads(plain.stdout)["total"]["ok"] == 1
    assert json.loads(done.stdout)["total"]["statuses"]["uncertain"] == 1


def test_settings_show_the_count_as_one_would_type_it() -> None:
    done = digitdrop("settings", "watch", "--digits=5", "--json")

    found = {one["option"]: one for one in json.loads(done.stdout)}
    assert (found["--digits"]["value"], found["--digits"]["origin"]) == ("5", "option")
    assert found["--digits"]["variable"] == "DIGITDROP_DIGITS"


@pytest.mark.slow
def test_the_service_holds_to_the_count(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", [("7.png", a_picture(7))])

    with a_worker(tmp_path, "--settle=0", "--digits=2-8") as worker:
        worker.waits_until(lambda: len(worker.rows()) == 1 and worker.is_idle())
        (row,) = worker.rows()
        worker.stop()

    assert (row["prediction"], row["status"], row["reason"]) == ("7", "uncertain", TOO_SHORT)


@pytest.mark.slow
def test_processes_of_the_pool_hold_to_the_count(tmp_path: Path, classifier: Classifier) -> None:
    terms = Terms(workers=2, limits=Limits(), digits=DigitCount(2, 8), is_stopping=lambda: False)
    crew = Crew(terms, classifier, Lane(terms))
    crew.start()
    until = time.monotonic() + 60
    while not crew.is_ready():
        assert time.monotonic() < until
        time.sleep(0.02)
    drop(tmp_path, [(f"{number}.png", a_picture(number)) for number in range(1, 9)])
    drops: list[Drop] = [a_drop(path) for path in sorted(tmp_path.iterdir())]

    outcomes = crew.end(crew.begin(drops))

    crew.dismiss()
    assert len(outcomes) == len(drops)
    for one in outcomes:
        assert isinstance(one, Reading)
        assert one.verdict.reason == TOO_SHORT
