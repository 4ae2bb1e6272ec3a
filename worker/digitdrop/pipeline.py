"""From drops to readings. Read this first.

A drop is loaded, decoded, brought into MNIST's geometry, classified (in doubt, from
several sides: `views`) and judged. Data moves only to the right; each step is a
module that knows none of the others. `daemon` and `batch` differ in where drops come
from and where they go; between the two, this is all there is.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from digitdrop.errors import AlreadyRead, InputError, Unreadable
from digitdrop.files.load import load
from digitdrop.inference.augmentation import answers
from digitdrop.inference.classifier import Classifier
from digitdrop.inference.decision import judge
from digitdrop.inference.number_decision import with_number, without_number
from digitdrop.pages import bound, shown
from digitdrop.system.memory import is_short, shortage
from digitdrop.values import (
    DigitCount,
    Drop,
    Failure,
    Limits,
    Picture,
    Probabilities,
    Reading,
    Sight,
    Status,
    Verdict,
)

logger = logging.getLogger(__name__)

Seen: TypeAlias = Picture | Failure
Outcome: TypeAlias = Reading | Failure
"""What became of a drop: its row, or why it was not decoded, which may be tried again."""

_BUG = "internal error, see the worker's log"


def see(
    drop: Drop,
    limits: Limits,
    *,
    known: Container[str] = (),
    deadly: Collection[Path | str] = (),
    content: Callable[[], bytes] | None = None,
) -> Seen:
    """Load, decode and normalise one drop; a bad file becomes a value, not a crash.

    Safe to call from several threads.

    Args:
        drop: what to read.
        limits: what it may cost.
        known: ids of rows that need not be read again.
        deadly: absolute paths (or addresses) of files that kill or hang whoever decodes them.
        content: gives the bytes, where something else than `load` gets them; raises InputError.
    """
    sha256 = ""
    try:
        loaded = content() if content else load(drop.path, most=limits.bytes)
        sha256 = hashlib.sha256(loaded).hexdigest()
        row_id = _id(drop, sha256)
        if row_id in known:
            raise AlreadyRead("its row is in the report")
        if deadly and place(drop) in deadly:
            raise Unreadable("crashed the reader twice")
        found = shown(loaded, limits=limits)
    except InputError as error:
        return Failure(id=_id(drop, sha256), drop=drop, sha256=sha256, error=error)
    except Exception as error:
        # A bug of ours, or of a library. It may cost this file but not the worker, which
        # would meet the same file again after every restart.
        return Failure(
            id=_id(drop, sha256), drop=drop, sha256=sha256, error=_bug(drop, error, limits)
        )
    return Picture(
        id=row_id,
        drop=drop,
        sha256=sha256,
        sights=found.sights,
        pages=found.pages,
        doubt=found.doubt,
    )


def _bug(drop: Drop, error: Exception, limits: Limits) -> InputError:
    if isinstance(error, MemoryError) or is_short(limits.spare):
        return shortage("this picture")
    logger.error("cannot read %r", drop.name, exc_info=error)
    return Unreadable(_BUG)


def read(
    seen: Sequence[Seen],
    classifier: Classifier,
    *,
    digits: DigitCount,
    now: Callable[[], datetime],
) -> list[Reading]:
    """Classify what was seen in one batch; give one reading each, as `readings` does."""
    outcomes = classified(seen, classifier, digits=digits, now=now)
    return readings(outcomes, model=classifier.name, now=now)


def classified(
    seen: Sequence[Seen],
    classifier: Classifier,
    *,
    digits: DigitCount,
    now: Callable[[], datetime],
) -> list[Outcome]:
    """Classify pictures in one batch, and judge each by itself; a failure stays what it is.

    The reading of one does not depend on which others are in the batch.

    Args:
        seen: as `see` gives it.
        classifier: the network.
        digits: how many digits a number may have.
        now: tells the time of each reading.
    """
    pages = [sight for one in seen if isinstance(one, Picture) for sight in one.sights]
    said = iter(answers([sight.frames for sight in pages], classifier))
    outcomes: list[Outcome] = []
    for one in seen:
        if isinstance(one, Failure):
            outcomes.append(one)
            continue
        verdict = _verdict(one, list(islice(said, len(one.sights))), classifier, digits)
        outcomes.append(_reading(one, verdict, model=classifier.name, now=now))
    return outcomes


def readings(
    outcomes: Sequence[Outcome], *, model: str, now: Callable[[], datetime]
) -> list[Reading]:
    """Make a row of each outcome, in their order; what could not be decoded is `unreadable`."""
    return [
        unreadable(one, model=model, now=now) if isinstance(one, Failure) else one
        for one in outcomes
    ]


def unreadable(failure: Failure, *, model: str, now: Callable[[], datetime]) -> Reading:
    """Make the row of a drop that could not be decoded, or that stayed doubtful."""
    if failure.reading:
        return failure.reading
    verdict = Verdict(status=Status.UNREADABLE, reason=str(failure.error))
    return _reading(failure, verdict, model=model, now=now)


def _reading(seen: Seen, verdict: Verdict, *, model: str, now: Callable[[], datetime]) -> Reading:
    return Reading(
        id=seen.id, drop=seen.drop, time=now(), verdict=verdict, sha256=seen.sha256, model=model
    )


def _verdict(
    picture: Picture,
    said: Sequence[Probabilities],
    classifier: Classifier,
    digits: DigitCount,
) -> Verdict:
    try:
        pages = zip(picture.sights, said, strict=True)
        verdicts = [judge_page(sight, answer, classifier, digits) for sight, answer in pages]
        return bound(picture, verdicts)
    except Exception:  # as in `see`: a bug may cost this picture, never the worker
        logger.exception("cannot judge %r", picture.drop.name)
        return Verdict(status=Status.UNREADABLE, reason=_BUG)


def judge_page(
    sight: Sight, said: Probabilities, classifier: Classifier, digits: DigitCount
) -> Verdict:
    """Decide what one page shows; the one place that knows how many digits are expected.

    Args:
        sight: the frames that the page may show.
        said: the network's answer, a row for each frame.
        classifier: has the thresholds.
        digits: how many digits a number may have.
    """
    verdict = judge(sight, said, classifier.thresholds)
    reader = classifier.numbers
    if digits.most > 1 and sight.several_lines:
        verdict = without_number(verdict)
    elif digits.most > 1 and reader is not None and sight.strips:
        verdict = with_number(verdict, reader.read(sight.strips), digits, reader.thresholds)
    return within(verdict, digits)


def within(verdict: Verdict, digits: DigitCount) -> Verdict:
    """Hold a verdict to the digits that are expected.

    A number with more of them is `several`, without a prediction. One with fewer is
    `uncertain`: a digit may have been missed.
    """
    count = len(verdict.prediction or "")
    if count > digits.most:
        reason = f"it looks like {_counted(count)}, and {digits} may be read"
        return Verdict(status=Status.SEVERAL, reason=reason)
    if 0 < count < digits.least:
        reason = f"it looks like {_counted(count)}, and {digits} are expected"
        return replace(verdict, status=Status.UNCERTAIN, reason=reason)
    return verdict


def _counted(count: int) -> str:
    return "1 digit" if count == 1 else f"{count} digits"


def utc_now() -> datetime:
    """Tell the time, aware."""
    return datetime.now(UTC)


def _id(drop: Drop, sha256: str) -> str:
    """Name the row: by the claim, else by path and content."""
    if drop.id is not None:
        return drop.id
    # As `place`, but quicker than a path of its own.
    place = drop.address or os.path.join(os.getcwd(), drop.path)  # noqa: PTH109, PTH118
    named = os.fsencode(place) + b"\0" + sha256.encode()
    return "f" + hashlib.blake2b(named, digest_size=10).hexdigest()


def place(drop: Drop) -> Path | str:
    """Tell where a drop lies: its absolute path, or its address."""
    return drop.address or drop.path.absolute()
