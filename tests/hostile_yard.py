"""The inbox that is attacked, and what is expected of it all the same: of `hostile.py`."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hostile_pictures import a_digit


@dataclass
class Yard:
    """An inbox, and what is expected of it."""

    inbox: Path
    aside: Path
    """A folder beside the inbox, on the same disk."""
    marker: Path
    """File to which a dropped Python program writes, if it is ever executed."""
    later: Callable[[float, Callable[[], object]], None]
    """Has something done some seconds later, by another thread."""
    expected: dict[str, bytes] = field(default_factory=dict)
    """Contents that must have exactly one row, by name below the inbox."""

    def drop(self, name: str, content: bytes) -> Path:
        """Write a file aside, and move it in."""
        path, aside = self.inbox / name, self.aside / f"by thread {threading.get_ident()}"
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
        aside.write_bytes(content)
        return aside.rename(path)

    def expect(self, name: str, number: int) -> Path:
        """Drop a digit that must be read."""
        content = a_digit(number)
        self.expected[name] = content
        return self.drop(name, content)


def number_of(number: int) -> int:
    """Number the digits of hostile things apart from those of the good ones."""
    return 2**27 + number
