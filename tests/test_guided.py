import subprocess
import sys

import pytest
from ledger import ROOT


@pytest.mark.slow
def test_a_search_guided_by_the_code_that_is_reached_finds_no_fault() -> None:
    pytest.importorskip("atheris", reason="Atheris has no wheel for this machine")
    command = [sys.executable, str(ROOT / "tests" / "guided.py"), "--seconds", "15"]

    done = subprocess.run(command, capture_output=True, check=False)

    assert done.returncode == 0, done.stdout.decode(errors="replace")[-5000:]
    assert b"stat::number_of_executed_units" in done.stdout
