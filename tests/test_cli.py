"""The commands as people type them: real processes, real files."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger import DIGITDROP

ROOT = Path(__file__).parent.parent
SAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.suffix in {".jpg", ".png"})
SEVEN = ROOT / "examples" / "seven-on-squared-paper.jpg"
HEAVY = {"tensorflow", "keras", "pandas", "matplotlib", "cv2"}


def digitdrop(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [*DIGITDROP, *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def rows(report: Path) -> list[dict[str, str]]:
    with report.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    command = [sys.executable, "-X", "importtime", "-P", "-m", "digitdrop", "--help"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert all(name in done.stdout for name in ("watch", "batch", "predict", "train"))
    loaded = {line.rsplit("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    "command", ["watch", "batch", "predict", "train", "corrections", "report"]
)
def test_every_command_explains_itself(command: str) -> None:
    done = digitdrop(command, "--help")

    assert done.returncode == 0
    assert "--help" in done.stdout


def test_predict_reads_a_seven_on_squared_paper() -> None:
    done = digitdrop("predict", SEVEN, "--json")

    assert done.returncode == 0
    assert done.stderr == ""
    (answer,) = json.loads(done.stdout)
    assert answer["prediction"] == "7"
    assert 0.5 < answer["confidence"] <= 1


def test_predict_explains_itself_in_a_picture(tmp_path: Path) -> None:
    done = digitdrop("predict", SEVEN, "--explain", tmp_path / "why.png")

    assert done.returncode == 0
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")


def test_a_drawing_replaces_an_earlier_one_and_never_a_picture(tmp_path: Path) -> None:
    (tmp_path / "seven.jpg").write_bytes(SEVEN.read_bytes())

    drawn = [digitdrop("predict", SEVEN, "--explain", tmp_path / "why.png") for _ in range(2)]
    refused = digitdrop("predict", SEVEN, "--explain", tmp_path / "seven.jpg")

    assert [done.returncode for done in drawn] == [0, 0]
    assert refused.returncode == 2
    assert "seven.jpg is there and no drawing of ours" in refused.stderr
    assert (tmp_path / "seven.jpg").read_bytes() == SEVEN.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["seven.jpg", "why.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_a_drawing_that_does_not_fit_leaves_the_earlier_one(tmp_path: Path) -> None:
    drawing = tmp_path / "why.png"
    command = [
        *DIGITDROP,
        "predict",
        str(SEVEN),
        "--explain",
        str(drawing),
    ]
    subprocess.run(command, cwd=ROOT, check=True)
    before = drawing.read_bytes()

    limited = ["bash", "-c", 'ulimit -f 1; exec "$@"', "-", *command]  # a kilobyte or less
    done = subprocess.run(limited, cwd=ROOT, check=False, capture_output=True, text=True)

    assert done.returncode == 2
    assert done.stderr == f"digitdrop: cannot write {drawing}: File too large\n"
    assert drawing.read_bytes() == before
    assert list(tmp_path.iterdir()) == [drawing]


def test_predict_says_in_one_line_why_a_file_cannot_be_read_and_exits_with_1(
    tmp_path: Path,
) -> None:
    (tmp_path / "notes.png").write_text("not a picture at all")

    done = digitdrop("predict", tmp_path / "notes.png", "--json")

    assert done.returncode == 1
    (answer,) = json.loads(done.stdout)
    assert answer["status"] == "unreadable"
    assert "not a picture" in answer["reason"]


def test_batch_gives_every_sample_one_row_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    report = tmp_path / "out.csv"

    first = digitdrop("batch", ROOT / "examples", "--report", report)
    again = digitdrop("batch", ROOT / "examples", "--report", report)

    assert (first.returncode, again.returncode) == (0, 0)
    assert sorted(row["file"] for row in rows(report)) == [path.name for path in SAMPLES]
    assert f"{len(SAMPLES)} were in the report already" in again.stdout


def test_batch_exits_with_1_when_a_file_failed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")

    done = digitdrop("batch", tmp_path / "in", "--report", tmp_path / "out.csv")

    assert done.returncode == 1
    assert [row["status"] for row in rows(tmp_path / "out.csv")] == ["unreadable"]


@pytest.mark.parametrize("content", [SEVEN.read_bytes(), b"name,digit\na.png,7"])
def test_batch_leaves_a_file_as_it_is_that_is_no_report(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "seven.jpg").write_bytes(content)

    done = digitdrop("batch", "seven.jpg", "--report", "seven.jpg", cwd=tmp_path)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "seven.jpg is there and no report of ours" in done.stderr
    assert (tmp_path / "seven.jpg").read_bytes() == content
    assert {path.suffix for path in tmp_path.iterdir()} <= {".jpg", ".lock"}


@pytest.mark.parametrize("command", ["predict", "batch", "watch"])
def test_a_missing_model_is_one_clear_line_and_exit_code_2(command: str, tmp_path: Path) -> None:
    arguments: dict[str, list[object]] = {
        "predict": [SEVEN],
        "batch": [SEVEN, "--report", tmp_path / "out.csv"],
        "watch": ["--inbox", tmp_path / "in", "--outbox", tmp_path / "out"],
    }

    done = digitdrop(command, *arguments[command], "--model", tmp_path / "none")

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "digitdrop train" in done.stderr


def test_a_model_that_does_not_match_its_card_is_refused(tmp_path: Path) -> None:
    model = (ROOT / "models" / "digits.tflite").read_bytes()
    (tmp_path / "digits.tflite").write_bytes(model[:-1] + bytes([model[-1] ^ 1]))
    (tmp_path / "digits.json").write_bytes((ROOT / "models" / "digits.json").read_bytes())

    done = digitdrop("predict", SEVEN, "--model", tmp_path)

    assert done.returncode == 2
    assert "SHA-256" in done.stderr


@pytest.mark.parametrize("nested", ["inbox/outbox", "."])
def test_an_outbox_in_the_inbox_is_refused_and_the_other_way_round(
    nested: str, tmp_path: Path
) -> None:
    done = digitdrop("watch", "--inbox", tmp_path / "inbox", "--outbox", tmp_path / nested)

    assert done.returncode == 2
    assert "lie in each other" in done.stderr


def test_a_dropped_picture_gets_its_row_and_lies_on_its_shelf(tmp_path: Path) -> None:
    inbox, outbox = tmp_path / "inbox", tmp_path / "outbox"
    folders = [f"--inbox={inbox}", f"--outbox={outbox}"]
    command = [*DIGITDROP, "watch", "--no-page", *folders]
    worker = subprocess.Popen(command, cwd=ROOT)
    try:
        _until(inbox.exists)
        (inbox / "sub").mkdir()
        (inbox / "sub" / "seven.jpg").write_bytes(SEVEN.read_bytes())
        (inbox / "notes.txt").write_text("buy milk")
        _until(lambda: (outbox / "predictions.csv").exists() and len(_rows(outbox)) == 2)
        _until(lambda: not [path for path in inbox.rglob("*") if path.is_file()])
    finally:
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(timeout=5)

    found = {row["file"]: row for row in _rows(outbox)}
    day = found["sub/seven.jpg"]["time"][:10]
    assert code == 0
    assert found["sub/seven.jpg"]["prediction"] == "7"
    assert found["notes.txt"]["status"] == "unreadable"
    assert (outbox / "failed" / day / "notes.txt").exists()
    assert list(outbox.glob(f"*/{day}/sub/seven.jpg"))


def _rows(outbox: Path) -> list[dict[str, str]]:
    return rows(outbox / "predictions.csv")


def _until(holds: "object", seconds: float = 20) -> None:
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--keep-done", "30", "as in 12h, 30d or 2w"),
        ("--keep-done", "0d", "as in 12h, 30d or 2w"),
        ("--rotate", "weekly", "day, month, or a size as in 100MB"),
        ("--rotate", "0MB", "day, month, or a size as in 100MB"),
    ],
)
def test_an_age_or_a_size_that_is_none_is_told_with_what_was_expected(
    option: str, value: str, expected: str, tmp_path: Path
) -> None:
    done = digitdrop("watch", option, value, cwd=tmp_path)

    assert done.returncode == 2
    assert repr(value) in done.stderr
    assert expected in " ".join(done.stderr.replace("│", " ").split())
    assert not list(tmp_path.iterdir())
