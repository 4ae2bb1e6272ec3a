"""Ultralytics' way over a folder: `yolo classify predict`, its small classifier, a text for each.

Run by a Python that has `ultralytics`, which is never one of ours. The network is built
from the package's own description, without trained weights: the time is the same.
"""

import sys
from pathlib import Path

from ultralytics import YOLO


def main() -> None:
    """Predict as the command does. Arguments: FOLDER SAVED."""
    folder, saved = Path(sys.argv[1]), Path(sys.argv[2])
    model = YOLO("yolo11n-cls.yaml", task="classify")
    found = model.predict(
        source=str(folder),
        stream=True,
        verbose=False,
        save_txt=True,
        project=str(saved.parent),
        name=saved.name,
        device="cpu",
        imgsz=224,  # which its trained classifiers ask for
    )
    for _ in found:
        pass


if __name__ == "__main__":
    main()
