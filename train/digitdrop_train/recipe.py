"""One training from beginning to end: data, network, curves, calibration, model."""

from __future__ import annotations

import time
from collections.abc import Callable

import keras

from digitdrop_train import network, plots, publish
from digitdrop_train.calibration.examine import examine
from digitdrop_train.card import Made, card, summary
from digitdrop_train.data import Digits, load
from digitdrop_train.fit import BATCH, Epoch, fit
from digitdrop_train.makers import makers
from digitdrop_train.options import Options
from digitdrop_train.progress import Progress
from digitdrop_train.synthesis.bank import bank
from digitdrop_train.synthesis.batches import Lessons, Shares

Say = Callable[[str], None]


def carry_out(options: Options, *, say: Say) -> None:
    """Train, check, and put the model in place.

    After Ctrl-C what was learned in the epochs so far is kept in the same way; in the
    first epoch, nothing is, and what lies in the output folder stays.

    Args:
        options: what to do.
        say: is told, line by line, what a person wants to know.

    Raises:
        SetupError: the data cannot be had, or the export does not agree with the training.
        KeyboardInterrupt: in the first epoch, or a second time.
    """
    started = time.monotonic()
    learned, test = load(options.data)
    kept, held_out = learned.split(options.validation_split)
    say(f"{len(kept):,} pictures to learn, {len(held_out):,} to validate, {len(test):,} to test")
    keras.utils.set_random_seed(options.seed)
    net = network.build()
    say(f"making {options.scenes:,} whole pictures of them, and of other things")
    history = _learn(net, kept, held_out, options)
    if not history:
        raise KeyboardInterrupt
    if len(history) < options.epochs:
        say(f"stopped: keeping what {len(history)} of {options.epochs} epochs have taught")
    plots.save(history, options.plots)
    model = publish.export(net)
    parity = publish.check(model, net, test.frames)
    chosen = examine(model, learned, options)
    made = Made(
        history=history,
        parity=parity,
        calibration=chosen,
        tested=publish.test(model, chosen.thresholds, test),
        minutes=(time.monotonic() - started) / 60,
    )
    publish.publish(model, chosen.thresholds, card(options, net, made), options.output)
    for line in summary(options, made):
        say(line)
    if options.show:
        plots.show(history)


def _learn(net: keras.Model, kept: Digits, held_out: Digits, options: Options) -> list[Epoch]:
    with makers(spare=0) as pool:  # the network waits for the bank
        seen = bank(kept, options.scenes, seed=options.seed, makers=pool)
    with makers(spare=1) as pool:
        lessons = Lessons(
            kept,
            seen,
            batch=BATCH,
            epochs=options.epochs,
            seed=options.seed,
            shares=Shares(),
            makers=pool,
        )
        with Progress(options.epochs, lessons.steps) as progress:
            return fit(net, lessons, held_out, on_step=progress.step, on_epoch=progress.epoch)
