"""Choose temperature and thresholds for a network, new or old."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace

from digitdrop.inference.classifier import Classifier
from digitdrop_train import publish
from digitdrop_train.calibration.calibrate import Calibration, calibrate
from digitdrop_train.calibration.samples import questions
from digitdrop_train.card import calibrated
from digitdrop_train.data import Digits, load
from digitdrop_train.makers import makers
from digitdrop_train.options import Options
from digitdrop_train.siblings import together


def examine(model: bytes, learned: Digits, options: Options) -> Calibration:
    """Put held-out pictures through the worker's whole way, and choose what to believe.

    Without a validation split, the pictures that were learned have to do.
    """
    _, held_out = learned.split(options.validation_split)
    shown = held_out if len(held_out) else learned
    with makers(spare=0) as pool:
        asked = questions(shown, options.exam, seed=options.seed, makers=pool)
    return calibrate(publish.classifier(model), asked)


def recalibrate(options: Options, *, say: Callable[[str], None]) -> None:
    """Keep the network in the output folder, and choose its thresholds again.

    To be done when the way from picture to frame has changed. Split and seed are those of
    its training, as its card has them, so that the pictures held out are the same.

    Raises:
        SetupError: the data cannot be had, or there is no model.
    """
    Classifier.load(options.output)  # it is whole, and the one that its card describes
    model = (options.output / "digits.tflite").read_bytes()
    card = json.loads((options.output / "digits.json").read_bytes())
    recipe = card["recipe"]
    options = replace(options, validation_split=recipe["validation_split"], seed=recipe["seed"])
    learned, test = load(options.data)
    chosen = examine(model, learned, options)
    tested = publish.test(model, chosen.thresholds, test)
    del card["sha256"], card["bytes"], card["thresholds"]
    card |= {"calibration": calibrated(options, chosen), "test": asdict(tested)}
    if options.siblings:
        card["seeds"] = together(card, options.siblings)
    publish.publish(model, chosen.thresholds, card, options.output)
    say(str(tested))
    say(str(chosen))
