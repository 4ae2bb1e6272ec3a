"""What the service does for its outbox beside reading: corrections, old pictures, the page."""

from dataclasses import dataclass

from digitdrop.corrections.record import Corrector
from digitdrop.retention.clear import Clearer
from digitdrop.service.pager import Pager


@dataclass(frozen=True, slots=True)
class Maintenance:
    """All of it, in the two rhythms that the loop has for that."""

    corrector: Corrector
    clearer: Clearer | None
    """None: what is in `done/` stays there."""
    pager: Pager | None = None
    """None: nobody wants a page."""

    def recover(self) -> None:
        """Have what is in hand looked through again: the disk may have been away."""
        self.corrector.recover()

    def look(self) -> float:
        """Take in what was put right since; say after how many seconds to look again.

        Raises:
            Stopped: the worker shall stop.
        """
        due = self.corrector.look()
        self.catch_up()
        return due

    def catch_up(self, *, more: bool = False) -> None:
        """Have the page made if it is behind; costs next to nothing. See `Pager.look`."""
        if self.pager:
            self.pager.look(more=more)

    def step(self) -> bool:
        """Do a little of what can wait, so that no picture has to; say whether more is left."""
        return self.clearer.step() if self.clearer else False
