"""The lines of the log about pictures that have their row."""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Final

from digitdrop.escape import escape
from digitdrop.system.log_fields import about
from digitdrop.values import Reading, Status, count_text

logger = logging.getLogger(__name__)

_MOST_NAMED: Final = 3  # unreadable pictures


def log_readings(readings: Sequence[Reading]) -> None:
    """Write one line for a batch, and at DEBUG one line for each picture.

    A batch of one picture has the line of that picture. A line about unreadable pictures is a
    warning and names the first three.

    Args:
        readings: the batch, just written to the report; not empty.
    """
    counts = Counter(str(one.verdict.status) for one in readings)
    unreadable = [one for one in readings if one.verdict.status is Status.UNREADABLE]
    level = logging.WARNING if unreadable else logging.INFO
    if len(readings) == 1:
        _log_reading(level, readings[0])
        return
    if logger.isEnabledFor(logging.DEBUG):
        for reading in readings:
            _log_reading(logging.DEBUG, reading)
    if logger.isEnabledFor(level):
        named = [f"{escape(one.drop.name)}: {one.verdict.reason}" for one in unreadable]
        if len(named) > _MOST_NAMED:
            named[_MOST_NAMED:] = [f"and {len(named) - _MOST_NAMED:,} more"]
        extra = about(count=len(readings), read=dict(counts))
        names = f" ({'; '.join(named)})" if named else ""
        text = count_text(counts)
        logger.log(level, "read %d: %s%s", len(readings), text, names, extra=extra)


def _log_reading(level: int, reading: Reading) -> None:
    if not logger.isEnabledFor(level):
        return
    verdict, name = reading.verdict, escape(reading.drop.name)
    extra = about(
        file=name,
        id=reading.id,
        status=verdict.status,
        prediction=verdict.prediction,
        confidence=None if verdict.confidence is None else round(verdict.confidence, 4),
        reason=verdict.reason,
    )
    status = verdict.status.in_words
    if verdict.prediction is None:
        logger.log(level, "%s: %s: %s", name, status, verdict.reason, extra=extra)
        return
    share = "" if verdict.confidence is None else f" ({100 * verdict.confidence:.1f} %)"
    logger.log(level, "%s: %s, %s%s", name, verdict.prediction, status, share, extra=extra)
