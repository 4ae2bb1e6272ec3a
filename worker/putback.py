"""What could not be read: its row, or back to its name to wait. A part of `intake`."""

import logging
from collections.abc import Callable

from worker.claim import Hand
from worker.errors import Gone, Incomplete, NotYet
from worker.inbox import Found
from worker.pipeline import unreadable, utc_now
from worker.settle import Now, Settler
from worker.stopper import Stopper
from worker.table.escape import escape
from worker.values import Drop, Failure, Reading

logger = logging.getLogger(__name__)


class PutBack:
    """Decides what becomes of files in hand that got no answer, and does it."""

    def __init__(
        self,
        *,
        hand: Hand,
        settler: Settler,
        model: str,
        stopper: Stopper,
        clock: Callable[[], Now],
    ) -> None:
        """Wire it.

        Args:
            hand: puts files back.
            settler: told which files have to wait.
            model: name of the network, for rows.
            stopper: insists where the disk refuses.
            clock: tells the time.
        """
        self._hand = hand
        self._settler = settler
        self._model = model
        self._stopper = stopper
        self._clock = clock

    def row(self, failure: Failure, found: Found | None, *, settled: bool) -> Reading | None:
        """Give the row of what failed for good; None if the file waits again, or is gone.

        Args:
            failure: why it was not read.
            found: the file as it was listed; None for what an earlier run left in hand.
            settled: nobody writes it any more.

        Raises:
            Stopped: the end was asked for before the file could be put back.
        """
        if not self._is_final(failure, found, settled=settled):
            return None
        return unreadable(failure, model=self._model, now=utc_now)

    def give_back(self, drop: Drop) -> bool:
        """Put a file back to wait; False if it was replaced meanwhile, and so cannot change.

        Raises:
            Stopped: the end was asked for before that.
        """
        returned = []
        self._stopper.insist(
            "put a file back", lambda: returned.append(self._hand.give_back(drop))
        )
        return returned[-1]

    def _is_final(self, failure: Failure, found: Found | None, *, settled: bool) -> bool:
        """Say whether a failure gets its row; else the file is put back to wait, or is gone."""
        name = escape(failure.drop.name)
        if isinstance(failure.error, Gone):
            logger.info("%s was taken away while in hand", name)
            return False
        if settled and not isinstance(failure.error, NotYet):
            return True
        if found and not self._is_put_off(failure, found):
            return True
        logger.debug("%s: %s; waiting", name, failure.error)
        if self.give_back(failure.drop):
            return False
        if isinstance(failure.error, Incomplete) and not settled:
            # Its owner wrote another file over it, and would have lost the half one without us.
            logger.info("%s was replaced before it was complete", name)
            failure.drop.path.unlink(missing_ok=True)
            return False
        return True

    def _is_put_off(self, failure: Failure, found: Found) -> bool:
        """Have the file wait; False if it has waited long enough."""
        now = self._clock()
        if self._settler.is_given_up(found, now):
            return False
        if isinstance(failure.error, NotYet):
            self._settler.cut_short(found, now)
        else:
            self._settler.doubted(found, now)
        return True
