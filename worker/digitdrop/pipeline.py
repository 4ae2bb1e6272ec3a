"""From drops to readings. Read this first.

A drop is loaded, decoded, normalised to MNIST's geometry, classified (in doubt, with
test-time augmentation) and judged. Data moves only to the right; each step is a module that
imports none of the others. The service and `batch` differ in where drops come from and where
readings go; between the two, this is all there is.
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
from digitdrop.inference.augmentation import classify_pictures
from digitdrop.inference.classifier import Classifier
from digitdrop.inference.decision import judge
from digitdrop.inference.number_decision import with_number, without_number
from digitdrop.pages import combine_pages, decode_pages
from digitdrop.system.memory import is_short, shortage
from digitdrop.values import (
    Candidates,
    DigitCount,
    Drop,
    Failure,
    Limits,
    Picture,
    Probabilities,
    Reading,
    Status,
    Verdict,
)

logger = logging.getLogger(__name__)

Prepared: TypeAlias = Picture | Failure
Outcome: TypeAlias = Reading | Failure
"""The end of a drop: its row, or the error that kept it from being decoded, perhaps only now."""

_BUG = "internal error, see the worker's log"


def prepare(
    drop: Drop,
    limits: Limits,
    *,
    known: Container[str] = (),
    poison: Collection[Path | str] = (),
    content: Callable[[], bytes] | None = None,
) -> Prepared:
    """Load, decode and normalise one drop; a bad file becomes a value, not a crash.

    Safe to call from several threads.

    Args:
        drop: the file.
        limits: limits of the file.
        known: ids of rows that are in the report: these files are not decoded again.
        poison: absolute paths (or addresses) of files that kill or hang the process that
            decodes them.
        content: returns the bytes, instead of `load`; raises InputError.

    Returns:
        The candidates of each page, or the error.
    """
    sha256 = ""
    try:
        loaded = content() if content else load(drop.path, most=limits.bytes)
        sha256 = hashlib.sha256(loaded).hexdigest()
        row_id = _id(drop, sha256)
        if row_id in known:
            raise AlreadyRead("its row is in the report")
        if poison and location_of(drop) in poison:
            raise Unreadable("crashed the reader twice")
        found = decode_pages(loaded, limits=limits)
    except InputError as error:
        return Failure(id=_id(drop, sha256), drop=drop, sha256=sha256, error=error)
    except Exception as error:
        # A bug here or in a library. It may cost this file but not the worker, which
        # would meet the same file again after every restart.
        return Failure(
            id=_id(drop, sha256), drop=drop, sha256=sha256, error=_bug(drop, error, limits)
        )
    return Picture(
        id=row_id,
        drop=drop,
        sha256=sha256,
        candidates=found.candidates,
        pages=found.pages,
        doubt=found.doubt,
    )


def _bug(drop: Drop, error: Exception, limits: Limits) -> InputError:
    if isinstance(error, MemoryError) or is_short(limits.spare):
        return shortage("this picture")
    logger.error("cannot read %r", drop.name, exc_info=error)
    return Unreadable(_BUG)


def read_batch(
    prepared: Sequence[Prepared],
    classifier: Classifier,
    *,
    digits: DigitCount,
    now: Callable[[], datetime],
) -> list[Reading]:
    """Return a reading for each picture or failure, in order; see `classify` and `readings`."""
    outcomes = classify(prepared, classifier, digits=digits, now=now)
    return readings(outcomes, model=classifier.name, now=now)


def classify(
    items: Sequence[Prepared | Reading],
    classifier: Classifier,
    *,
    digits: DigitCount,
    now: Callable[[], datetime],
) -> list[Outcome]:
    """Classify all pictures in one batch, and judge each by itself; return all in order.

    The reading of a picture does not depend on the other pictures of the batch.

    Args:
        items: as `prepare` returns them; failures and readings stay as they are.
        classifier: the network.
        digits: number of digits that a number may have.
        now: returns the time of each reading, aware.
    """
    pages = [page for item in items if isinstance(item, Picture) for page in item.candidates]
    rows = iter(classify_pictures([page.frames for page in pages], classifier))
    outcomes: list[Outcome] = []
    for item in items:
        if isinstance(item, Picture):
            verdict = _verdict(item, [*islice(rows, len(item.candidates))], classifier, digits)
            outcomes.append(_reading(item, verdict, model=classifier.name, now=now))
        else:
            outcomes.append(item)
    return outcomes


def readings(
    outcomes: Sequence[Outcome], *, model: str, now: Callable[[], datetime]
) -> list[Reading]:
    """Return a row for each outcome, in order; a failure becomes `unreadable`."""
    return [
        unreadable_reading(item, model=model, now=now) if isinstance(item, Failure) else item
        for item in outcomes
    ]


def unreadable_reading(failure: Failure, *, model: str, now: Callable[[], datetime]) -> Reading:
    """Return the row of a drop that could not be decoded, or that stayed doubtful."""
    if failure.reading:
        return failure.reading
    verdict = Verdict(status=Status.UNREADABLE, reason=str(failure.error))
    return _reading(failure, verdict, model=model, now=now)


def _reading(
    item: Prepared, verdict: Verdict, *, model: str, now: Callable[[], datetime]
) -> Reading:
    return Reading(
        id=item.id, drop=item.drop, time=now(), verdict=verdict, sha256=item.sha256, model=model
    )


def _verdict(
    picture: Picture,
    probabilities: Sequence[Probabilities],
    classifier: Classifier,
    digits: DigitCount,
) -> Verdict:
    try:
        pages = zip(picture.candidates, probabilities, strict=True)
        verdicts = [judge_page(page, rows, classifier, digits) for page, rows in pages]
        return combine_pages(picture, verdicts)
    except Exception:  # as in `prepare`: a bug may cost this picture, never the worker
        logger.exception("cannot judge %r", picture.drop.name)
        return Verdict(status=Status.UNREADABLE, reason=_BUG)


def judge_page(
    page: Candidates, probabilities: Probabilities, classifier: Classifier, digits: DigitCount
) -> Verdict:
    """Return the verdict on one page; the only place that checks the number of digits.

    Args:
        page: the frames that the page may show.
        probabilities: of the network, a row for each frame.
        classifier: has the thresholds.
        digits: number of digits that a number may have.
    """
    verdict = judge(page, probabilities, classifier.thresholds)
    reader = classifier.numbers
    if digits.most > 1 and page.several_lines:
        verdict = without_number(verdict)
    elif digits.most > 1 and reader is not None and page.strips:
        verdict = with_number(verdict, reader.read(page.strips), digits, reader.thresholds)
    return within(verdict, digits)


def within(verdict: Verdict, digits: DigitCount) -> Verdict:
    """Return a verdict as it is, or changed if its number has too many or too few digits.

    A number with too many digits is `several`, without a prediction. A number with too few is
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
    """Return the current time, aware."""
    return datetime.now(UTC)


def _id(drop: Drop, sha256: str) -> str:
    """Return the id of the row: of the claim, else made of path and content."""
    if drop.id is not None:
        return drop.id
    # As `location_of`, but quicker: no `Path` is made.
    place = drop.address or os.path.join(os.getcwd(), drop.path)  # noqa: PTH109, PTH118
    named = os.fsencode(place) + b"\0" + sha256.encode()
    return "f" + hashlib.blake2b(named, digest_size=10).hexdigest()


def location_of(drop: Drop) -> Path | str:
    """Return the absolute path of a drop, or its address."""
    return drop.address or drop.path.absolute()
