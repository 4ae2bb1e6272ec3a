"""A training from beginning to end, and a calibration alone. Read this first.

The digits' network is trained here, the number reader in `strings.train`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

import keras

from digitdrop.inference.classifier import Classifier
from digitdrop.system.version import installed_version
from digitdrop_train import card as cards
from digitdrop_train import export
from digitdrop_train.calibration.calibrate import Calibration, calibrate
from digitdrop_train.calibration.samples import make_samples
from digitdrop_train.checkpoint import Checkpoint, dataset_digest
from digitdrop_train.data import Dataset, load_mnist
from digitdrop_train.fit import BATCH_SIZE, DigitTask, Epoch, Snapshot, fit
from digitdrop_train.network import build
from digitdrop_train.options import Options
from digitdrop_train.plots import save_plots, show_plots
from digitdrop_train.processes import process_pool
from digitdrop_train.progress import Say, epoch_progress
from digitdrop_train.strings.train import recalibrate_numbers, train_numbers
from digitdrop_train.synthesis.bank import make_bank
from digitdrop_train.synthesis.batches import TrainingBatches


def train_networks(options: Options, *, say: Say) -> None:
    """Train both networks, or the one that `options.only` names.

    Both raise the same, see `train_digits`.
    """
    if options.only != "numbers" and not train_digits(options, say=say):
        return
    if options.only != "digits":
        train_numbers(options, say=say)


def recalibrate(options: Options, *, say: Say) -> None:
    """Keep both networks, or the one that `options.only` names; choose their thresholds again."""
    if options.only != "numbers":
        recalibrate_digits(options, say=say)
    if options.only != "digits":
        recalibrate_numbers(options, say=say)


def train_digits(options: Options, *, say: Say) -> bool:
    """Train the digits' network, check and calibrate it, and put it in place.

    A checkpoint is written after each epoch, and the same options again go on from it. Ctrl-C
    ends the training early; the network of the steps so far is put in place as well. Before
    the end of the first epoch, nothing is kept and nothing is replaced.

    Args:
        options: of the command.
        say: called with each line for a person.

    Returns:
        False if Ctrl-C ended it early.

    Raises:
        SetupError: MNIST cannot be read, a process was killed, or the export does not agree
            with the training.
        OSError: a folder cannot be written.
        KeyboardInterrupt: in the first epoch, or a second time.
    """
    started = time.monotonic()
    for folder in (options.output, options.plots):
        folder.mkdir(parents=True, exist_ok=True)  # an error now costs less than an hour later
    training, test = load_mnist(options.data)
    keras.utils.set_random_seed(options.seed)
    network = build()
    checkpoint = _checkpoint(options, network, training)
    snapshot = checkpoint.load(say=say)
    history = _learn(network, training, options, resume=snapshot, keep=checkpoint.save, say=say)
    if not history:
        raise KeyboardInterrupt
    earlier = sum(epoch.seconds for epoch in snapshot.history) if snapshot else 0
    save_plots(history, options.plots)
    _put_in_place(network, history, training, test, options, started=started - earlier, say=say)
    if len(history) == options.epochs:
        checkpoint.delete()
    else:
        say(f"stopped after epoch {len(history)}: the same command again goes on from there")
    if options.show:
        show_plots(history)
    return len(history) == options.epochs


def _checkpoint(options: Options, network: keras.Model, training: Dataset) -> Checkpoint:
    same = {
        "digitdrop": installed_version(),
        "recipe": cards.recipe(options),
        "network": cards.describe_network(network),
        "data": dataset_digest(training),
        "versions": cards.versions(),
    }
    return Checkpoint(options.plots, same)


def _learn(
    network: keras.Model,
    training: Dataset,
    options: Options,
    *,
    resume: Snapshot | None,
    keep: Callable[[Snapshot], None],
    say: Say,
) -> list[Epoch]:
    kept, held_out = training.split(options.validation_split)
    done = len(resume.history) if resume else 0
    scenes = options.scenes if done < options.epochs else 0
    say(f"{len(kept):,} digits to learn, {len(held_out):,} held out; {scenes:,} whole pictures")
    with process_pool(spare=0) as executor:  # the network waits for the bank
        bank = make_bank(kept, scenes, seed=options.seed, executor=executor)
    with process_pool(spare=1) as executor:
        batches = TrainingBatches(
            digits=kept,
            bank=bank,
            batch_size=BATCH_SIZE,
            epochs=options.epochs,
            seed=options.seed,
            executor=executor,
        )
        with epoch_progress(options.epochs, batches.steps, done=done) as (on_step, tell):

            def on_epoch(snapshot: Snapshot) -> None:
                keep(snapshot)
                tell(f"epoch {len(snapshot.history)}/{options.epochs}: {snapshot.history[-1]}")

            task = DigitTask(held_out=held_out)
            return fit(network, batches, task, resume=resume, on_step=on_step, on_epoch=on_epoch)


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
    """Export a trained network, check, calibrate and score it, and write model and card."""
    say("exporting the network")
    model = export.export_network(network)
    parity = export.check_parity(model, network, test.frames)
    calibration = _calibrate(model, training, options, say=say)
    result = cards.TrainingResult(
        history=history,
        parity=parity,
        calibration=calibration,
        test=export.score_exported(model, calibration.thresholds, test),
        minutes=(time.monotonic() - started) / 60,
    )
    card = cards.make_card(options, network, result)
    export.write_model(model, calibration.thresholds, card, options.output)
    for line in cards.summary(options, result):
        say(line)


def recalibrate_digits(options: Options, *, say: Say) -> None:
    """Keep the digits' network in the output folder, and choose its thresholds again.

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


def _calibrate(model: bytes, training: Dataset, options: Options, *, say: Say) -> Calibration:
    """Choose thresholds on held-out digits, or on learned digits where none were held out."""
    _, held_out = training.split(options.validation_split)
    digits = held_out if len(held_out) else training
    say(f"choosing thresholds on {2 * options.calibration_pictures:,} digits and other pictures")
    with process_pool(spare=0) as executor:
        count = options.calibration_pictures
        samples = make_samples(digits, count, seed=options.seed, executor=executor)
    return calibrate(export.load_exported(model), samples)
