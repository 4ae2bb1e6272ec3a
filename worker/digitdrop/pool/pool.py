"""Processes that read pictures where many wait.

Threads do not do for small pictures: Python's own part of the work takes most of the time,
and only one thread at a time may do it. Each process prepares, classifies and judges; the
parent records. A process holds nothing that could be lost: it may be killed at any moment.
"""

import logging
import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import wait
from typing import Final

from digitdrop.inference.classifier import Classifier
from digitdrop.pool.child import DIED
from digitdrop.pool.probe import TIME_LIMIT
from digitdrop.pool.settings import PoolOptions
from digitdrop.pool.slow_lane import SlowLane
from digitdrop.pool.task import Task
from digitdrop.pool.worker import WorkerProcess
from digitdrop.system.mishaps import REFUSED

logger = logging.getLogger(__name__)

_SHARE: Final = 128  # drops sent at a time, at most: they and their results fit into a pipe


class WorkerPool:
    """A process for each worker, with a network of its own."""

    def __init__(self, options: PoolOptions, classifier: Classifier, lane: SlowLane) -> None:
        """Start no process before there is work for it.

        Args:
            options: for all pictures.
            classifier: the network, of which each process gets a copy.
            lane: for pictures that take long, and pictures of which a process died.
        """
        self._options = options
        self._classifier = classifier
        self._lane = lane
        self._processes: list[WorkerProcess] = []
        self._unassigned: deque[Task] = deque()
        self.orphans: list[Task] = []
        """Tasks that must be read elsewhere, since no process can be started any more."""
        self.is_started = False
        """True from `start` on, until the pool is dismissed or cannot go on."""
        self._has_been_ready = False
        self._may_start = True
        self._used = time.monotonic()

    def start(self) -> None:
        """Start the processes, unless they are there; does not wait until they can read."""
        if self._may_start and not self.is_started:
            self.is_started = True
            self._used = time.monotonic()
            self._start_missing()

    def is_ready(self) -> bool:
        """Return True if it can read: once all have started, later if one has."""
        if self.is_started:
            self._receive(0)
        ready = len(self._ready())
        self._has_been_ready |= ready == self._options.workers
        return self._has_been_ready and ready > 0

    def idle_for(self) -> float:
        """Return the seconds since it was last used."""
        return time.monotonic() - self._used

    def begin(self, tasks: Sequence[Task]) -> None:
        """Have drops read; only when it is ready.

        The result of a task that goes on in the slow lane is None: it takes long, or a
        process died of it.
        """
        for task in tasks:
            task.is_in_pool = True
        self._unassigned.extend(tasks)
        self._assign()
        self._used = time.monotonic()

    def advance(self, seconds: float) -> bool:
        """Take results; return True if there were any, or False after some seconds."""
        has_results = self._receive(seconds)
        self._leave_slow()
        self._used = time.monotonic()
        return has_results

    def dismiss(self) -> list[Task]:
        """Kill all processes, whatever they do; return the tasks that are left."""
        self.is_started = self._has_been_ready = False
        left = [task for process in self._processes for task in process.pending]
        for process in self._processes:
            process.end()
        left += self._unassigned
        self._processes, self._unassigned = [], deque()
        return left

    def _start_missing(self) -> None:
        try:
            while self.is_started and len(self._processes) < self._options.workers:
                self._processes.append(WorkerProcess(self._options))
        except (OSError, *REFUSED):  # too little memory, or too many processes
            self._go_without()

    def _assign(self) -> None:
        """Share out the unassigned tasks among the processes that are ready."""
        count = len(self._ready())
        share = min(_SHARE, -(-len(self._unassigned) // max(1, 2 * count)))
        while self._unassigned and (ready := self._ready()):
            some = [self._unassigned.popleft() for _ in range(min(share, len(self._unassigned)))]
            idlest = min(ready, key=lambda process: len(process.pending))
            try:
                idlest.send(some)
            except ConnectionError:
                self._bury(idlest)

    def _ready(self) -> list[WorkerProcess]:
        return [process for process in self._processes if process.is_ready]

    def _receive(self, seconds: float) -> bool:
        """Take results, waiting for them; return True if there were any."""
        ready = wait([process.channel for process in self._processes], seconds)
        for process in list(self._processes):
            if process in self._processes and process.channel in ready:
                try:
                    process.receive(self._classifier)
                except DIED:
                    self._bury(process)
        self._assign()
        return bool(ready)

    def _leave_slow(self) -> None:
        """Have a picture that takes long read in the lane; its process is killed."""
        now = time.monotonic()
        for process in list(self._processes):
            if self._lane.takes(process.busy_for(now)):
                self._replace(process, crashes=0)
            elif process.pending and now - process.heard > TIME_LIMIT:
                logger.error("a picture never ends: it is tried in a process of its own")
                self._replace(process, crashes=1)
        self._start_missing()
        self._assign()

    def _bury(self, process: WorkerProcess) -> None:
        """Have the tasks of a dead process read by others, but for the picture that it died of."""
        if process.is_ready:
            logger.error(
                "a process that reads pictures died: "
                "the picture it was reading is tried in a process of its own"
            )
            self._replace(process, crashes=1)
        else:
            self._go_without()

    def _replace(self, process: WorkerProcess, *, crashes: int) -> None:
        if culprit := process.current():
            process.pending.remove(culprit)
            culprit.finish()
            accept = self._lane.put if crashes else self._lane.take_over
            accept(Task(culprit.drop, crashes=crashes))
        self._unassigned.extend(process.pending)
        self._processes.remove(process)
        process.end()

    def _go_without(self) -> None:
        self._may_start = self._has_been_ready  # if it never worked, it will not
        logger.warning("cannot start processes that read: going on without")
        self.orphans += self.dismiss()
