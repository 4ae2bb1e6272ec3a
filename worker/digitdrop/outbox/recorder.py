"""The last steps of a drop: its row, then its place in the archive."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from digitdrop.files.mounts import HomeDisk
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.heartbeat import Heartbeat
from digitdrop.intake.claims import Claims
from digitdrop.log.readings import log_readings
from digitdrop.outbox.archive import CopyOptions, archive, archive_folder
from digitdrop.outbox.report import Report
from digitdrop.outbox.row import Row
from digitdrop.system.outage import Outage, retry
from digitdrop.system.shutdown import Shutdown
from digitdrop.values import Drop, Reading

logger = logging.getLogger(__name__)

Filed: TypeAlias = tuple[Drop, Path]
"""A claimed picture, and the folder of the archive that it goes to."""


class Recorder:
    """Writes rows and archives the pictures of one claim folder.

    The service has one for the inbox and one for corrections. Both `record` and `archive`
    retry an error that concerns all pictures until they succeed.
    """

    def __init__(
        self,
        *,
        claims: Claims,
        report: Report,
        outbox: Path,
        home: HomeDisk,
        shutdown: Shutdown,
        deferred: DeferredQueue,
        heartbeat: Heartbeat,
        copying: CopyOptions | None = None,
    ) -> None:
        """Store the parts; nothing is written yet.

        Args:
            claims: holds the pictures.
            report: gets the rows.
            outbox: has the archive folders.
            home: disk of the outbox. Files written while it is away would be hidden later.
            shutdown: ends the retries.
            deferred: retries single pictures that cannot be archived for now.
            heartbeat: counts the rows and reports outages.
            copying: for an archive on another file system.
        """
        self._claims = claims
        self._report = report
        self._outbox = outbox
        self._home = home
        self._shutdown = shutdown
        self._deferred = deferred
        self._heartbeat = heartbeat
        self._copying = copying or CopyOptions()
        self._no_report = Outage("write the report", heartbeat.outage)
        self._no_archive = Outage("file pictures away", heartbeat.outage)

    def record(self, readings: Sequence[Reading]) -> None:
        """Append rows to the report; once this returns, a power cut cannot undo them.

        Raises:
            Stopped: the stop was requested before the rows could be written.
        """
        for part in self._report.parts(readings):
            for attempt in retry(self._no_report, self._shutdown):
                with attempt:
                    self._home.check()
                    self._report.append(part)
            self._heartbeat.rows_written(part)
            log_readings(part)

    def archive(self, readings: Sequence[Reading]) -> None:
        """Move pictures that have their rows to the archive, and release their claims.

        A picture that cannot be moved for now stays claimed and is retried by itself.

        Raises:
            Stopped: the stop was requested before the pictures could be moved.
        """
        self._archive(
            [
                (reading.drop, archive_folder(self._outbox, reading.verdict.status, reading.time))
                for reading in readings
            ]
        )

    def unrecorded(self, left: Iterable[Drop]) -> list[Drop]:
        """Archive the claimed pictures that have a row; return the others.

        Args:
            left: claims of an earlier run, or of a batch that failed.

        Raises:
            OSError: the report cannot be read now.
            Stopped: the stop was requested before the pictures could be moved.
        """
        drops = {
            drop.id: drop for drop in left if drop.id and not self._deferred.is_postponed(drop)
        }
        rows = self._report.rows(drops, since=self._claims.since(drops.values()))
        recorded = [
            (_named(drops.pop(row_id), row), archive_folder(self._outbox, row.status, row.time))
            for row_id, row in rows.items()
        ]
        if recorded:
            logger.info("archiving %d claimed pictures that have their rows", len(recorded))
            self._archive(recorded)
        return list(drops.values())

    def _archive(self, filed: Sequence[Filed]) -> None:
        if not filed:
            return
        refused: dict[str, Exception] = {}
        for attempt in retry(self._no_archive, self._shutdown):
            with attempt:
                self._home.check()
                refused = archive(filed, check=self._home.check, copying=self._copying)
        for drop, folder in filed:
            if error := refused.get(drop.id or ""):
                again = partial(self._archive_one, drop, folder)
                self._deferred.postpone(drop, "be filed", error, again)
        self._claims.release(drop for drop, _ in filed)

    def _archive_one(self, drop: Drop, folder: Path) -> None:
        self._home.check()
        refused = archive([(drop, folder)], check=self._home.check, copying=self._copying)
        for error in refused.values():
            raise error
        self._claims.release([drop])


def _named(drop: Drop, row: Row) -> Drop:
    """Name a picture as its row does; the claim of a correction has another name."""
    return replace(drop, name=row.name or drop.name)
