"""What the service does for its outbox beside reading: corrections, and old pictures."""

from dataclasses import dataclass

from worker.clear import Clearer
from worker.correct import Corrector


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Both, in the two rhythms that the loop has for them."""

    corrector: Corrector
    clearer: Clearer | None
    """None: what is in `done/` stays there."""

    def look(self) -> float:
        """Take in what was put right since; say after how many seconds to look again.

        Raises:
            Stopped: the worker shall stop.
        """
        return self.corrector.look()

    def step(self) -> bool:
        """Do a little of what can wait, so that no picture has to; say whether more is left."""
        return self.clearer.step() if self.clearer else False
