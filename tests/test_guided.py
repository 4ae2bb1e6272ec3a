import pytest

from ledger import searched


@pytest.mark.slow
def test_a_search_guided_by_the_code_that_is_reached_finds_no_fault() -> None:
    pytest.importorskip("atheris", reason="Atheris has no wheel for this machine")

    told = searched("guided.py", "--seconds", "15")

    assert "stat::number_of_executed_units" in told
