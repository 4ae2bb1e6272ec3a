"""The number reader's training, from MNIST to averaged weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import keras

from digitdrop_train.data import Dataset
from digitdrop_train.fit import Epoch, Snapshot, fit
from digitdrop_train.processes import process_pool
from digitdrop_train.progress import Say, epoch_progress, track
from digitdrop_train.strings.batches import (
    STRIP_CHUNK,
    StringBatches,
    keep_styles,
    make_string_chunk,
)
from digitdrop_train.strings.hand import Styles
from digitdrop_train.strings.samples import StripSample
from digitdrop_train.strings.task import StringTask

HELD_OUT = 2_000
"""Pictures of held-out digits on which the progress is followed."""


def learn_numbers(
    network: keras.Model,
    kept: Dataset,
    held_out: Dataset,
    *,
    epochs: int,
    pictures: int,
    seed: int,
    resume: Snapshot | None,
    keep: Callable[[Snapshot], None],
    say: Say,
) -> list[Epoch]:
    """Train the number reader's network; it then holds the averaged weights.

    Args:
        network: untrained, as `network.build` makes it.
        kept: digits that are written on the pictures.
        held_out: digits of the pictures on which the progress is followed; may be empty.
        epochs: passes over `pictures` pictures, drawn anew each time.
        pictures: in an epoch.
        seed: decides all that is drawn.
        resume: a snapshot to go on from, or None.
        keep: called with a snapshot after each epoch.
        say: called with each line for a person.

    Returns:
        The finished epochs.
    """
    say(f"{epochs} epochs of {pictures:,} pictures of numbers, drawn anew in each")
    task = StringTask(held_out=_held_out_strips(held_out, min(HELD_OUT, pictures), seed=seed))
    styles = Styles.measure(kept)
    with process_pool(spare=1, prepare=partial(keep_styles, styles)) as executor:
        batches = StringBatches(pictures=pictures, epochs=epochs, seed=seed, executor=executor)
        done = len(resume.history) if resume else 0
        with epoch_progress(epochs, batches.steps, done=done) as (on_step, tell):

            def on_epoch(snapshot: Snapshot) -> None:
                keep(snapshot)
                tell(f"epoch {len(snapshot.history)}/{epochs}: {snapshot.history[-1]}")

            return fit(network, batches, task, resume=resume, on_step=on_step, on_epoch=on_epoch)


def _held_out_strips(digits: Dataset, count: int, *, seed: int) -> list[StripSample]:
    if not len(digits):
        return []
    styles = Styles.measure(digits)
    sizes = [STRIP_CHUNK] * (count // STRIP_CHUNK) + [count % STRIP_CHUNK] * bool(
        count % STRIP_CHUNK
    )
    parts: Sequence[list[StripSample]] = [
        make_string_chunk(styles, size, (seed, 1_000_000, number), copies=0)
        for number, size in enumerate(track(sizes, len(sizes), "drawing held-out numbers"))
    ]
    return [sample for part in parts for sample in part]
