"""Rows first, then the shelves: how what was read leaves the hand."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from digitdrop.escape import escape
from digitdrop.files.mounts import HomeDisk
from digitdrop.health.heartbeat import Pulse
from digitdrop.health.postponed import Postponed
from digitdrop.intake.claims import Hand
from digitdrop.outbox.archive import Far, file_away, shelf
from digitdrop.outbox.report import Report
from digitdrop.outbox.row import Row
from digitdrop.system.log_fields import about
from digitdrop.system.shutdown import Stopper
from digitdrop.values import Drop, Reading, Status

logger = logging.getLogger(__name__)


class Recorder:
    """Between a hand, the report and the shelves; what a disk refuses is tried again."""

    def __init__(
        self,
        *,
        hand: Hand,
        report: Report,
        outbox: Path,
        stopper: Stopper,
        postponed: Postponed,
        far: Far | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        """Wire it; nothing is done yet.

        Args:
            hand: what is recorded lies in it.
            report: gets the rows.
            outbox: has the shelves.
            stopper: insists on what concerns all: the report, and the outbox's disk.
            postponed: keeps single pictures that cannot be filed away for now.
            far: how pictures are copied to another file system.
            pulse: told of new rows.
        """
        self._postponed = postponed
        self._far = far or Far()
        self._home = HomeDisk(outbox)
        self._pulse = pulse
        self._hand = hand
        self._report = report
        self._outbox = outbox
        self._stopper = stopper

    def record(self, readings: Sequence[Reading]) -> None:
        """Write rows, then file the pictures away; both are tried until they succeed.

        Raises:
            Stopped: the worker shall stop; what is not filed away is in hand.
        """
        for part in self._report.parts(readings):
            self._write(part)
        self._file_away(
            [
                (reading.drop, shelf(self._outbox, reading.verdict.status, reading.time))
                for reading in readings
            ]
        )

    def finish(self, left: Iterable[Drop]) -> list[Drop]:
        """File away what was left in hand with its row.

        Returns:
            What has no row yet.

        Raises:
            OSError: the report cannot be read now.
            Stopped: the worker shall stop.
        """
        drops = {drop.id: drop for drop in left if drop.id and drop.id not in self._postponed}
        rows = self._report.rows(drops, since=self._hand.since(drops.values()))
        recorded = [
            (_named(drops.pop(row_id), row), shelf(self._outbox, row.status, row.time))
            for row_id, row in rows.items()
        ]
        if recorded:
            logger.info("%d pictures in hand have their row: filing them away", len(recorded))
            self._file_away(recorded)
        return list(drops.values())

    def _write(self, readings: Sequence[Reading]) -> None:
        self._insist("write the report", lambda: self._report.append(readings))
        if self._pulse:
            self._pulse.wrote(readings)
        for reading in readings:
            _tell(reading)

    def _file_away(self, drops: Sequence[tuple[Drop, Path]]) -> None:
        if not drops:
            return
        refused: dict[str, Exception] = {}

        def act() -> None:
            refused.clear()
            refused.update(file_away(drops, check=self._home.check, far=self._far))

        self._insist("file pictures away", act)
        for drop, folder in drops:
            if error := refused.get(drop.id or ""):
                again = partial(self._file_one, drop, folder)
                self._postponed.put(drop, "be filed", error, again)
        self._hand.let_go(drop for drop, _ in drops)

    def _file_one(self, drop: Drop, folder: Path) -> None:
        self._home.check()
        for error in file_away([(drop, folder)], check=self._home.check, far=self._far).values():
            raise error
        self._hand.let_go([drop])

    def _insist(self, what: str, action: Callable[[], None]) -> None:
        """Do it where it belongs: what is written where a disk is away would be hidden later."""

        def act() -> None:
            self._home.check()
            action()

        self._stopper.insist(what, act)


def _named(drop: Drop, row: Row) -> Drop:
    """Call a picture what its row calls it, which for a correction is not its name in hand."""
    return replace(drop, name=row.name or drop.name)


def _tell(reading: Reading) -> None:
    verdict = reading.verdict
    level = logging.WARNING if verdict.status is Status.UNREADABLE else logging.INFO
    if not logger.isEnabledFor(level):
        return
    name = escape(reading.drop.name)
    extra = about(
        file=name,
        id=reading.id,
        status=verdict.status,
        prediction=verdict.prediction,
        confidence=None if verdict.confidence is None else round(verdict.confidence, 4),
        reason=verdict.reason,
    )
    if verdict.prediction is None:
        logger.log(level, "%s: %s: %s", name, verdict.status, verdict.reason, extra=extra)
        return
    sure = "" if verdict.confidence is None else f" ({100 * verdict.confidence:.1f} %)"
    logger.log(level, "%s: %s, %s%s", name, verdict.prediction, verdict.status, sure, extra=extra)
