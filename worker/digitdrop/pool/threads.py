"""Threads that decode and normalise: Pillow and OpenCV release the interpreter's lock."""

import threading
import time
from collections.abc import Iterable
from queue import SimpleQueue
from typing import Final

import cv2

from digitdrop.pipeline import prepare
from digitdrop.pool.settings import PoolOptions
from digitdrop.pool.task import Task

_MOST: Final = 2  # threads for each worker, with those that are stuck: each may take much memory


class ReaderThreads:
    """As many threads as workers, which prepare pictures.

    A thread cannot be ended. If its picture takes long, it counts as stuck, and another
    thread takes its place.
    """

    def __init__(self, options: PoolOptions) -> None:
        """Start no thread before there is work for it."""
        self._options = options
        cv2.setNumThreads(1)  # the cores are taken by pictures read side by side
        self._queue: SimpleQueue[Task | None] = SimpleQueue()
        self._changed = threading.Condition()
        """Held while a task begins, ends or is found to be stuck; notified at its end."""
        self._free = 0
        """Threads that are not stuck."""
        self._stuck: list[Task] = []

    def begin(self, tasks: Iterable[Task]) -> None:
        """Have pictures prepared, once those begun before are; at a stop, none is begun."""
        self._start_missing()
        for task in tasks:
            self._queue.put(task)

    def wait(self, task: Task, seconds: float) -> bool:
        """Return True once a task is done, False if that takes longer than some seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: task.is_done, seconds)

    def leave(self, task: Task) -> bool:
        """Count the thread of a task as stuck; return False if the task has just ended."""
        with self._changed:
            if task.is_done:
                return False
            task.is_stuck = True
        self._stuck.append(task)
        self._free -= 1
        self._start_missing()
        return True

    @property
    def are_stuck(self) -> bool:
        """True if as many threads as workers are stuck."""
        return len(self._still_stuck()) >= self._options.workers

    @property
    def are_all_stuck(self) -> bool:
        """True if no thread is left, and none may be started."""
        return len(self._still_stuck()) >= _MOST * self._options.workers

    def stuck_for(self) -> float:
        """Return the seconds that a thread has been busy with one picture; 0 if none is stuck."""
        now = time.monotonic()
        return max((now - (task.began or now) for task in self._still_stuck()), default=0.0)

    def close(self) -> None:
        """Have the threads end after their pictures, without waiting for them."""
        for _ in range(self._free):
            self._queue.put(None)
        self._free = 0

    def _still_stuck(self) -> list[Task]:
        self._stuck = [task for task in self._stuck if not task.is_done]
        return self._stuck

    def _start_missing(self) -> None:
        workers = self._options.workers
        while self._free < min(workers, _MOST * workers - len(self._still_stuck())):
            threading.Thread(target=self._work, name="reader", daemon=True).start()
            self._free += 1

    def _work(self) -> None:
        while task := self._queue.get():
            with self._changed:
                if task.is_done:
                    continue  # given up
                task.began = time.monotonic()
            try:
                if not self._options.is_stopping():
                    task.result = prepare(
                        task.drop, self._options.limits, known=self._options.known
                    )
            except BaseException as error:  # raised where the result is used
                task.error = error
            with self._changed:
                task.is_done = True
                self._changed.notify_all()
                if task.is_stuck:
                    return  # another thread has its place
