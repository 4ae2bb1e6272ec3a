"""What the documents say that a person may type: found, not run."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
DOCUMENTS: Final = [
    *(path for name in ("README", "CONTRIBUTING", "SECURITY") for path in ROOT.glob(f"{name}.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]

_PROGRAMS: Final = {
    "apt-get", "chromium", "copy", "curl", "digitdrop", "docker", "git", "journalctl", "launchctl",
    "make", "mkdir", "mypy", "pip", "podman", "py", "pytest", "python", "python3", "ray", "rsync",
    "ruff", "run", "schtasks", "sudo", "systemctl", "systemd-analyze",
}  # fmt: skip
"""First words of commands; other lines are pictures of folders, output, settings."""
_PLACES: Final = re.compile(r"^(?:\.venv/bin/|\.ci/|\.venv\\Scripts\\|\S*/bin/)")


@dataclass(frozen=True, slots=True)
class Command:
    """A line that a person may type."""

    document: str
    text: str
    """Without its prompt, and without what a comment says of it."""
    output: tuple[str, ...] = ()
    """What the document shows below it, where it shows a prompt; else nothing."""
    has_prompt: bool = False
    is_mention: bool = False
    """Whether it stands in a sentence, where it may be no more than a name."""

    @property
    def words(self) -> list[str]:
        """Split it as a shell does; the first word is the program's own name."""
        first, *rest = shlex.split(self.text.replace("\\", "/"), comments=True)
        return [_PLACES.sub("", first), *rest]

    def __str__(self) -> str:
        """Name it in a test's id."""
        return f"{self.document}: {self.text}"


@dataclass(frozen=True, slots=True)
class Program:
    """A piece of Python."""

    document: str
    text: str
    output: str | None
    """What the document says that it prints; None if it says nothing."""


def commands(document: Path) -> Iterator[Command]:
    """Find the lines that are commands, in indented or fenced blocks, and in the text."""
    lines = [*document.read_text(encoding="utf-8").splitlines(), ""]
    name = document.relative_to(ROOT).as_posix()
    fence = None
    for number, line in enumerate(lines):
        if line.startswith("```"):
            fence = line.removeprefix("```").strip() if fence is None else None
            continue
        block = line if fence is not None else line.removeprefix("    ")
        if fence in {None, "", "sh", "console"} and (fence is not None or block != line):
            yield from _command(
                name, block, lines[number + 1 :], "" if fence is not None else "    "
            )
        elif fence is None:
            for text in re.findall(r"`([^`]+)`", line):
                if re.match(r"(digitdrop|make|python) [^ ]", text) and " -> " not in text:
                    yield Command(name, text, is_mention=True)


def _command(document: str, block: str, after: list[str], indent: str) -> Iterator[Command]:
    text = block.removeprefix("$ ")
    first = _PLACES.sub("", text.split(" ")[0])
    if first not in _PROGRAMS:
        return
    output = []
    for line in after:
        told = line.removeprefix(indent)
        if not line.startswith(indent) or not told or told.startswith(("$ ", "```")):
            break
        output.append(told)
    has_prompt = block != text
    text = re.split(r"\s{2,}(?=[a-z#])|\s# ", text)[0].rstrip()
    yield Command(document, text, tuple(output) if has_prompt else (), has_prompt)


def programs(document: Path) -> list[Program]:
    """Find the fenced pieces of Python, each with what the document says that it prints."""
    text = document.read_text(encoding="utf-8")
    found = re.finditer(
        r"^```python\n(.*?)^```\n(?:\nprints\n\n```\n(.*?)^```)?", text, re.DOTALL | re.MULTILINE
    )
    name = document.relative_to(ROOT).as_posix()
    return [Program(name, match[1], match[2]) for match in found]
