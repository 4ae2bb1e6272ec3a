import pytest

from ledger import searched


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
        ["watch", "--apart", "--every", "40"],
    ],
    ids=" ".join,
)
def test_a_power_cut_after_any_operation_loses_and_doubles_nothing(arguments: list[str]) -> None:
    searched("powercut.py", *arguments)
