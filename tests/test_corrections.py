import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from digitdrop.corrections.export import Gathered, gather
from digitdrop.errors import FolderError
from digitdrop.outbox.rows import Rows
from ledger import DIGITDROP, ROOT, a_picture, files_below
from shelved import Shelved


@pytest.fixture
def outbox(tmp_path: Path) -> Shelved:
    return Shelved(tmp_path)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "checked"


def put_right(outbox: Shelved, name: str, content: bytes, folder: str) -> None:
    outbox.move(outbox.put(name, content), f"{folder}/{name}")
    outbox.corrector().look()


def gathered(outbox: Shelved, target: Path) -> Gathered:
    return gather(outbox.outbox, Rows(outbox.report), target)


def contents(target: Path) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for path in files_below(target):
        found.setdefault(path.parent.name, []).append(path.read_bytes())
    return {name: sorted(some) for name, some in found.items()}


def test_corrected_pictures_are_copied_into_folders_by_what_they_show(
    outbox: Shelved, target: Path
) -> None:
    put_right(outbox, "a.png", b"a", "7")
    put_right(outbox, "b.png", b"b", "7")
    put_right(outbox, "c.png", b"c", "none")
    put_right(outbox, "d.png", b"d", "0042")
    outbox.put("right.png", b"right")
    before = outbox.files("done", "review")

    found = gathered(outbox, target)

    assert contents(target) == {"7": [b"a", b"b"], "none": [b"c"], "0042": [b"d"]}
    assert all(path.name[0] in "abcd" for path in files_below(target))
    assert (found.new, found.labels.total()) == (4, 4)
    assert outbox.files("done", "review") == before


def test_a_second_run_adds_only_what_is_new_and_writes_nothing_over(
    outbox: Shelved, target: Path
) -> None:
    put_right(outbox, "a.png", b"a", "7")
    gathered(outbox, target)
    (mine,) = files_below(target)
    mine.write_bytes(b"cropped by hand")
    put_right(outbox, "b.png", b"b", "7")

    found = gathered(outbox, target)

    assert (found.new, found.labels["7"]) == (1, 2)
    assert contents(target) == {"7": [b"b", b"cropped by hand"]}


def test_names_that_several_pictures_share_are_kept_apart(outbox: Shelved, target: Path) -> None:
    put_right(outbox, "one/a.png", b"1", "7")
    put_right(outbox, "two/a.png", b"2", "7")

    gathered(outbox, target)

    assert contents(target) == {"7": [b"1", b"2"]}


def test_the_last_correction_counts(outbox: Shelved, target: Path) -> None:
    put_right(outbox, "a.png", b"a", "7")
    gathered(outbox, target)
    outbox.move(outbox.outbox / outbox.files("done")[0], "3/a.png")
    outbox.corrector().look()

    found = gathered(outbox, target)

    assert contents(target) == {"3": [b"a"]}
    assert found.labels.total() == 1


def test_a_picture_that_was_moved_since_is_found_by_its_content(
    outbox: Shelved, target: Path
) -> None:
    put_right(outbox, "a.png", b"a", "7")
    path = outbox.outbox / outbox.files("done")[0]
    path.rename(path.with_name("my favourite.png"))

    gathered(outbox, target)

    assert contents(target) == {"7": [b"a"]}


def test_a_picture_that_is_gone_is_told_of_unless_it_was_copied_before(
    outbox: Shelved, target: Path
) -> None:
    put_right(outbox, "a.png", b"a", "7")
    gathered(outbox, target)
    put_right(outbox, "b.png", b"b", "7")
    for name in outbox.files("done"):
        (outbox.outbox / name).unlink()

    found = gathered(outbox, target)

    assert contents(target) == {"7": [b"a"]}
    assert len(found.missing) == 1
    assert "1 more are not in the outbox" in str(found)


def test_an_outbox_that_is_not_there_is_one_clear_line(outbox: Shelved, target: Path) -> None:
    with pytest.raises(FolderError, match="no outbox"):
        gather(outbox.outbox / "typo", Rows(outbox.report), target)


def digitdrop(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*DIGITDROP, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_evaluate_takes_what_the_command_made(outbox: Shelved, target: Path) -> None:
    put_right(outbox, "a.png", a_picture(7), "7")
    put_right(outbox, "b.png", b"no picture", "none")
    put_right(outbox, "c.png", a_picture(3), "none")

    made = digitdrop("corrections", "--outbox", outbox.outbox, "--to", target)
    told = digitdrop("evaluate", target, "--others", target / "none", "--json")

    assert made.returncode == 0, made.stderr
    assert f"digitdrop evaluate {target} --others {target / 'none'}" in made.stdout
    assert told.returncode == 0, told.stderr
    figures = json.loads(told.stdout)
    assert figures["total"]["count"] == 1
    ((_, others),) = figures["others"].items()
    assert others["total"]["count"] == 2


def test_the_rows_that_count_can_be_had_with_pandas_as_documented(
    outbox: Shelved, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_right(outbox, "a.png", b"a", "3")
    outbox.put("right.png", b"right")
    page = (ROOT / "docs" / "outbox.md").read_text(encoding="utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(outbox.outbox.parent)

    names: dict[str, Any] = {}
    exec(code, names)

    latest = names["latest"]
    assert dict(zip(latest.file, latest.prediction, strict=True)) == {
        "a.png": "3",
        "right.png": "7",
    }
