"""Render the page by Jinja2, and write it: in one rename, and never over a foreign file."""

import base64
import hashlib
import os
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from digitdrop.errors import FolderError
from digitdrop.files.disk import write_whole
from digitdrop.files.regular import open_regular

_HERE: Final = Path(__file__).parent
_MARK: Final = b'<meta name="generator" content="digitdrop">'
_HEAD: Final = 1000  # bytes: the mark stands among the first lines
_STALE: Final = 60.0  # seconds after which the unfinished file of a killed process is deleted


def render(values: Mapping[str, object]) -> str:
    """Return the page as text.

    Jinja2 escapes every value. The page holds its style and script, and its content security
    policy lets a browser run nothing else.
    """
    return _template().render(values)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["number"] = lambda count: f"{count:,}"
    environment.filters["share"] = _share
    environment.globals |= {
        "style": _own("page.css"),
        "script": _own("page.js"),
        "hash_of": _hash_of,
    }
    return environment.get_template("page.html")


def _own(name: str) -> Markup:
    # Line ends become \n, as in the text whose hash the browser checks.
    return Markup((_HERE / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _hash_of(text: str) -> Markup:
    """Return the source expression of Content Security Policy, level 2, for an inline text."""
    digest = hashlib.sha256(text.encode()).digest()
    return Markup(f"'sha256-{base64.b64encode(digest).decode()}'")  # noqa: S704 - base64


def _share(percent: float) -> str:
    if 0.05 <= percent < 99.95 or percent in {0, 100}:
        return f"{percent:.1f} %"
    return "under 0.1 %" if percent < 50 else "over 99.9 %"


def publish(text: str, page: Path) -> None:
    """Write the page aside and rename it; a browser that has it open keeps the earlier one.

    Raises:
        FolderError: a foreign file has the name.
        OSError: the disk is full, read-only or failing; the earlier page is as it was.
    """
    _check(page)
    for part in page.parent.glob(f".{page.name}.*.part"):
        try:
            if time.time() - part.stat().st_mtime > _STALE:
                part.unlink()
        except FileNotFoundError:
            continue
    write_whole(page, text.encode(), aside=page.with_name(f".{page.name}.{os.getpid()}.part"))


def _check(page: Path) -> None:
    try:
        with open_regular(page) as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FolderError(f"cannot write {page}: {error.strerror}") from error
    if head and _MARK not in head:
        raise FolderError(
            f"{page} is no page of digitdrop, and is not written over: "
            "move it away, or give --output another name"
        )
