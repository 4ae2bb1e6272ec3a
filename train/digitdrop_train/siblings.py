"""How much chance has to do with it: the figures of the same recipe by other seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from digitdrop.errors import ModelError
from digitdrop.inference.classifier import Classifier

Card = dict[str, Any]
"""As `digitdrop_train.card` writes it."""


def together(own: Card, folders: Sequence[Path]) -> dict[str, object]:
    """Sum up a model and its siblings on MNIST's test set, for the model's card.

    Args:
        own: the card of the model that ships.
        folders: of models by the same recipe, each with another seed.

    Returns:
        Mean and standard deviation (of the sample) of the test accuracy by the likeliest
        digit, with the counts by seed.

    Raises:
        ModelError: a folder holds no whole model, or one of another recipe or the same seed.
    """
    counts = {_seed(own): _right(own)}
    for folder in folders:
        Classifier.load(folder)  # it is whole, and the one that its card describes
        card = json.loads((folder / "digits.json").read_bytes())
        if _recipe(card) != _recipe(own) or card["network"] != own["network"]:
            raise ModelError(f"the model in {folder} was made by another recipe")
        if _seed(card) in counts:
            raise ModelError(f"the model in {folder} has the seed {_seed(card)}, as another has")
        counts[_seed(card)] = _right(card)
    total = int(own["test"]["count"])
    shares = [right / total for right in counts.values()]
    return {
        "of": total,
        "best_digit_right": {str(seed): right for seed, right in sorted(counts.items())},
        "mean": round(mean(shares), 6),
        "standard_deviation": round(stdev(shares), 6) if len(shares) > 1 else None,
    }


def _recipe(card: Card) -> Card:
    return {name: value for name, value in card["recipe"].items() if name != "seed"}


def _seed(card: Card) -> int:
    return int(card["recipe"]["seed"])


def _right(card: Card) -> int:
    return int(card["test"]["best_digit_right"])
