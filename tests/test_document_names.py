"""What the documents name is there: files, tests, links and the headings that they lead to."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from documents import DOCUMENTS, ROOT

PAGES = [
    *DOCUMENTS,
    *sorted((ROOT / "docs" / "notes").glob("*.md")),
    ROOT / "deploy" / "README.md",
]
SOURCES = {
    path.relative_to(ROOT).as_posix()
    for folder in ("worker", "train", "tests", "benchmarks", "examples")
    for path in (ROOT / folder).rglob("*.py")
}
FOREIGN = {
    "digitdrop.py": "SECURITY.md: a file that somebody else has put into the current folder"
}


def found(page: Path, pattern: str) -> Iterator[re.Match[str]]:
    return re.finditer(pattern, page.read_text(encoding="utf-8"))


def in_the_project(name: str) -> list[str]:
    return [source for source in SOURCES if f"/{source}".endswith(f"/{name}")]


def headings(page: Path) -> set[str]:
    """Give the anchors of a page, as GitHub makes them."""
    lines = [heading[1].lower() for heading in found(page, r"(?m)^#+ (.+)$")]
    return {re.sub(r"[^\w\- ]", "", line).strip().replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_a_document_names_is_there(page: Path) -> None:
    named = {match[0].lstrip("/") for match in found(page, r"[\w/\-]*\w\.py\b")}

    assert [name for name in named - FOREIGN.keys() if not in_the_project(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_document_names_is_there(page: Path) -> None:
    module, missing = "", []
    for match in found(page, r"(test_\w+\.py)|::(test_\w+)"):
        module = match[1] or module  # `::test_b` is of the module named before
        text = "".join((ROOT / source).read_text("utf-8") for source in in_the_project(module))
        if match[2] and f"def {match[2]}" not in text:
            missing.append(f"{module}::{match[2]}")

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    broken = []
    for match in found(page, r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)"):
        target = (page.parent / match[1]).resolve() if match[1] else page
        if not target.exists() or (match[2] and match[2] not in headings(target)):
            broken.append(match[0])

    assert broken == []
