"""Python's own messages as lines of the log: crashes, warnings, errors that cannot be raised."""

import logging
import sys
import threading
import warnings
from types import TracebackType
from typing import TYPE_CHECKING, Final

from digitdrop.system import mishaps

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

logger = logging.getLogger(__name__)

_LONGEST: Final = 300  # characters of a warning; watchdog names all that it watches in each


def install_hooks() -> None:
    """Send Python's own messages through `logging` from now on."""
    warnings.formatwarning = _warning
    logging.captureWarnings(True)
    sys.excepthook = _log_crash
    sys.unraisablehook = _log_unraisable
    threading.excepthook = _log_crash_of_thread


def _log_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logger.critical("it crashed: %s", error, exc_info=(kind, error, trace))


def _log_crash_of_thread(crash: threading.ExceptHookArgs) -> None:
    kind, error = crash.exc_type, crash.exc_value
    if isinstance(error, mishaps.REFUSED) and (found := mishaps.explain_mishap(error)):
        logger.critical("a thread ended: %s", found[0])
    elif error and not issubclass(kind, SystemExit):  # SystemExit only ends its thread
        logger.critical("a thread crashed: %s", error, exc_info=(kind, error, crash.exc_traceback))


def _log_unraisable(crash: "UnraisableHookArgs") -> None:
    if error := crash.exc_value:
        trace = (crash.exc_type, error, crash.exc_traceback)
        text = crash.err_msg or "Exception ignored in"
        logger.error("%s %r: %s", text, crash.object, error, exc_info=trace)


def _warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    """Return a warning of Python as one line, without its line of code: operators need none."""
    del line
    text = str(message)
    cut = f"{text[:_LONGEST]} ..." if len(text) > _LONGEST else text
    return f"{category.__name__}: {cut} ({filename}:{lineno})"
