"""An outbox as the worker leaves it, made without a network."""

import os
from datetime import datetime
from pathlib import Path

from builders import NOON
from digitdrop.corrections.record import Corrector
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.postponed import Postponed
from digitdrop.intake.claims import Hand
from digitdrop.intake.settle import Settler
from digitdrop.outbox.archive import shelf
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.report import Report
from digitdrop.outbox.rotation import Rotation
from digitdrop.outbox.row import Row
from digitdrop.outbox.rows import Rows
from digitdrop.service.loop import now
from digitdrop.system.shutdown import Stopper
from digitdrop.values import Drop, Reading, Status, Verdict
from ledger import sha256

MODEL = "digits-0123abcd"


class Shelved:
    """An outbox, and what people and the worker do to it."""

    def __init__(self, folder: Path) -> None:
        """Begin with an empty one."""
        self.inbox, self.outbox = folder / "inbox", folder / "outbox"
        self.inbox.mkdir()
        (self.outbox / "review").mkdir(parents=True)
        self.report = self.outbox / "predictions.csv"

    def put(
        self,
        name: str,
        content: bytes,
        *,
        status: Status = Status.OK,
        prediction: str | None = "7",
        time: datetime = NOON,
        row: str = "",
        tells_content: bool = True,
    ) -> Path:
        """File a picture with its row."""
        path = shelf(self.outbox, status, time) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        key = row or f"d{sha256(os.fsencode(name) + content)[:16].translate(_LETTERS)}"
        reading = Reading(
            id=key,
            drop=Drop(id=key, path=path, name=name),
            time=time,
            verdict=Verdict(status=status, prediction=prediction),
            sha256=sha256(content) if tells_content else "",
            model=MODEL,
        )
        Report(self.report).append([reading])
        return path

    def rows(self) -> dict[str, Row]:
        """Read all rows."""
        return dict(Rows(self.report).every_row())

    def corrections(self) -> list[tuple[str, str | None, str]]:
        """Give what people said: of which file, which number, about which row."""
        rows = self.rows()
        return [
            (row.name, row.prediction, rows[row.corrects].status)
            for row in rows.values()
            if row.corrects
        ]

    def move(self, path: Path, target: str) -> Path:
        """Move a picture as people do."""
        moved = self.outbox / "review" / target
        moved.parent.mkdir(parents=True, exist_ok=True)
        return path.rename(moved)

    def corrector(self, *, quiet: float = 0, rotation: Rotation | None = None) -> Corrector:
        """Make the worker's part that takes corrections in."""
        hand = Hand(self.outbox / "review", self.outbox)
        report, stopper = Report(self.report, rotation), Stopper()
        deferred = DeferredQueue()
        postponed = Postponed(deferred, now)
        return Corrector(
            review=self.outbox / "review",
            hand=hand,
            rows=report,
            recorder=Recorder(
                hand=hand,
                report=report,
                outbox=self.outbox,
                stopper=stopper,
                postponed=postponed,
            ),
            deferred=deferred,
            postponed=postponed,
            settler=Settler(quiet=quiet, patience=60, trust_ctime=True),
            stopper=stopper,
            clock=now,
        )

    def files(self, *shelves: str) -> list[str]:
        """List what lies on the shelves, relative to the outbox."""
        return sorted(
            path.relative_to(self.outbox).as_posix()
            for shelf in shelves
            for path in (self.outbox / shelf).rglob("*")
            if path.is_file()
        )


_LETTERS = str.maketrans("0189", "ghij")
