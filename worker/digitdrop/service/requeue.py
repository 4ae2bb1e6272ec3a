"""Files that could not be read: a row now, or back to the inbox to wait."""

import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from digitdrop.errors import Gone, Incomplete, NotYet
from digitdrop.escape import escape
from digitdrop.health.deferred import DeferredQueue
from digitdrop.intake.claims import Claims
from digitdrop.intake.listing import ListedFile
from digitdrop.intake.settle import Clocks, Settler
from digitdrop.outbox.recorder import Recorder
from digitdrop.pipeline import Outcome, unreadable_reading, utc_now
from digitdrop.values import Drop, Failure, Reading

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requeue:
    """Decides about claimed files that have no reading, and puts files back."""

    claims: Claims
    settler: Settler
    """Remembers the files that have to wait."""
    model: str
    """Name of the network, for rows."""
    recorder: Recorder
    """Writes the row of a file that cannot be put back any more."""
    deferred: DeferredQueue
    """Retries files that cannot be put back for now."""
    clock: Callable[[], Clocks]

    def decide(
        self, outcome: Outcome, found: ListedFile | None, *, settled: bool
    ) -> Reading | Failure:
        """Return the row of a file, or a failure if the file shall wait or is gone.

        Args:
            outcome: a failure, or a reading of a file that may still be written.
            found: the file as it was listed; None for a claim of an earlier run.
            settled: True if nobody writes the file any more.
        """
        if isinstance(outcome, Reading):
            outcome = Failure(
                id=outcome.id,
                drop=outcome.drop,
                sha256="",
                error=Incomplete(outcome.verdict.doubt),
                reading=outcome,
            )
        name = escape(outcome.drop.name)
        if isinstance(outcome.error, Gone):
            logger.info("%s was removed after it was claimed", name)
            return outcome
        if settled and not isinstance(outcome.error, NotYet):
            return self._unreadable(outcome)
        if found and not self._is_put_off(outcome, found):
            return self._unreadable(outcome)
        logger.debug("%s: %s; waiting", name, outcome.error)
        return outcome

    def put_back(self, failure: Failure, *, settled: bool) -> None:
        """Put a file back to wait, now or later; a file that is gone is none to put back."""
        if not isinstance(failure.error, Gone):
            act = partial(self._put_back, failure, settled=settled)
            self.deferred.attempt(failure.drop, "be put back", act)

    def put_back_unread(self, drop: Drop) -> None:
        """Put a file back that was not read, now or later."""
        self.deferred.attempt(drop, "be put back", partial(self._requeue, drop))

    def put_out(self, drop: Drop) -> None:
        """Put back an entry that is no regular file, once no other entry has its name."""

        def act() -> None:
            if not self._requeue(drop):
                raise FileExistsError(errno.EEXIST, "the inbox has another file of this name")

        self.deferred.attempt(drop, "be put back", act)

    def _requeue(self, drop: Drop) -> bool:
        """Put a file back; False if it was replaced meanwhile, and so cannot change."""
        is_back = self.claims.requeue(drop)
        self.claims.release([drop])
        return is_back

    def _put_back(self, failure: Failure, *, settled: bool) -> None:
        """Put a file back to wait; record it as it is if it was replaced meanwhile."""
        if self._requeue(failure.drop):
            return
        if isinstance(failure.error, Incomplete) and not settled:
            # Without the claim, the owner's new file would have replaced the half one.
            logger.info("%s was replaced before it was complete", escape(failure.drop.name))
            failure.drop.path.unlink(missing_ok=True)
            return
        row = self._unreadable(failure)
        self.recorder.record([row])
        self.recorder.archive([row])

    def _unreadable(self, failure: Failure) -> Reading:
        return unreadable_reading(failure, model=self.model, now=utc_now)

    def _is_put_off(self, failure: Failure, found: ListedFile) -> bool:
        """Let the file wait; False if it has waited long enough."""
        now = self.clock()
        if self.settler.is_given_up(found, now):
            return False
        if isinstance(failure.error, NotYet):
            self.settler.truncated(found, now)
        else:
            self.settler.retried(found, now)
        return True
