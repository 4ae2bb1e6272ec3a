"""Some processes that read pictures, for when many wait.

Threads do not do for small pictures: what Python itself does with each takes
most of the time, and only one thread at a time may do it. Each process sees,
classifies and judges; what is recorded, and when, is the parent's business. A
process holds nothing that could be lost: it may be killed at any moment.
"""

import logging
import threading
import time
from collections.abc import Collection, Sequence
from multiprocessing.connection import wait
from pathlib import Path

from worker.classify import Classifier
from worker.crew import mate
from worker.crew.lifeline import begun
from worker.crew.order import Mate, Order
from worker.crew.terms import Terms
from worker.crew.trial import TIME_LIMIT
from worker.pipeline import Outcome
from worker.values import Drop

logger = logging.getLogger(__name__)

_LOOK = 0.2
_GRACE = 1.0  # seconds for what is being read once the worker shall stop
_SHARE = 128  # drops told at a time, at most: what a process answers fits into its pipe


class Lost(Exception):
    """A process of the crew has died, or a picture keeps it busy for too long."""


class Crew:
    """Processes that read what they are told, each with a network of its own."""

    def __init__(self, terms: Terms, classifier: Classifier) -> None:
        """Start no process before there is work for it.

        Args:
            terms: of a single worker nothing is gained, and no process is started.
            classifier: of which each process gets a copy.
        """
        self._terms = terms
        self._workers = terms.workers
        self._classifier = classifier
        self._mates: list[Mate] = []
        self._starter: threading.Thread | None = None
        self._is_wanted = False

    def start(self) -> None:
        """Have the processes started, which takes a moment, without waiting for them."""
        if self._workers > 1 and not self._starter:
            self._is_wanted = True
            self._starter = threading.Thread(target=self._start, daemon=True)
            self._starter.start()

    def is_ready(self) -> bool:
        """Say whether all can read.

        Raises:
            Lost: they could, and one of them has died.
        """
        if not self._starter or self._starter.is_alive() or not self._mates:
            return False
        have_begun = all(one.is_ready for one in self._mates)
        try:
            self._hear(0)
        except Lost:
            if have_begun:
                raise
            logger.warning("cannot start processes that read: going on without")
            self._workers = 1  # and leave it at that
        return bool(self._mates) and all(one.is_ready for one in self._mates)

    def begin(self, drops: Sequence[Drop], *, deadly: Collection[Path] = ()) -> Order:
        """Have drops read; only when all are ready.

        Args:
            drops: what to read.
            deadly: absolute paths of files that must not be decoded.

        Raises:
            Lost: a process has died.
        """
        self._hear(0)
        order = Order(drops, self._classifier.name)
        share = min(_SHARE, -(-len(drops) // (2 * len(self._mates))))
        for start in range(0, len(drops), share):
            some = drops[start : start + share]
            idlest = min(self._mates, key=lambda one: len(one.owed))
            if not idlest.owed:
                idlest.heard = time.monotonic()
            idlest.owed.extend((order, start + number) for number in range(len(some)))
            self._tell(idlest, some, deadly)
        return order

    def end(self, order: Order) -> list[Outcome]:
        """Wait for what became of drops; those not read when a stop came are left out.

        Raises:
            Lost: a process died or hangs; nothing can be said of what it had.
        """
        grace = _GRACE
        while order.open and self._mates and grace > 0:
            if self._hear(_LOOK):
                self._terms.moved()
            else:
                self._check()
                grace -= _LOOK if self._terms.is_stopping() else 0
        if order.open:
            self.dismiss()
        return [outcome for outcome in order.outcomes if outcome]

    def dismiss(self) -> None:
        """End all processes, whatever they do; they are started again when needed."""
        self._is_wanted = False
        for one in list(self._mates):  # those that still start are not waited for
            one.process.kill()
        if self._starter:
            self._starter.join()
        for one in self._mates:
            one.process.kill()
            one.process.join()
            one.process.close()
            one.channel.close()
        self._mates, self._starter = [], None

    def _start(self) -> None:
        for _ in range(self._workers):
            if not self._is_wanted:
                return
            process, channel = begun(mate.work, self._terms.limits, self._terms.known)
            self._mates.append(Mate(process, channel))
        for one in self._mates:
            try:
                one.channel.send(self._classifier)
            except ConnectionError:
                return  # it is dead, as `hear` will find

    def _tell(self, one: Mate, drops: Sequence[Drop], deadly: Collection[Path]) -> None:
        try:
            one.channel.send((drops, deadly))
        except ConnectionError as error:
            raise self._lost("a process that reads pictures died") from error

    def _hear(self, seconds: float) -> bool:
        """Take in what was answered, waiting for it; say whether anything was."""
        ready = wait([one.channel for one in self._mates], seconds)
        for one in self._mates:
            if one.channel in ready:
                try:
                    one.hear()
                except (EOFError, ConnectionError) as error:
                    raise self._lost("a process that reads pictures died") from error
        return bool(ready)

    def _check(self) -> None:
        now = time.monotonic()
        if any(one.owed and now - one.heard > TIME_LIMIT for one in self._mates):
            raise self._lost("a picture never ends")

    def _lost(self, what: str) -> Lost:
        logger.error("%s: what was being read is tried in a process of its own", what)
        self.dismiss()
        return Lost(what)
