import subprocess
import sys

import pytest
from ledger import ROOT


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["watch", "--every", "11"],
        ["batch"],
        ["corrections", "--every", "6"],
        ["clearing", "--every", "6"],
        ["rotation", "--every", "11"],
        ["watch", "--twice", "--count", "6"],
    ],
    ids=" ".join,
)
def test_a_power_cut_after_any_operation_loses_and_doubles_nothing(arguments: list[str]) -> None:
    command = [sys.executable, str(ROOT / "tests" / "powercut.py"), *arguments]

    done = subprocess.run(command, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr.decode(errors="replace")[-5000:]
