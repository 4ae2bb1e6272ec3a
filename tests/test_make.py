"""`make test` runs every test: those that measure seconds alone, the others in parts."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger import ROOT


@pytest.mark.skipif(not shutil.which("make"), reason="has no make")
def test_every_file_of_tests_is_in_one_part() -> None:
    told = subprocess.run(
        ["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    parts = re.findall(r'-m "not alone" (\S+)', told.stdout)
    found = sorted(path for part in parts for path in ROOT.glob(part))
    assert len(parts) > 2
    assert "-m alone\n" in told.stdout
    assert found == sorted(Path(ROOT, "tests").rglob("test_*.py"))
