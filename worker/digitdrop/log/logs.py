"""The log on stderr: a line for people or a JSON object for machines; repeats are folded."""

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
from digitdrop.log.folding import Folding
from digitdrop.log.formatters import Json, Prioritised, Text
from digitdrop.log.strays import Strays
from digitdrop.system.streams import written

logger = logging.getLogger(__name__)

VARIABLE: Final = "DIGITDROP_LOG_FORMAT"
OPTION: Final = "--log-format"
_STDERR: Final = 2


class LogFormat(StrEnum):
    """Whom the log is for."""

    TEXT = "text"
    JSON = "json"


def begin(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Have whatever a command says before its options are read be in the form that is asked for.

    Under JSON that is from now on all that comes to stderr, whoever writes it.

    Args:
        arguments: of the command line, without the program.
        environment: of the process.
    """
    form = _asked(arguments, environment)
    if form is LogFormat.JSON:
        _catch_strays(form)
    _log_to(_stream(), form, quiet=True)


def configure(form: LogFormat | None = None, *, quiet: bool) -> None:
    """Have this process write its log to stderr, and with it what libraries write there.

    To be called before any thread is started.

    Args:
        form: for people or for machines; None for what `begin` found.
        quiet: only what somebody should look at.
    """
    form = form or (LogFormat.JSON if is_for_machines() else LogFormat.TEXT)
    _catch_strays(form)
    _log_to(_stream(), form, quiet=quiet)
    os.environ[VARIABLE] = form  # for `as_in_parent`


def as_in_parent() -> None:
    """Have a process that was started to read pictures log as its parent does: errors alone."""
    is_json = os.environ.get(VARIABLE) == LogFormat.JSON
    _log_to(sys.stderr, LogFormat.JSON if is_json else LogFormat.TEXT, quiet=True)


def release_stderr() -> None:
    """Write what was held back, and give stderr back, since another program is to take over."""
    logging.shutdown()
    for strays in _strays:
        strays.let_go()


def _stream() -> TextIO:
    """Give the true stderr."""
    return _strays[0].stream if _strays else sys.stderr


def complain(text: str) -> None:
    """Tell in one line why a command cannot go on; nothing happens if nobody can read it."""
    if is_for_machines():
        logger.critical("%s", text)
    else:
        _write(f"digitdrop: {one_line(text)}")


def say(text: str) -> None:
    """Tell how far a command is: a line for people as it is, for machines one of the log."""
    if is_for_machines():
        record = logging.LogRecord(__name__, logging.INFO, __file__, 0, "%s", (text,), None)
        logging.getLogger().handle(record)  # also where only trouble is told
    else:
        _write(text)


def _write(line: str) -> None:
    with suppress(OSError):  # nobody reads it any more, or the disk is full
        sys.stderr.write(f"{line}\n")
    written(sys.stderr)


def is_for_machines() -> bool:
    """Say whether the log of this process is JSON: then nothing else may stand in it."""
    handlers = logging.getLogger().handlers
    return any(isinstance(one, Folding) and one.is_json for one in handlers)


def _asked(arguments: Sequence[str], environment: Mapping[str, str]) -> LogFormat:
    """Find the form that a command line asks for before it is understood; text in doubt."""
    words = [environment.get(VARIABLE, ""), *arguments]
    said = words[0]
    for word, following in pairwise([*words, ""]):
        name, equals, value = word.partition("=")
        if name == OPTION:
            said = value if equals else following
    return LogFormat.JSON if said == LogFormat.JSON else LogFormat.TEXT


_strays: Final[list[Strays]] = []
"""What catches them, once something does: a process has one stderr."""


def _catch_strays(form: LogFormat) -> None:
    """Start to, once; where no process can be started, libraries go on writing past the log."""
    if _strays or not hasattr(os, "fork"):
        return
    is_json = form is LogFormat.JSON
    stamping = partial(_handler, form, _formatter(form))
    encoding = "utf-8" if is_json else sys.stderr.encoding
    with suppress(OSError):
        if sys.stderr.fileno() != _STDERR:
            return  # it was replaced, by whoever runs a command within another program
        if os.fstat(_STDERR).st_rdev == Path(os.devnull).stat().st_rdev:
            return  # nobody reads it, as of the process that makes the page
        _strays.append(Strays(stamping, encoding=encoding, json_only=is_json))
        if not is_json:
            sys.stderr = _strays[0].stream  # for progress, which is no log


def _log_to(stream: TextIO, form: LogFormat, *, quiet: bool) -> None:
    logging.basicConfig(
        level=logging.WARNING if quiet else logging.INFO,
        handlers=[_handler(form, _formatter(form), stream)],
        force=True,
    )
    hooks.install_hooks()


def _handler(form: LogFormat, formatter: logging.Formatter, stream: TextIO) -> Folding:
    return Folding(stream, formatter, is_json=form is LogFormat.JSON)


def _formatter(form: LogFormat) -> logging.Formatter:
    in_journal = is_journal(os.environ, _STDERR)  # also where that leads there by way of `Strays`
    inner = Json() if form is LogFormat.JSON else Text(timed=not in_journal)
    return Prioritised(inner) if in_journal else inner


def is_journal(environment: Mapping[str, str], descriptor: int) -> bool:
    """Say whether a stream ends in systemd's journal, which stamps each line itself.

    Args:
        environment: where systemd names the journal's end of the stream, as device:inode.
        descriptor: where the log goes; it may have been redirected since.
    """
    if "JOURNAL_STREAM" not in environment:
        return False
    try:
        status = os.fstat(descriptor)
    except OSError:  # no file at all
        return False
    return environment["JOURNAL_STREAM"] == f"{status.st_dev}:{status.st_ino}"
