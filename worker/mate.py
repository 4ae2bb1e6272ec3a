"""One process of a crew: it reads what it is told, and ends when its parent does."""

import os
import signal
import threading
import time
from collections.abc import Collection, Container, Iterator, Sequence
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TypeAlias, cast

import cv2

from worker.classify import Classifier
from worker.pipeline import Outcome, classified, see, utc_now
from worker.values import Drop, Limits

_SILENCE = 0.5  # seconds without an answer, but for a picture that takes longer itself

Task: TypeAlias = tuple[Sequence[Drop], Collection[Path]]
"""Drops, and which of them must not be decoded."""
Answer: TypeAlias = list[Outcome] | None
"""What became of the next drops, in their order; None once all is ready."""


def work(
    channel: "Connection[Answer, Classifier | Task]", limits: Limits, known: Container[str]
) -> None:
    """Read whatever is told until nobody is there to tell.

    Whether the worker shall stop is for the parent to hear: a Ctrl-C, and systemd,
    tell all processes.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)  # there is a process for each core
    try:
        classifier = cast("Classifier", channel.recv())
        channel.send(None)
        while True:
            task = cast("Task", channel.recv())
            for answer in _answers(task, classifier, limits, known):
                channel.send(answer)
    except (EOFError, ConnectionError):
        return


def _answers(
    task: Task, classifier: Classifier, limits: Limits, known: Container[str]
) -> Iterator[list[Outcome]]:
    """Read drops one by one; answer for many at once, but do not be silent for long."""
    drops, deadly = task
    seen, since = [], time.monotonic()
    for drop in drops:
        seen.append(see(drop, limits, known=known, deadly=deadly))
        if time.monotonic() - since > _SILENCE:
            yield classified(seen, classifier, now=utc_now)
            seen, since = [], time.monotonic()
    if seen:
        yield classified(seen, classifier, now=utc_now)


def _end_with_parent() -> None:
    """End at once when the parent is gone, even in the middle of a picture that never ends."""
    parent = parent_process()
    if parent:
        wait([parent.sentinel])
        os._exit(1)
