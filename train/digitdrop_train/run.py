"""A training from beginning to end, and a calibration alone. Read this first."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import keras

from digitdrop.errors import FolderError
from digitdrop.inference.classifier import Classifier
from digitdrop_train import card as cards
from digitdrop_train import export
from digitdrop_train.calibration.calibrate import Calibration, calibrate
from digitdrop_train.calibration.samples import make_samples
from digitdrop_train.checkpoint import Checkpoint, Saved, digest
from digitdrop_train.data import Dataset, load_mnist
from digitdrop_train.fit import BATCH_SIZE, Arrays, Epoch, fit
from digitdrop_train.network import build
from digitdrop_train.options import Options
from digitdrop_train.plots import save_plots, show_plots
from digitdrop_train.processes import process_pool
from digitdrop_train.progress import EpochProgress, TrackedNetwork
from digitdrop_train.synthesis.bank import make_bank
from digitdrop_train.synthesis.batches import Mixture, TrainingBatches

Say = Callable[[str], None]


def run(options: Options, *, say: Say) -> None:
    """Train a network, check and calibrate it, and put it in place.

    A checkpoint is written after each epoch, and the same options again go on from it. Ctrl-C
    ends the training early; the network of the steps so far is put in place as well. Before
    the end of the first epoch, nothing is kept and nothing is replaced.

    Args:
        options: of the command.
        say: called with each line for a person.

    Raises:
        SetupError: MNIST cannot be read, a folder cannot be made, a process was killed, or the
            export does not agree with the training.
        KeyboardInterrupt: in the first epoch, or a second time.
    """
    started = time.monotonic()
    _make_folders(options.output, options.plots)
    training, test = load_mnist(options.data)
    keras.utils.set_random_seed(options.seed)
    net = build()
    checkpoint = _checkpoint(options, net, training)
    saved = checkpoint.load(say=say)
    if saved:
        started -= 60 * saved.minutes
        say(f"going on after epoch {len(saved.history)}; to start anew, delete {checkpoint.path}")

    def keep(history: Sequence[Epoch], state: Arrays) -> None:
        minutes = (time.monotonic() - started) / 60
        checkpoint.save(Saved(history=history, state=state, minutes=minutes), say=say)

    history = _learn(net, training, options, saved=saved, keep=keep, say=say)
    if not history:
        raise KeyboardInterrupt
    save_plots(history, options.plots)
    say("exporting the network")
    model = export.export_network(net)
    parity = export.check_parity(model, net, test.frames)
    calibration = _calibrate(model, training, options, say=say)
    result = cards.TrainingResult(
        history=history,
        parity=parity,
        calibration=calibration,
        test=export.score_exported(model, calibration.thresholds, test),
        minutes=(time.monotonic() - started) / 60,
    )
    card = cards.make_card(options, net, result)
    export.write_model(model, calibration.thresholds, card, options.output)
    for line in cards.summary(options, result):
        say(line)
    if len(history) == options.epochs:
        checkpoint.delete()
    else:
        say(f"stopped after epoch {len(history)}: the same command again goes on from there")
    if options.show:
        show_plots(history)


def recalibrate(options: Options, *, say: Say) -> None:
    """Keep the network in the output folder, and choose its thresholds again.

    To be done after a change to the worker's preprocessing. Split and seed are read from the
    card, so that the held-out pictures are those of the training.

    Raises:
        SetupError: MNIST cannot be read, or there is no model.
    """
    Classifier.load(options.output)  # checks that model and card are whole and belong together
    model = (options.output / "digits.tflite").read_bytes()
    card = json.loads((options.output / "digits.json").read_bytes())
    recipe = card["recipe"]
    options = replace(options, validation_split=recipe["validation_split"], seed=recipe["seed"])
    training, test = load_mnist(options.data)
    calibration = _calibrate(model, training, options, say=say)
    scores = export.score_exported(model, calibration.thresholds, test)
    del card["sha256"], card["bytes"], card["thresholds"]
    card |= {
        "calibration": cards.describe_calibration(options, calibration),
        "test": asdict(scores),
    }
    if options.other_seeds:
        card["seeds"] = cards.spread_over_seeds(card, options.other_seeds)
    export.write_model(model, calibration.thresholds, card, options.output)
    say(str(scores))
    say(str(calibration))


def _make_folders(*folders: Path) -> None:
    """Make the folders for the results before an hour's work, not after it."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FolderError(
                f"cannot make the folder {folder}: {error.strerror}; name others with --output "
                "and --plots"
            ) from error


def _checkpoint(options: Options, net: keras.Model, training: Dataset) -> Checkpoint:
    same = {
        "recipe": cards.recipe(options),
        "network": cards.describe_network(net),
        "data": digest(training),
        "versions": cards.versions(),
    }
    return Checkpoint(options.plots / "checkpoint.npz", same)


def _learn(
    net: keras.Model,
    training: Dataset,
    options: Options,
    *,
    saved: Saved | None,
    keep: Callable[[Sequence[Epoch], Arrays], None],
    say: Say,
) -> list[Epoch]:
    kept, held_out = training.split(options.validation_split)
    done = len(saved.history) if saved else 0
    scenes = options.scenes if done < options.epochs else 0
    say(f"{len(kept):,} digits to learn, {len(held_out):,} held out; {scenes:,} whole pictures")
    with process_pool(spare=0) as executor:  # the network waits for the bank
        bank = make_bank(kept, scenes, seed=options.seed, executor=executor)
    with process_pool(spare=1) as executor:
        batches = TrainingBatches(
            kept,
            bank,
            batch_size=BATCH_SIZE,
            epochs=options.epochs,
            seed=options.seed,
            mixture=Mixture(),
            executor=executor,
        )
        with EpochProgress(options.epochs, batches.steps, done=done) as progress:

            def on_epoch(history: Sequence[Epoch], state: Arrays) -> None:
                progress.epoch(history[-1])
                keep(history, state)

            return fit(
                net,
                batches,
                held_out,
                resume=(saved.history, saved.state) if saved else None,
                on_step=progress.step,
                on_epoch=on_epoch,
            )


def _calibrate(model: bytes, training: Dataset, options: Options, *, say: Say) -> Calibration:
    """Choose thresholds on held-out digits, or on learned digits where none were held out."""
    _, held_out = training.split(options.validation_split)
    digits = held_out if len(held_out) else training
    say(f"choosing thresholds on {2 * options.calibration_pictures:,} digits and other pictures")
    with process_pool(spare=0) as executor:
        count = options.calibration_pictures
        samples = make_samples(digits, count, seed=options.seed, executor=executor)
    network = TrackedNetwork(export.load_exported(model), "reading the calibration set")
    return calibrate(network, samples)
