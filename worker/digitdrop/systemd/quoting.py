"""Values as a unit file takes them, see systemd.syntax(7)."""

from pathlib import Path
from typing import Final

from digitdrop.errors import SetupError


def raw(value: Path | str) -> str:
    """Write a value that takes up the rest of its line; `%` would begin a specifier.

    Raises:
        SetupError: it holds what no unit file can.
    """
    text = str(value)
    if not text.isprintable() or text.endswith("\\"):
        raise SetupError(
            f"{text!r} cannot stand in a unit file: name a path without line breaks, "
            "control characters, bytes that are no text, or a backslash at its end"
        )
    return text.replace("%", "%%")


def quoted(value: Path | str) -> str:
    """Write a value as one word among others; raises as `raw`."""
    text = raw(value).replace("\\", "\\\\").replace('"', '\\"')
    return text if text and not set(text) & _SPECIAL else f'"{text}"'


_SPECIAL: Final = set(" \"'\\;#")
