"""The log on stderr: a line for people or a JSON object for machines; repeats are folded."""

import logging
import os
import sys
import threading
from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import Final, TextIO

from worker.log.folding import Folding
from worker.log.formatters import Json, Prioritised, Text

logger = logging.getLogger(__name__)

VARIABLE: Final = "DIGITDROP_LOG_FORMAT"


class LogFormat(StrEnum):
    """Whom the log is for."""

    TEXT = "text"
    JSON = "json"


def configure(form: LogFormat = LogFormat.TEXT, *, quiet: bool) -> None:
    """Have this process write its log to stderr.

    Args:
        form: for people or for machines.
        quiet: only what somebody should look at.
    """
    in_journal = is_journal(os.environ, sys.stderr)
    inner = Json() if form is LogFormat.JSON else Text(timed=not in_journal)
    formatter = Prioritised(inner) if in_journal else inner
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        handlers=[Folding(sys.stderr, formatter)],
    )
    if form is LogFormat.JSON:
        sys.excepthook = _log_crash
        threading.excepthook = _log_crash_of_thread
    os.environ[VARIABLE] = form  # for `as_in_parent`


def as_in_parent() -> None:
    """Have a process that was started to read pictures log as its parent does: errors alone."""
    is_json = os.environ.get(VARIABLE) == LogFormat.JSON
    configure(LogFormat.JSON if is_json else LogFormat.TEXT, quiet=True)


def is_for_machines() -> bool:
    """Say whether the log of this process is JSON: then nothing else may stand in it."""
    return sys.excepthook is _log_crash


def is_journal(environment: Mapping[str, str], stream: TextIO) -> bool:
    """Say whether a stream ends in systemd's journal, which stamps each line itself.

    Args:
        environment: where systemd names the journal's end of the stream, as device:inode.
        stream: where the log goes; it may have been redirected since.
    """
    if "JOURNAL_STREAM" not in environment:
        return False
    try:
        status = os.fstat(stream.fileno())
    except OSError:  # no file at all
        return False
    return environment["JOURNAL_STREAM"] == f"{status.st_dev}:{status.st_ino}"


def _log_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logger.critical("it crashed: %s", error, exc_info=(kind, error, trace))


def _log_crash_of_thread(crash: threading.ExceptHookArgs) -> None:
    kind, error = crash.exc_type, crash.exc_value
    if error and not issubclass(kind, SystemExit):  # which only ends its thread, in silence
        logger.critical("a thread crashed: %s", error, exc_info=(kind, error, crash.exc_traceback))
