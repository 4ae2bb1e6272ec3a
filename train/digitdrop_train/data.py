"""MNIST as labelled frames: from a folder, or else from `keras.datasets`."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from digitdrop.errors import SetupError
from digitdrop.values import Frame

Frames: TypeAlias = npt.NDArray[np.uint8]
"""Shape (count, 28, 28): frames as `digitdrop.values.Frame`, 0 = paper, 255 = ink."""

LabelArray: TypeAlias = npt.NDArray[np.uint8]
"""Shape (count,): 0-9, `NOT_A_DIGIT` or `SEVERAL`."""

HINT = (
    "name a folder with --data that holds MNIST's four IDX files "
    "(train-images-idx3-ubyte.gz and so on, also unpacked) or mnist.npz"
)
IMAGES, LABELS = 0x803, 0x801
"""The magic numbers of IDX files: unsigned bytes in three dimensions and in one."""


class DataError(SetupError):
    """MNIST is missing or damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Labelled frames, in the order of their source."""

    frames: Frames
    labels: LabelArray

    @classmethod
    def of(cls, labelled: Sequence[tuple[Frame, int]]) -> Self:
        """Collect frames and their labels; any number, also none."""
        frames = np.empty((len(labelled), 28, 28), np.uint8)
        for index, (frame, _) in enumerate(labelled):
            frames[index] = frame
        return cls(frames=frames, labels=np.array([label for _, label in labelled], np.uint8))

    def __len__(self) -> int:
        return len(self.labels)

    def split(self, share: float) -> tuple[Self, Self]:
        """Split off the last `share`, 0-1.

        MNIST's writers come in order, so few have digits in both parts.
        """
        kept = len(self) - round(share * len(self))
        return self[:kept], self[kept:]

    def __getitem__(self, index: slice | npt.NDArray[np.intp]) -> Self:
        return type(self)(frames=self.frames[index], labels=self.labels[index])


def load_mnist(folder: Path | None) -> tuple[Dataset, Dataset]:
    """Read MNIST's training and test pictures.

    Args:
        folder: holds the four IDX files, plain or gzipped, or `mnist.npz`. With None, Keras
            downloads MNIST once and checks its SHA-256.

    Raises:
        DataError: the files are missing or damaged, or the download fails.
    """
    if folder is None:
        return _from_keras()
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder: {HINT}")
    try:
        if (archive := folder / "mnist.npz").is_file():
            return _from_npz(archive)
        return _from_idx(folder, "train"), _from_idx(folder, "t10k")
    except (OSError, EOFError, ValueError, KeyError, zlib.error, BadZipFile) as error:
        raise DataError(f"cannot read MNIST from {folder}: {error}; {HINT}") from error


def _from_keras() -> tuple[Dataset, Dataset]:
    import keras

    try:
        training, test = keras.datasets.mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception when a download fails
        reason = " ".join(str(error).split())
        raise DataError(f"cannot download MNIST: {reason}; {HINT}") from error
    return _checked(*training), _checked(*test)


def _from_npz(archive: Path) -> tuple[Dataset, Dataset]:
    with np.load(archive, allow_pickle=False) as arrays:
        return (
            _checked(arrays["x_train"], arrays["y_train"]),
            _checked(arrays["x_test"], arrays["y_test"]),
        )


def _from_idx(folder: Path, part: str) -> Dataset:
    frames = _idx(_find(folder, f"{part}-images", "idx3-ubyte"), IMAGES)
    labels = _idx(_find(folder, f"{part}-labels", "idx1-ubyte"), LABELS)
    return _checked(frames, labels)


def _find(folder: Path, stem: str, kind: str) -> Path:
    # Some archives unpack with a dot where the original names have a hyphen.
    names = [f"{stem}{dot}{kind}{packed}" for dot in "-." for packed in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"no {names[1]} or {names[0]} there")


def _idx(path: Path, magic: int) -> npt.NDArray[np.uint8]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if int.from_bytes(content[:4]) != magic:
        raise ValueError(f"{path.name} does not start like an IDX file of this kind")
    dimensions = magic & 0xFF
    shape = np.frombuffer(content, ">u4", count=dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def _checked(frames: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]) -> Dataset:
    if frames.shape[1:] != (28, 28) or len(frames) != len(labels) or not len(labels):
        raise ValueError(f"{frames.shape} frames do not go with {labels.shape} labels")
    if frames.dtype != np.uint8 or labels.max() > 9:
        raise ValueError("expected frames of 0-255 and labels of 0-9")
    return Dataset(frames=frames, labels=labels.astype(np.uint8))
