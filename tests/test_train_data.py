import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from digitdrop_train.data import DataError, Dataset, load_mnist

COUNTS = {"train": 5, "t10k": 2}


def an_idx(values: npt.NDArray[np.uint8]) -> bytes:
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return head + values.tobytes()


def frames(count: int) -> npt.NDArray[np.uint8]:
    return np.arange(count * 784, dtype=np.uint8).reshape(count, 28, 28)


def write_idx(folder: Path, *, packed: bool = True, dot: str = "-") -> None:
    for part, count in COUNTS.items():
        labels = np.arange(count, dtype=np.uint8)
        for name, values in (
            (f"{part}-images{dot}idx3-ubyte", frames(count)),
            (f"{part}-labels{dot}idx1-ubyte", labels),
        ):
            content = an_idx(values)
            path = folder / (name + ".gz" if packed else name)
            path.write_bytes(gzip.compress(content) if packed else content)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("dot", ["-", "."])
def test_idx_files_are_read_packed_and_plain(tmp_path: Path, packed: bool, dot: str) -> None:
    write_idx(tmp_path, packed=packed, dot=dot)

    training, test = load_mnist(tmp_path)

    assert np.array_equal(training.frames, frames(5))
    assert training.labels.tolist() == [0, 1, 2, 3, 4]
    assert len(test) == 2


def test_an_npz_archive_is_read(tmp_path: Path) -> None:
    arrays = {f"x_{part}": frames(3) for part in ("train", "test")}
    labels = {f"y_{part}": np.array([7, 8, 9]) for part in ("train", "test")}
    np.savez(tmp_path / "mnist.npz", **arrays, **labels)  # type: ignore[arg-type]

    training, test = load_mnist(tmp_path)

    assert np.array_equal(training.frames, frames(3))
    assert test.labels.tolist() == [7, 8, 9]


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no folder: name a folder with --data") as error:
        load_mnist(tmp_path / "nowhere")

    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_idx(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()

    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte"):
        load_mnist(tmp_path)


def test_damage_at_any_byte_range_is_a_data_error(tmp_path: Path) -> None:
    write_idx(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()

    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])

        with pytest.raises(DataError):
            load_mnist(tmp_path)


def test_labels_and_frames_of_different_number_are_refused(tmp_path: Path) -> None:
    write_idx(tmp_path)
    labels = an_idx(np.arange(4, dtype=np.uint8))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))

    with pytest.raises(DataError, match="do not go with"):
        load_mnist(tmp_path)


def test_the_last_share_is_held_out() -> None:
    digits = Dataset(frames=frames(10), labels=np.arange(10, dtype=np.uint8))

    kept, held_out = digits.split(0.2)

    assert kept.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert held_out.labels.tolist() == [8, 9]


def test_nothing_may_be_held_out() -> None:
    digits = Dataset(frames=frames(10), labels=np.arange(10, dtype=np.uint8))

    kept, held_out = digits.split(0.0)

    assert (len(kept), len(held_out)) == (10, 0)
