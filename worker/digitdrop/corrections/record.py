"""Corrections by people: a picture moved into `outbox/review/7/` gets a row with that label.

The steps are those of a drop: settle, claim, record, archive, release. Each may be killed and
repeated. The folder's name is part of the claim (`review/.claimed/BATCH/7/NAME`), so nothing else
must be remembered.
"""

import errno
import logging
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from digitdrop.corrections.folders import Folders, is_label, said_by
from digitdrop.corrections.match import Moved, match
from digitdrop.errors import InputError
from digitdrop.escape import escape
from digitdrop.files.disk import make_folder
from digitdrop.files.load import sha256_of
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.heartbeat import Heartbeat
from digitdrop.intake.claims import Claims
from digitdrop.intake.settle import Clocks, Settler
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.row import Row, correcting
from digitdrop.outbox.rows import Rows
from digitdrop.pipeline import utc_now
from digitdrop.system.outage import Outage
from digitdrop.values import Drop, Reading, Status, Verdict

logger = logging.getLogger(__name__)

_REFUSED: Final = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.EACCES,
    errno.EPERM,
    errno.ENXIO,
}
_BATCH: Final = 256  # pictures, so that new drops do not wait for all of them
_NOBODY: Final = "unknown-00000000"  # for a row whose cell `model` was edited beyond recognition
_MODEL: Final = re.compile(".+-[0-9a-f]{8}")


class Corrector:
    """Records and archives the pictures in the label folders of `review/`."""

    def __init__(
        self,
        *,
        review: Path,
        claims: Claims,
        rows: Rows,
        recorder: Recorder,
        settler: Settler,
        heartbeat: Heartbeat,
        deferred: DeferredQueue,
        clock: Callable[[], Clocks],
    ) -> None:
        """Store the parts.

        Args:
            review: the folder of the outbox.
            claims: the claim folder of `review/`.
            rows: the rows that are corrected.
            recorder: writes rows and archives pictures of `claims`.
            settler: of these folders alone, since its keys are file names.
            heartbeat: reports outages.
            deferred: retries pictures that cannot be claimed, archived or put back for now.
            clock: reads the time.
        """
        self._review = review
        self._claims = claims
        self._rows = rows
        self._recorder = recorder
        self._deferred = deferred
        self._recovered = False
        self._outage = Outage("take corrections in", heartbeat.outage)
        self._folders = Folders(review, settler, clock, self._cannot_list)

    def recover(self) -> None:
        """Begin the next look with the claims of an earlier one."""
        self._recovered = False

    def look(self) -> float:
        """Record new corrections; return the seconds until the next look.

        Claims of an earlier run come first. An error of these folders is logged once, and
        delays nothing else.

        Raises:
            Stopped: the stop was requested; claimed pictures stay claimed.
        """
        try:
            if not self._recovered:
                self._recover()
            ready = self._due(self._folders.ready())
            taken = self._claims.acquire(ready[:_BATCH], refused=self._defer) if ready else []
            self._correct(taken)
        except OSError as error:
            self._outage.begin(error)
            self._recovered = False
            return math.inf
        self._outage.end()
        # If none could be claimed, the others are unlikely to do better at once.
        return 0.0 if taken and ready[_BATCH:] else self._folders.due()

    def _recover(self) -> None:
        make_folder(self._review)
        self._claims.prepare()
        for drop in self._claims.irregular():
            self._deferred.attempt(drop, "be put back", partial(self._give_back, drop))
        self._correct(self._recorder.unrecorded(self._claims.left_behind()))
        self._recovered = True

    def _due(self, names: list[str]) -> list[str]:
        return [name for name in names if self._deferred.is_due(_key(name))]

    def _cannot_list(self, folder: str, error: OSError) -> None:
        self._deferred.put(_key(folder), cannot="be listed", error=error)

    def _defer(self, name: str, error: OSError) -> None:
        self._deferred.put(name, cannot="be taken", error=error, key=_key(name))

    def _correct(self, drops: Sequence[Drop]) -> None:
        """Record claimed pictures; put back those without a row."""
        moved = {drop.id: drop for drop in drops if drop.id}
        asked = {one.id: one for drop in drops if (one := self._asked_or_later(drop, moved))}
        contents = {one.sha256 for one in asked.values()}
        rows = dict(self._rows.rows_of(contents)) if contents else {}
        corrections = []
        for key, row_id in match(list(asked.values()), rows).items():
            rows[key] = rows[row_id]  # a second copy corrects this correction
            corrections.append(
                _correction(moved.pop(key), asked[key].sha256, row_id, rows[row_id])
            )
        self._recorder.record(corrections)
        self._recorder.archive(corrections)
        for drop in moved.values():
            self._leave(drop)
        self._claims.release(drops)

    def _asked_or_later(self, drop: Drop, moved: dict[str, Drop]) -> Moved | None:
        self._deferred.done(_key(drop.name))
        try:
            return self._asked(drop)
        except OSError as error:  # the disk's error, not the picture's
            self._deferred.postpone(drop, "be read", error, partial(self._correct_one, drop))
            moved.pop(drop.id or "", None)
            return None

    def _correct_one(self, drop: Drop) -> None:
        self._asked(drop)
        self._correct([drop])

    def _asked(self, drop: Drop) -> Moved | None:
        if not is_label(_label(drop)):  # somebody renamed its folder in hand
            return None
        try:
            digest = sha256_of(drop.path)
        except InputError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno not in _REFUSED:
                raise error.__cause__ from None
            return None
        return Moved(id=drop.id or "", name=_below(drop), sha256=digest)

    def _leave(self, drop: Drop) -> None:
        """Put a picture without a row back into its folder, and log that once."""
        self._deferred.attempt(drop, "be put back", partial(self._give_back, drop))
        if self._folders.pass_over(drop.name):
            logger.warning(
                "review/%s corrects nothing: no row of the report has its content, "
                "or it may not be read; it stays where it is",
                escape(drop.name),
            )

    def _give_back(self, drop: Drop) -> None:
        if not self._claims.requeue(drop):
            logger.warning(
                "review/%s is another file by now: the earlier one stays claimed",
                escape(drop.name),
            )
        self._claims.release([drop])


def _key(name: str) -> str:
    return f"review/{name}"


def _label(drop: Drop) -> str:
    return drop.name.partition("/")[0]


def _below(drop: Drop) -> str:
    return drop.name.partition("/")[2]


def _correction(drop: Drop, sha256: str, row_id: str, row: Row) -> Reading:
    """Return the row of a correction: the folder's name is the label."""
    shows = said_by(_label(drop))
    return Reading(
        id=drop.id or "",
        drop=replace(drop, name=row.name or _below(drop)),
        time=utc_now(),
        verdict=Verdict(status=Status.CORRECTED, prediction=shows, reason=correcting(row_id)),
        sha256=sha256,
        model=row.model if _MODEL.fullmatch(row.model) else _NOBODY,
    )
