"""Where many pictures wait, processes read them: the same answers, and nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from builders import NOON, a_drop
from digitdrop.inference.classifier import Classifier
from digitdrop.pipeline import Outcome
from digitdrop.pool.batches import Turns
from digitdrop.pool.pool import Crew
from digitdrop.pool.settings import Terms
from digitdrop.pool.slow_lane import Lane
from digitdrop.pool.threads import Job, Readers
from digitdrop.system.shutdown import Stopped
from digitdrop.values import ANY_COUNT, Drop, Failure, Limits, Reading
from ledger import (
    DIGITDROP,
    ROOT,
    a_picture,
    a_worker,
    audit,
    audit_report,
    drop,
    readers,
    rows,
    serve_once,
    wait_for_the_end,
)

SAMPLES = ROOT / "examples" / "pictures"
MANY = [(f"{number:03}.png", a_picture(number)) for number in range(400)]


def some_terms(workers: int) -> Terms:
    return Terms(workers=workers, limits=Limits(), digits=ANY_COUNT, is_stopping=lambda: False)


def a_crew(classifier: Classifier) -> Crew:
    crew = Crew(some_terms(2), classifier, Lane(some_terms(2)))
    crew.start()
    until = time.monotonic() + 60
    while not crew.is_ready():
        assert time.monotonic() < until
        time.sleep(0.02)
    return crew


def some_drops(folder: Path, count: int) -> list[Drop]:
    drop(folder, [*MANY[: count - 1], ("note.png", b"no picture")])
    return [a_drop(path) for path in sorted(folder.iterdir())]


def said(outcomes: list[Outcome]) -> list[str]:
    """Write down all but the time, every bit of it."""
    return [
        repr(replace(one, time=NOON))
        if isinstance(one, Reading)
        else repr((one.id, one.drop, one.sha256, str(one.error)))
        for one in outcomes
    ]


@pytest.mark.slow
def test_a_crew_answers_as_one_thread_does_to_the_bit(
    tmp_path: Path, classifier: Classifier
) -> None:
    drops = some_drops(tmp_path, 150)
    alone = Turns(some_terms(1), classifier)
    crew = a_crew(classifier)

    first = crew.begin(drops)
    second = crew.begin(drops[:3])
    found = [crew.end(first), crew.end(second)]

    expected = said(alone.end(alone.begin(drops)))
    assert [said(outcomes) for outcomes in found] == [expected, expected[:3]]
    assert isinstance(found[0][-1], Failure)
    crew.dismiss()
    alone.close()


@pytest.mark.slow
def test_processes_that_die_are_replaced_and_all_is_read(
    tmp_path: Path, classifier: Classifier
) -> None:
    drops = some_drops(tmp_path, 20)
    crew = a_crew(classifier)
    before = readers(os.getpid())
    for child in before:
        os.kill(child, signal.SIGKILL)

    outcomes = crew.end(crew.begin(drops))

    assert [one.drop for one in outcomes] == drops
    assert not set(readers(os.getpid())) & set(before)
    crew.dismiss()


@pytest.mark.slow
def test_a_crew_that_does_not_get_ready_is_dismissed_all_the_same(classifier: Classifier) -> None:
    crew = Crew(some_terms(2), classifier, Lane(some_terms(2)))
    crew.start()
    until = time.monotonic() + 10
    while not (starting := readers(os.getpid())):
        assert time.monotonic() < until
    os.kill(starting[0], signal.SIGSTOP)  # it never takes the network that it is sent
    time.sleep(0.2)

    dismissing = threading.Thread(target=crew.dismiss, daemon=True)
    dismissing.start()
    dismissing.join(5)

    is_done = not dismissing.is_alive()
    for pid in readers(os.getpid()):
        os.kill(pid, signal.SIGKILL)
    assert is_done


@pytest.mark.slow
def test_all_pictures_that_do_not_end_share_one_grace_at_a_stop() -> None:
    terms = replace(some_terms(2), is_stopping=lambda: True)
    threads = Readers(terms)
    never = [Job(a_drop(Path("1.png"))), Job(a_drop(Path("2.png")))]

    with pytest.raises(Stopped):
        threads.end(never[:1])
    began = time.monotonic()
    with pytest.raises(Stopped):
        threads.end(never[1:])

    assert time.monotonic() - began < 1
    threads.close()


@pytest.mark.parametrize(("workers", "more", "read"), [(2, True, 20), (2, False, 0), (1, True, 0)])
def test_drops_are_read_ahead_of_their_end_only_where_more_wait_and_never_by_one_worker(
    workers: int, more: bool, read: int, tmp_path: Path, classifier: Classifier
) -> None:
    drops = some_drops(tmp_path, 21)
    turns = Turns(some_terms(workers), classifier)

    turn = turns.begin(drops, more=more)
    until = time.monotonic() + 10
    while any(not one.future.done() for one in turn.seeing or ()) and time.monotonic() < until:
        time.sleep(0.02)
    for one in drops:
        one.path.unlink()

    outcomes = turns.end(turn)
    assert sum(isinstance(one, Reading) for one in outcomes) == read
    turns.close()


def test_what_is_given_up_is_not_read_any_more(tmp_path: Path, classifier: Classifier) -> None:
    turns = Turns(some_terms(2), classifier)
    turn = turns.begin(some_drops(tmp_path, 300), more=True)

    turn.give_up()

    assert any(one.future.cancelled() for one in turn.seeing or ())
    turns.close()


def test_after_a_lull_full_turns_must_go_on_anew_for_a_crew(
    tmp_path: Path, classifier: Classifier
) -> None:
    drops = some_drops(tmp_path, 4)
    turns = Turns(some_terms(2), classifier)
    turns.end(turns.begin(drops, more=True))
    time.sleep(0.15)

    turns.lull()
    turns.end(turns.begin(drops, more=True))

    time.sleep(0.3)
    assert not readers(os.getpid())
    turns.close()


@pytest.mark.slow
def test_a_crew_is_started_once_full_turns_go_on_and_not_for_the_first(
    tmp_path: Path, classifier: Classifier
) -> None:
    drops = some_drops(tmp_path, 4)
    turns = Turns(some_terms(2), classifier)
    turns.end(turns.begin(drops, more=True))
    turns.end(turns.begin(drops))
    at_first = readers(os.getpid())

    time.sleep(0.15)
    turns.end(turns.begin(drops, more=True))

    until = time.monotonic() + 10
    while not readers(os.getpid()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not at_first
    assert readers(os.getpid())
    turns.close()


@pytest.mark.slow
def test_what_killed_a_process_is_not_taken_for_one_that_cannot_start(
    tmp_path: Path, classifier: Classifier
) -> None:
    drops = some_drops(tmp_path, 20)
    turns = Turns(some_terms(2), classifier)
    while not (turn := turns.begin(drops, more=True)).order:
        turns.end(turn)
    turns.end(turn)
    os.kill(readers(os.getpid())[0], signal.SIGKILL)
    time.sleep(0.2)

    turn = turns.begin(drops, more=True)

    assert turn.order, "the other one goes on"
    assert len(turns.end(turn)) == 20
    turns.close()


HANGS = """
import sys, time
from pathlib import Path
from builders import a_drop
from ledger import readers
from digitdrop.inference.classifier import Classifier
from digitdrop.pool.pool import Crew
from digitdrop.pool.slow_lane import Lane
from digitdrop.pool.threads import Readers
from digitdrop.pool.settings import Terms
from digitdrop.values import Limits
import os

if __name__ == "__main__":
    terms = Terms(workers=2, limits=Limits(), digits=ANY_COUNT, is_stopping=lambda: False)
    crew = Crew(terms, Classifier.load(Path(sys.argv[1])), Lane(terms))
    crew.start()
    while not crew.is_ready():
        time.sleep(0.02)
    crew.begin([a_drop(Path(sys.argv[2]))] * 4)
    print(*readers(os.getpid()), flush=True)
    time.sleep(1000)
"""


@pytest.mark.slow
def test_a_process_that_hangs_does_not_outlive_the_worker(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'tests' / 'poison'}:{ROOT / 'tests'}")
    (tmp_path / "7.png").write_bytes(a_picture() + b"hangs")
    script = tmp_path / "hangs.py"
    script.write_text(HANGS)
    command = [sys.executable, str(script), str(model), str(tmp_path / "7.png")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        pids = [int(pid) for pid in process.stdout.readline().split()]
        time.sleep(1)  # for them to hang
        process.kill()

    assert len(pids) == 2
    wait_for_the_end(pids, 5)


@pytest.mark.slow
def test_when_the_worker_is_killed_its_crew_is_gone_and_nothing_lost(tmp_path: Path) -> None:
    lots = [(f"{number}.png", MANY[number % 400][1]) for number in range(3000)]
    drop(tmp_path / "inbox", lots)  # or all might be read before a crew is there
    with a_worker(tmp_path, "--settle=0", "--workers=2") as worker:
        worker.waits_until(lambda: len(readers(worker.process.pid)) == 2)
        found = readers(worker.process.pid)
        worker.kill()

    wait_for_the_end(found, 5)
    serve_once(tmp_path)
    assert audit(tmp_path / "inbox", tmp_path / "outbox", lots) == []


@pytest.mark.slow
@pytest.mark.usefixtures("poison")
@pytest.mark.parametrize("how", ["kills", "hangs"])
def test_a_poisoned_picture_among_many_costs_itself_only(how: str, tmp_path: Path) -> None:
    poisoned = (f"399-{how}.png", a_picture() + how.encode())
    drop(tmp_path / "inbox", [*MANY, poisoned])
    report = tmp_path / "report.csv"
    command = [*DIGITDROP, "batch", str(tmp_path / "inbox")]

    for _ in range(2):  # it may meet the last pictures without the crew, and die of them
        done = subprocess.run(
            [*command, f"--report={report}", "--workers=2"], cwd=ROOT, check=False, timeout=120
        )

    assert done.returncode == 1
    unreadable = [(row["file"], row["reason"]) for row in rows(report) if not row["prediction"]]
    reasons = {
        "kills": "crashed the reader twice",
        "hangs": "takes longer than 2 seconds to read",
    }
    assert (poisoned[0], reasons[how]) in unreadable
    assert audit_report(report, [*MANY, poisoned]) == []
