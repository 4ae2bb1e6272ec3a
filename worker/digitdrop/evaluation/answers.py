"""Rows of a report as columns, beside what is right: what all figures are made of."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from digitdrop.values import Status

NONE: Final = -1
"""Stands where there is no digit: no label, no prediction, no runner-up."""

Digits = npt.NDArray[np.int64]
"""Shape (n,): 0-9, or `NONE`."""
ShareArray = npt.NDArray[np.float64]
"""Shape (n,): each 0-1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Rows of a report in columns of equal length, beside what is right."""

    label: Digits
    """What the picture shows."""
    prediction: Digits
    confidence: ShareArray
    """0 for a row without a prediction."""
    runner_up: Digits
    runner_up_confidence: ShareArray
    """0 for a row without a runner-up."""
    status: npt.NDArray[np.str_]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.label)

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Where the prediction is the label; the best guess counts whatever its status."""
        return np.asarray(self.told & (self.prediction == self.label), np.bool_)

    @property
    def told(self) -> npt.NDArray[np.bool_]:
        """Where there is a prediction."""
        return np.not_equal(self.prediction, NONE)

    @property
    def ok(self) -> npt.NDArray[np.bool_]:
        """Where the status is `ok`."""
        return np.equal(self.status, Status.OK.value)
