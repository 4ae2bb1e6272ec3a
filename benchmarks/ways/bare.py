"""The limit: only decode, normalise and classify, in the best batch, on all cores.

No claim, no report, no fsync, no order of names. `disk` reads each file in its
turn; `memory` has all bytes before the clock starts. A process for each core,
as threads would wait for one another; all are ready before the clock starts.
Prints the seconds.
"""

import multiprocessing
import os
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import cv2
import numpy as np

from digitdrop.decoding.decode import decode
from digitdrop.inference.classifier import SIZES, Classifier
from digitdrop.preprocess.normalise import normalise
from digitdrop.values import Frame

BATCH = SIZES[0]


def main() -> None:
    """Arguments: disk|memory FOLDER COUNT MODELS."""
    where, folder, count, models = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    cores = os.cpu_count() or 1
    paths = sorted(folder.iterdir())[:count]
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(cores + 1)
    processes = [
        context.Process(target=_work, args=(paths[core::cores], where, models, barrier))
        for core in range(cores)
    ]
    for process in processes:
        process.start()
    barrier.wait()
    started = time.perf_counter()
    barrier.wait()
    print(time.perf_counter() - started)


def _work(paths: list[Path], where: str, models: str, barrier: Barrier) -> None:
    cv2.setNumThreads(1)
    classifier = Classifier.load(Path(models))
    classifier.probabilities([np.zeros((28, 28), np.uint8)] * sum(SIZES))
    contents = [path.read_bytes() for path in paths] if where == "memory" else None
    barrier.wait()
    waiting: list[Frame] = []
    for number, path in enumerate(paths):
        waiting += normalise(decode(contents[number] if contents else path.read_bytes())).frames
        if len(waiting) >= BATCH:
            classifier.probabilities(waiting[:BATCH])
            del waiting[:BATCH]
    classifier.probabilities(waiting)
    barrier.wait()


if __name__ == "__main__":
    main()
