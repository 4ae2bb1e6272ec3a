"""Tables in pages: what lies between two marks is replaced, all else is left as it is."""

import sys
from collections.abc import Mapping
from pathlib import Path

BEGIN, END = "<!-- {}: begin -->\n", "<!-- {}: end -->\n"
"""Two lines of a page, with the name of the table that belongs between them."""


def put(tables: Mapping[str, str], page: Path) -> None:
    """Write each table between its marks, where a page has these.

    Args:
        tables: name -> Markdown.
        page: has the marks of at least one of them.

    Raises:
        SystemExit: the page has the marks of none of them; it is left as it is.
    """
    text, found = page.read_text(encoding="utf-8"), False
    for name, table in tables.items():
        begin, end = BEGIN.format(name), END.format(name)
        if begin in text and end in text:
            head, _, rest = text.partition(begin)
            text = f"{head}{begin}\n{table.strip()}\n\n{end}{rest.partition(end)[2]}"
            found = True
    if not found:
        sys.exit(f"{page} lacks the lines of its tables: {BEGIN.format('|'.join(tables)).strip()}")
    page.write_text(text, encoding="utf-8")
