"""Rows of a report as columns, beside what is right: what all figures are made of."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from digitdrop.values import Status

NONE: Final = ""
"""Stands where there is no number: no label, no prediction, no runner-up."""

Numbers = npt.NDArray[np.str_]
"""Shape (n,): each a whole number as in the report (`7`, `0042`), or `NONE`."""
Shares = npt.NDArray[np.float64]
"""Shape (n,): each 0-1."""
Chosen = npt.NDArray[np.bool_]
"""Shape (n,): True for the rows that are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Rows of a report in columns of equal length, beside what is right."""

    label: Numbers
    """What the picture shows."""
    prediction: Numbers
    confidence: Shares
    """0 for a row without a prediction."""
    runner_up: Numbers
    runner_up_confidence: Shares
    """0 for a row without a runner-up."""
    status: npt.NDArray[np.str_]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.label)

    def where(self, chosen: Chosen) -> "Answers":
        """Return the rows that are chosen, in their order."""
        return Answers(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})

    @property
    def right(self) -> Chosen:
        """Where the prediction is the label; the best guess counts whatever its status."""
        return np.asarray(self.told & (self.prediction == self.label), np.bool_)

    @property
    def told(self) -> Chosen:
        """Where there is a prediction."""
        return np.not_equal(self.prediction, NONE)

    @property
    def ok(self) -> Chosen:
        """Where the status is `ok`."""
        return np.equal(self.status, Status.OK.value)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Digits of each label."""
        return np.strings.str_len(self.label).astype(np.int64)
