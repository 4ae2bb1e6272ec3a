"""The words of the code: docstrings are plain statements, and each public name has one place."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
PROGRAMS: Final = {
    "worker": ROOT / "worker" / "digitdrop",
    "train": ROOT / "train" / "digitdrop_train",
}
COMMANDS: Final = PROGRAMS["worker"] / "cli" / "commands"
"""Exempt twice: it has a module a command, and a command's function is named as its module."""
EXEMPT: Final = {"logger", "TYPE_CHECKING"}
"""Names that every module may have of its own; some spare the import of `typing`."""

MOST_WHATS: Final = 3.0  # in 1,000 words of docstrings
MOST_MODULES: Final = 12  # side by side in one folder
QUESTION: Final = re.compile(r"\W*(what|how|who|whether|which|where|when|why)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Docstring:
    """The docstring of a module, class or function, or of the constant or field above it."""

    module: Path
    line: int
    text: str

    @property
    def words(self) -> list[str]:
        """Return the words, without names that are quoted as code."""
        return re.findall(r"[A-Za-z][A-Za-z'-]*", re.sub(r"`[^`]*`", "", self.text))

    @property
    def whats(self) -> int:
        """Return how often it says *what*."""
        return sum(word.lower() == "what" for word in self.words)

    def __str__(self) -> str:
        """Name its place, and quote its beginning."""
        return f"{self.module}:{self.line} {' '.join(self.text.split())[:100]}"


def modules(program: str) -> list[Path]:
    return sorted(PROGRAMS[program].rglob("*.py"))


def docstrings(program: str) -> list[Docstring]:
    """Find every text that stands as a statement of its own."""
    return [
        Docstring(module.relative_to(ROOT), node.lineno, node.value.value)
        for module in modules(program)
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]


def public_names(module: Path) -> Iterator[tuple[str, int]]:
    """Find the names that a module defines for others, with their lines; imports define none."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        names: list[str] = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        for name in names:
            is_command = module.parent == COMMANDS and name == module.stem
            if not (name.startswith("_") or name in EXEMPT or is_command):
                yield name, node.lineno


def by_room(offenders: list[str]) -> str:
    """Count offenders by room, and list each with its place."""
    rooms = Counter("/".join(one.split(":")[0].split("/")[:3]) for one in offenders)
    counts = ", ".join(f"{room} {count}" for room, count in rooms.most_common())
    return "\n".join([f"{len(offenders)} ({counts})", *offenders])


@pytest.mark.parametrize("program", PROGRAMS)
def test_docstrings_hardly_ever_say_what(program: str) -> None:
    found = docstrings(program)

    words, whats = sum(len(one.words) for one in found), sum(one.whats for one in found)
    share = 1000 * whats / words
    offenders = [str(one) for one in found if one.whats]
    assert share <= MOST_WHATS, f"{share:.1f} in 1,000 of {words:,} words: {by_room(offenders)}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_docstring_begins_with_a_question_word(program: str) -> None:
    offenders = [str(one) for one in docstrings(program) if QUESTION.match(one.text)]

    assert not offenders, by_room(offenders)


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_public_name_is_defined_in_two_modules(program: str) -> None:
    defined = defaultdict[str, dict[str, int]](dict)
    for module in modules(program):
        for name, line in public_names(module):
            defined[name].setdefault(module.relative_to(ROOT).as_posix(), line)

    offenders = [
        f"{module}:{line} {name}"
        for name, places in sorted(defined.items())
        for module, line in places.items()
        if len(places) > 1
    ]
    assert not offenders, by_room(offenders)


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_folder_has_more_than_a_dozen_modules(program: str) -> None:
    folders = Counter(
        module.parent.relative_to(ROOT).as_posix()
        for module in modules(program)
        if module.name != "__init__.py" and module.parent != COMMANDS
    )

    assert {name: count for name, count in folders.items() if count > MOST_MODULES} == {}
