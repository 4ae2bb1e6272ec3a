"""The rows of a report as columns, beside the labels: the input of all figures."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from digitdrop.values import Status

NONE: Final = -1
"""The value of a label, a prediction or a runner-up that is missing."""

Digits = npt.NDArray[np.int64]
"""Shape (n,): 0-9, or `NONE`."""
ShareArray = npt.NDArray[np.float64]
"""Shape (n,): values 0-1."""
RowMask = npt.NDArray[np.bool_]
"""Shape (n,): True for the rows that are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The rows of a report in columns of equal length, beside their labels."""

    label: Digits
    """The digit that the picture shows."""
    prediction: Digits
    confidence: ShareArray
    """0 for a row without a prediction."""
    runner_up: Digits
    runner_up_confidence: ShareArray
    """0 for a row without a runner-up."""
    status: npt.NDArray[np.str_]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.label)

    @property
    def right(self) -> RowMask:
        """Rows whose prediction is the label, whatever their status."""
        return np.asarray(self.predicted & (self.prediction == self.label), np.bool_)

    @property
    def predicted(self) -> RowMask:
        """Rows with a prediction."""
        return np.not_equal(self.prediction, NONE)

    @property
    def ok(self) -> RowMask:
        """Rows whose status is `ok`."""
        return np.equal(self.status, Status.OK.value)
