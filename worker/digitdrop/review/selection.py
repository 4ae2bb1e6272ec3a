"""The rows that a person asks for: filters, order and page, as an address has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from digitdrop.values import Status

ON_A_PAGE: Final = 50
"""Rows of one page of the table."""

SORTS: Final = ("time", "file", "prediction", "confidence", "status", "model")
"""Columns by which the table can be sorted."""

NO_PREDICTION: Final = "none"
"""Stands in an address for rows without a prediction."""

_FIELDS: Final = ("text", "status", "day", "prediction", "least", "most", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Filters and order of rows; an empty text filters nothing."""

    text: str = ""
    """Part of the file's name; the case of ASCII letters does not count."""
    status: str = ""
    day: str = ""
    """ISO 8601, in UTC."""
    prediction: str = ""
    """A number, or `none`."""
    least: str = ""
    """Lowest confidence, 0-100."""
    most: str = ""
    """Highest confidence, 0-100."""
    model: str = ""
    sort: str = "time"
    """One of `SORTS`."""
    is_ascending: bool = False
    page: int = 1
    """1 is the first page."""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Selection":
        """Read the parameters of an address; odd values count as absent.

        >>> Selection.of({"text": "scan", "sort": "id; drop", "page": "-3"}).address()
        'text=scan'
        """
        page, sort = query.get("page", ""), query.get("sort", "")
        given = {name: query.get(name, "").strip()[:200] for name in _FIELDS}
        given["status"] = given["status"] if given["status"] in set(Status) else ""
        for name in ("least", "most"):
            given[name] = given[name] if _is_percent(given[name]) else ""
        return cls(
            **given,
            sort=sort if sort in SORTS else "time",
            is_ascending=query.get("order") == "up",
            page=max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 9 else 1,
        )

    def address(self, **changes: object) -> str:
        """Return the parameters as an address has them, with some of them changed."""
        values: dict[str, object] = {name: getattr(self, name) for name in _FIELDS}
        values |= {
            "sort": self.sort,
            "order": "up" if self.is_ascending else "",
            "page": self.page,
        }
        values |= changes
        usual = {"sort": "time", "page": 1}
        return urlencode(
            {name: each for name, each in values.items() if each and usual.get(name) != each}
        )

    def where(self) -> tuple[str, list[object]]:
        """Return the condition in SQL, with its parameters; an empty text for all rows."""
        terms: list[str] = []
        values: list[object] = []

        def add(term: str, *given: object) -> None:
            terms.append(term)
            values.extend(given)

        if self.text:
            add(r"file LIKE ? ESCAPE '\'", f"%{_literally(self.text)}%")
        if self.status:
            add("status = ?", self.status)
        if self.day:
            add("time >= ? AND time < ?", self.day, f"{self.day}U")  # U follows the T of a time
        if self.prediction:
            add("prediction = ?", "" if self.prediction == NO_PREDICTION else self.prediction)
        if self.least:
            add("confidence >= ?", float(self.least) / 100)
        if self.most:
            add("confidence <= ?", float(self.most) / 100)
        if self.model:
            add("model = ?", self.model)
        return " AND ".join(terms), values

    def order(self) -> str:
        """Return the order in SQL; rows that are equal in it stand newest first."""
        direction = "ASC" if self.is_ascending else "DESC"
        if self.sort == "time":
            return f"n {direction}"
        return f"{self.sort} {direction}, n DESC"


def _literally(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _is_percent(text: str) -> bool:
    try:
        return 0 <= float(text) <= 100
    except ValueError:
        return False
