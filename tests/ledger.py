"""What was dropped, and whether each of it is where it belongs: checked without the worker."""

import csv
import hashlib
import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from worker.escape import unescape

COLUMNS = 11


def a_picture(number: int = 7) -> bytes:
    """Draw a number on white paper, as PNG."""
    picture = np.full((80, 60), 255, np.uint8)
    cv2.putText(picture, str(number), (8, 62), cv2.FONT_HERSHEY_SIMPLEX, 2, (0,), 5)
    return cv2.imencode(".png", picture)[1].tobytes()


def drop_everything(inbox: Path) -> list[tuple[str, bytes]]:
    """Drop one of every kind: readable, same again, below a folder, cut short, no picture."""
    whole = a_picture(7)
    drops = [
        ("seven.png", whole),
        ("again.png", whole),
        ("scans/seven.png", a_picture(3)),
        ("=1+1 \n\udcff.png", a_picture(1)),
        ("empty paper.png", cv2.imencode(".png", np.full((50, 50), 255, np.uint8))[1].tobytes()),
        ("half.png", whole[: len(whole) // 2]),
        ("note.txt", b"this is no picture"),
    ]
    drop(inbox, drops)
    return drops


def drop(inbox: Path, drops: list[tuple[str, bytes]]) -> None:
    """Write files."""
    inbox.mkdir(parents=True, exist_ok=True)
    for name, content in drops:
        path = inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def sha256(content: bytes) -> str:
    """Name content as the report does."""
    return hashlib.sha256(content).hexdigest()


def rows(report: Path) -> list[dict[str, str]]:
    """Read the report with nothing but the csv module."""
    with report.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files_below(folder: Path) -> list[Path]:
    """List every file, hidden ones too."""
    return sorted(Path(path, name) for path, _, names in os.walk(folder) for name in names)


def audit(inbox: Path, outbox: Path, drops: list[tuple[str, bytes]]) -> list[str]:
    """Compare drops, rows and shelves; say what is not as promised."""
    complaints = audit_report(outbox / "predictions.csv", drops)
    shelved = [
        path for shelf in ("done", "review", "failed") for path in files_below(outbox / shelf)
    ]
    there = Counter(sha256(path.read_bytes()) for path in shelved)
    expected = Counter(sha256(content) for _, content in drops)
    if there != expected:
        complaints.append(f"pictures lost or doubled: {there - expected}, {expected - there}")
    if left := files_below(inbox):
        complaints.append(f"left in the inbox: {left}")
    if hidden := [path for path in shelved if path.name.startswith(".")]:
        complaints.append(f"left beside the pictures: {hidden}")
    return complaints


def audit_batch(inbox: Path, outbox: Path, drops: list[tuple[str, bytes]]) -> list[str]:
    """Compare the files of a folder with the rows of a one-shot run; a note has none."""
    pictures = [(name, content) for name, content in drops if not name.endswith(".txt")]
    complaints = audit_report(outbox / "predictions.csv", pictures)
    left = {path.read_bytes() for path in files_below(inbox)}
    if left != {content for _, content in drops}:
        complaints.append("the sources were changed")
    return complaints


def audit_report(report: Path, drops: list[tuple[str, bytes]]) -> list[str]:
    """Compare drops and rows."""
    complaints = []
    found = rows(report)
    lines = report.read_bytes().split(b"\r\n")
    if lines[-1] or len(lines) != len(found) + 2:
        complaints.append(f"{len(lines) - 2} whole lines, {len(found)} rows")
    if any(None in row or None in row.values() for row in found):
        complaints.append("a row has too many or too few cells")
    if len({row["id"] for row in found}) != len(found):
        complaints.append("an id occurs twice")
    recorded = Counter((unescape(row["file"]), row["sha256"]) for row in found)
    expected = Counter((name, sha256(content)) for name, content in drops)
    if recorded != expected:
        complaints.append(f"rows too many: {recorded - expected}; missing: {expected - recorded}")
    return complaints
