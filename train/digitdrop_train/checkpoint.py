"""The checkpoint of a training: a snapshot of its last finished epoch, in one file.

Keras's `BackupAndRestore` saves neither the moving average nor the random generator of the
dropout, writes two files that a kill can leave in disagreement, and resumes a training of other
recipe or data as if it were the same.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from digitdrop.files.disk import sync_folders, write_whole
from digitdrop_train.data import Dataset
from digitdrop_train.fit import Epoch, Snapshot
from digitdrop_train.progress import Say

DIGEST = 32
"""Bytes of the SHA-256 that the file begins with: it is read only where it is whole."""


class Checkpoint:
    """A file that is replaced as a whole after each epoch, and deleted after the last."""

    def __init__(self, folder: Path, training: Mapping[str, object]) -> None:
        """Name the file by all that must be equal to resume: recipe, data, versions."""
        described = json.dumps(training, sort_keys=True).encode()
        self.path = folder / f"checkpoint-{hashlib.sha256(described).hexdigest()[:8]}"

    def save(self, snapshot: Snapshot) -> None:
        """Replace the file; once this returns, a kill or a power cut costs one epoch at most.

        Raises:
            OSError: the disk is full or read-only; the earlier file is as it was.
        """
        history = json.dumps([asdict(epoch) for epoch in snapshot.history])
        buffer = io.BytesIO()
        np.savez(buffer, np.array(history), *snapshot.arrays)
        content = buffer.getvalue()
        aside = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        write_whole(self.path, hashlib.sha256(content).digest() + content, aside=aside)
        sync_folders([self.path.parent])

    def load(self, *, say: Say) -> Snapshot | None:
        """Read the file; None, and a line with the reason, where it cannot be resumed from.

        Raises:
            OSError: there is a file, but it cannot be read.
        """
        others = [path.name for path in self.path.parent.glob("checkpoint-*") if path != self.path]
        if others:
            say(f"checkpoints of other trainings, which are left alone: {', '.join(others)}")
        if not self.path.exists():
            return None
        whole = self.path.read_bytes()
        digest, content = whole[:DIGEST], whole[DIGEST:]
        if hashlib.sha256(content).digest() != digest:
            say(f"{self.path} is damaged: starting from the first epoch")
            return None
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            history, *arrays = (file[name] for name in file.files)
        epochs = [Epoch(**epoch) for epoch in json.loads(str(history))]
        say(f"going on after epoch {len(epochs)}; to start anew, delete {self.path}")
        return Snapshot(history=epochs, arrays=arrays)

    def delete(self) -> None:
        """Remove the file, if there is one."""
        self.path.unlink(missing_ok=True)


def dataset_digest(dataset: Dataset) -> str:
    """Return the SHA-256 of all frames and labels, in hex."""
    digest = hashlib.sha256(dataset.frames.tobytes())
    digest.update(dataset.labels.tobytes())
    return digest.hexdigest()
