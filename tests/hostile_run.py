"""One run of `hostile.py`: what is dropped when, beside a worker that is stopped and killed."""

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hostile_acts import ACTS
from hostile_pictures import a_digit
from hostile_things import THINGS
from hostile_watch import MAX_WAIT, Later, Rows, Subject
from hostile_yard import Yard

KINDS = {**THINGS, **ACTS}
PATIENCE = 30.0  # seconds without any new row, after which the rest is given up
STOP = 5.0


@dataclass
class Run:
    """One run: what was dropped when, and what came of it."""

    options: argparse.Namespace
    folder: Path
    outbox: Path
    dropped: dict[str, float] = field(default_factory=dict)
    """Monotonic time of each good drop."""
    after: dict[str, str] = field(default_factory=dict)
    """The hostile kind that was dropped last before it."""
    kinds: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the folders."""
        for name in ("inbox", "aside"):
            (self.folder / name).mkdir()
        self.later = Later()
        self.yard = Yard(
            inbox=self.folder / "inbox",
            aside=self.folder / "aside",
            marker=self.folder / "executed",
            later=self.later,
        )
        self.rows = Rows(self.outbox / "predictions.csv")
        self.subject = Subject(self.folder, self.outbox)

    def drop_all(self, kinds: list[str]) -> None:
        """Drop good pictures at an even pace, and now and then something hostile before one."""
        choose = random.Random(self.options.seed)
        self.drop(-1, "nothing")
        self.wait_until(lambda: bool(self.rows.at))
        began, last, cycle = time.monotonic(), "nothing", list[str]()
        for number in range(self.options.files):
            if number % self.options.one_in == self.options.one_in // 2:
                cycle = cycle or choose.sample(kinds, len(kinds))
                last = cycle.pop()
                self.kinds[last] += 1
                KINDS[last](self.yard, number // self.options.one_in)
            if number in {self.options.files // 2, self.options.files * 3 // 4}:
                self.restart(kill=number > self.options.files // 2)
            self.drop(number, last)
            ahead = began + number / self.options.rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            self.see_to_the_worker(last)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something, but not for ever."""
        until = time.monotonic() + PATIENCE
        while not is_so() and time.monotonic() < until:
            time.sleep(0.02)

    def drop(self, number: int, after: str) -> None:
        """Drop a good picture."""
        name = f"{number % 7}/{number}.png" if number % 2 else f"{number}.png"
        self.dropped[name], self.after[name] = time.monotonic(), after
        self.yard.expected[name] = a_digit(number)
        self.yard.drop(name, self.yard.expected[name])

    def restart(self, *, kill: bool) -> None:
        """Have it meet at its start what lies there, and with a kill what was in hand as well."""
        if kill:
            self.subject.kill()
        elif (took := self.subject.stop()) > STOP or self.subject.code:
            self.complaints.append(f"the first SIGTERM took {took:.1f} s, {self.subject.code=}")
            self.subject.kill()
        self.subject.start()

    def see_to_the_worker(self, last: str) -> None:
        """Start it anew where it has ended, or says nothing while pictures wait; and tell so."""
        quiet = time.monotonic() - max(self.rows.last, self.subject.starts[-1][1])
        waiting = any(name not in self.rows.at for name in self.dropped) if quiet > 5 else False
        if self.subject.has_ended():
            self.complaints.append(f"it ended by itself after {last}: {self.subject.last_line()}")
        elif waiting and quiet > PATIENCE:
            self.complaints.append(f"it read nothing for {quiet:.0f} s after {last}")
        else:
            return
        self.subject.kill()
        self.subject.start()

    def wait_for_rows(self) -> None:
        """Wait until all that is expected has its row, or nothing comes any more."""
        self.later.join()
        since = time.monotonic()
        while self.yard.expected.keys() - self.rows.at.keys():
            if time.monotonic() - max(self.rows.last, since) > PATIENCE:
                return
            time.sleep(0.05)
        time.sleep(MAX_WAIT + 1)  # for what is hostile, and waits
