"""The examples in docstrings of the worker are true."""

import doctest
import importlib
from pathlib import Path

import pytest

from ledger import ROOT

WORKER = ROOT / "worker"


def modules_with_examples() -> list[str]:
    found = (path.relative_to(WORKER) for path in sorted(WORKER.rglob("*.py")) if shows(path))
    return [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in found]


def shows(path: Path) -> bool:
    return ">>> " in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_of_a_module_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))

    assert result.attempted
    assert not result.failed
