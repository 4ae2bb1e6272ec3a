r"""File names as text that is safe for any spreadsheet, terminal and CSV reader.

There is one rule, and it is reversible: backslash escapes as in Python's strings. Escaped are
characters that Unicode does not call printable (control and format characters, line breaks,
spaces other than the plain one, unassigned code points), characters that show nothing, bytes
that are not UTF-8 (`\xff`), the backslash itself, and a sign that starts a formula where a
spreadsheet's cell could begin.
"""

import re
from typing import Final

# Letters and marks that show nothing: the code points of Unicode's Default_Ignorable_Code_Point
# (DerivedCoreProperties.txt) that `str.isprintable` lets through, and the blank Braille cell.
# Two names that differ only in one of them look the same.
_INVISIBLE: Final = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef"
)
_INVISIBLES: Final = re.compile(f"[{_INVISIBLE}]")
_SPECIAL: Final = re.compile(f"[{_INVISIBLE}\\\\]")
# A cell that begins with one of these is a formula to Excel or LibreOffice (OWASP, "CSV
# Injection"); after `;`, `,` or `|` too, where a spreadsheet splits cells by its locale's sign.
_FORMULA: Final = re.compile("(?:^|(?<=[;,|\"']))\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]")


def escape(name: str) -> str:
    r"""Return a file name as one line of plain text; `unescape` restores it exactly.

    >>> escape("=1+1\n.png")
    '\\u003d1+1\\u000a.png'
    """
    return _FORMULA.sub(_formula, printable(name))


def printable(name: str) -> str:
    """Return a file name as one line of plain text, where no spreadsheet will read it."""
    if name.isprintable() and not _SPECIAL.search(name):
        return name
    return "".join(map(_spelled, name.replace("\\", "\\\\")))


def one_line(text: str) -> str:
    """Return any text as one line that shows all of it; escapes already in it stay as they are."""
    if text.isprintable() and not _INVISIBLES.search(text):
        return text
    return "".join(map(_spelled, text))


def unescape(text: str) -> str:
    """Return the file name that `escape` was given."""
    return re.sub(
        r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4})|U(00(?:0[0-9a-f]|10)[0-9a-f]{4}))",
        _unhex,
        text,
    )


def _spelled(character: str) -> str:
    """Return a character so that it is seen; the caller handles the backslash."""
    if character.isprintable() and not _INVISIBLES.match(character):
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: a byte, not a character
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _formula(match: re.Match[str]) -> str:
    return match[0][:-1] + f"\\u{ord(match[0][-1]):04x}"


def _unhex(match: re.Match[str]) -> str:
    byte, character = match[1], match[2] or match[3]
    if byte:
        return chr(0xDC00 + int(byte, 16))
    return chr(int(character, 16)) if character else "\\"
