"""What a crew was told to read, and which of its processes has yet to answer for what."""

import time
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import TypeAlias

from worker.classify import Classifier
from worker.crew.mate import Answer, Said, Task, heard
from worker.pipeline import Outcome
from worker.values import Drop

Channel: TypeAlias = "Connection[Classifier | Task, Answer]"


class Order:
    """Drops that are being read, and what has become of them so far."""

    def __init__(self, drops: Sequence[Drop], model: str) -> None:
        self.outcomes: list[Outcome | None] = [None] * len(drops)
        self.open = len(drops)
        self._drops = drops
        self._model = model

    def hear(self, index: int, said: Said) -> None:
        """Take in what became of one of the drops."""
        self.outcomes[index] = heard(said, self._drops[index], self._model)
        self.open -= 1


class Mate:
    """A process as its parent sees it."""

    def __init__(self, process: SpawnProcess, channel: Channel) -> None:
        self.process = process
        self.channel = channel
        self.is_ready = False
        self.heard = time.monotonic()
        self.owed: deque[tuple[Order, int]] = deque()
        """What it has yet to answer for, in order."""

    def hear(self) -> None:
        """Take in what it says; raises EOFError when it is dead."""
        answer = self.channel.recv()
        self.heard = time.monotonic()
        if answer is None:
            self.is_ready = True
            return
        for said in answer:
            order, index = self.owed.popleft()
            order.hear(index, said)
