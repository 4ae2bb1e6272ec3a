"""Operations that fail for good from some point on; the sweeps are in `outage.py`.

Here they stride, to be over in a minute. docs/reliability.md has the full figures.
"""

import sys

import pytest

from ledger import searched

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="forks, and stops by a signal"),
]


def test_while_a_disk_fails_for_good_nothing_is_lost_and_it_is_said() -> None:
    searched("outage.py", "watch", "--first=5", "--every=20", "--last=65", "--errno=ENOSPC")


def test_once_a_disk_works_again_the_same_worker_goes_on() -> None:
    searched("outage.py", "watch", "--first=20", "--every=40", "--last=60", "--heals")


def test_a_one_shot_run_on_a_failing_disk_ends_in_a_line_and_can_be_repeated() -> None:
    searched("outage.py", "batch")


def test_corrections_survive_a_disk_that_fails_for_good() -> None:
    searched("outage.py", "corrections", "--first=3", "--every=25", "--last=53", "--errno=EACCES")
