r"""File names as text that any spreadsheet, terminal and CSV reader can take.

The rule is one, and reversible: backslash escapes as in Python's strings.
What is escaped: control characters and line separators (one row is one line),
bytes that are not UTF-8 (`\xff`), the backslash itself, and a sign that makes
a spreadsheet take the cell for a formula, where a cell could begin with it.
"""

import re
from typing import Final

# Cc, the other line breaks that str.splitlines knows, the marks that reverse the direction of
# text (a name must not read differently from what it is), surrogates (Python's stand-in for
# bytes that are not UTF-8), and the backslash.
_UNSAFE: Final = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"
    "\\ud800-\\udfff\\\\]"
)
# A cell that begins with one of these is a formula to Excel or LibreOffice (OWASP, "CSV
# Injection"); after `;`, `,` or `|` too, where a spreadsheet splits cells by its locale's sign.
_FORMULA: Final = re.compile("(?:^|(?<=[;,|\"']))\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]")


def escape(name: str) -> str:
    """Write a file name as one line of plain text; `unescape` gives it back exactly."""
    return _FORMULA.sub(_formula, printable(name))


def printable(name: str) -> str:
    """Write a file name as one line of plain text, for where no spreadsheet will read it."""
    return _UNSAFE.sub(_hex, name)


def unescape(text: str) -> str:
    """Give back the file name that `escape` was given."""
    return re.sub(
        r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4}))",
        _unhex,
        text,
    )


def _hex(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\\":
        return "\\\\"
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: a byte, not a character
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}"


def _formula(match: re.Match[str]) -> str:
    return match[0][:-1] + f"\\u{ord(match[0][-1]):04x}"


def _unhex(match: re.Match[str]) -> str:
    byte, character = match[1], match[2]
    if byte:
        return chr(0xDC00 + int(byte, 16))
    return chr(int(character, 16)) if character else "\\"
