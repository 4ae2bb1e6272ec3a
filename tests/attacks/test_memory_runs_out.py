"""Too little memory for some pictures; the sweep of all limits is in `memory.py`."""

import sys

import pytest

from ledger import searched

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="limits the address space"),
]


@pytest.mark.parametrize("command", ["batch", "watch"])
def test_a_sound_picture_is_neither_lost_nor_called_damaged_for_want_of_memory(
    command: str,
) -> None:
    searched("memory.py", command, "--first=440", "--last=640", "--every=100")
