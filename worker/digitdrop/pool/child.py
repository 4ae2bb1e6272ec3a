"""Processes that read pictures for this one: started, used through a pipe, and killed."""

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Generic, TypeVar, TypeVarTuple

import cv2

from digitdrop.errors import ModelError
from digitdrop.log import logs
from digitdrop.system.mishaps import REFUSED, as_os_error
from digitdrop.system.processes import (
    end_with_parent,
    ignore_signals,
    start_ignoring_signals,
)

Message = TypeVar("Message")
Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")

DIED = (EOFError, ConnectionError, MemoryError)
"""Raised by `channel` when the process at its other end is dead, or its answer has no room."""


class ChildProcess(Generic[Message, Answer]):
    """A process that ends with its parent; it holds nothing that a kill could lose.

    It ignores Ctrl-C, which a terminal sends to all processes: else a picture would be
    blamed for the end of its reader.
    """

    def __init__(
        self,
        work: "Callable[[Connection[Answer, Message], *Arguments], None]",
        *arguments: *Arguments,
    ) -> None:
        """Start it, without waiting until it can read.

        Args:
            work: called in the process with its end of the pipe and the arguments.
            arguments: pickled.

        Raises:
            OSError: no process can be started, for want of memory perhaps.
        """
        context = multiprocessing.get_context("spawn")  # a fork would share our threads' locks
        self.channel: Connection[Message, Answer]
        self.channel, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs, work, *arguments), daemon=True)
        try:
            start_ignoring_signals(self._process)
        except REFUSED as error:
            raise as_os_error(error) from error
        theirs.close()  # so that the pipe ends when the process does

    def end(self) -> None:
        """Kill the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self.channel.close()


def _run(
    channel: "Connection[Answer, Message]",
    work: "Callable[[Connection[Answer, Message], *Arguments], None]",
    *arguments: *Arguments,
) -> None:
    ignore_signals()  # on Windows it was not started so
    logs.as_in_parent()
    end_with_parent()
    cv2.setNumThreads(1)  # there is a process for each core
    with suppress(*DIED, ModelError):  # the parent is gone, or there is too little memory
        work(channel, *arguments)
