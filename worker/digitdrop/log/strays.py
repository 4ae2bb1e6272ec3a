"""The output of libraries on stderr, made lines of the log by a process of its own.

libtiff, OpenCV, LiteRT, glibc and Python's fault handler do not use `logging`: they write to
descriptor 2. So descriptor 2 is a pipe, and a small process at its other end writes each line
as a line of the log. A thread would not do: libtiff warns with the interpreter's lock held, so
a full pipe would wait for a thread that waits for the lock; and the last lines of a crash would
be lost.
"""

import json
import logging
import os
import re
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO, TypeAlias

from digitdrop.system.log_fields import about
from digitdrop.system.processes import ignoring_signals

Stamping: TypeAlias = Callable[[TextIO], "logging.StreamHandler[TextIO]"]
Test: TypeAlias = Callable[[str], bool]

_CHUNK: Final = 1 << 16
_LONGEST: Final = 1 << 16  # bytes of a line; a longer one is written in parts
_LONGEST_STRAY: Final = 4_000  # characters of a line that is not ours; the rest is cut off
_MOST_OPEN: Final = 4_096  # descriptors; a start has a few, and some systems allow a billion
_ENDS: Final = re.compile(rb"[\r\n]+")
_OURS: Final = re.compile(r"<\d>|\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) ")


class Strays:
    """Descriptor 2 as a pipe to a process that stamps each line, until the pipe is closed."""

    def __init__(self, stamping: Stamping, *, encoding: str, json_only: bool) -> None:
        """Start that process. Must be called before any thread is started.

        Args:
            stamping: returns the handler that writes records to a stream.
            encoding: of the true stderr.
            json_only: pass on only JSON objects unchanged; else all lines that begin as a line
                of the log does.

        Raises:
            OSError: there is no stderr, or no process can be started.
        """
        self._true = os.dup(2)
        self.stream: Final = _text(self._true, encoding)
        """The true stderr."""
        source, sink = os.pipe()
        try:
            handler = stamping(_text(1, encoding))
            with ignoring_signals():
                _start(source, self._true, handler, _is_json if json_only else _is_line)
            os.dup2(sink, 2)
        except OSError:
            os.close(self._true)
            raise
        finally:
            os.close(source)
            os.close(sink)
        self._journal = _renamed_journal(self._true)

    def release(self) -> None:
        """Make descriptor 2 the true stderr again, for another program."""
        os.dup2(self._true, 2)
        if self._journal:
            os.environ["JOURNAL_STREAM"] = self._journal


def _start(
    source: int, target: int, handler: "logging.StreamHandler[TextIO]", is_ours: Test
) -> None:
    """Fork twice, so that no process has to wait for this one in the end."""
    child = os.fork()
    if child:
        if os.waitpid(child, 0)[1]:
            raise ChildProcessError("cannot start a process that reads stderr")
        return
    code = 1
    try:
        if not os.fork():
            _be_alone(source, target)
            _copy(0, handler, is_ours)
            handler.close()
        code = 0
    finally:
        os._exit(code)


def _be_alone(source: int, target: int) -> None:
    """Read from 0 and write to 1 and 2; hold nothing else open, and end with the pipe only."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.dup2(source, 0)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.closerange(3, min(os.sysconf("SC_OPEN_MAX"), _MOST_OPEN))


def _copy(source: int, handler: "logging.StreamHandler[TextIO]", is_ours: Test) -> None:
    rest = b""
    while chunk := os.read(source, _CHUNK):
        *lines, rest = _ENDS.split(rest + chunk)
        if len(rest) > _LONGEST:
            lines, rest = [*lines, rest], b""
        for line in lines:
            _pass_on(line, handler, is_ours)
    _pass_on(rest, handler, is_ours)


def _pass_on(line: bytes, handler: "logging.StreamHandler[TextIO]", is_ours: Test) -> None:
    text = line.decode("utf-8", "backslashreplace").rstrip()
    if not text:
        return
    if is_ours(text):  # of a process that the worker started
        with suppress(OSError):  # the reader is gone, or the disk is full
            handler.stream.write(f"{text}\n")
        return
    text = text[:_LONGEST_STRAY]
    record = logging.LogRecord("stderr", logging.WARNING, "", 0, "%s", (text,), None)
    vars(record).update(about(source="stderr"))
    handler.handle(record)


def _is_json(text: str) -> bool:
    try:
        return text.startswith(("{", "<")) and isinstance(json.loads(text[text.find("{") :]), dict)
    except (ValueError, RecursionError):
        return False


def _is_line(text: str) -> bool:
    return bool(_OURS.match(text))


def _text(descriptor: int, encoding: str) -> TextIO:
    return open(
        descriptor, "w", buffering=1, encoding=encoding, errors="backslashreplace", closefd=False
    )


def _renamed_journal(true: int) -> str:
    """Name the pipe as the journal, for the processes started later, if stderr was the journal.

    Returns:
        The former value of `JOURNAL_STREAM`; empty if it did not name stderr.
    """
    before = os.environ.get("JOURNAL_STREAM", "")
    if before != _identity(true):
        return ""
    os.environ["JOURNAL_STREAM"] = _identity(2)
    return before


def _identity(descriptor: int) -> str:
    status = os.fstat(descriptor)
    return f"{status.st_dev}:{status.st_ino}"
