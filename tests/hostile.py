"""Drop many pictures beside a running worker, one thing in a hundred hostile, and measure.

    python tests/hostile.py --files 100000
    python tests/hostile.py --only "progressive JPEG" --files 300 --one-in 10
    python tests/hostile.py --each
    python tests/hostile.py --list

What is hostile, and what must be read in spite of it, stands in `hostile_things.py` and
`hostile_acts.py`. As root the worker gets no capability, so that files of others are files of
others; its current folder is the inbox. Shown at the end: every good picture has its row exactly
once, the longest that one dropped after a hostile thing waited for it (and after which), the
memory of all processes of the worker together (shared pages once), CPU time, what `status` and
`verify` say, how long a stop takes, and that nothing of the inbox was executed.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from hostile_acts import ACTS  # noqa: E402
from hostile_pictures import CONTENTS, a_digit  # noqa: E402
from hostile_things import STAY, THINGS  # noqa: E402
from hostile_watch import Later, Rows, Subject  # noqa: E402
from hostile_yard import Yard  # noqa: E402
from ledger import sha256  # noqa: E402

KINDS = {**THINGS, **ACTS}
PATIENCE = 30.0  # seconds without any new row, after which the rest is given up
MOST_MEMORY = 300  # MiB
STOP = 5.0


@dataclass
class Run:
    """One run: what was dropped when, and what came of it."""

    options: argparse.Namespace
    folder: Path
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
        self.rows = Rows(self.folder / "outbox" / "predictions.csv")
        self.subject = Subject(self.folder)

    def drop_all(self, kinds: list[str]) -> None:
        """Drop good pictures at an even pace, and now and then something hostile before one."""
        choose = random.Random(self.options.seed)
        began, last, cycle = time.monotonic(), "nothing", list[str]()
        for number in range(self.options.files):
            if number % self.options.one_in == self.options.one_in // 2:
                cycle = cycle or choose.sample(kinds, len(kinds))
                last = cycle.pop()
                self.kinds[last] += 1
                KINDS[last](self.yard, number // self.options.one_in)
            self.drop(number, last)
            ahead = began + number / self.options.rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            self.see_to_the_worker(last)

    def drop(self, number: int, after: str) -> None:
        """Drop a good picture."""
        name = f"{number % 7}/{number}.png" if number % 2 else f"{number}.png"
        self.dropped[name], self.after[name] = time.monotonic(), after
        self.yard.expected[name] = a_digit(number)
        self.yard.drop(name, self.yard.expected[name])

    def see_to_the_worker(self, last: str) -> None:
        """Start it anew where it has ended, or says nothing while pictures wait; and tell so."""
        quiet = time.monotonic() - max(self.rows.last, self.subject.began)
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
        time.sleep(self.options.max_wait + 1)  # for what is hostile, and waits

    def look(self) -> str:
        """Compare all with what was promised; give the figures."""
        latency = self.latencies()
        self.look_at_rows()
        self.look_at_status()
        memory = max(self.subject.memory, default=0)
        took = self.subject.stop()
        self.look_at_the_end(took)
        self.look_at_verify()
        if memory > MOST_MEMORY:
            self.complaints.append(f"{memory:.0f} MiB of memory")
        slowest = max(latency, key=lambda one: latency[one], default="nothing")
        if latency.get(slowest, 0) > self.options.within:
            slow = {
                kind: round(time, 1)
                for kind, time in latency.items()
                if time > self.options.within
            }
            self.complaints.append(f"good pictures waited, in seconds: {slow}")
        return (
            f"{len(self.dropped):,} good, {self.kinds.total()} hostile, {len(self.kinds)} kinds; "
            f"longest wait {latency.get(slowest, 0):.2f} s after {slowest}; "
            f"{memory:.0f} MiB; {self.subject.cpu:.0f} s of CPU time; stop {took:.1f} s"
        )

    def latencies(self) -> dict[str, float]:
        """Give the longest wait of a good picture by the kind that was dropped before."""
        longest: dict[str, float] = {}
        for name, kind in self.after.items():
            if name in self.rows.at:
                waited = self.rows.at[name] - self.dropped[name]
                longest[kind] = max(longest.get(kind, 0.0), waited)
        return longest

    def look_at_rows(self) -> None:
        """See that each expected picture has one row, and that no row is there twice."""
        found = self.rows.contents
        expected = {name: sha256(content) for name, content in self.yard.expected.items()}
        missing = [name for name, digest in expected.items() if (name, digest) not in found]
        twice = [one for one, count in found.items() if count > 1 and one[0] in expected]
        for what, names in (("no row of what was dropped", missing), ("several rows", twice)):
            if names:
                self.complaints.append(f"{len(names)} pictures have {what}, as {names[:5]!r}")
        if len(self.rows.ids) != self.rows.count:
            self.complaints.append("an id occurs twice")

    def look_at_status(self) -> None:
        """See that `status` names what stays, and nothing else."""
        code, told = self.subject.ask("status")
        stays = STAY & self.kinds.keys()
        if code != int(bool(stays)) or "Traceback" in told:
            self.complaints.append(
                f"`status` exits {code} while {sorted(stays)} stay: {told[-300:]}"
            )

    def look_at_verify(self) -> None:
        """See that `verify` finds nothing missing, doubled or unknown, in bounded time."""
        code, told = self.subject.ask("verify")
        wrong = [
            line for line in told.splitlines() if line.startswith(("missing", "doubled", "unk"))
        ]
        if wrong or "Traceback" in told or code not in {0, 1}:
            self.complaints.append(f"`verify` exits {code}: {(wrong or [told[-300:]])[:3]}")

    def look_at_the_end(self, took: float) -> None:
        """See how it ended, and what it told."""
        if took > STOP or self.subject.code:
            self.complaints.append(f"SIGTERM took {took:.1f} s, exit {self.subject.code}")
        if "Traceback" in self.subject.log():
            self.complaints.append("a traceback in the log")
        if self.yard.marker.exists():
            self.complaints.append(f"executed: {self.yard.marker.read_text().split()[:3]}")


def run(options: argparse.Namespace, kinds: list[str]) -> list[str]:
    """Run once, and tell what came of it; give the complaints."""
    for kind in set(kinds) & CONTENTS.keys():
        CONTENTS[kind](0)  # made before the clock runs
    folder = Path(tempfile.mkdtemp(prefix="hostile-", dir=options.folder))
    one = Run(options, folder)
    try:
        one.subject.start()
        one.drop_all(kinds)
        one.wait_for_rows()
        told = one.look()
    finally:
        one.subject.kill()
        if not (options.keep and one.complaints):
            clear(folder)
    print(f"{kinds[0] if len(kinds) == 1 else 'all kinds'}: {told}", flush=True)
    for complaint in one.complaints:
        print(f"  ! {complaint}", flush=True)
    return one.complaints


def clear(folder: Path) -> None:
    """Remove what was made, also what nobody can touch and what no path leads to."""
    subprocess.run(["chattr", "-R", "-f", "-i", folder], check=False, capture_output=True)
    subprocess.run(["chmod", "-R", "u+rwX", folder], check=False, capture_output=True)
    subprocess.run(["rm", "-rf", folder], check=False)


def main() -> None:
    """Run as asked for, and say in a line what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--one-in", type=int, default=100, help="one drop of so many is hostile")
    parser.add_argument("--rate", type=float, default=100.0, help="good drops a second")
    parser.add_argument("--within", type=float, default=2.0, help="seconds until a row at most")
    parser.add_argument("--max-wait", type=float, default=3.0, help="the worker's option")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=KINDS, metavar="KIND")
    parser.add_argument("--without", action="append", choices=KINDS, metavar="KIND", default=[])
    parser.add_argument("--each", action="store_true", help="each kind in a run of its own")
    parser.add_argument("--list", action="store_true", help="name all kinds")
    parser.add_argument("--folder", type=Path, help="where to make the folders")
    parser.add_argument("--keep", action="store_true", help="leave them where something was wrong")
    options = parser.parse_args()
    if options.list:
        print("\n".join(KINDS))
        return
    kinds = [kind for kind in options.only or KINDS if kind not in options.without]
    runs = [[kind] for kind in kinds] if options.each else [kinds]
    complaints = [one for some in runs for one in run(options, some)]
    print(f"hostile: {len(runs)} runs, {len(complaints)} complaints")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
