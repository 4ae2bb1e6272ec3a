"""Processes that read for another one: how they are started, and end and log as it does."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import TypeVar, TypeVarTuple

from digitdrop.log import logs
from digitdrop.system.mishaps import REFUSED, as_os_error
from digitdrop.system.processes import (
    end_with_parent,
    ignore_signals,
    start_ignoring_signals,
)

Received = TypeVar("Received")
Message = TypeVar("Message")
Arguments = TypeVarTuple("Arguments")


def begun(
    work: "Callable[[Connection[Message, Received], *Arguments], None]", *arguments: *Arguments
) -> tuple[SpawnProcess, "Connection[Received, Message]"]:
    """Start a process, and give it and our end of the pipe to it.

    It is deaf to Ctrl-C: else that would end it, and what it was reading were to blame.

    Args:
        work: what it does, given its end of the pipe and the arguments;
            `live_for_parent` is the first of it.
        arguments: they are sent there.

    Raises:
        OSError: no process can be started, for want of memory perhaps.
    """
    context = multiprocessing.get_context("spawn")  # a fork would share our threads' locks
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, *arguments), daemon=True)
    try:
        start_ignoring_signals(process)
    except REFUSED as error:
        raise as_os_error(error) from error
    theirs.close()  # so that the pipe ends when the process does
    return process, ours


def live_for_parent() -> None:
    """End this process once its parent is gone, even within a picture; log as it does.

    Whether the worker shall stop is for the parent to hear: a Ctrl-C, and systemd, tell
    all processes. `start_ignoring_signals` sees to that earlier, but not on Windows.
    """
    ignore_signals()
    logs.as_in_parent()
    end_with_parent()
