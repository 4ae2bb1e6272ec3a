"""Some processes that read pictures, for when many wait.

Threads do not do for small pictures: what Python itself does with each takes
most of the time, and only one thread at a time may do it. Each process sees,
classifies and judges; what is recorded, and when, is the parent's business. A
process holds nothing that could be lost: it may be killed at any moment.
"""

import ctypes
import logging
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import wait

from digitdrop.inference.classifier import Classifier
from digitdrop.pipeline import Outcome
from digitdrop.pool import process as mate
from digitdrop.pool.job import Mate, Order, Owed
from digitdrop.pool.lifeline import begun
from digitdrop.pool.probe import TIME_LIMIT
from digitdrop.pool.settings import Terms
from digitdrop.pool.slow_lane import SHARE, Lane, tell
from digitdrop.system.mishaps import REFUSED
from digitdrop.values import Drop

logger = logging.getLogger(__name__)

_LOOK = 0.2
_GRACE = 1.0  # seconds for what is being read once the worker shall stop
_SHARE = 128  # drops told at a time, at most: what a process answers fits into its pipe


class Lost(Exception):
    """No process of the crew is left; what has no answer is to be read elsewhere."""


class Crew:
    """Processes that read what they are told, each with a network of its own."""

    def __init__(self, terms: Terms, classifier: Classifier, lane: Lane) -> None:
        """Start no process before there is work for it.

        Args:
            terms: on which pictures are read; there is a process for each worker.
            classifier: of which each process gets a copy.
            lane: where pictures go on that take long, or of which a process died.
        """
        self._terms = terms
        self._workers = terms.workers
        self._may_start = True
        self._classifier = classifier
        self._lane = lane
        self._mates: list[Mate] = []
        self._homeless: deque[Owed] = deque()
        """What no process reads, for lack of one."""
        self._starter: threading.Thread | None = None
        self._is_wanted = False
        self._has_begun = False
        self._cannot_start = False

    def start(self) -> None:
        """Have the processes started, which takes a moment, without waiting for them."""
        if self._may_start and not self._is_wanted:
            self._is_wanted = True
            self._start_missing()

    @property
    def is_starting(self) -> bool:
        """Whether it was started, and could be until now."""
        return self._is_wanted

    def is_ready(self) -> bool:
        """Say whether it can read: all at first, later one is enough while others start."""
        if not self._is_wanted:
            return False
        self._hear(0)
        ready = sum(one.is_ready for one in self._mates)
        self._has_begun |= ready == self._workers
        return self._has_begun and ready > 0

    def begin(self, drops: Sequence[Drop]) -> Order:
        """Have drops read; only when it is ready.

        Args:
            drops: what to read.
        """
        order = Order(drops, self._classifier.name)
        self._homeless.extend((order, index) for index in range(len(drops)))
        self._assign()
        return order

    def end(self, order: Order) -> list[Outcome]:
        """Wait for what became of drops; those not read when a stop came are left out.

        Those that take long are left out, too, and those of which a process died.

        Raises:
            Lost: no process is left, and none can be started.
        """
        grace = _GRACE
        while order.open and grace > 0:
            if self._hear(_LOOK):
                self._terms.moved()
            else:
                grace -= _LOOK if self._terms.is_stopping() else 0
            self._check()
            if not self._is_wanted:
                raise Lost
        if order.open:
            self.dismiss()
        return [outcome for outcome in order.outcomes if outcome]

    def dismiss(self) -> None:
        """End all processes, whatever they do; they are started again when needed."""
        self._is_wanted = self._has_begun = False
        for one in list(self._mates):  # those that still start are not waited for
            one.process.kill()
        if self._starter:
            self._starter.join()
        for one in self._mates:
            one.end()
        self._mates, self._starter = [], None
        self._homeless.clear()

    def _start_missing(self) -> None:
        if self._starter and self._starter.is_alive():
            return
        starter = threading.Thread(target=self._start, daemon=True)
        try:
            starter.start()
        except RuntimeError:  # no more threads
            self._cannot_start = True
        else:
            self._starter = starter

    def _start(self) -> None:
        try:
            self._start_each()
        except (OSError, *REFUSED):  # too little memory, or too many processes
            self._cannot_start = True

    def _start_each(self) -> None:
        while self._is_wanted and len(self._mates) < self._workers:
            progress = multiprocessing.get_context("spawn").RawValue(ctypes.c_int64, 0)
            told = self._terms.limits, self._terms.digits, self._terms.known
            process, channel = begun(mate.work, *told, progress)
            self._mates.append(Mate(process, channel, progress))
        for one in [one for one in self._mates if not one.is_told]:
            one.is_told = True
            try:
                one.channel.send(self._classifier)
            except OSError:
                continue  # it is dead, as `_hear` will find

    def _assign(self) -> None:
        """Share out what no process reads among those that are ready."""
        ready = [one for one in self._mates if one.is_ready]
        share = min(_SHARE, -(-len(self._homeless) // max(1, 2 * len(ready))))
        while ready and self._homeless:
            some = [self._homeless.popleft() for _ in range(min(share, len(self._homeless)))]
            idlest = min(ready, key=lambda one: len(one.owed))
            try:
                idlest.tell(some)
            except ConnectionError:
                ready.remove(idlest)
                self._bury(idlest)

    def _hear(self, seconds: float) -> bool:
        """Take in what was answered, waiting for it; say whether anything was."""
        mates = list(self._mates)
        ready = wait([one.channel for one in mates], seconds)
        for one in mates:
            if one.channel in ready and one in self._mates:
                try:
                    one.hear()
                except (EOFError, ConnectionError, MemoryError):
                    self._bury(one)
        if self._cannot_start:
            self._go_without()
        self._assign()
        return bool(ready)

    def _check(self) -> None:
        """Have what takes long read in the lane; whoever reads it is ended."""
        now = time.monotonic()
        for one in list(self._mates):
            if one.busy_for(now) > SHARE and not self._lane.is_full:
                self._leave(one, crashes=0)
            elif one.owed and now - one.heard > TIME_LIMIT:
                logger.error("a picture never ends: it is tried in a process of its own")
                self._leave(one, crashes=1)
        if self._is_wanted and len(self._mates) < self._workers:
            self._start_missing()

    def _bury(self, one: Mate) -> None:
        """Have others read what a dead process was told, but for the picture that it died of."""
        if not one.is_ready:
            self._go_without()
            return
        logger.error(
            "a process that reads pictures died: "
            "what was being read is tried in a process of its own"
        )
        self._leave(one, crashes=1)

    def _go_without(self) -> None:
        self._may_start = self._has_begun  # else leave it at that
        self._cannot_start = False
        logger.warning("cannot start processes that read: going on without")
        self.dismiss()

    def _leave(self, one: Mate, *, crashes: int) -> None:
        if culprit := one.current():
            one.owed.remove(culprit)
            order, index = culprit
            drop = order.leave_out(index)
            self._lane.put(drop, crashes=crashes)
            if not crashes:
                tell(drop)
        self._homeless.extend(one.owed)
        self._mates.remove(one)
        one.end()
        self._assign()
