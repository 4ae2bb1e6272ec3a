"""Compare a run of `hostile.py` with what was promised."""

import re
from collections import Counter

from hostile_run import STOP, Run
from hostile_things import STAY
from ledger import sha256

MOST_MEMORY = 300  # MiB


def look(run: Run) -> str:
    """Compare all with what was promised; give the figures."""
    latency = latencies(run)
    look_at_rows(run)
    look_at_status(run)
    memory = max(run.subject.memory, default=0)
    took = run.subject.stop()
    look_at_the_end(run, took)
    look_at_verify(run)
    if memory > MOST_MEMORY:
        run.complaints.append(f"{memory:.0f} MiB of memory")
    slowest = max(latency, key=lambda one: latency[one], default="nothing")
    if latency.get(slowest, 0) > run.options.within:
        slow = {
            kind: round(time, 1) for kind, time in latency.items() if time > run.options.within
        }
        run.complaints.append(f"good pictures waited, in seconds: {slow}")
    return (
        f"{len(run.dropped):,} good, {run.kinds.total()} hostile, {len(run.kinds)} kinds; "
        f"longest wait {latency.get(slowest, 0):.2f} s after {slowest}; "
        f"{memory:.0f} MiB; {run.subject.cpu:.0f} s of CPU time; stop {took:.1f} s"
    )


def latencies(run: Run) -> dict[str, float]:
    """Give the longest wait of a good picture by the kind that was dropped before.

    What was dropped while the worker started waited for the start.
    """
    came = sorted(run.rows.at.values())
    starts = [
        (ended, next((at for at in came if at > began), began))
        for ended, began in run.subject.starts
    ]
    longest: dict[str, float] = {}
    for name, kind in run.after.items():
        dropped = run.dropped[name]
        if name in run.rows.at and not any(ended <= dropped <= up for ended, up in starts):
            waited = run.rows.at[name] - dropped
            longest[kind] = max(longest.get(kind, 0.0), waited)
    return longest


def look_at_rows(run: Run) -> None:
    """See that each expected picture has one row, and that no row is there twice."""
    found = run.rows.contents
    expected = {name: sha256(content) for name, content in run.yard.expected.items()}
    missing = [name for name, digest in expected.items() if (name, digest) not in found]
    times = Counter[str]()
    for (name, _), count in found.items():
        times[name] += count
    twice = [name for name, count in times.items() if count > 1 and name in expected]
    for what, names in (("no row of what was dropped", missing), ("several rows", twice)):
        if names:
            run.complaints.append(f"{len(names)} pictures have {what}, as {names[:5]!r}")
    if len(run.rows.ids) != run.rows.count:
        run.complaints.append("an id occurs twice")


def look_at_status(run: Run) -> None:
    """See that `status` names something of what stays, and has no other complaint."""
    code, told = run.subject.ask("status")
    stays = [STAY[kind] for kind in run.kinds if kind in STAY]
    is_named = any(re.search(rf"^! .*{name}", told, re.MULTILINE) for name in stays)
    if code != int(bool(stays)) or is_named != bool(stays) or "Traceback" in told:
        run.complaints.append(f"`status` exits {code} while {stays} stay: {told[-300:]}")


def look_at_verify(run: Run) -> None:
    """See that `verify` finds nothing missing, doubled or unknown, in bounded time."""
    code, told = run.subject.ask("verify")
    wrong = [line for line in told.splitlines() if line.startswith(("missing", "doubled", "unk"))]
    if wrong or "Traceback" in told or code not in {0, 1}:
        run.complaints.append(f"`verify` exits {code}: {(wrong or [told[-300:]])[:3]}")


def look_at_the_end(run: Run, took: float) -> None:
    """See how it ended, and what it told."""
    if took > STOP or run.subject.code:
        run.complaints.append(f"SIGTERM took {took:.1f} s, exit {run.subject.code}")
    if "Traceback" in run.subject.log():
        run.complaints.append("a traceback in the log")
    if run.yard.marker.exists():
        run.complaints.append(f"executed: {run.yard.marker.read_text().split()[:3]}")
