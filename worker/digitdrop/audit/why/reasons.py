"""What keeps a file of the inbox waiting, in words."""

from collections.abc import Callable
from os.path import realpath

from digitdrop.audit.why.answer import Diagnosis, DiagnosisKind
from digitdrop.audit.why.deferred import deferred_diagnosis
from digitdrop.audit.why.outcome import time_text
from digitdrop.audit.why.trace import Trace
from digitdrop.audit.why.waiting import TRIAL, Waiting
from digitdrop.errors import Incomplete, Unavailable
from digitdrop.escape import printable
from digitdrop.intake.ignore import IgnoreRule
from digitdrop.intake.settle import timeout_for
from digitdrop.intake.unfinished import STALE
from digitdrop.status.needs import LONG, idle_for, is_stuck


def waiting_diagnosis(seen: Trace, file: Waiting) -> Diagnosis:
    """Give the first thing that keeps a file waiting; what a person must do comes first."""
    reasons: tuple[Callable[[Trace, Waiting], Diagnosis | None], ...] = (
        _ignored, _deferred, _refused, _nobody, _deadly, _unfinished, _cut_short, _changing,
        _stuck,
    )  # fmt: skip
    for reason in reasons:
        if answer := reason(seen, file):
            return answer
    earlier = _earlier(seen)
    before = f", with {file.files - 1:,} others" if file.files > 1 else ""
    return Diagnosis(
        DiagnosisKind.WAITING, f"it waits in the inbox{before}; it is read in a moment{earlier}"
    )


def _earlier(seen: Trace) -> str:
    """Tell of an earlier picture of the same name, which is not what is asked about."""
    if not seen.rows:
        return ""
    row_id, row = seen.rows[-1]
    return f"; an earlier picture of that name was recorded {time_text(row.time)} as {row_id}"


def _deferred(seen: Trace, _: Waiting) -> Diagnosis | None:
    return deferred_diagnosis(seen)


def _ignored(_: Trace, file: Waiting) -> Diagnosis | None:
    if file.rule is None:
        return None
    if file.rule is IgnoreRule.FOLDER:
        return Diagnosis(
            DiagnosisKind.FOLDER, f"it is a folder; {file.files:,} files in it wait to be read"
        )
    text = f"left alone: {file.rule}"
    return Diagnosis(DiagnosisKind.IGNORED, f"{text} ({printable(file.blamed)})", file.rule.remedy)


def _refused(_: Trace, file: Waiting) -> Diagnosis | None:
    if file.is_mounted:
        return Diagnosis(
            DiagnosisKind.REFUSED,
            "it lies on another file system than the inbox, from which no file can be claimed",
            "copy it into the inbox itself, or give that file system a worker of its own",
        )
    if isinstance(file.error, Unavailable):
        return Diagnosis(
            DiagnosisKind.REFUSED,
            f"it {file.error}",
            "give read access to the user that runs the worker",
        )
    return None


def _nobody(seen: Trace, _: Waiting) -> Diagnosis | None:
    """Say that no worker is there to read it, or that it cannot."""
    if seen.holder is None:
        return Diagnosis(
            DiagnosisKind.STUCK,
            "it waits, and no worker is running",
            "start `digitdrop watch`, or look at the service manager's log",
        )
    if seen.told and seen.told.inbox and seen.told.inbox != realpath(seen.inbox):
        return Diagnosis(
            DiagnosisKind.STUCK,
            f"the worker of the outbox {seen.outbox} watches another inbox: {seen.told.inbox}",
            "drop it there, or name the outbox of this inbox with --outbox",
        )
    for text, since in seen.told.trouble.items() if seen.told else ():
        return Diagnosis(
            DiagnosisKind.STUCK,
            f"it waits, since the worker {text} (since {since})",
            "put that right; the worker goes on by itself",
        )
    return None


def _deadly(_: Trace, file: Waiting) -> Diagnosis | None:
    if not file.is_deadly:
        return None
    return Diagnosis(
        DiagnosisKind.WAITING,
        f"it waits, but it kills the process that decodes it, or takes longer than {TRIAL:.0f} s; "
        "if it does so twice to the worker, it is recorded as unreadable",
        "if a viewer shows the picture, save it anew as PNG or JPEG and drop that",
    )


def _unfinished(_: Trace, file: Waiting) -> Diagnosis | None:
    if not file.twin or file.twin_age > STALE:
        return None
    return Diagnosis(
        DiagnosisKind.CHANGING,
        f"an unfinished file lies beside it: {printable(file.twin)}, which changed "
        f"{file.twin_age:,.0f} s ago; it is read once that is gone or renamed, "
        f"or has not changed for {STALE:,.0f} s",
        "if nobody is writing that one any more, delete it",
    )


def _cut_short(seen: Trace, file: Waiting) -> Diagnosis | None:
    if not isinstance(file.error, Incomplete):
        return None
    patience = timeout_for(file.size, seen.told.max_wait) if seen.told else 0.0
    if file.age > patience + LONG:
        return None
    left = max(0.0, patience - file.age)
    return Diagnosis(
        DiagnosisKind.CUT_SHORT,
        f"{file.error}: the worker waits for the rest; unless it changes it is recorded as it "
        f"is in {left:.0f} s",
        "if nobody is writing it any more, drop it again, whole",
    )


def _changing(seen: Trace, file: Waiting) -> Diagnosis | None:
    quiet = seen.told.settle if seen.told else 0.0
    if file.age >= quiet:
        return None
    return Diagnosis(
        DiagnosisKind.CHANGING,
        f"it changed {file.age:.1f} s ago, and is read once it is unchanged for {quiet:g} s: "
        f"{quiet - file.age:.1f} s more",
    )


def _stuck(seen: Trace, file: Waiting) -> Diagnosis | None:
    if not seen.told or not is_stuck(seen.told, seen.now, file.age, size=file.size):
        return None
    return Diagnosis(
        DiagnosisKind.STUCK,
        f"it has waited for {file.age:,.0f} s, and the worker has written no row for "
        f"{idle_for(seen.told, seen.now):,.0f} s",
        "look for its name in the worker's log: it may not be allowed to take it",
    )
