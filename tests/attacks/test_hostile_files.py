"""Good pictures among hostile things of every kind; the large runs are in `hostile.py`."""

import sys

import pytest

from ledger import searched

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
]


def test_every_good_picture_among_hostile_things_has_its_row_soon() -> None:
    searched("hostile.py", "--files=2000", "--one-in=40", "--within=5")
