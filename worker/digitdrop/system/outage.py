"""What cannot be done for now: said once when it begins, and once when it is over."""

import logging
from collections.abc import Callable

from digitdrop.system.log_fields import about

logger = logging.getLogger(__name__)

OnOutage = Callable[[str, str], None]
"""Told what cannot be done, and why; when it can be done again, without a why."""


class Outage:
    """One kind of it: however often something is tried, a person reads of it twice."""

    def __init__(self, what: str, tell: OnOutage) -> None:
        """Begin without.

        Args:
            what: completes "cannot ..." in the log.
            tell: told at every try, and at the end.
        """
        self._what = what
        self._tell = tell
        self.lasts = False
        """Whether it was said to begin, and not yet to be over."""

    def begin(self, error: OSError) -> None:
        """Note that it could not be done; said in the log the first time."""
        if not self.lasts:
            logger.error(
                "cannot %s: %s; trying until it succeeds",
                self._what,
                error,
                extra=about(cannot=self._what, state="begins"),
            )
        self.lasts = True
        self._tell(self._what, str(error))

    def end(self) -> None:
        """Note that it was done; nothing is said if it always could be."""
        if self.lasts:
            logger.warning(
                "can %s again", self._what, extra=about(cannot=self._what, state="ends")
            )
            self._tell(self._what, "")
        self.lasts = False
