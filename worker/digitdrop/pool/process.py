"""One process of a crew: it reads what it is told, and ends when its parent does."""

import time
from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Protocol, TypeAlias, cast

import cv2

from digitdrop.errors import InputError, ModelError
from digitdrop.inference.classifier import Classifier
from digitdrop.pipeline import Outcome, Seen, classified, see, utc_now
from digitdrop.pool.lifeline import live_for_parent
from digitdrop.system.memory import shortage
from digitdrop.values import DigitCount, Drop, Failure, Limits, Reading, Verdict

_SILENCE = 0.5  # seconds without an answer, but for a picture that takes longer itself

Task: TypeAlias = Sequence[Drop]
Said: TypeAlias = tuple[str, str, datetime, Verdict] | tuple[str, str, InputError]
"""What became of a drop: id and SHA-256, then its verdict with the time, or why there is none.

The drop itself is not sent back: that would take longer than recording it.
"""
Answer: TypeAlias = list[Said] | None
"""What became of the next drops, in their order; None once all is ready."""


class Progress(Protocol):
    """A number in memory that both processes share: told even by one that is stuck or dead."""

    value: int
    """Twice the number of drops that were seen, and 1 more while the next one is."""


def work(
    channel: "Connection[Answer, Classifier | Task]",
    limits: Limits,
    digits: DigitCount,
    known: Container[str],
    progress: Progress,
) -> None:
    """Read whatever is told until nobody is there to tell."""
    live_for_parent()
    cv2.setNumThreads(1)  # there is a process for each core
    try:
        classifier = cast("Classifier", channel.recv())
        channel.send(None)
        while True:
            task = cast("Task", channel.recv())
            for answer in _answers(task, classifier, limits, digits, known, progress):
                channel.send(answer)
    except (EOFError, ConnectionError, MemoryError, ModelError):  # of the model, as of memory
        return


def _answers(
    task: Task,
    classifier: Classifier,
    limits: Limits,
    digits: DigitCount,
    known: Container[str],
    progress: Progress,
) -> Iterator[list[Said]]:
    """Read drops one by one; answer for many at once, but do not be silent for long."""
    seen, since = [], time.monotonic()
    for drop in task:
        progress.value += 1
        seen.append(see(drop, limits, known=known))
        progress.value += 1
        if time.monotonic() - since > _SILENCE:
            yield [_said(one) for one in _classified(seen, classifier, digits)]
            seen, since = [], time.monotonic()
    if seen:
        yield [_said(one) for one in _classified(seen, classifier, digits)]


def _classified(
    seen: Sequence[Seen], classifier: Classifier, digits: DigitCount
) -> Sequence[Outcome]:
    try:
        return classified(seen, classifier, digits=digits, now=utc_now)
    except MemoryError:
        error = shortage("the network")
        return [Failure(id=one.id, drop=one.drop, sha256=one.sha256, error=error) for one in seen]


def _said(outcome: Outcome) -> Said:
    if isinstance(outcome, Failure):
        return outcome.id, outcome.sha256, outcome.error
    return outcome.id, outcome.sha256, outcome.time, outcome.verdict


def heard(said: Said, drop: Drop, model: str) -> Outcome:
    """Put together what became of a drop, from what was said of it."""
    row_id, sha256, *rest = said
    match rest:
        case [datetime() as read, Verdict() as verdict]:
            return Reading(
                id=row_id, drop=drop, time=read, verdict=verdict, sha256=sha256, model=model
            )
        case [InputError() as error]:
            return Failure(id=row_id, drop=drop, sha256=sha256, error=error)
    raise TypeError(f"no answer to a drop: {said!r}")
