"""What is put under the name of a file of ours hangs no command and leads no writing elsewhere."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from digitdrop.errors import SetupError
from digitdrop.files.regular import create_anew, open_regular
from digitdrop.intake.claims import Claims
from ledger import (
    DIGITDROP,
    FIRST,
    THEN,
    Worker,
    a_picture,
    a_socket,
    a_worker,
    drop,
    wait_until,
)
from shells import Done, assert_no_traceback, run

PRECIOUS = b"not to be written to\n"
KINDS = ("link", "dangling", "pipe", "socket", "folder")
FOLDERS = ["--inbox={0}/in", "--outbox={0}/out"]
WATCH = ["watch", *FOLDERS, "--settle=0", "--keep-done=30d", "--metrics={0}/out/m.prom"]
BATCH = ["batch", "{0}/in", "--report={0}/out/r.csv"]
CASES = [
    ("predictions.csv", ["status", *FOLDERS]),
    ("predictions.csv", ["verify", *FOLDERS]),
    ("predictions.csv", ["why", "{0}/in/7.png", *FOLDERS]),
    ("predictions.csv", ["report", "--outbox={0}/out"]),
    ("predictions.csv", ["corrections", "--outbox={0}/out", "--to={0}/to"]),
    ("predictions.csv", ["repair", *FOLDERS]),
    ("predictions.csv", WATCH),
    ("predictions-2026-01.csv", ["verify", *FOLDERS]),
    ("predictions-2026-01.csv", ["status", *FOLDERS]),
    ("predictions-foreign-20260101T000000.csv", ["verify", *FOLDERS]),
    (".predictions.csv.lock", ["status", *FOLDERS]),
    (".predictions.csv.lock", WATCH),
    (".status.json", WATCH),
    (".status.json.new", WATCH),
    (".cleared-until", ["verify", *FOLDERS]),
    (".cleared-until", WATCH),
    ("report.html", ["report", "--outbox={0}/out"]),
    ("m.prom", WATCH),
    (".m.prom.new", WATCH),
    ("r.csv", BATCH),
    (".r.csv.lock", BATCH),
    (".r.csv.begun", BATCH),
    ("x.png", ["predict", "{0}/in/7.png", "--explain={0}/out/x.png"]),
    (".x.png.part", ["predict", "{0}/in/7.png", "--explain={0}/out/x.png"]),
]


def put(kind: str, path: Path, precious: Path) -> None:
    """Give something a name."""
    match kind:
        case "link":
            path.symlink_to(precious)
        case "dangling":
            path.symlink_to(precious.with_name("made"))
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "socket":
            a_socket(path)


def served(words: list[str], folder: Path) -> Done:
    """Run a service until it has read its picture, or ends by itself."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*DIGITDROP, *words], stdout=log, stderr=log)
    try:
        wait_until(
            lambda: (
                process.poll() is not None
                or list(folder.glob("out/done/**/*.png"))
                or b"trying until it succeeds" in (folder / "log").read_bytes()
            )
        )
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        return Done(words, process.wait(15), b"", (folder / "log").read_bytes())
    finally:
        process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe"])  # the others are tried below
@pytest.mark.parametrize(("name", "words"), CASES, ids=lambda one: str(one).split("'")[1::99])
def test_no_command_hangs_or_writes_elsewhere(
    kind: str, name: str, words: list[str], tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "7.png").write_bytes(a_picture(7))
    precious = tmp_path / "precious"
    precious.write_bytes(PRECIOUS)
    put(kind, tmp_path / "out" / name, precious)

    words = [word.format(tmp_path) for word in words]
    done = served(words, tmp_path) if words[0] == "watch" else run(words, tmp_path)

    assert_no_traceback(done, 0, 1, 2)
    assert precious.read_bytes() == PRECIOUS
    assert not (tmp_path / "made").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_report_that_is_replaced_while_the_worker_runs_is_waited_for(
    kind: str, worker: Worker, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(PRECIOUS)
    report = worker.outbox / "predictions.csv"
    report.rename(tmp_path / "kept.csv")
    put(kind, report, precious)

    drop(worker.inbox, THEN)
    worker.waits_until(lambda: "cannot" in worker.told())
    assert worker.status()[0] != 0
    assert precious.read_bytes() == PRECIOUS
    report.rmdir() if kind == "folder" else report.unlink()
    (tmp_path / "kept.csv").rename(report)
    worker.comes_to_rest(len(FIRST + THEN))

    assert worker.complaints(FIRST + THEN) == []
    assert not (tmp_path / "made").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_called_like_a_closed_report_does_not_stop_what_was_in_hand_from_being_read(
    kind: str, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_bytes(PRECIOUS)
    drop(tmp_path / "inbox", FIRST)
    (tmp_path / "outbox").mkdir()
    claims = Claims(
        tmp_path / "inbox", tmp_path / "outbox"
    )  # as a worker that was killed leaves it
    claims.prepare()
    assert len(claims.acquire([name for name, _ in FIRST])) == len(FIRST)
    names = ("predictions-2026-01.csv", "predictions-mine.csv", "predictions-foreign-1.csv")
    for name in names:
        put(kind, tmp_path / "outbox" / name, tmp_path / "precious")

    with a_worker(tmp_path, "--settle=0") as worker:
        worker.comes_to_rest(len(FIRST))

    for name in names:  # the audit would take them for reports
        path = worker.outbox / name
        path.rmdir() if kind == "folder" else path.unlink()
    assert worker.complaints(FIRST) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["rb", "rb+", "ab", "wb"])
def test_what_is_no_regular_file_is_refused_in_words(kind: str, mode: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(PRECIOUS)
    put(kind, tmp_path / "name", precious)

    with pytest.raises(OSError, match=r"(no regular file|Is a directory)") as caught:
        open_regular(tmp_path / "name", mode)  # type: ignore[arg-type]

    assert caught.value.filename == str(tmp_path / "name")
    assert precious.read_bytes() == PRECIOUS
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "socket"])
def test_a_file_made_anew_takes_the_place_of_whatever_had_its_name(
    kind: str, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(PRECIOUS)
    put(kind, tmp_path / "name", precious)

    with create_anew(tmp_path / "name") as file:
        file.write(b"new")

    assert (tmp_path / "name").read_bytes() == b"new"
    assert not (tmp_path / "name").is_symlink()
    assert precious.read_bytes() == PRECIOUS
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_is_no_regular_file_is_one_line(kind: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(PRECIOUS)
    (tmp_path / "7.png").write_bytes(a_picture(7))
    put(kind, tmp_path / "digits.json", precious)

    words = ["predict", str(tmp_path / "7.png"), "--model", str(tmp_path)]
    done = subprocess.run(
        [*DIGITDROP, *words], capture_output=True, text=True, check=False, timeout=15
    )

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr


def test_a_link_that_an_operator_named_leads_to_a_regular_file_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"model")
    (tmp_path / "good").symlink_to(tmp_path / "file")
    (tmp_path / "bad").symlink_to("/dev/zero")

    with open_regular(tmp_path / "good", links=True) as file:
        assert file.read() == b"model"
    with pytest.raises(OSError, match="Is a device and no regular file"):
        open_regular(tmp_path / "bad", links=True)


@pytest.mark.cluster
def test_a_pipe_in_the_folders_of_a_cluster_is_not_waited_for(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra `cluster` is not installed")
    from digitdrop.cluster import files, plan

    (tmp_path / "_plan").mkdir()
    for name in ("PLAN.json", "_plan/00000.parquet"):
        os.mkfifo(tmp_path / name)
    work = plan.Plan(target=str(tmp_path), sources=[], model="", shards="csv", shares=1)

    with pytest.raises(SetupError, match="Is a pipe and no regular file"):
        files.get(str(tmp_path / "PLAN.json"))
    with pytest.raises(SetupError, match="Is a pipe and no regular file"):
        plan.share(work, 0)
    assert files.head(str(tmp_path / "PLAN.json"), 8) == b""
