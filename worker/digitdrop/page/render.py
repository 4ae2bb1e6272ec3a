"""The page as text: Jinja2 fills the template, and escapes whatever a file may be called."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

_HERE = Path(__file__).parent


def render(values: Mapping[str, object]) -> str:
    """Fill the template; style and script stand in the page, and nothing else may run there."""
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
    # Line ends become \n, as the browser will take them when it checks the hash.
    return Markup((_HERE / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _hash_of(text: str) -> Markup:
    """Give the source expression of Content Security Policy, level 2, for an inline text."""
    digest = hashlib.sha256(text.encode()).digest()
    return Markup(f"'sha256-{base64.b64encode(digest).decode()}'")  # noqa: S704 - base64


def _share(percent: float) -> str:
    return (
        f"{percent:.1f} %" if 0.05 <= percent < 99.95 or percent in {0, 100} else _nearly(percent)
    )


def _nearly(percent: float) -> str:
    return "under 0.1 %" if percent < 50 else "over 99.9 %"
