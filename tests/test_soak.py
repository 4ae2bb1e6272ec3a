"""The shortest of the long runs; docs/reliability.md has what came of the others."""

import subprocess
import sys

import pytest
from ledger import ROOT


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="nobody may touch an open file there")
def test_whatever_people_do_to_their_files_no_row_is_stale_and_no_picture_lost() -> None:
    command = [sys.executable, str(ROOT / "tests" / "soak.py"), "people", "--drops", "120"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-5000:]
