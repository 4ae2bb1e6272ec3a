"""What people put right: a picture moved into `outbox/review/7/` gets a row that says so.

The same way as any drop: settled, claimed, recorded, filed away, each step of
which may be killed and repeated. The folder's name stays with the picture in
hand (`review/.claimed/BATCH/7/NAME`), so that nothing else has to be remembered.
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
from digitdrop.health.postponed import Postponed
from digitdrop.intake.claims import Hand
from digitdrop.intake.settle import Now, Settler
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.row import Row, correcting
from digitdrop.outbox.rows import Rows
from digitdrop.pipeline import utc_now
from digitdrop.system.shutdown import Stopper
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
_TURN: Final = 256  # pictures, so that new drops need not wait for all
_NOBODY: Final = "unknown-00000000"  # for a row whose cell `model` was edited beyond recognition
_MODEL: Final = re.compile(".+-[0-9a-f]{8}")


class Corrector:
    """Between the folders of `review/` that are named by a number or `none`, and `done/`."""

    def __init__(
        self,
        *,
        review: Path,
        hand: Hand,
        rows: Rows,
        recorder: Recorder,
        settler: Settler,
        stopper: Stopper,
        deferred: DeferredQueue,
        postponed: Postponed,
        clock: Callable[[], Now],
    ) -> None:
        """Wire the steps together.

        Args:
            review: the folder of the outbox.
            hand: takes out of that folder.
            rows: where to look for the rows that are corrected.
            recorder: writes with that hand.
            settler: its own, since it tells files apart by name.
            stopper: tells of trouble with these folders.
            deferred: keeps pictures that cannot be taken for now.
            postponed: keeps those that cannot leave the hand for now.
            clock: tells the time.
        """
        self._review = review
        self._hand = hand
        self._rows = rows
        self._recorder = recorder
        self._clock = clock
        self._deferred = deferred
        self._postponed = postponed
        self._recovered = False
        self._trouble = stopper.trouble("take corrections in")
        self._folders = Folders(review, settler, clock, self._cannot_list)

    def recover(self) -> None:
        """Begin the next look with what is in hand."""
        self._recovered = False

    def look(self) -> float:
        """Record what was put right since; say after how many seconds to look again.

        What an earlier run left in hand comes first. Trouble with these folders is
        told once, and holds up nothing else.

        Raises:
            Stopped: the worker shall stop; what is in hand is safe there.
        """
        try:
            if not self._recovered:
                self._recover()
            ready = self._due(self._folders.ready())
            taken = self._hand.take(ready[:_TURN], refused=self._defer) if ready else []
            self._correct(taken)
        except OSError as error:
            self._trouble.goes_on(error)
            self._recovered = False
            return math.inf
        self._trouble.is_over()
        # Where none could be taken, the others would not fare better at once.
        return 0.0 if taken and ready[_TURN:] else self._folders.due()

    def _recover(self) -> None:
        make_folder(self._review)
        self._hand.prepare()
        for drop in self._hand.odd():
            self._postponed.attempt(drop, "be put back", partial(self._give_back, drop))
        self._correct(self._recorder.finish(self._hand.left_behind()))
        self._recovered = True

    def _due(self, names: list[str]) -> list[str]:
        now = self._clock()
        return [name for name in names if self._deferred.is_due(_key(name), now)]

    def _cannot_list(self, folder: str, error: OSError) -> None:
        why = error.strerror or str(error)
        self._deferred.put(_key(folder), cannot="be listed", why=why, now=self._clock())

    def _defer(self, name: str, error: OSError) -> None:
        why = error.strerror or str(error)
        self._deferred.put(name, cannot="be taken", why=why, now=self._clock(), key=_key(name))

    def _correct(self, drops: Sequence[Drop]) -> None:
        """Give each picture in hand its row, or back if it belongs to none."""
        moved = {drop.id: drop for drop in drops if drop.id}
        asked = {one.id: one for drop in drops if (one := self._asked_or_later(drop, moved))}
        contents = {one.sha256 for one in asked.values()}
        rows = dict(self._rows.rows_of(contents)) if contents else {}
        corrections = []
        for key, row_id in match(list(asked.values()), rows).items():
            rows[key] = rows[row_id]  # a second copy corrects what this one makes
            corrections.append(
                _correction(moved.pop(key), asked[key].sha256, row_id, rows[row_id])
            )
        self._recorder.record(corrections)
        for drop in moved.values():
            self._leave(drop)
        self._hand.let_go(drops)

    def _asked_or_later(self, drop: Drop, moved: dict[str, Drop]) -> Moved | None:
        self._deferred.done(_key(drop.name))
        try:
            return self._asked(drop)
        except OSError as error:  # of the disk, not of the picture
            self._postponed.put(drop, "be read", error, partial(self._correct_one, drop))
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
        """Put a picture that belongs to no row back where its owner put it, and say so once."""
        self._postponed.attempt(drop, "be put back", partial(self._give_back, drop))
        if self._folders.pass_over(drop.name):
            logger.warning(
                "review/%s corrects nothing: no row of the report has its content, "
                "or it may not be read; it stays where it is",
                escape(drop.name),
            )

    def _give_back(self, drop: Drop) -> None:
        if not self._hand.give_back(drop):
            logger.warning(
                "review/%s has another file by now: the earlier one waits in hand",
                escape(drop.name),
            )
        self._hand.let_go([drop])


def _key(name: str) -> str:
    return f"review/{name}"


def _label(drop: Drop) -> str:
    return drop.name.partition("/")[0]


def _below(drop: Drop) -> str:
    return drop.name.partition("/")[2]


def _correction(drop: Drop, sha256: str, row_id: str, row: Row) -> Reading:
    """Say what a picture shows by the folder that it was moved into."""
    shows = said_by(_label(drop))
    return Reading(
        id=drop.id or "",
        drop=replace(drop, name=row.name or _below(drop)),
        time=utc_now(),
        verdict=Verdict(status=Status.CORRECTED, prediction=shows, reason=correcting(row_id)),
        sha256=sha256,
        model=row.model if _MODEL.fullmatch(row.model) else _NOBODY,
    )
