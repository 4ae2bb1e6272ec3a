"""What could not be read: its row, or back to its name to wait. A part of `intake`."""

import errno
import logging
from collections.abc import Callable
from functools import partial

from digitdrop.errors import Gone, Incomplete, NotYet
from digitdrop.escape import escape
from digitdrop.health.postponed import Postponed
from digitdrop.intake.claims import Claims
from digitdrop.intake.listing import ListedFile
from digitdrop.intake.settle import Clocks, Settler
from digitdrop.outbox.recorder import Recorder
from digitdrop.pipeline import unreadable_reading, utc_now
from digitdrop.values import Drop, Failure, Reading

logger = logging.getLogger(__name__)


class Requeue:
    """Decides what becomes of files in hand that got no answer, and does it."""

    def __init__(
        self,
        *,
        claims: Claims,
        settler: Settler,
        model: str,
        recorder: Recorder,
        postponed: Postponed,
        clock: Callable[[], Clocks],
    ) -> None:
        """Wire it.

        Args:
            claims: puts files back.
            settler: told which files have to wait.
            model: name of the network, for rows.
            recorder: writes the row of what cannot be put back any more.
            postponed: keeps what cannot be put back for now.
            clock: tells the time.
        """
        self._claims = claims
        self._settler = settler
        self._model = model
        self._recorder = recorder
        self._postponed = postponed
        self._clock = clock

    def row(self, failure: Failure, found: ListedFile | None, *, settled: bool) -> Reading | None:
        """Give the row of what failed for good; None if the file waits again, or is gone.

        Args:
            failure: why it was not read.
            found: the file as it was listed; None for what an earlier run left in hand.
            settled: nobody writes it any more.
        """
        name = escape(failure.drop.name)
        if isinstance(failure.error, Gone):
            logger.info("%s was taken away while in hand", name)
            return None
        if settled and not isinstance(failure.error, NotYet):
            return self._unreadable(failure)
        if found and not self._is_put_off(failure, found):
            return self._unreadable(failure)
        logger.debug("%s: %s; waiting", name, failure.error)
        act = partial(self._return, failure, settled=settled)
        self._postponed.attempt(failure.drop, "be put back", act)
        return None

    def give_back(self, drop: Drop) -> None:
        """Put a file back that was not read, now or as soon as that is possible."""
        self._postponed.attempt(drop, "be put back", partial(self._try, drop))

    def put_out(self, drop: Drop) -> None:
        """Put something back that is no regular file, as soon as no other has its name."""
        self._postponed.attempt(drop, "be put back", partial(self._try, drop, must=True))

    def _try(self, drop: Drop, *, must: bool = False) -> None:
        if not self._give_back(drop) and must:
            raise FileExistsError(errno.EEXIST, "the inbox has another file of this name")

    def _give_back(self, drop: Drop) -> bool:
        """Put a file back; False if it was replaced meanwhile, and so cannot change."""
        is_back = self._claims.requeue(drop)
        self._claims.release([drop])
        return is_back

    def _return(self, failure: Failure, *, settled: bool) -> None:
        """Put a file back to wait; the row is due for one that was replaced meanwhile."""
        if self._give_back(failure.drop):
            return
        if isinstance(failure.error, Incomplete) and not settled:
            # Its owner wrote another file over it, and would have lost the half one without us.
            logger.info("%s was replaced before it was complete", escape(failure.drop.name))
            failure.drop.path.unlink(missing_ok=True)
            return
        self._recorder.record([self._unreadable(failure)])

    def _unreadable(self, failure: Failure) -> Reading:
        return unreadable_reading(failure, model=self._model, now=utc_now)

    def _is_put_off(self, failure: Failure, found: ListedFile) -> bool:
        """Have the file wait; False if it has waited long enough."""
        now = self._clock()
        if self._settler.is_given_up(found, now):
            return False
        if isinstance(failure.error, NotYet):
            self._settler.truncated(found, now)
        else:
            self._settler.retried(found, now)
        return True
