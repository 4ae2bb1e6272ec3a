"""The number reader's training from beginning to end, and its calibration alone."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import keras
import numpy as np

from digitdrop.errors import ModelError
from digitdrop.inference.numbers import NumberReader
from digitdrop.system.version import installed_version
from digitdrop_train import card as cards
from digitdrop_train import export
from digitdrop_train.checkpoint import Checkpoint, dataset_digest
from digitdrop_train.data import Dataset, load_mnist
from digitdrop_train.fit import PEAK_RATE, WEIGHT_DECAY, Epoch
from digitdrop_train.options import Options
from digitdrop_train.plots import save_plots, show_plots
from digitdrop_train.processes import process_pool
from digitdrop_train.progress import Say
from digitdrop_train.strings.batches import COPIES, STRIPS_IN_A_BATCH, make_string_chunk
from digitdrop_train.strings.calibrate import (
    UNCALIBRATED_NUMBERS,
    NumberCalibration,
    calibrate_numbers,
    score_numbers,
)
from digitdrop_train.strings.hand import DRAWN, Styles
from digitdrop_train.strings.learn import learn_numbers
from digitdrop_train.strings.network import build_reader, string_logits

STEM = "numbers"
PARITY_PICTURES = 100


def train_numbers(options: Options, *, say: Say) -> None:
    """Train the number reader, check and calibrate it, and put it in place.

    Checkpoints and Ctrl-C are as for the digits' network, see `run.train_digits`.

    Raises:
        SetupError: MNIST cannot be read, a process was killed, or the export does not agree
            with the training.
        OSError: a folder cannot be written.
        KeyboardInterrupt: in the first epoch, or a second time.
    """
    started = time.monotonic()
    plots = options.plots / STEM
    for folder in (options.output, plots):
        folder.mkdir(parents=True, exist_ok=True)
    training, test = load_mnist(options.data)
    kept, held_out = training.split(options.validation_split)
    keras.utils.set_random_seed(options.seed)
    network = build_reader()
    same = {
        "digitdrop": installed_version(),
        "recipe": number_recipe(options),
        "network": describe_reader(network),
        "data": dataset_digest(training),
        "versions": cards.versions(),
    }
    checkpoint = Checkpoint(plots, same)
    snapshot = checkpoint.load(say=say)
    history = learn_numbers(
        network,
        kept,
        held_out,
        epochs=options.number_epochs,
        pictures=options.number_pictures,
        seed=options.seed,
        resume=snapshot,
        keep=checkpoint.save,
        say=say,
    )
    if not history:
        raise KeyboardInterrupt
    earlier = sum(epoch.seconds for epoch in snapshot.history) if snapshot else 0
    save_plots(history, plots)
    _put_in_place(network, history, training, test, options, started=started - earlier, say=say)
    if len(history) == options.number_epochs:
        checkpoint.delete()
    else:
        say(f"stopped after epoch {len(history)}: the same command again goes on from there")
    if options.show:
        show_plots(history)


def recalibrate_numbers(options: Options, *, say: Say) -> None:
    """Keep the number reader in the output folder, and choose its thresholds again.

    Raises:
        SetupError: MNIST cannot be read, or there is no model.
    """
    NumberReader.load(options.output)  # checks that model and card are whole and belong together
    model = (options.output / f"{STEM}.tflite").read_bytes()
    card = json.loads((options.output / f"{STEM}.json").read_bytes())
    known = card["recipe"]
    options = replace(options, validation_split=known["validation_split"], seed=known["seed"])
    training, test = load_mnist(options.data)
    figures = _figures(model, training, test, options, say=say)
    del card["sha256"], card["bytes"], card["thresholds"]
    card |= _described(figures)
    export.write_model(model, figures.calibration.thresholds, card, options.output, stem=STEM)
    say(str(figures.calibration))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    calibration: NumberCalibration
    test: dict[str, dict[str, int]]
    """Made numbers of MNIST's test digits, and the exact ones, by length."""


def _figures(
    model: bytes, training: Dataset, test: Dataset, options: Options, *, say: Say
) -> _Figures:
    _, held_out = training.split(options.validation_split)
    digits = held_out if len(held_out) else training
    count = options.calibration_numbers
    say(f"choosing thresholds on {count:,} made pictures, and reading {count // 2:,} more")
    with process_pool(spare=0) as executor:
        return _Figures(
            calibration=calibrate_numbers(
                model, digits, count, seed=options.seed, executor=executor
            ),
            test=score_numbers(model, test, count // 2, seed=options.seed, executor=executor),
        )


def _described(figures: _Figures) -> cards.Card:
    calibration = asdict(figures.calibration)
    del calibration["thresholds"]  # the worker reads them at the top of the card
    return {
        "test": {
            "on": "numbers of MNIST's test digits, written and photographed by synthesis/scenes",
            "by_length": figures.test,
        },
        "calibration": {
            "on": "numbers of held-out digits: most by synthesis/scenes, of which the network "
            "learned nothing, the others by strings/pictures; letters, scribbles and plots",
            **calibration,
        },
    }


def _put_in_place(
    network: keras.Model,
    history: Sequence[Epoch],
    training: Dataset,
    test: Dataset,
    options: Options,
    *,
    started: float,
    say: Say,
) -> None:
    say("exporting the network")
    model = export.export_network(network)
    parity = check_string_parity(model, network, test, seed=options.seed)
    figures = _figures(model, training, test, options, say=say)
    card = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "minutes": round((time.monotonic() - started) / 60, 1),
        "command": str(replace(options, only=STEM)),
        "data": "MNIST (LeCun, Cortes, Burges); digits, marks and papers drawn by train/",
        "recipe": {**number_recipe(options), "epochs_done": len(history)},
        "network": describe_reader(network),
        **_described(figures),
        "validation": {
            "on": "strips of drawn numbers with held-out digits",
            "exact": history[-1].validation_accuracy,
            "loss": history[-1].validation_loss,
        }
        if options.validation_split
        else None,
        "parity": asdict(parity),
        "versions": cards.versions(),
    }
    export.write_model(model, figures.calibration.thresholds, card, options.output, stem=STEM)
    for length, score in figures.test.items():
        say(f"numbers of {length} digits: {score['exact']} of {score['count']} exact")
    say(f"numbers: {figures.calibration}")
    say(f"model in {options.output}, curves in {options.plots / STEM}")


def number_recipe(options: Options) -> cards.Card:
    """Return all that the trained weights depend on, but for data, packages and machine."""
    return {
        "epochs": options.number_epochs,
        "pictures_an_epoch": options.number_pictures,
        "validation_split": options.validation_split,
        "seed": options.seed,
        "batch": STRIPS_IN_A_BATCH,
        "copies": COPIES,
        "drawn": DRAWN,
        "peak_learning_rate": PEAK_RATE,
        "weight_decay": WEIGHT_DECAY,
        "weights": "averaged over the steps, as they were after the last one",
    }


def describe_reader(network: keras.Model) -> cards.Card:
    """Return size and interface of a network."""
    return {
        "parameters": network.count_params(),
        "input": "uint8 (strips, 40, width, 1), 0 = paper, 255 = ink",
        "output": "float32 (strips, width / 4, 15): logits of 0-9, point, dash, slash, "
        "other sign, blank",
    }


def check_string_parity(
    model: bytes, network: keras.Model, digits: Dataset, *, seed: int
) -> export.Parity:
    """Compare the answers of LiteRT, in the worker's own runtime, with those of Keras.

    Raises:
        ModelError: they differ, so the export must not be used.
    """
    reader = NumberReader(model, name=STEM, thresholds=UNCALIBRATED_NUMBERS)
    samples = make_string_chunk(
        Styles.measure(digits), PARITY_PICTURES, (seed, 2_000_000), copies=0
    )
    different, largest, rows = 0, 0.0, 0
    for sample in samples:
        exported = reader.probabilities(sample.pixels)
        logits = string_logits(network, sample.pixels[None, ..., None])[0].astype(np.float64)
        trained = np.exp(logits - logits.max(axis=1, keepdims=True))
        trained /= trained.sum(axis=1, keepdims=True)
        rows += len(exported)
        different += int((exported.argmax(axis=1) != trained.argmax(axis=1)).sum())
        largest = max(largest, float(np.abs(exported - trained).max()))
    parity = export.Parity(frames=rows, different_answers=different, largest_difference=largest)
    if different or largest >= export.TOLERANCE:
        raise ModelError(
            f"the exported network differs from the trained one: {different} of {rows} answers, "
            f"by up to {largest:.1g}; nothing was replaced"
        )
    return parity
