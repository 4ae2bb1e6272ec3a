"""Corrections by the page: a picture is moved into a label folder, as people do by hand.

A running worker takes it from there. Without one the page records it, by the worker's own
`Corrector`, under the report's lock. A kill at any moment leaves the picture where it was, in
its label folder, or claimed; whoever comes next goes on from there.
"""

import logging
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from digitdrop.corrections.folders import NO_NUMBER, folder_of, is_label
from digitdrop.corrections.record import Corrector
from digitdrop.errors import ReportError
from digitdrop.files import lock
from digitdrop.files.disk import make_folder, rename_exclusively, sync_folders
from digitdrop.files.mounts import HomeDisk
from digitdrop.files.tree import opened_folder
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.heartbeat import Heartbeat
from digitdrop.health.worker_status import WorkerStatus
from digitdrop.intake.claims import Claims
from digitdrop.intake.listing import CLAIMED
from digitdrop.intake.settle import Clocks, Settler
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.report import REPORT, Report
from digitdrop.review.pictures import REVIEW, Located, Pictures, label_name
from digitdrop.review.store import Entry, Store
from digitdrop.system.shutdown import Shutdown, Stopped

logger = logging.getLogger(__name__)

_AGAIN: Final = 1.0  # seconds after which the rows of moved pictures are looked after again
_LONG: Final = 3600.0  # seconds; a correction cuts the wait short


@dataclass(frozen=True, slots=True)
class CorrectionAnswer:
    """The result of a correction, for the page."""

    is_done: bool
    text: str
    """For a person."""
    is_again: bool = False
    """True if the same may succeed in a moment."""


_BUSY: Final = CorrectionAnswer(
    False, "Its row is being written: try again in a moment.", is_again=True
)


def in_words(label: str) -> str:
    """Return a label for people."""
    return "no number" if label == NO_NUMBER else label


@dataclass(frozen=True, slots=True)
class _Moved:
    label: str
    place: PurePosixPath
    """In the label folder; relative to the outbox."""
    origin: PurePosixPath


class Corrections:
    """Moves pictures into label folders, and sees to it that they get their rows."""

    def __init__(self, outbox: Path, store: Store, pictures: Pictures) -> None:
        """Store the parts; nothing is moved yet."""
        self._outbox = outbox
        self._store = store
        self._pictures = pictures
        self._lock = threading.Lock()
        self._moved: dict[str, _Moved] = {}
        """Pictures without their row yet, by the id of their reading."""
        self._shutdown = Shutdown()
        self._thread = threading.Thread(target=self._see_to_rows, daemon=True)

    def start(self) -> None:
        """Begin to record corrections while no worker does."""
        self._thread.start()

    def stop(self) -> None:
        """End, once the present batch is recorded."""
        self._shutdown.stop()
        if self._thread.is_alive():
            self._thread.join()

    def label_in_hand(self, row_id: str) -> str:
        """Return the label of a picture whose row is not written yet; empty if there is none."""
        found = self._moved.get(row_id)
        return found.label if found else ""

    def correct(self, row_id: str, label: str, last: str) -> CorrectionAnswer:
        """Give a picture a label.

        Args:
            row_id: of its reading.
            label: a number, or `none`.
            last: id of the last row of the picture that the person saw; empty if that person
                has just undone an answer, so that the next one counts in any case.
        """
        if not is_label(label):
            return CorrectionAnswer(
                False, "A label is a whole number of up to eight digits, or none."
            )
        with self._lock:
            self._store.refresh(at_once=True)
            chain = self._store.chain(row_id)
            if refusal := self._refusal(chain, row_id, last):
                return CorrectionAnswer(False, refusal)
            if moved := self._moved.get(row_id):
                found = self._pictures.find(chain, [moved.label])
                if not found or not found.is_moved:
                    return _BUSY
            else:
                found = self._pictures.find(chain)
            if not found:
                return CorrectionAnswer(False, _gone(chain))
            return self._move(found, chain[0], label)

    def _refusal(self, chain: Sequence[Entry], row_id: str, last: str) -> str:
        if not chain or chain[0].id != row_id:
            return "There is no such picture in the report."
        if last and (label := self.label_in_hand(row_id)):
            return f"Somebody has just said that it shows {in_words(label)}."
        if last and chain[-1].id != last:
            return f"Somebody has said meanwhile that it shows {_said(chain[-1])}."
        return ""

    def _move(self, found: Located, reading: Entry, label: str) -> CorrectionAnswer:
        target = label_name(reading, label)
        try:
            self._rename(found.below, target)
        except FileExistsError:
            return CorrectionAnswer(
                False, f"Another file is in the way: {target}. Move it away first."
            )
        except FileNotFoundError:
            return CorrectionAnswer(False, "Somebody has moved the picture meanwhile.")
        except OSError as error:
            return CorrectionAnswer(False, f"The picture cannot be moved: {error.strerror}.")
        self._moved[reading.id] = _Moved(label, target, PurePosixPath(found.below))
        self._shutdown.wake()
        return CorrectionAnswer(True, f"It shows {in_words(label)}.")

    def _rename(self, below: str, target: PurePosixPath) -> None:
        """Move a file in one step: of two people who move it at once, one does."""
        folder, to = PurePosixPath(below).parent.as_posix(), target.parent.as_posix()
        make_folder(self._outbox / to)
        with opened_folder(self._outbox, folder), opened_folder(self._outbox, to) as into:
            rename_exclusively(self._outbox / below, self._outbox / target, into=into)
        sync_folders([self._outbox / to, self._outbox / folder])

    def undo(self, row_id: str) -> CorrectionAnswer:
        """Take the last correction of a picture back.

        Before its row is written, the picture goes back to its place and nothing is recorded.
        Afterwards one more row says again the label before: that of an earlier correction,
        else that of the reading.
        """
        with self._lock:
            self._store.refresh(at_once=True)
            chain = self._store.chain(row_id)
            if not chain:
                return CorrectionAnswer(False, "There is no such picture in the report.")
            if row_id in self._moved and self._is_taken_back(row_id):
                return CorrectionAnswer(True, "Taken back.")
            found = self._pictures.find(chain)
            if not found or len(chain) < 2:
                return _BUSY
            return self._move(found, chain[0], folder_of(chain[-2].row.prediction))

    def _is_taken_back(self, row_id: str) -> bool:
        moved = self._moved[row_id]
        try:
            self._rename(moved.place.as_posix(), moved.origin)
        except OSError:  # the worker has it in hand
            return False
        if is_label(moved.origin.parent.name):  # it was moved from one label folder to another
            self._moved[row_id] = _Moved(moved.origin.parent.name, moved.origin, moved.origin)
        else:
            del self._moved[row_id]
        return True

    def _see_to_rows(self) -> None:
        """Record corrections that nobody records, until the end; first those of an earlier run."""
        is_first = True
        while not self._shutdown.is_stopping():
            try:
                if self._moved or is_first:
                    record_corrections(self._outbox, self._shutdown)
                is_first = False
                self._forget_recorded()
            except OSError as error:
                logger.warning("cannot record corrections: %s", error)
            except Stopped:
                return
            self._shutdown.wait(_AGAIN if self._moved else _LONG)

    def _forget_recorded(self) -> None:
        for row_id, moved in list(self._moved.items()):
            with self._lock:
                # Meanwhile the person may have undone it, and moved the picture once more.
                if self._moved.get(row_id) is moved and not self._is_pending(moved.place):
                    self._store.refresh(at_once=True)  # its row comes before it leaves the claim
                    del self._moved[row_id]

    def _is_pending(self, place: PurePosixPath) -> bool:
        """Return True if a picture lies in its label folder, or is claimed from there."""
        if os.path.lexists(self._outbox / place):
            return True
        claimed = (self._outbox / REVIEW / CLAIMED).glob("*")
        return any(os.path.lexists(batch / place.parent.name / place.name) for batch in claimed)


def _said(entry: Entry) -> str:
    return in_words(folder_of(entry.row.prediction))


def _gone(chain: Sequence[Entry]) -> str:
    if len(chain) > 1:
        return f"The picture is gone; the last answer is {_said(chain[-1])}."
    return "Somebody has moved the picture, or it is another file by now."


def record_corrections(outbox: Path, shutdown: Shutdown) -> bool:
    """Record the pictures in the label folders, unless a worker does.

    Args:
        outbox: the folder with the report.
        shutdown: ends the work after the present batch.

    Returns:
        False if another process writes the report: the rows are its task.

    Raises:
        OSError: the report cannot be read.
        Stopped: the stop was requested.
    """
    report = outbox / REPORT
    try:
        if lock.holder(report) is not None:
            return False
        with lock.lock_report(report) as holder:
            corrector = _corrector(outbox, shutdown, holder)
            while corrector.look() == 0:
                pass
    except ReportError:  # a worker has started
        return False
    return True


def _corrector(outbox: Path, shutdown: Shutdown, holder: str) -> Corrector:
    review = outbox / REVIEW
    status = WorkerStatus(
        holder=holder, pid=os.getpid(), since="", model="", inbox="", settle=0, max_wait=0
    )
    heartbeat = Heartbeat(status, [], _clocks)
    claims, report, deferred = (
        Claims(review, outbox),
        Report(outbox / REPORT),
        DeferredQueue(_clocks),
    )
    report.prepare()
    return Corrector(
        review=review,
        claims=claims,
        rows=report,
        recorder=Recorder(
            claims=claims,
            report=report,
            outbox=outbox,
            home=HomeDisk(outbox),
            shutdown=shutdown,
            deferred=deferred,
            heartbeat=heartbeat,
        ),
        settler=Settler(quiet=0, timeout=0, trust_ctime=True),
        heartbeat=heartbeat,
        deferred=deferred,
        clock=_clocks,
    )


def _clocks() -> Clocks:
    return Clocks(monotonic=time.monotonic(), wall_ns=time.time_ns())
