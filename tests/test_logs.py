"""What stands in the log, for people, for machines and for the journal; what is folded."""

import io
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from digitdrop.log.folding import Folding
from digitdrop.log.formatters import Json, Prioritised, Text
from digitdrop.log.logs import is_journal
from digitdrop.log.repeats import SAME_KIND, SAME_TEXT, Repeats, Rule
from digitdrop.system.log_fields import about
from ledger import DIGITDROP, ROOT, a_picture, a_worker, drop

AWAY = "cannot list the folder %r: %s"


def a_line(
    message: str, *arguments: object, level: int = logging.INFO, extra: object = None
) -> logging.LogRecord:
    record = logging.LogRecord("worker.x", level, __file__, 1, message, arguments, None)
    record.__dict__.update(extra if isinstance(extra, dict) else {})
    record.created, record.msecs = 1764000000.25, 250.0
    return record


def told(repeats: Repeats, record: logging.LogRecord, *, times: list[float]) -> list[str]:
    """Say a line at these times; give what is told, and what `due` adds before it."""
    lines = []
    for now in times:
        lines += [Text(timed=False).format(one) for one in repeats.due(now)]
        if repeats.is_told(record, now):
            lines.append(Text(timed=False).format(record))
    return lines


def test_a_line_for_people_has_time_level_and_message() -> None:
    line = Text(timed=True).format(a_line("%s: %d, ok", "a.png", 7))

    assert line == "2025-11-24T16:00:00.250Z INFO    a.png: 7, ok"


def test_a_message_is_one_line_that_hides_nothing_and_each_line_of_a_traceback_has_its_time() -> (
    None
):
    record = a_line("cannot read\n2025-11-24 'a\u202eb'", level=logging.ERROR)
    try:
        raise ValueError("one\ntwo")
    except ValueError:
        record.exc_info = sys.exc_info()

    first, *trace = Text(timed=True).format(record).split("\n")

    head = "2025-11-24T16:00:00.250Z ERROR   "
    assert first == f"{head}cannot read\\u000a2025-11-24 'a\\u202eb'"
    assert trace[0] == f"{head}Traceback (most recent call last):"
    assert trace[-2:] == [f"{head}ValueError: one", f"{head}two"]


def test_a_line_for_machines_is_one_object_whatever_the_picture_is_called() -> None:
    record = a_line(
        "%s: %s, ok", "a\nb\u2028.png", "7", extra=about(file="a\\u000ab.png", prediction="7")
    )

    text = Json().format(record)

    assert len(text.splitlines()) == 1
    assert json.loads(text) == {
        "time": "2025-11-24T16:00:00.250Z",
        "level": "info",
        "message": "a\nb\u2028.png: 7, ok",
        "file": "a\\u000ab.png",
        "prediction": "7",
    }


def test_each_line_in_the_journal_has_its_priority_and_no_time() -> None:
    error = a_line("one\ntwo", level=logging.ERROR)

    assert Prioritised(Text(timed=False)).format(error) == "<3>one\\u000atwo"
    assert Prioritised(Json()).format(error).startswith('<3>{"time": "2025')


def test_the_journal_is_known_by_the_very_stream_that_it_gave(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log, (tmp_path / "other").open("w") as other:
        status = os.fstat(log.fileno())
        environment = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}

        assert is_journal(environment, log.fileno())
        assert not is_journal(environment, other.fileno()), "it was redirected"
        assert not is_journal(environment, -1)
        assert not is_journal({}, log.fileno())


def test_a_process_whose_stderr_is_the_journal_writes_priorities(tmp_path: Path) -> None:
    said = "import logging; from digitdrop.log import logs; logs.configure(quiet=False)"
    with (tmp_path / "log").open("w") as log:
        status = os.fstat(log.fileno())
        subprocess.run(
            [sys.executable, "-c", f"{said}; logging.warning('it is hot')"],
            cwd=ROOT,
            env={**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"},
            stderr=log,
            check=True,
        )

    assert (tmp_path / "log").read_text() == "<4>it is hot\n"


def test_trouble_that_lasts_is_told_three_times_and_then_counted_every_ten_minutes() -> None:
    trouble = a_line(AWAY, "x/", "no", level=logging.WARNING)
    every_five_seconds = [5.0 * number for number in range(1 + 20 * 60 // 5)]

    lines = told(Repeats(), trouble, times=every_five_seconds)

    said = "cannot list the folder 'x/': no"
    assert lines == [said] * 3 + [
        f"{said} (and 116 more like it)",
        f"{said} (and 119 more like it)",
    ]


def test_trouble_that_comes_again_after_a_quiet_while_is_told_at_once() -> None:
    trouble = a_line(AWAY, "x/", "no", level=logging.WARNING)
    repeats = Repeats()
    told(repeats, trouble, times=[0, 1, 2, 3])

    lines = told(repeats, trouble, times=[SAME_TEXT.span, 3 * SAME_TEXT.span])

    assert lines[-1] == "cannot list the folder 'x/': no"


def test_of_a_busy_inbox_some_pictures_are_told_each_minute_and_the_others_counted() -> None:
    repeats = Repeats()

    lines = []
    for number in range(1_000):
        lines += told(repeats, a_line("%s: read", number), times=[number / 100])
    late = [Text(timed=False).format(one) for one in repeats.due(SAME_KIND.span)]

    assert lines == [f"{number}: read" for number in range(SAME_KIND.lines)]
    assert late == ["999: read (and 799 more like it)"]


def test_one_kind_that_floods_hides_no_other() -> None:
    repeats = Repeats()
    told(repeats, a_line("%s: read", 1), times=[0.0] * 1_000)

    assert told(repeats, a_line("stopped"), times=[1]) == ["stopped"]


def test_what_it_remembers_is_bounded() -> None:
    repeats = Repeats()
    for number in range(5_000):
        told(repeats, a_line(f"kind {number}", level=logging.ERROR), times=[0.0])

    assert len(repeats._texts._windows) == len(repeats._kinds._windows) == 1_000


def test_what_was_held_back_is_told_also_if_too_many_others_come_to_be_remembered() -> None:
    repeats = Repeats()
    told(repeats, a_line(AWAY, "x/", "no", level=logging.ERROR), times=[0.0] * 10)
    for number in range(1_000):
        repeats.is_told(a_line(f"kind {number}", level=logging.ERROR), now=1.0)

    is_due = repeats.next_due() <= 1.0
    late = [Text(timed=False).format(one) for one in repeats.due(1.0)]

    assert is_due
    assert late == ["cannot list the folder 'x/': no (and 6 more like it)"]
    assert list(repeats.due(1.0)) == []


def test_what_was_held_back_is_told_at_the_end() -> None:
    out = io.StringIO()
    log = Folding(out, Json(), clock=lambda: 0.0)
    for number in range(SAME_KIND.lines + 5):
        log.handle(a_line("%s: read", number))

    log.close()

    last = json.loads(out.getvalue().splitlines()[-1])
    assert (last["message"], last["more"]) == (f"{SAME_KIND.lines + 4}: read", 4)


def test_what_was_held_back_is_told_also_if_no_other_line_comes() -> None:
    out = io.StringIO()
    log = Folding(out, Json(), repeats=Repeats(same_kind=Rule(lines=1, span=0.05)))
    for number in range(4):
        log.handle(a_line("%s: read", number))

    until = time.monotonic() + 10
    while out.getvalue().count("\n") < 2:
        assert time.monotonic() < until
        time.sleep(0.01)

    last = json.loads(out.getvalue().splitlines()[-1])
    assert (last["message"], last["more"]) == ("3: read", 2)


def test_so_is_what_was_not_yet_due_when_something_else_was() -> None:
    out, now = io.StringIO(), 0.0
    repeats = Repeats(same_kind=Rule(lines=1, span=0.05))
    log = Folding(out, Json(), repeats=repeats, clock=lambda: now)

    def waits_for(lines: int) -> None:
        until = time.monotonic() + 10
        while out.getvalue().count("\n") < lines:
            assert time.monotonic() < until
            time.sleep(0.01)

    for kind in ("one", "other"):
        log.handle(a_line(kind))
        log.handle(a_line(kind))
        now += 0.03
    now = 0.05
    waits_for(3)
    now = 1.0
    waits_for(4)

    said = [json.loads(line)["message"] for line in out.getvalue().splitlines()]
    assert said == ["one", "other", "one", "other"]


@pytest.mark.slow
def test_every_line_of_a_worker_is_json_where_that_was_asked_for(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", [("a.png", a_picture(7)), ("b.png", b"rubbish")])

    with a_worker(tmp_path, "--settle=0", "--log-format=json") as worker:
        worker.waits_until(lambda: len(worker.rows()) == 2)
        worker.stop()

    lines = [json.loads(line) for line in worker.told().splitlines()]
    by_file = {line["file"]: line for line in lines if "status" in line}
    rows = {row["file"]: row for row in worker.rows()}
    assert by_file["a.png"]["id"] == rows["a.png"]["id"]
    assert by_file["a.png"]["prediction"] == rows["a.png"]["prediction"]
    assert (by_file["b.png"]["level"], by_file["b.png"]["status"]) == ("warning", "unreadable")
    assert lines[-1]["message"] == "stopped"


TRIAL = """
import sys
import time
from pathlib import Path
from digitdrop.log import logs
from digitdrop.pool.probe import deadly
from digitdrop.values import Limits

logs.configure(logs.LogFormat.JSON, quiet=True)
deadly([Path(sys.argv[1])], Limits())
"""


@pytest.mark.slow
def test_a_process_that_the_worker_starts_logs_as_the_worker_does(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(a_picture(7) + b"breaks")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "poison")}

    done = subprocess.run(
        [sys.executable, "-c", TRIAL, str(tmp_path / "a.png")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    (line,) = map(json.loads, done.stderr.splitlines())
    assert line["message"] == "cannot read 'a.png'"
    assert "a fault of ours" in line["traceback"]


CRASH = """
import sys, threading
from digitdrop.log import logs

logs.configure(logs.LogFormat.JSON, quiet=True)
for fail in (lambda: 1 / 0, sys.exit):
    threading.Thread(target=fail).start()
"""


def test_what_a_thread_dies_of_is_json_too() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASH], cwd=ROOT, capture_output=True, text=True, check=True
    )

    line = json.loads(done.stderr)
    assert line["level"] == "critical"
    assert line["message"] == "a thread crashed: division by zero"
    assert "ZeroDivisionError" in line["traceback"]


def test_what_the_operator_must_put_right_is_json_too(tmp_path: Path) -> None:
    command = [*DIGITDROP, "watch"]
    command += [f"--inbox={tmp_path}", f"--outbox={tmp_path}"]
    environment = {**os.environ, "DIGITDROP_LOG_FORMAT": "json"}

    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    line = json.loads(done.stderr)
    assert line["level"] == "critical"
    assert "lie in each other" in line["message"]
