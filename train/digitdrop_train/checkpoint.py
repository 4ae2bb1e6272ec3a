"""The checkpoint of a training: its state after the last finished epoch, in one file."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from digitdrop.system.disk import sync_folders, write_whole
from digitdrop_train.data import Dataset
from digitdrop_train.fit import Arrays, Epoch

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A training up to its last finished epoch."""

    history: Sequence[Epoch]
    """At least one epoch."""
    state: Arrays
    """As `fit` hands it over."""
    minutes: float
    """Since the start of the training, without the time between two runs."""


class Checkpoint:
    """A file that is replaced as a whole after each epoch, and deleted after the last."""

    def __init__(self, path: Path, training: Mapping[str, object]) -> None:
        """Name the file, and all that must be the same to resume: recipe, data, versions."""
        self.path = path
        self._training = json.dumps(training, sort_keys=True)

    def save(self, saved: Saved, *, say: Say) -> None:
        """Replace the file. Once this returns, a kill or a power cut costs one epoch at most.

        Where the disk does not allow it, say so and keep the earlier file.
        """
        described = {
            "training": self._training,
            "history": [asdict(epoch) for epoch in saved.history],
            "minutes": saved.minutes,
        }
        content = io.BytesIO()
        arrays = {f"state_{index}": array for index, array in enumerate(saved.state)}
        np.savez(content, described=np.array(json.dumps(described)), **arrays)  # type: ignore[arg-type]
        aside = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            write_whole(self.path, content.getvalue(), aside=aside)
            sync_folders([self.path.parent])
        except OSError as error:
            say(f"cannot write {self.path}: {error.strerror}; going on without a new checkpoint")

    def load(self, *, say: Say) -> Saved | None:
        """Read the file; None, and a line that says why, where it cannot be resumed from."""
        try:
            with np.load(self.path, allow_pickle=False) as arrays:
                described = json.loads(str(arrays["described"]))
                state = [arrays[f"state_{index}"] for index in range(len(arrays.files) - 1)]
            if described["training"] != self._training:
                say(f"{self.path} is of another training: starting from the first epoch")
                return None
            history = [Epoch(**epoch) for epoch in described["history"]]
            return Saved(history=history, state=state, minutes=float(described["minutes"]))
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
            say(f"cannot read {self.path} ({error}): starting from the first epoch")
            return None

    def delete(self) -> None:
        """Remove the file, if there is one."""
        self.path.unlink(missing_ok=True)


def digest(dataset: Dataset) -> str:
    """Return the SHA-256 of all frames and labels, in hex."""
    found = hashlib.sha256(dataset.frames.tobytes())
    found.update(dataset.labels.tobytes())
    return found.hexdigest()
