"""The rows of a report as columns, beside the labels: the input of all figures."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from digitdrop.values import Status

NONE: Final = ""
"""The value of a label, a prediction or a runner-up that is missing."""

Numbers = npt.NDArray[np.str_]
"""Shape (n,): whole numbers as in the report (`7`, `0042`), or `NONE`."""
ShareArray = npt.NDArray[np.float64]
"""Shape (n,): values 0-1."""
RowMask = npt.NDArray[np.bool_]
"""Shape (n,): True for the rows that are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The rows of a report in columns of equal length, beside their labels."""

    label: Numbers
    """The number that the picture shows."""
    prediction: Numbers
    confidence: ShareArray
    """0 for a row without a prediction."""
    runner_up: Numbers
    runner_up_confidence: ShareArray
    """0 for a row without a runner-up."""
    status: npt.NDArray[np.str_]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.label)

    def where(self, mask: RowMask) -> "Answers":
        """Return the rows for which the mask is True, in their order."""
        return Answers(**{each.name: getattr(self, each.name)[mask] for each in fields(self)})

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

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Number of digits of each label."""
        return np.strings.str_len(self.label).astype(np.int64)
