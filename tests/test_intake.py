"""Batches of pictures: their size, and the order in which they are recorded."""

import time
from itertools import islice
from pathlib import Path

from builders import a_drop, a_heartbeat
from digitdrop.files.mounts import HomeDisk
from digitdrop.health.deferred import DeferredQueue
from digitdrop.inference.classifier import Classifier
from digitdrop.intake import listing
from digitdrop.intake.claims import Claims
from digitdrop.intake.settle import Settler
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.report import Report
from digitdrop.pool.batches import Batch, BatchReader, BatchSize
from digitdrop.pool.settings import PoolOptions
from digitdrop.service.batch import BatchService
from digitdrop.service.loop import now
from digitdrop.service.requeue import Requeue
from digitdrop.system.shutdown import Shutdown
from digitdrop.values import ANY_COUNT, Limits
from ledger import a_picture, drop, rows


def a_service(folder: Path, reader: BatchReader, model: str) -> BatchService:
    shutdown, heartbeat = Shutdown(), a_heartbeat()
    claims, report = (
        Claims(folder / "inbox", folder / "outbox"),
        Report(folder / "outbox" / "r.csv"),
    )
    deferred = DeferredQueue(now, heartbeat.deferred)
    recorder = Recorder(
        claims=claims,
        report=report,
        outbox=folder / "outbox",
        home=HomeDisk(folder / "outbox"),
        shutdown=shutdown,
        deferred=deferred,
        heartbeat=heartbeat,
    )
    settler = Settler(quiet=0, timeout=0, trust_ctime=True)
    requeue = Requeue(
        claims=claims,
        settler=settler,
        model=model,
        recorder=recorder,
        deferred=deferred,
        clock=now,
    )
    service = BatchService(
        claims=claims,
        report=report,
        recorder=recorder,
        reader=reader,
        requeue=requeue,
        deferred=deferred,
        shutdown=shutdown,
        heartbeat=heartbeat,
    )
    service.recover()
    return service


def test_a_picture_that_comes_while_others_are_begun_is_recorded_after_them(
    tmp_path: Path, classifier: Classifier
) -> None:
    drop(tmp_path / "inbox", [(f"{number:03}.png", a_picture(number)) for number in range(100)])
    (tmp_path / "outbox").mkdir()
    terms = PoolOptions(workers=2, limits=Limits(), digits=ANY_COUNT, is_stopping=lambda: False)
    reader = BatchReader(terms, classifier)
    service = a_service(tmp_path, reader, classifier.name)
    found = iter(sorted(listing.listing(tmp_path / "inbox"), key=lambda one: one.name))
    service.serve_batch(list(islice(found, service.batch_size.size)), settled=True)

    begun = list(islice(found, service.batch_size.size))
    service.serve_batch(begun, settled=True)
    before = len(rows(tmp_path / "outbox" / "r.csv"))
    alone = next(found)
    service.serve_batch([alone], settled=False)

    names = [row["file"] for row in rows(tmp_path / "outbox" / "r.csv")]
    assert before == 16
    assert names[16:] == [one.name for one in (*begun, alone)]
    reader.close()


def test_a_turn_is_as_large_as_what_is_read_in_a_quarter_second_and_grows_by_steps() -> None:
    pace = BatchSize(1)
    drops = [a_drop(Path("7.png"))] * 16

    pace.ended(Batch(drops, begun=time.monotonic() - 1))
    slow = pace.size
    pace.ended(Batch(drops, begun=time.monotonic()))

    assert slow in {3, 4}
    assert pace.size == 4 * slow


def test_a_turn_takes_its_time_from_when_the_one_before_ended() -> None:
    pace = BatchSize(1)
    drops = [a_drop(Path("7.png"))] * 16

    pace.ended(Batch(drops, begun=time.monotonic() - 1))
    slow = pace.size
    pace.ended(Batch(drops, begun=time.monotonic() - 1))

    assert pace.size == 4 * slow


def test_a_turn_has_a_picture_for_each_worker_however_long_they_take() -> None:
    pace = BatchSize(6)

    pace.ended(Batch([a_drop(Path("7.png"))] * 16, begun=time.monotonic() - 100))

    assert pace.size == 6


def test_a_turn_that_is_not_full_teaches_nothing() -> None:
    pace = BatchSize(2)

    pace.ended(Batch([a_drop(Path("7.png"))], begun=time.monotonic() - 100))

    assert pace.size == 16
