"""What `digitdrop evaluate` finds, counts, prints and draws, on real files."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from digitdrop.cli.app import app
from digitdrop.errors import FolderError
from digitdrop.evaluation.evaluate import Marked, Task, by_set, mistakes, tasks
from digitdrop.values import Drop, Status, Verdict

CLI = CliRunner()


def a_picture(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    page = np.full((80, 80), 245, np.uint8)
    cv2.putText(page, text, (20, 62), cv2.FONT_HERSHEY_SIMPLEX, 2, 20, 5, cv2.LINE_AA)
    cv2.imwrite(str(path), page)
    return path


def marked(name: str, label: str | None, prediction: str | None, confidence: float) -> Marked:
    drop = Drop(id=None, path=Path(name), name=name)
    status = Status.OK if prediction is not None else Status.BLANK
    return Marked(
        task=Task(drop=drop, source=Path(), set=name[0], label=label),
        verdict=Verdict(status=status, prediction=prediction, confidence=confidence),
    )


def test_pictures_in_folders_named_by_a_number_are_found_at_any_depth(tmp_path: Path) -> None:
    for name in ("scans/ann/7/x.png", "scans/bob/7/x.png", "3/y.png", "notes/z.png", "0042/w.png"):
        a_picture(tmp_path / name)
    (tmp_path / "3" / "README.md").write_text("not a picture")

    found = {task.drop.name: (task.set, task.label) for task in tasks(tmp_path)}

    assert found == {
        "0042/w.png": (tmp_path.name, "0042"),
        "3/y.png": (tmp_path.name, "3"),
        "scans/ann/7/x.png": ("scans/ann", "7"),
        "scans/bob/7/x.png": ("scans/bob", "7"),
    }


def test_of_other_folders_everything_is_taken_and_each_folder_right_below_is_a_set(
    tmp_path: Path,
) -> None:
    a_picture(tmp_path / "digits" / "5" / "x.png")
    for name in ("letters/A/x.png", "letters/B/y.png", "paper/z.png", "w.png"):
        a_picture(tmp_path / "others" / name)

    found = tasks(tmp_path / "digits", [tmp_path / "others"])[1:]

    assert [task.set for task in found] == ["letters", "letters", "paper", "others"]
    assert all(task.label is None for task in found)


def test_a_folder_without_labels_is_told_how_they_should_lie(tmp_path: Path) -> None:
    a_picture(tmp_path / "7.png")

    with pytest.raises(FolderError, match=r"no labelled picture .*named by what they show"):
        tasks(tmp_path)


def test_a_table_says_what_pictures_show(tmp_path: Path) -> None:
    for name in ("ann/x.png", "ann/7/y.png", "z.png", "unnamed.png"):
        a_picture(tmp_path / name)
    lines = ("\ufefffile,label,by", "ann/x.png,0042,me", "ann/7/y.png,12345678,", "z.png,7,")
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8")

    found = {task.drop.name: (task.set, task.label) for task in tasks(tmp_path)}

    assert found == {
        "ann/x.png": ("ann", "0042"),
        "ann/7/y.png": ("ann/7", "12345678"),
        "z.png": (tmp_path.name, "7"),
    }


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (b"file,label\nx.png,7\nx2.png,3 1/2\n", "line 3: the label '3 1/2' is no whole number"),
        (b"file,label\nx.png,123456789\n", "line 2: the label '123456789' is no whole number"),
        (b"file,label\nx.png\n", "line 2: the label '' is no whole number"),
        ("file,label\nx.png,٣\n".encode(), "line 2: the label '٣' is no whole number"),
        (b"file,label\nx.png,7\nx.png,7\n", "line 3: 'x.png' is named twice"),
        (b"file,label\ny.png,7\n", "line 2: there is no file 'y.png'"),
        (b"x.png,7\n", "has no columns file and label"),
        (b"file;label\nx.png;7\n", "has no columns file and label"),
        (b"", "has no columns file and label"),
        (b"file,label\nx.png,\xff\n", "is no CSV in UTF-8"),
        (b'file,label\nx.png,"7\n', "is no CSV in UTF-8"),
        (b"file,label\n", "no labelled picture in"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_clear_line(
    table: bytes, told: str, tmp_path: Path
) -> None:
    a_picture(tmp_path / "x.png")
    a_picture(tmp_path / "x2.png")
    (tmp_path / "labels.csv").write_bytes(table)

    done = CLI.invoke(app, ["evaluate", str(tmp_path), "--quiet"])

    assert isinstance(done.exception, FolderError)
    assert told in str(done.exception)
    assert len(str(done.exception).splitlines()) == 1


def test_sets_come_in_order_of_name() -> None:
    found = by_set(
        [marked("b1", "1", "1", 0.9), marked("a1", "1", "1", 0.9), marked("b2", "2", "2", 0.9)]
    )

    assert {name: len(part) for name, part in found.items()} == {"a": 1, "b": 2}
    assert list(found) == ["a", "b"]


def test_the_worst_mistake_is_the_most_confident_one() -> None:
    asked = [
        marked("a", "1", "1", 0.99),
        marked("b", "1", "7", 0.6),
        marked("c", "1", None, 0),
        marked("d", "0042", "42", 0.9),
    ]

    worst = mistakes(asked, most=2)

    assert [one.task.drop.name for one in worst] == ["d", "b"]


def test_json_has_a_row_per_set_the_total_and_the_other_pictures(tmp_path: Path) -> None:
    for digit in "0123456789":
        a_picture(tmp_path / "digits" / "drawn" / digit / "x.png", digit)
    a_picture(tmp_path / "digits" / "empty" / "4" / "x.png")
    others = a_picture(tmp_path / "others" / "x.png").parent

    done = CLI.invoke(
        app, ["evaluate", str(tmp_path / "digits"), "--others", str(others), "--json", "-q"]
    )

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["sets"]["drawn"]["count"] == 10
    assert found["sets"]["empty"]["statuses"]["blank"] == 1
    assert found["total"]["count"] == 11
    assert np.array(found["confusion"]).shape == (10, 11)
    assert found["others"][str(others)]["total"]["ok"] == 0
    assert found["others"][str(others)]["auroc"] > 0.5


def test_tables_name_every_set_and_charts_are_drawn(tmp_path: Path) -> None:
    a_picture(tmp_path / "digits" / "ann" / "8" / "8.png", "8")
    a_picture(tmp_path / "digits" / "bob" / "8" / "a $name.png")
    charts = tmp_path / "new" / "charts"

    done = CLI.invoke(
        app, ["evaluate", str(tmp_path / "digits"), "--plots", str(charts), "--quiet"]
    )

    assert done.exit_code == 0, done.output
    assert all(name in done.stdout for name in ("ann", "bob", "all together"))
    drawn = {path.name for path in charts.iterdir()}
    assert drawn == {"confusion.png", "reliability.png", "risk-coverage.png", "mistakes.png"}


def test_numbers_are_told_by_the_digits_of_their_labels(tmp_path: Path) -> None:
    for number, label in enumerate(("7", "42", "0042", "7")):
        a_picture(tmp_path / f"{number}.png", label[:1])
    rows = "".join(
        f"{number}.png,{label}\n" for number, label in enumerate(("7", "42", "0042", "1"))
    )
    (tmp_path / "labels.csv").write_text(f"file,label\n{rows}")

    told = CLI.invoke(app, ["evaluate", str(tmp_path), "--json", "--quiet"])
    shown = CLI.invoke(app, ["evaluate", str(tmp_path), "--quiet", "--plots", str(tmp_path / "c")])

    found = json.loads(told.stdout)
    assert {length: one["count"] for length, one in found["by_length"].items()} == {
        "1": 2,
        "2": 1,
        "4": 1,
    }
    assert found["by_length"]["1"]["right"] == 1
    assert (found["numbers"]["count"], found["numbers"]["right"]) == (2, 0)
    assert found["numbers"]["edits_per_digit"] == pytest.approx((1 + 3) / 6)
    assert found["numbers"]["negative_log_likelihood"] is None
    assert found["numbers"]["calibration_error"] > 0.5
    assert np.sum(found["confusion"]) == 2
    assert shown.exit_code == 0, shown.output
    assert all(row in shown.stdout for row in ("1 digit", "2 digits", "4 digits", "2 or more"))
    assert (tmp_path / "c" / "confusion.png").exists()


def test_without_labels_of_one_digit_no_confusion_is_drawn(tmp_path: Path) -> None:
    a_picture(tmp_path / "42" / "x.png", "4")

    told = CLI.invoke(app, ["evaluate", str(tmp_path), "--json", "--quiet"])
    drawn = CLI.invoke(app, ["evaluate", str(tmp_path), "--quiet", "--plots", str(tmp_path / "c")])

    assert json.loads(told.stdout)["total"]["brier"] is None
    assert drawn.exit_code == 0, drawn.output
    assert {path.name for path in (tmp_path / "c").iterdir()} == {
        *("reliability.png", "risk-coverage.png", "mistakes.png")
    }


def test_without_matplotlib_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    a_picture(tmp_path / "8" / "8.png", "8")
    without = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from digitdrop.cli import app as cli, console; console.run(cli.app)"
    )
    command = [sys.executable, "-c", without, "evaluate", str(tmp_path), "--plots", "charts"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == "digitdrop: --plots needs matplotlib: pip install matplotlib\n"
