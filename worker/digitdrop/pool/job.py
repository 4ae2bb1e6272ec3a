"""What a crew was told to read, and which of its processes has yet to answer for what."""

import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import TypeAlias

from digitdrop.inference.classifier import Classifier
from digitdrop.pipeline import Outcome
from digitdrop.pool.process import JobAnswer, JobDrops, JobResult, SharedCounter, received
from digitdrop.values import Drop

Channel: TypeAlias = "Connection[Classifier | JobDrops, JobAnswer]"


class Job:
    """Drops that are being read, and what has become of them so far."""

    def __init__(self, drops: Sequence[Drop], model: str) -> None:
        self.drops = drops
        self.outcomes: list[Outcome | None] = [None] * len(drops)
        self.open = len(drops)
        self._model = model

    def hear(self, index: int, said: JobResult) -> None:
        """Take in what became of one of the drops."""
        self.outcomes[index] = received(said, self.drops[index], self._model)
        self.open -= 1

    def leave_out(self, index: int) -> Drop:
        """Give a drop that is read elsewhere."""
        self.open -= 1
        return self.drops[index]

    def left(self) -> list[Drop]:
        """Give the drops that nothing is known of."""
        return [drop for drop, one in zip(self.drops, self.outcomes, strict=True) if not one]


PendingDrop: TypeAlias = tuple[Job, int]
"""A drop of an order, by its place."""


class WorkerProcess:
    """A process as its parent sees it."""

    def __init__(self, process: SpawnProcess, channel: Channel, progress: SharedCounter) -> None:
        self.process = process
        self.channel = channel
        self.is_told = False
        """Whether it has the network."""
        self.is_ready = False
        self.heard = time.monotonic()
        self.owed: deque[PendingDrop] = deque()
        """What it has yet to answer for, in order."""
        self._progress = progress
        self._answered = 0
        self._last = 0
        self._since = time.monotonic()

    def tell(self, owed: Sequence[PendingDrop]) -> None:
        """Have drops read; raises ConnectionError when it is dead."""
        if not self.owed:
            self.heard = time.monotonic()
        self.owed.extend(owed)
        self.channel.send([order.drops[index] for order, index in owed])

    def hear(self) -> None:
        """Take in what it says; raises EOFError when it is dead."""
        answer = self.channel.recv()
        self.heard = time.monotonic()
        if answer is None:
            self.is_ready = True
            return
        for said in answer:
            self._answered += 1
            order, index = self.owed.popleft()
            order.hear(index, said)

    def current(self) -> PendingDrop | None:
        """Give what it reads just now; None while it does something else, or nothing."""
        begun, is_within = divmod(self._progress.value, 2)
        place = begun - self._answered
        return self.owed[place] if is_within and 0 <= place < len(self.owed) else None

    def busy_for(self, now: float) -> float:
        """Say for how many seconds it has been seen to read one and the same picture.

        Args:
            now: by the monotonic clock.
        """
        if self._progress.value != self._last:
            self._last, self._since = self._progress.value, now
        return now - self._since if self.current() else 0.0

    def end(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.join()
        self.process.close()
        self.channel.close()
