"""Find the reason why a file of the inbox waits, by the rules that the worker itself uses."""

import os
from functools import partial
from os.path import realpath
from pathlib import PurePosixPath
from typing import Final

from digitdrop.audit.why.diagnosis import Diagnosis, DiagnosisKind
from digitdrop.audit.why.trace import Trace
from digitdrop.errors import Incomplete, InputError, Unavailable
from digitdrop.escape import printable
from digitdrop.files.load import load
from digitdrop.intake import ignore
from digitdrop.intake.ignore import IgnoreRule
from digitdrop.intake.listing import count_listed
from digitdrop.intake.settle import timeout_for
from digitdrop.intake.unfinished import STALE, unfinished_beside
from digitdrop.pipeline import prepare
from digitdrop.pool.probe import find_poison, prepare_file
from digitdrop.status.needs import LONG, idle_for, is_stuck
from digitdrop.values import Drop, Failure, Limits, time_text

DECODE_TIMEOUT: Final = 15.0
"""Seconds to decode a file in. The worker gives it more, but there a person does not wait."""


def waiting_diagnosis(seen: Trace, status: os.stat_result, *, decode_timeout: float) -> Diagnosis:
    """Return the first reason that keeps a file waiting; one that needs a person comes first."""
    age = max(0.0, seen.now.timestamp() - status.st_ctime)
    return (
        _ignored(seen, status)
        or deferred_diagnosis(seen)
        or _refused(seen, status)
        or _no_worker(seen)
        or _unfinished(seen)
        or _undecodable(seen, age, status.st_size, decode_timeout)
        or _changing(seen, age)
        or _stuck(seen, age, status.st_size)
        or _next(seen)
    )


def deferred_diagnosis(seen: Trace) -> Diagnosis | None:
    """Return the trouble that the worker has with a file or its folder; None without any."""
    name = str(PurePosixPath(seen.location.label, seen.location.name))
    for item in seen.worker.deferred if seen.worker else ():
        if name == item.name or name.startswith(f"{item.name}/"):
            subject = "it" if name == item.name else f"its folder {printable(item.name)}"
            return Diagnosis(
                DiagnosisKind.STUCK,
                f"{subject} cannot {item.cannot}: {item.why} (since {item.since}); "
                "the worker tries again and again, and reads the others meanwhile",
                "let the user that runs the worker read, write and rename there; "
                "the worker goes on by itself",
            )
    return None


def outage_diagnosis(seen: Trace, start: str) -> Diagnosis | None:
    """Return the outage of the worker; None without one.

    Args:
        seen: the trace.
        start: of the text, such as `it waits, since`.
    """
    for text, since in seen.worker.trouble.items() if seen.worker else ():
        return Diagnosis(
            DiagnosisKind.STUCK,
            f"{start} the worker {text} (since {since})",
            "put that right; the worker goes on by itself",
        )
    return None


def _ignored(seen: Trace, status: os.stat_result) -> Diagnosis | None:
    rule, name = _ignore_rule(seen, status)
    if rule is None:
        return None
    if rule is IgnoreRule.FOLDER:
        files = count_listed(seen.inbox / name)
        return Diagnosis(
            DiagnosisKind.FOLDER, f"it is a folder; {files:,} files in it wait to be read"
        )
    return Diagnosis(DiagnosisKind.IGNORED, f"left alone: {rule} ({printable(name)})", rule.remedy)


def _ignore_rule(seen: Trace, status: os.stat_result) -> tuple[IgnoreRule | None, str]:
    """Return the first rule on the way from the inbox, and the folder or file that it is about."""
    name = seen.location.name
    kind = ignore.by_kind(status.st_mode)
    if name == ".":
        return kind, name
    for folder in list(PurePosixPath(name).parents)[-2::-1]:
        if ignore.is_foreign_folder(folder.name):
            return IgnoreRule.FOREIGN_FOLDER, str(folder)
        if (seen.inbox / folder).is_symlink():
            return IgnoreRule.LINK, str(folder)
    last = PurePosixPath(name).name
    if kind is IgnoreRule.FOLDER:
        return (IgnoreRule.FOREIGN_FOLDER if ignore.is_foreign_folder(last) else kind), name
    return ignore.by_name(last) or kind, name


def _refused(seen: Trace, status: os.stat_result) -> Diagnosis | None:
    if status.st_dev != seen.inbox.stat().st_dev:
        return Diagnosis(
            DiagnosisKind.REFUSED,
            "it lies on another file system than the inbox, from which no file can be claimed",
            "copy it into the inbox itself, or give that file system a worker of its own",
        )
    try:
        load(seen.inbox / seen.location.name, most=Limits().bytes)
    except Unavailable as error:
        return Diagnosis(
            DiagnosisKind.REFUSED,
            f"it {error}",
            "give read access to the user that runs the worker",
        )
    except InputError:  # the worker records it, or waits for its rest
        return None
    return None


def _no_worker(seen: Trace) -> Diagnosis | None:
    if seen.holder is None:
        return Diagnosis(
            DiagnosisKind.STUCK,
            "it waits, and no worker is running",
            "start `digitdrop watch`, or look at the service manager's log",
        )
    if seen.worker and seen.worker.inbox and seen.worker.inbox != realpath(seen.inbox):
        return Diagnosis(
            DiagnosisKind.STUCK,
            f"the worker of the outbox {seen.outbox} watches another inbox: {seen.worker.inbox}",
            "drop it there, or name the outbox of this inbox with --outbox",
        )
    return outage_diagnosis(seen, "it waits, since")


def _unfinished(seen: Trace) -> Diagnosis | None:
    name, changed = unfinished_beside(seen.inbox, seen.location.name) or ("", 0.0)
    age = max(0.0, seen.now.timestamp() - changed)
    if not name or age > STALE:
        return None
    return Diagnosis(
        DiagnosisKind.CHANGING,
        f"an unfinished file lies beside it: {printable(name)}, which changed {age:,.0f} s ago; "
        f"it is read once that is gone or renamed, or has not changed for {STALE:,.0f} s",
        "if nobody is writing that one any more, delete it",
    )


def _undecodable(seen: Trace, age: float, size: int, timeout: float) -> Diagnosis | None:
    """Decode the file, first in another process, which it may kill."""
    path = seen.inbox / seen.location.name
    if find_poison(partial(prepare_file, Limits()), [path], time_limit=timeout):
        return Diagnosis(
            DiagnosisKind.WAITING,
            "it waits, but it kills the process that decodes it, or takes longer than "
            f"{timeout:.0f} s; if it does so twice to the worker, it is recorded as unreadable",
            "if a viewer shows the picture, save it anew as PNG or JPEG and drop that",
        )
    found = prepare(Drop(id="", path=path, name=seen.location.name), Limits())
    if isinstance(found, Failure):
        missing = str(found.error) if isinstance(found.error, Incomplete) else ""
    else:
        missing = found.doubt
    wait = timeout_for(size, seen.worker.max_wait) if seen.worker else 0.0
    if not missing or age > wait + LONG:
        return None
    return Diagnosis(
        DiagnosisKind.CUT_SHORT,
        f"{missing}: the worker waits for the rest; unless it changes it is recorded as it is in "
        f"{max(0.0, wait - age):.0f} s",
        "if nobody is writing it any more, drop it again, whole",
    )


def _changing(seen: Trace, age: float) -> Diagnosis | None:
    quiet = seen.worker.settle if seen.worker else 0.0
    if age >= quiet:
        return None
    return Diagnosis(
        DiagnosisKind.CHANGING,
        f"it changed {age:.1f} s ago, and is read once it is unchanged for {quiet:g} s: "
        f"{quiet - age:.1f} s more",
    )


def _stuck(seen: Trace, age: float, size: int) -> Diagnosis | None:
    if not seen.worker or not is_stuck(seen.worker, seen.now, age, size=size):
        return None
    return Diagnosis(
        DiagnosisKind.STUCK,
        f"it has waited for {age:,.0f} s, and the worker has written no row for "
        f"{idle_for(seen.worker, seen.now):,.0f} s",
        "look for its name in the worker's log: it may not be allowed to take it",
    )


def _next(seen: Trace) -> Diagnosis:
    files = count_listed(seen.inbox)
    others = f", with {files - 1:,} others" if files > 1 else ""
    earlier = ""
    if seen.rows:
        row_id, row = seen.rows[-1]
        earlier = (
            f"; an earlier picture of that name was recorded {time_text(row.time)} as {row_id}"
        )
    return Diagnosis(
        DiagnosisKind.WAITING, f"it waits in the inbox{others}; it is read in a moment{earlier}"
    )
