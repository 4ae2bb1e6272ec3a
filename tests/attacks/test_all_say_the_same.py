"""`status`, `why`, `verify`, the page and the metrics answer one question in one way."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitdrop.intake.ignore import IgnoreRule
from ledger import DIGITDROP, ROOT, a_picture, drop, files_below, rows, wait_until
from rights import unprivileged
from shells import asked


@dataclass
class Told:
    """What each of them says at one moment."""

    status: dict[str, object]
    verify: dict[str, object]
    why: str
    codes: list[int]
    page: str


@dataclass
class Watched:
    folder: Path

    def ask(self, command: str, *more: str) -> subprocess.CompletedProcess[str]:
        return asked(command, self.folder, *more, within=unprivileged())

    def told(self, name: str) -> Told:
        found = [self.ask("status", "--json"), self.ask("verify", "--json"), self.ask("why", name)]
        return Told(
            status=json.loads(found[0].stdout),
            verify=json.loads(found[1].stdout),
            why=found[2].stdout,
            codes=[one.returncode for one in found],
            page=self.page(),
        )

    def page(self) -> str:
        page = self.folder / "outbox/report.html"
        return page.read_text() if page.exists() else ""

    def metric(self, name: str) -> float:
        text = (self.folder / "metrics.prom").read_text()
        return float(text.rpartition(f"\n{name} ")[2].partition("\n")[0])

    def rows(self) -> int:
        report = self.folder / "outbox/predictions.csv"
        return len(rows(report)) if report.exists() else 0

    def waits_until(self, is_so: Callable[[], object], seconds: float = 60) -> None:
        wait_until(is_so, seconds, told=(self.folder / "log").read_text)


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """Run the worker with the page and the metrics."""
    command = [
        *unprivileged(),
        *DIGITDROP,
        "watch",
        "--workers=1",
        "--settle=0.1",
    ]
    command += [f"--metrics={folder / 'metrics.prom'}", f"--inbox={folder / 'inbox'}"]
    with (folder / "log").open("ab") as log:
        worker = subprocess.Popen(
            [*command, f"--outbox={folder / 'outbox'}"], cwd=ROOT, stdout=log, stderr=log
        )
    try:
        yield Watched(folder)
    finally:
        worker.kill()
        worker.wait()


@pytest.mark.slow
def test_a_picture_that_cannot_be_taken_is_told_by_all_as_long_as_that_lasts(
    tmp_path: Path,
) -> None:
    drop(tmp_path / "inbox", [("scanner/six.png", a_picture(6))])
    (tmp_path / "inbox/scanner").chmod(0o555)
    with watched(tmp_path) as worker:
        drop(tmp_path / "inbox", [("other.png", a_picture(7))])
        worker.waits_until(lambda: worker.rows() == 1)
        worker.waits_until(lambda: "cannot be taken" in worker.page())
        worker.waits_until(lambda: worker.metric("digitdrop_deferred_files") == 1)

        stuck = worker.told("scanner/six.png")
        (tmp_path / "inbox/scanner").chmod(0o755)
        worker.waits_until(lambda: worker.rows() == 2)
        worker.waits_until(lambda: "cannot be taken" not in worker.page())
        well = worker.told("scanner/six.png")

    assert well.codes == [0, 0, 0]
    assert stuck.codes == [1, 1, 1]
    line = "scanner/six.png cannot be taken: Permission denied (since "
    assert [one.startswith(line) for one in as_list(stuck.status["needs"])] == [True]
    assert [one.startswith(line) for one in as_list(stuck.verify["deferred"])] == [True]
    assert "it cannot be taken: Permission denied (since " in stuck.why
    assert not stuck.verify["accounted_for"]
    assert stuck.status["well"] is False
    assert "The worker needs a person" in stuck.page


def as_list(found: object) -> list[str]:
    assert isinstance(found, list)
    return [str(one) for one in found]


@pytest.mark.slow
def test_the_pictures_that_wait_for_a_person_are_the_same_number_for_all(tmp_path: Path) -> None:
    blank = cv2.imencode(".png", np.full((50, 50), 255, np.uint8))[1].tobytes()
    drops = [
        ("seven.png", a_picture(7)),
        ("blank.png", blank),
        ("scans/blank.png", blank + b"another"),
        ("note.txt", b"no picture"),
        ("note too.txt", b"no picture either"),
    ]
    drop(tmp_path / "inbox", drops)
    outbox = tmp_path / "outbox"
    with watched(tmp_path) as worker:
        worker.waits_until(lambda: worker.rows() == len(drops))
        worker.waits_until(lambda: not files_below(tmp_path / "inbox"))
        next(outbox.glob("failed/*/note.txt")).rename(outbox / "failed/dealt with.txt")
        (outbox / "failed/.DS_Store").write_bytes(b"")
        drop(tmp_path / "inbox", [("eight.png", a_picture(8))])  # so that the page is made anew
        worker.waits_until(lambda: "6 pictures" in worker.page())
        worker.waits_until(lambda: worker.metric("digitdrop_to_review_files") == 3)
        told = worker.told("seven.png")
        needy = [name for name, _ in drops if worker.ask("why", name).returncode == 1]

    assert told.status["to_review"] == {"review": 2, "failed": 1}
    assert re.search(r"3\s+wait for a person", told.page)
    assert re.search(r"3\s+pictures need a person", told.page)
    assert needy == ["blank.png", "scans/blank.png", "note too.txt"]
    assert told.codes == [0, 0, 0]


@pytest.mark.slow
def test_what_is_left_alone_is_counted_with_its_rule_and_why_says_what_to_do(
    tmp_path: Path,
) -> None:
    left = {
        "hidden": ".seven.png",
        "unfinished": "seven.png.part",
        "litter": "Thumbs.db",
        "foreign_folder": "@eaDir",
        "link": "link.png",
        "special": "pipe.png",
    }
    drop(tmp_path / "inbox", [(left[kind], a_picture()) for kind in ("hidden", "unfinished")])
    drop(tmp_path / "inbox", [(left["litter"], b""), ("@eaDir/seven.png", a_picture())])
    (tmp_path / "inbox/link.png").symlink_to("nowhere")
    os.mkfifo(tmp_path / "inbox/pipe.png")
    with watched(tmp_path) as worker:
        worker.waits_until(lambda: " watching " in (tmp_path / "log").read_text())
        worker.waits_until(lambda: worker.ask("status").returncode == 0)
        told = worker.told("seven.png")
        words = worker.ask("status").stdout
        whys = {kind: worker.ask("why", name) for kind, name in left.items()}

    assert told.status["left_alone"] == {
        kind: {"files": 1, "example": name} for kind, name in left.items()
    }
    assert "left alone" in words
    assert "digitdrop why NAME" in words
    for kind, answer in whys.items():
        assert (answer.returncode, IgnoreRule[kind.upper()] in answer.stdout) == (1, True), answer
        assert f"To do: {IgnoreRule[kind.upper()].remedy}" in answer.stdout


def test_no_rule_is_without_a_remedy() -> None:
    assert all(rule.remedy for rule in IgnoreRule)
