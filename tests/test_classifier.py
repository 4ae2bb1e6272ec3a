import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from digitdrop.errors import ModelError
from digitdrop.inference.classifier import SIZES, Classifier

MODELS = Path(__file__).parent.parent / "models"


def some_frames(count: int) -> list["np.typing.NDArray[np.uint8]"]:
    rng = np.random.default_rng(1)
    return list(rng.integers(0, 256, (count, 28, 28), np.uint8))


@pytest.mark.parametrize("count", [0, 1, 2, SIZES[0] - 1, SIZES[0], SIZES[0] + 7])
def test_the_answer_for_a_frame_is_the_same_to_the_bit_in_any_batch(count: int) -> None:
    classifier = Classifier.load(MODELS, threads=2)
    frames = some_frames(count)

    together = classifier.probabilities(frames)
    alone = [classifier.probabilities([frame])[0] for frame in frames]

    assert together.shape == (count, 12)
    assert all(np.array_equal(one, other) for one, other in zip(together, alone, strict=True))
    assert np.allclose(together.sum(axis=1), 1, atol=1e-5)


def test_the_name_of_a_model_tells_its_bytes() -> None:
    classifier = Classifier.load(MODELS)
    card = json.loads((MODELS / "digits.json").read_bytes())

    assert classifier.name == f"digits-{card['sha256'][:8]}"


@pytest.mark.parametrize(
    ("card", "told"),
    [
        (b"", "cannot use the model"),
        (b"[]", "cannot use the model"),
        (b'{"sha256": "0"}', "thresholds"),
    ],
)
def test_a_damaged_card_is_one_clear_line(card: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "digits.tflite").write_bytes((MODELS / "digits.tflite").read_bytes())
    (tmp_path / "digits.json").write_bytes(card)

    with pytest.raises(ModelError, match=told):
        Classifier.load(tmp_path)


def test_a_model_that_cannot_be_opened_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "digits.json").mkdir()

    with pytest.raises(ModelError, match=r": [A-Z][a-z ]+; name a folder with --model"):
        Classifier.load(tmp_path)


def test_what_is_no_model_is_refused_although_its_card_agrees(tmp_path: Path) -> None:
    card = json.loads((MODELS / "digits.json").read_bytes())
    card["sha256"] = hashlib.sha256(b"no model").hexdigest()
    (tmp_path / "digits.tflite").write_bytes(b"no model")
    (tmp_path / "digits.json").write_text(json.dumps(card))

    with pytest.raises(ModelError, match="LiteRT cannot load"):
        Classifier.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("temperature", 0), ("temperature", "1"), ("ok", None), ("slope", float("nan"))],
)
def test_a_card_whose_thresholds_are_no_numbers_is_refused(
    name: str, value: object, tmp_path: Path
) -> None:
    card = json.loads((MODELS / "digits.json").read_bytes())
    card["thresholds"][name] = value
    shutil.copy(MODELS / "digits.tflite", tmp_path)
    (tmp_path / "digits.json").write_text(json.dumps(card))

    with pytest.raises(ModelError, match=f"{name} is .*, and must be"):
        Classifier.load(tmp_path)


@pytest.mark.parametrize("spoiled", ["card", "model"])
def test_a_spoiled_number_reader_is_refused_when_the_model_is_loaded(
    spoiled: str, tmp_path: Path
) -> None:
    shutil.copytree(MODELS, tmp_path / "models")
    card_path, model_path = (
        tmp_path / "models" / f"numbers.{kind}" for kind in ("json", "tflite")
    )
    card = json.loads(card_path.read_bytes())
    if spoiled == "card":
        card["thresholds"]["ok"] = None
    else:
        model_path.write_bytes(b"no model")
        card["sha256"] = hashlib.sha256(b"no model").hexdigest()
    card_path.write_text(json.dumps(card))

    with pytest.raises(ModelError, match=r"ok is None|LiteRT cannot load the model numbers-"):
        Classifier.load(tmp_path / "models")
