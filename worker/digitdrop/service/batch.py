"""The way of a drop: claim, read, record, archive, release. Read `serve_batch` first.

The place of a file is its state, and every step may be killed and repeated:

| a kill leaves | completed by |
| --- | --- |
| the file in the inbox | the next listing |
| a claim without a row: `inbox/.claimed/BATCH/NAME` | `recover`: reads it, under the same id |
| a torn last line in the report | `recover`: cuts it off; the claim has no row then |
| a claim with its row | `recover`: archives it, and reads nothing again |
| a claim and its archived picture, two names of one file | `recover`: removes the claim |
| an empty claim folder | `recover`: removes it |

The row's id is made of the claim's path, so it is the same at every repetition.
"""

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from digitdrop.escape import escape
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.heartbeat import Heartbeat
from digitdrop.intake.claims import Claims
from digitdrop.intake.listing import ListedFile
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.report import Report
from digitdrop.pipeline import Outcome
from digitdrop.pool.batches import Batch, BatchReader, BatchSize
from digitdrop.service.requeue import Requeue
from digitdrop.system.log_fields import about
from digitdrop.system.outage import Outage, retry
from digitdrop.system.shutdown import Shutdown
from digitdrop.values import Drop, Failure, Reading

logger = logging.getLogger(__name__)

_LATE: Final = 0.1  # seconds between two checks for slow pictures


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A batch of claimed files, with the listing that they were claimed from."""

    batch: Batch
    listed: dict[str, ListedFile]
    settled: bool


class BatchService:
    """Serves the files of the inbox, a batch at a time."""

    def __init__(
        self,
        *,
        claims: Claims,
        report: Report,
        recorder: Recorder,
        reader: BatchReader,
        requeue: Requeue,
        deferred: DeferredQueue,
        shutdown: Shutdown,
        heartbeat: Heartbeat,
    ) -> None:
        """Store the parts; `recover` must come first.

        Args:
            claims: the claim folder of the inbox.
            report: repaired by `recover`.
            recorder: writes rows and archives pictures of `claims`.
            reader: reads pictures.
            requeue: decides about files that could not be read.
            deferred: retries files that cannot be claimed, archived or put back for now.
            shutdown: ends retries.
            heartbeat: reports outages.
        """
        self._claims = claims
        self._report = report
        self._recorder = recorder
        self._reader = reader
        self._requeue = requeue
        self._deferred = deferred
        self._shutdown = shutdown
        self._no_room = Outage("claim more files", heartbeat.outage)
        self.batch_size = BatchSize(reader.workers)
        """Number of files in a full batch."""
        self._was_full = False
        self._pending: _Claimed | None = None
        """The batch that is being read while the one before it is recorded."""
        self._late: dict[str, _Claimed] = {}
        """Batches of slow pictures, by row id."""
        self._has_recovered = False

    def serve_batch(self, found: Sequence[ListedFile] = (), *, settled: bool = True) -> None:
        """Take files of the inbox through all steps: each gets its row, or waits again.

        While more files wait, the last batch is only begun; the next call completes it. A call
        without files completes the pending one.

        Args:
            found: listed files; no name twice.
            settled: True if nobody writes the files any more. An unsettled file that cannot be
                read goes back to the inbox, since its writer may not have finished.

        Raises:
            OSError: files cannot be claimed now; call `recover` before the next batch.
            Stopped: the stop was requested; claimed files stay claimed for the next start.
            ReadTimeout: a thread never ends; its picture is claimed, or has its row.
        """
        # 1. Claim: one rename for each file, then fsync. A kill leaves a file in the inbox, where
        # the next listing finds it, or claimed without a row: `recover` reads it then.
        claimed = self._claim(found, settled=settled)

        # 2. Read: nothing changes on disk, so a kill leaves the claims, as before.
        for part in self._begun(claimed):
            outcomes = self._reader.end(part.batch)
            # Not the time of the rows: on a slow disk, small batches would only sync more.
            self.batch_size.ended(part.batch)
            decided = [self._decided(outcome, part) for outcome in outcomes]
            readings = [one for one in decided if isinstance(one, Reading)]

            # 3. Record: all rows in one write, then fsync. A kill within the write leaves a torn
            # line, which `recover` cuts off; a kill after it leaves claims with their rows.
            self._recorder.record(readings)

            # 4. Archive: link into the archive, fsync, unlink the claim. A kill leaves the claim
            # with its row, perhaps as a second name of the archived file: `recover` completes it.
            self._recorder.archive(readings)

            # 5. Release: unread files go back to the inbox, and the empty claim folder goes. A
            # kill leaves claims without a row, or an empty folder: `recover` finds both.
            if len(readings) < len(part.batch.drops):
                self._put_back(decided, part)
                self._claims.release(part.batch.drops)

    def finish(self) -> None:
        """Complete the pending batch when no more files wait; raises as `serve_batch` does."""
        self.serve_batch()
        self._reader.idle()

    def recover(self) -> None:
        """Complete the claims of an earlier run, or of a batch that failed; repair the report.

        Raises:
            OSError: the inbox or the report cannot be used now; call again later.
            Stopped: the stop was requested.
        """
        if self._pending:
            self._pending.batch.give_up()
            self._set_apart(self._pending)
        self._pending = None
        self._claims.prepare()
        self._report.prepare()
        for drop in self._claims.irregular():
            self._requeue.put_out(drop)
        late = {drop.id for drop in self._reader.late_drops()}
        self._late = {key: part for key, part in self._late.items() if key in late}
        left = self._recorder.unrecorded(
            drop for drop in self._claims.left_behind() if drop.id not in late
        )
        if left:
            logger.info("reading %d claimed pictures that have no row", len(left))
            # One of them may have killed the earlier run, and may kill another process.
            self._reader.suspect(left, crashes=0 if self._has_recovered else 1)
            self._set_apart(_Claimed(Batch(left), {}, settled=True))
        self._has_recovered = True

    def retry(self) -> float:
        """Record the slow pictures that are read by now, and retry postponed actions.

        Returns:
            Seconds until the next call; infinite if nothing waits.
        """
        for outcome in self._reader.late():
            part = self._late.pop(outcome.drop.id or "", self._pending)
            decided = self._decided(outcome, part) if part else None
            if isinstance(decided, Reading):
                self._recorder.record([decided])
                self._recorder.archive([decided])
            elif part and decided:
                self._requeue.put_back(decided, settled=part.settled)
            self._claims.release([outcome.drop])
        self._deferred.retry()
        return min(self._deferred.due(), _LATE if self._late else math.inf)

    def late(self) -> Iterator[ListedFile]:
        """Yield the slow pictures that are still being read, as they were listed."""
        for drop in self._reader.late_drops():
            part = self._late.get(drop.id or "")
            if part and (found := part.listed.get(drop.name)):
                yield found

    def shrink(self) -> None:
        """Forget full batches, after a listing: the next full batch counts as the first."""
        self._was_full = False

    def _claim(self, found: Sequence[ListedFile], *, settled: bool) -> _Claimed | None:
        """Claim files and begin to read them; None if none could be claimed."""
        if not found:
            return None
        for attempt in retry(self._no_room, self._shutdown):
            with attempt:
                self._deferred.make_room()
        listed = {one.name: one for one in found}
        drops = self._claims.acquire(listed, refused=self._defer)
        if not drops:
            return None
        for drop in drops:
            self._deferred.done(drop.name)
        logger.debug("claimed %d: %s", len(drops), _few(drops), extra=about(count=len(drops)))
        is_full = len(found) >= max(2, self.batch_size.size)
        batch = self._reader.begin(drops, more=is_full and self._was_full)
        self._was_full |= is_full
        return _Claimed(batch, listed, settled)

    def _begun(self, claimed: _Claimed | None) -> list[_Claimed]:
        """Return the batches to complete now, oldest first: the read-ahead of the service.

        A batch that is read in the background stays pending until the next one is begun.
        """
        last, self._pending = self._pending, None
        if claimed and claimed.batch.is_under_way:
            self._pending = claimed
        elif claimed and last and last.batch.is_in_pool:
            # Worker processes go on with the last batch; this one is read here meanwhile.
            self._pending, last = last, claimed
        elif claimed:
            return [last, claimed] if last else [claimed]
        return [last] if last else []

    def _decided(self, outcome: Outcome, part: _Claimed) -> Outcome:
        """Return the row of a file, or a failure if the file shall wait or is gone."""
        if isinstance(outcome, Reading) and not outcome.verdict.doubt:
            return outcome
        found = part.listed.get(outcome.drop.name)
        return self._requeue.decide(outcome, found, settled=part.settled)

    def _put_back(self, decided: Sequence[Outcome], part: _Claimed) -> None:
        """Put back files that shall wait, and files that were not read before a stop."""
        for outcome in decided:
            if isinstance(outcome, Failure):
                self._requeue.put_back(outcome, settled=part.settled)
        begun = {outcome.id for outcome in decided}
        late = self._set_apart(part)
        for drop in part.batch.drops:
            if drop.id not in begun and drop not in late:
                self._requeue.put_back_unread(drop)

    def _set_apart(self, part: _Claimed) -> set[Drop]:
        """Remember the slow pictures of a batch, and return them."""
        late = self._reader.late_drops().intersection(part.batch.drops)
        self._late.update((drop.id or "", part) for drop in late)
        return late

    def _defer(self, name: str, error: OSError) -> None:
        self._deferred.put(name, cannot="be taken", error=error)


def _few(drops: Sequence[Drop]) -> str:
    names = ", ".join(escape(drop.name) for drop in drops[:3])
    return names + (", ..." if len(drops) > 3 else "")
