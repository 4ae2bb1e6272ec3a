"""The worker killed at its N-th file-system operation; the sweeps are in `crash.py`.

Here they stride, to be over in some minutes. docs/reliability.md has the full figures.
"""

import sys

import pytest

from disks import OTHER_DISK, elsewhere
from ledger import searched

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="forks, and kills"),
]


def sweep(*arguments: str) -> None:
    searched("crash.py", *arguments)


def test_the_service_killed_at_any_step_writes_one_row_for_each_drop() -> None:
    sweep("watch", "--mode=kill", "--every=4")


def test_a_one_shot_run_killed_at_any_step_goes_on_where_it_was() -> None:
    sweep("batch", "--mode=kill")


def test_a_one_shot_run_in_which_an_operation_fails_says_so_in_a_line_or_goes_on() -> None:
    sweep("batch", "--mode=fail", "--last=20")


def test_two_kills_in_a_row_cost_nothing_either() -> None:
    sweep("watch", "--mode=twice", "--count=12", "--seed=3")


def test_a_kill_after_a_request_to_stop_costs_nothing() -> None:
    sweep("watch", "--mode=stop", "--count=10", "--last=25", "--seed=4")


def test_a_report_torn_at_any_byte_is_mended() -> None:
    sweep("watch", "--mode=torn", "--every=150")


def test_an_operation_that_fails_once_is_done_again() -> None:
    sweep("watch", "--mode=fail", "--every=8")


def test_a_write_that_is_cut_short_is_done_again() -> None:
    sweep("watch", "--mode=short", "--first=20", "--last=60", "--every=7")


def test_a_picture_put_right_is_corrected_once_whenever_the_worker_is_killed() -> None:
    sweep("corrections", "--mode=kill", "--every=4")


def test_a_correction_that_fails_once_is_done_again() -> None:
    sweep("corrections", "--mode=fail", "--last=100", "--every=9")


def test_what_was_cleared_is_never_taken_for_lost_whenever_the_worker_is_killed() -> None:
    sweep("clearing", "--mode=kill", "--every=4")


def test_a_report_that_turns_over_loses_and_doubles_no_row() -> None:
    sweep("rotation", "--mode=kill", "--every=5")


def test_the_service_killed_while_a_crew_reads_ahead_writes_one_row_for_each_drop() -> None:
    sweep("crew", "--mode=kill", "--first=70", "--every=130")


def test_one_of_a_crew_that_is_killed_costs_nothing() -> None:
    sweep("crew", "--mode=mate", "--first=90", "--last=600", "--every=170")


@elsewhere
def test_the_outbox_may_lie_on_another_file_system() -> None:
    sweep("watch", "--mode=kill", f"--far={OTHER_DISK}", "--first=30", "--every=6")


def test_the_file_system_may_know_no_hard_links() -> None:
    sweep("watch", "--mode=kill", "--no-links", "--first=30", "--every=6")
