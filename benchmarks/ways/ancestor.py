"""The ancestor's way: one process, one picture after the other, `model.predict` for each."""

import sys
from pathlib import Path

import cv2
import keras
import numpy as np

from digitdrop_train.network import build


def main() -> None:
    """Print a line for each picture of a folder; time it from outside.

    Arguments: FOLDER [COUNT], to read only the first so many of a large folder.
    """
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    keras.utils.set_random_seed(1)
    model = build()  # untrained: the time is the same
    for path in sorted(folder.iterdir())[:count]:
        grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        frame = cv2.resize(np.asarray(grey), (28, 28))
        answer = model.predict(frame[None, ..., None], verbose=0)
        print(path.name, int(np.argmax(answer[0, :10])))


if __name__ == "__main__":
    main()
