"""Turns of pictures: how large they are, and in which order they are recorded."""

import time
from itertools import islice
from pathlib import Path

from builders import a_drop
from digitdrop.health.deferred import DeferredQueue
from digitdrop.health.heartbeat import Pulse
from digitdrop.health.postponed import Postponed
from digitdrop.health.worker_status import Told
from digitdrop.inference.classifier import Classifier
from digitdrop.intake import listing
from digitdrop.intake.claims import Hand
from digitdrop.intake.settle import Settler
from digitdrop.outbox.recorder import Recorder
from digitdrop.outbox.report import Report
from digitdrop.pool.batches import Pace, Turn, Turns
from digitdrop.pool.settings import Terms
from digitdrop.service.batch import Intake
from digitdrop.service.loop import now
from digitdrop.service.requeue import PutBack
from digitdrop.system.shutdown import Stopper
from digitdrop.values import ANY_COUNT, Limits
from ledger import a_picture, drop, rows


def an_intake(folder: Path, turns: Turns, model: str) -> Intake:
    stopper = Stopper()
    hand, report = Hand(folder / "inbox", folder / "outbox"), Report(folder / "outbox" / "r.csv")
    told = Told(holder="", pid=0, since="", model=model, inbox=str(folder), settle=0, max_wait=0)
    pulse = Pulse(told, [], now)
    deferred = DeferredQueue(pulse.deferred)
    postponed = Postponed(deferred, now)
    recorder = Recorder(
        hand=hand,
        report=report,
        outbox=folder / "outbox",
        stopper=stopper,
        postponed=postponed,
        pulse=pulse,
    )
    settler = Settler(quiet=0, patience=0, trust_ctime=True)
    put_back = PutBack(
        hand=hand,
        settler=settler,
        model=model,
        recorder=recorder,
        postponed=postponed,
        clock=now,
    )
    intake = Intake(
        hand=hand,
        report=report,
        recorder=recorder,
        turns=turns,
        put_back=put_back,
        deferred=deferred,
        postponed=postponed,
        clock=now,
        stopper=stopper,
        pulse=pulse,
    )
    intake.recover()
    return intake


def test_a_picture_that_comes_while_others_are_begun_is_recorded_after_them(
    tmp_path: Path, classifier: Classifier
) -> None:
    drop(tmp_path / "inbox", [(f"{number:03}.png", a_picture(number)) for number in range(100)])
    (tmp_path / "outbox").mkdir()
    terms = Terms(workers=2, limits=Limits(), digits=ANY_COUNT, is_stopping=lambda: False)
    turns = Turns(terms, classifier)
    intake = an_intake(tmp_path, turns, classifier.name)
    found = iter(sorted(listing.listing(tmp_path / "inbox"), key=lambda one: one.name))
    intake.handle(list(islice(found, intake.pace.size)), settled=True)

    begun = list(islice(found, intake.pace.size))
    intake.handle(begun, settled=True)
    before = len(rows(tmp_path / "outbox" / "r.csv"))
    alone = next(found)
    intake.handle([alone], settled=False)

    names = [row["file"] for row in rows(tmp_path / "outbox" / "r.csv")]
    assert before == 16
    assert names[16:] == [one.name for one in (*begun, alone)]
    turns.close()


def test_a_turn_is_as_large_as_what_is_read_in_a_quarter_second_and_grows_by_steps() -> None:
    pace = Pace(1)
    drops = [a_drop(Path("7.png"))] * 16

    pace.ended(Turn(drops, begun=time.monotonic() - 1))
    slow = pace.size
    pace.ended(Turn(drops, begun=time.monotonic()))

    assert slow in {3, 4}
    assert pace.size == 4 * slow


def test_a_turn_takes_its_time_from_when_the_one_before_ended() -> None:
    pace = Pace(1)
    drops = [a_drop(Path("7.png"))] * 16

    pace.ended(Turn(drops, begun=time.monotonic() - 1))
    slow = pace.size
    pace.ended(Turn(drops, begun=time.monotonic() - 1))

    assert pace.size == 4 * slow


def test_a_turn_has_a_picture_for_each_worker_however_long_they_take() -> None:
    pace = Pace(6)

    pace.ended(Turn([a_drop(Path("7.png"))] * 16, begun=time.monotonic() - 100))

    assert pace.size == 6


def test_a_turn_that_is_not_full_teaches_nothing() -> None:
    pace = Pace(2)

    pace.ended(Turn([a_drop(Path("7.png"))], begun=time.monotonic() - 100))

    assert pace.size == 16
