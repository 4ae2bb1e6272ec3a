import doctest
import importlib
import pkgutil

import pytest

import digitdrop


def modules() -> list[str]:
    """Name the worker's modules that need neither Ray nor Arrow, and start nothing when loaded."""
    found = pkgutil.walk_packages(digitdrop.__path__, "digitdrop.")
    names = [module.name for module in found]
    return [name for name in names if "cluster" not in name and not name.endswith("__main__")]


@pytest.mark.parametrize("name", modules())
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
