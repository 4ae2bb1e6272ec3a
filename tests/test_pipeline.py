from pathlib import Path

import numpy as np

from digitdrop import pipeline
from digitdrop.inference.classifier import Classifier
from digitdrop.values import ANY_COUNT, Drop, Failure, Limits, Picture, Sight, Status

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "examples"


def a_drop(path: Path) -> Drop:
    return Drop(id=f"d{path.stem}", path=path, name=path.name)


def test_each_drop_gets_its_reading_in_order_whatever_becomes_of_its_neighbours(
    tmp_path: Path,
) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    paths = [
        SAMPLES / "seven-on-squared-paper.jpg",
        tmp_path / "notes.png",
        SAMPLES / "three-with-a-marker.png",
    ]
    classifier = Classifier.load(ROOT / "models")

    seen = [pipeline.see(a_drop(path), Limits()) for path in paths]
    readings = pipeline.read(seen, classifier, digits=ANY_COUNT, now=pipeline.utc_now)

    assert [type(one) for one in seen] == [Picture, Failure, Picture]
    assert [reading.drop.path for reading in readings] == paths
    assert [reading.verdict.prediction for reading in readings] == ["7", None, "3"]
    assert readings[1].verdict.status is Status.UNREADABLE


def test_a_fault_in_judging_costs_its_picture_and_not_its_neighbours() -> None:
    good = pipeline.see(a_drop(SAMPLES / "three-with-a-marker.png"), Limits())
    frame = np.zeros((28, 28), np.uint8)
    bad = Picture(
        id="dbad",
        drop=a_drop(SAMPLES / "empty-page.jpg"),
        sha256="",
        sights=(Sight(frames=(frame, frame), trust=(1.0, 0.5, 0.2)),),
    )

    readings = pipeline.read(
        [bad, good], Classifier.load(ROOT / "models"), digits=ANY_COUNT, now=pipeline.utc_now
    )

    assert [reading.verdict.status for reading in readings] == [Status.UNREADABLE, Status.OK]
    assert "internal error" in readings[0].verdict.reason


def test_bytes_from_elsewhere_are_read_alike_and_named_by_their_address() -> None:
    path = SAMPLES / "three-with-a-marker.png"
    file = Drop(id=None, path=path, name="three.png")
    stored = Drop(id=None, path=Path(), address="s3://bucket/three.png", name="three.png")

    seen = [
        pipeline.see(file, Limits()),
        pipeline.see(stored, Limits(), content=path.read_bytes),
        pipeline.see(stored, Limits(), content=path.read_bytes, deadly={stored.address}),
    ]
    here, there, deadly = pipeline.read(
        seen, Classifier.load(ROOT / "models"), digits=ANY_COUNT, now=pipeline.utc_now
    )

    assert (here.verdict, here.sha256) == (there.verdict, there.sha256)
    assert here.id != there.id == deadly.id
    assert deadly.verdict.reason == "crashed the reader twice"
