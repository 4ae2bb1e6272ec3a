"""What was too large to be copied to its shelf on another disk is still found by all commands."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from disks import OTHER_DISK, elsewhere
from ledger import DIGITDROP, ROOT, a_picture, a_worker, drop


@elsewhere
@pytest.mark.slow
def test_it_is_accounted_for_and_counted_and_why_says_where_it_lies(tmp_path: Path) -> None:
    far = OTHER_DISK / f"too-large-{os.getpid()}"
    drop(tmp_path / "inbox", [("seven.png", a_picture()), ("scans/large.png", bytes(200_000))])

    def ask(command: str, *more: str) -> subprocess.CompletedProcess[str]:
        whole = [*DIGITDROP, command, *more]
        whole += [f"--inbox={tmp_path / 'inbox'}", f"--outbox={far}"]
        return subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, check=False)

    try:
        with a_worker(tmp_path, "--settle=0", "--max-bytes=100000", outbox=far) as worker:
            worker.waits_until(lambda: len(worker.rows()) == 2)
            worker.waits_until(lambda: bool(set_aside(worker.inbox)))
            worker.stop()
        (large,) = set_aside(worker.inbox)
        verified, status, why = ask("verify"), ask("status", "--json"), ask("why", large.name)
        report = far / "predictions.csv"
        lines = report.read_bytes().splitlines(keepends=True)
        report.write_bytes(b"".join(line for line in lines if b"large" not in line))
        repaired = ask("repair")
    finally:
        shutil.rmtree(far)

    assert verified.returncode == 0, verified.stdout
    assert json.loads(status.stdout)["to_review"] == {"review": 0, "failed": 1}
    assert why.returncode == 1
    assert f"the picture lies in {large}" in why.stdout
    assert repaired.returncode == 0, repaired.stdout
    assert (tmp_path / "inbox/scans/large.png").is_file()


def set_aside(inbox: Path) -> list[Path]:
    return [path for path in (inbox / ".too-large").rglob("large*") if path.is_file()]
