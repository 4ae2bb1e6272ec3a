"""The limit: only decode, normalise and classify, in the best batch, on all cores.

No claim, no report, no fsync, no order of names. `disk` reads each file in its
turn; `memory` has all bytes before the clock starts. Prints the seconds.
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from worker.classify import SIZES, Classifier
from worker.decode import decode
from worker.glyph import look
from worker.values import Frame

BATCH = SIZES[0]


def main() -> None:
    """Arguments: disk|memory FOLDER COUNT MODELS."""
    where, folder, count, models = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    cores = os.cpu_count() or 1
    classifier = Classifier.load(Path(models), threads=cores)
    paths = sorted(folder.iterdir())[:count]
    contents = [path.read_bytes() for path in paths] if where == "memory" else None

    def frames(number: int) -> tuple[Frame, ...]:
        content = contents[number] if contents else paths[number].read_bytes()
        return look(decode(content)).frames

    started = time.perf_counter()
    waiting: list[Frame] = []
    with ThreadPoolExecutor(cores) as pool:
        for found in pool.map(frames, range(len(paths)), chunksize=1):
            waiting += found
            if len(waiting) >= BATCH:
                classifier.probabilities(waiting[:BATCH])
                del waiting[:BATCH]
    classifier.probabilities(waiting)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
