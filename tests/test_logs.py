"""The lines of the log, for people, for machines and for the journal; the limit of each kind."""

import io
import json
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digitdrop.log.formatters import Json, Prioritised, Text
from digitdrop.log.handler import LINES, SPAN, LimitedHandler
from digitdrop.log.logs import is_journal
from digitdrop.log.readings import log_readings
from digitdrop.system.log_fields import about
from digitdrop.values import Drop, Reading, Status, Verdict
from ledger import DIGITDROP, ROOT, a_picture, a_worker, drop


def a_line(
    message: str, *arguments: object, level: int = logging.INFO, extra: object = None
) -> logging.LogRecord:
    record = logging.LogRecord("worker.x", level, __file__, 1, message, arguments, None)
    record.__dict__.update(extra if isinstance(extra, dict) else {})
    record.created, record.msecs = 1764000000.25, 250.0
    return record


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


def written(handler: LimitedHandler, out: io.StringIO, *lines: logging.LogRecord) -> list[str]:
    """Handle lines; return the messages written for them, with the number of those counted."""
    before = len(out.getvalue().splitlines())
    for line in lines:
        handler.handle(line)
    new = [json.loads(line) for line in out.getvalue().splitlines()[before:]]
    return [f"{line['message']} (+{line.get('more', 0)})" for line in new]


def test_of_a_kind_of_line_some_are_written_each_minute_and_the_others_counted() -> None:
    out, now = io.StringIO(), 0.0
    log = LimitedHandler(out, Json(), clock=lambda: now)

    first = written(log, out, *(a_line("%s: read", number) for number in range(1_000)))
    now = SPAN
    later = written(log, out, a_line("%s: read", "a"))

    assert first == [f"{number}: read (+0)" for number in range(LINES)]
    assert later == [f"999: read (+{999 - LINES})", "a: read (+0)"]


def test_a_kind_that_floods_hides_no_other() -> None:
    out = io.StringIO()
    log = LimitedHandler(out, Json(), clock=lambda: 0.0)
    written(log, out, *(a_line("%s: read", number) for number in range(1_000)))

    assert written(log, out, a_line("stopped")) == ["stopped (+0)"]


def test_lines_that_were_counted_are_told_at_the_end() -> None:
    out = io.StringIO()
    log = LimitedHandler(out, Json(), clock=lambda: 0.0)
    for number in range(LINES + 5):
        log.handle(a_line("%s: read", number))

    log.close()

    last = json.loads(out.getvalue().splitlines()[-1])
    assert (last["message"], last["more"]) == (f"{LINES + 4}: read", 4)


def a_reading(name: str, verdict: Verdict) -> Reading:
    return Reading(
        id=f"d{name}",
        drop=Drop(id=f"d{name}", path=Path(name), name=name),
        time=datetime(2026, 5, 1, tzinfo=UTC),
        verdict=verdict,
        sha256="",
        model="m",
    )


SEVEN = Verdict(status=Status.OK, prediction="7", confidence=0.99987)
NO_DIGIT = Verdict(status=Status.NOT_A_DIGIT, reason="a letter")
BROKEN = Verdict(status=Status.UNREADABLE, reason="not a picture")


def test_a_batch_has_one_line_that_counts_its_pictures_by_status(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    log_readings([a_reading("a.png", NO_DIGIT), *[a_reading("b.png", SEVEN)] * 2])

    (line,) = caplog.records
    assert (line.levelname, line.getMessage()) == ("INFO", "read 3: 2 ok, 1 not a digit")
    known = json.loads(Json().format(line))
    assert (known["count"], known["read"]) == (3, {"ok": 2, "not_a_digit": 1})


def test_unreadable_pictures_of_a_batch_are_a_warning_that_names_a_few(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = [a_reading(f"{number}.png", BROKEN) for number in range(500)]

    log_readings([a_reading("a.png", SEVEN), *broken])

    (line,) = caplog.records
    assert line.levelname == "WARNING"
    assert line.getMessage() == (
        "read 501: 500 unreadable, 1 ok (0.png: not a picture; 1.png: not a picture; "
        "2.png: not a picture; and 497 more)"
    )


def test_a_batch_of_one_picture_has_the_line_of_that_picture(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    log_readings([a_reading("a.png", SEVEN)])
    log_readings([a_reading("b.png", BROKEN)])

    lines = [(line.levelname, line.getMessage()) for line in caplog.records]
    assert lines == [
        ("INFO", "a.png: 7, ok (100.0 %)"),
        ("WARNING", "b.png: unreadable: not a picture"),
    ]


def test_each_picture_of_a_batch_has_its_line_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    log_readings([a_reading("a.png", NO_DIGIT), a_reading("b.png", SEVEN)])

    lines = [(line.levelname, line.getMessage()) for line in caplog.records]
    assert lines == [
        ("DEBUG", "a.png: not a digit: a letter"),
        ("DEBUG", "b.png: 7, ok (100.0 %)"),
        ("INFO", "read 2: 1 not a digit, 1 ok"),
    ]


@pytest.mark.slow
def test_every_line_of_a_worker_is_json_where_that_was_asked_for(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", [("a.png", a_picture(7)), ("b.png", b"rubbish")])

    with a_worker(tmp_path, "--settle=0", "--log-format=json", "--verbose") as worker:
        worker.waits_until(lambda: len(worker.rows()) == 2)
        worker.stop()

    lines = [json.loads(line) for line in worker.told().splitlines()]
    by_file = {line["file"]: line for line in lines if "status" in line}
    rows = {row["file"]: row for row in worker.rows()}
    assert by_file["a.png"]["id"] == rows["a.png"]["id"]
    assert by_file["a.png"]["prediction"] == rows["a.png"]["prediction"]
    assert by_file["b.png"]["status"] == "unreadable"
    assert any(line["level"] == "warning" and "b.png" in line["message"] for line in lines)
    assert lines[-1]["message"] == "stopped"


TRIAL = """
import sys
from functools import partial
from datetime import UTC, datetime
from pathlib import Path
from digitdrop.log import logs
from digitdrop.pool.probe import find_poison, prepare_file
from digitdrop.values import Limits

logs.configure(logs.LogFormat.JSON, quiet=True)
find_poison(partial(prepare_file, Limits()), [Path(sys.argv[1])], time_limit=60)
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
