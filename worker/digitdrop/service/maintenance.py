"""Work for the outbox beside reading: corrections, old pictures, the page."""

from dataclasses import dataclass

from digitdrop.corrections.record import Corrector
from digitdrop.retention.clear import Clearer
from digitdrop.service.pager import Pager


@dataclass(frozen=True, slots=True)
class Maintenance:
    """The work that the loop does between batches."""

    corrector: Corrector
    clearer: Clearer | None
    """None: pictures stay in `done/`."""
    pager: Pager | None = None
    """None: no page is made."""

    def recover(self) -> None:
        """Examine the claims again at the next `look`: the disk may have been away."""
        self.corrector.recover()

    def look(self) -> float:
        """Record new corrections; return the seconds until the next look.

        Raises:
            Stopped: the stop was requested.
        """
        due = self.corrector.look()
        self.catch_up()
        return due

    def catch_up(self, *, more: bool = False) -> None:
        """Update the page if it is behind; takes microseconds. See `Pager.look`."""
        if self.pager:
            self.pager.look(more=more)

    def step(self) -> bool:
        """Do 10 ms of the work that can wait; return True if more is left."""
        return self.clearer.step() if self.clearer else False
