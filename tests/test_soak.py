"""The shortest of the long runs; docs/reliability.md has what came of the others."""

import sys

import pytest

from ledger import searched


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="nobody may touch an open file there")
def test_whatever_people_do_to_their_files_no_row_is_stale_and_no_picture_lost() -> None:
    searched("soak.py", "people", "--drops", "120")
