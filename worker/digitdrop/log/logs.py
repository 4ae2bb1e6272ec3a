"""Set up the log on stderr, and write the lines that a command has for its user."""

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Final, TextIO

from digitdrop.escape import one_line
from digitdrop.log import hooks
from digitdrop.log.formatters import Json, Prioritised, Text
from digitdrop.log.handler import LimitedHandler
from digitdrop.log.strays import Strays
from digitdrop.system.streams import written

logger = logging.getLogger(__name__)

VARIABLE: Final = "DIGITDROP_LOG_FORMAT"
OPTION: Final = "--log-format"
_STDERR: Final = 2


class LogFormat(StrEnum):
    """The readers of the log."""

    TEXT = "text"
    JSON = "json"


def begin(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Set up the log for the time before a command has read its options.

    Under JSON, everything that any library writes to stderr becomes an object from now on.

    Args:
        arguments: of the command line, without the program.
        environment: of the process.
    """
    form = _requested(arguments, environment)
    if form is LogFormat.JSON:
        _catch_strays(form)
    _log_to(_true_stderr(), form, level=logging.WARNING)


def configure(form: LogFormat | None = None, *, quiet: bool, verbose: bool = False) -> None:
    """Write the log of this process, and the output of its libraries, to stderr.

    Must be called before any thread is started.

    Args:
        form: for people or for machines; None for the form that `begin` found.
        quiet: write warnings and errors only.
        verbose: also write this package's lines at DEBUG; ignored if `quiet`.
    """
    form = form or (LogFormat.JSON if is_for_machines() else LogFormat.TEXT)
    _catch_strays(form)
    _log_to(_true_stderr(), form, level=logging.WARNING if quiet else logging.INFO)
    # Not the root: the libraries have thousands of lines at DEBUG.
    ours = logging.getLogger("digitdrop")
    ours.setLevel(logging.DEBUG if verbose and not quiet else logging.NOTSET)
    os.environ[VARIABLE] = form  # for `as_in_parent`


def as_in_parent() -> None:
    """Log warnings and errors in the parent's form, in a process that was started to read."""
    is_json = os.environ.get(VARIABLE) == LogFormat.JSON
    form = LogFormat.JSON if is_json else LogFormat.TEXT
    _log_to(sys.stderr, form, level=logging.WARNING)


def release_stderr() -> None:
    """Write the lines that were counted, and make descriptor 2 the true stderr again."""
    logging.shutdown()
    for strays in _strays:
        strays.release()


def complain(text: str) -> None:
    """Write in one line why a command cannot go on; nothing happens if stderr is closed."""
    if is_for_machines():
        logger.critical("%s", text)
    else:
        _write(f"digitdrop: {one_line(text)}")


def say(text: str) -> None:
    """Write the progress of a command: a plain line for people, a line of the log for machines."""
    if is_for_machines():
        record = logging.LogRecord(__name__, logging.INFO, __file__, 0, "%s", (text,), None)
        logging.getLogger().handle(record)  # also where the level is WARNING
    else:
        _write(text)


def is_for_machines() -> bool:
    """Return True if the log of this process is JSON: then nothing else may stand in it."""
    handlers = logging.getLogger().handlers
    return any(isinstance(one, LimitedHandler) and one.is_json for one in handlers)


def is_journal(environment: Mapping[str, str], descriptor: int) -> bool:
    """Return True if a stream ends in systemd's journal, which stamps each line itself.

    Args:
        environment: systemd names the journal's end of the stream here, as device:inode.
        descriptor: of the log; it may have been redirected since.
    """
    if "JOURNAL_STREAM" not in environment:
        return False
    try:
        status = os.fstat(descriptor)
    except OSError:  # the descriptor is closed
        return False
    return environment["JOURNAL_STREAM"] == f"{status.st_dev}:{status.st_ino}"


def _requested(arguments: Sequence[str], environment: Mapping[str, str]) -> LogFormat:
    """Return the form given on a command line that is not parsed yet; TEXT if in doubt."""
    words = [environment.get(VARIABLE, ""), *arguments]
    requested = words[0]
    for word, following in pairwise([*words, ""]):
        name, equals, value = word.partition("=")
        if name == OPTION:
            requested = value if equals else following
    return LogFormat.JSON if requested == LogFormat.JSON else LogFormat.TEXT


def _write(line: str) -> None:
    with suppress(OSError):  # the reader is gone, or the disk is full
        sys.stderr.write(f"{line}\n")
    written(sys.stderr)


_strays: Final[list[Strays]] = []
"""At most one item: a process has one stderr."""


def _true_stderr() -> TextIO:
    return _strays[0].stream if _strays else sys.stderr


def _catch_strays(form: LogFormat) -> None:
    """Catch the output of libraries, once; where no process can be started, it passes the log."""
    if _strays or not hasattr(os, "fork"):
        return
    is_json = form is LogFormat.JSON
    stamping = partial(_handler, form, _formatter(form))
    encoding = "utf-8" if is_json else sys.stderr.encoding
    with suppress(OSError):
        if sys.stderr.fileno() != _STDERR:
            return  # another program runs this command, and has replaced stderr
        if os.fstat(_STDERR).st_rdev == Path(os.devnull).stat().st_rdev:
            return  # nobody reads it: so it is for the process that makes the page
        _strays.append(Strays(stamping, encoding=encoding, json_only=is_json))
        if not is_json:
            sys.stderr = _strays[0].stream  # for progress, which is not part of the log


def _log_to(stream: TextIO, form: LogFormat, *, level: int) -> None:
    handler = _handler(form, _formatter(form), stream)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    hooks.install_hooks()


def _handler(form: LogFormat, formatter: logging.Formatter, stream: TextIO) -> LimitedHandler:
    return LimitedHandler(stream, formatter, is_json=form is LogFormat.JSON)


def _formatter(form: LogFormat) -> logging.Formatter:
    in_journal = is_journal(os.environ, _STDERR)  # also where `Strays` stand between
    inner = Json() if form is LogFormat.JSON else Text(timed=not in_journal)
    return Prioritised(inner) if in_journal else inner
