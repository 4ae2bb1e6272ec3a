"""Every answer to "why is my picture not read?", each from real folders."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digitdrop.audit.why.answer import Answer, Kind
from digitdrop.audit.why.diagnosis import why
from digitdrop.audit.why.trace import trace
from digitdrop.errors import FolderError
from digitdrop.files import lock
from digitdrop.health.worker_status import StatusFile, Told
from digitdrop.intake.owner import seen
from digitdrop.outbox.report import REPORT
from ledger import DIGITDROP, a_picture, a_worker, drop, files_below
from shelved import Shelved

SEVEN = a_picture(7)
SETTLE, MAX_WAIT = 2.0, 60.0


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "outbox").mkdir()
    return tmp_path / "inbox"


@contextmanager
def running(inbox: Path, *, trouble: str = "", watched: Path | None = None) -> Iterator[None]:
    """Hold the report's lock and tell, as a worker does."""
    outbox = inbox.parent / "outbox"
    with lock.held(outbox / REPORT) as holder:
        told = Told(
            holder=holder,
            pid=os.getpid(),
            since=datetime.now(UTC).isoformat(),
            model="digits-0123abcd",
            inbox=str(watched or inbox.resolve()),
            settle=SETTLE,
            max_wait=MAX_WAIT,
            is_ready=True,
            trouble={trouble: "2026-05-01T12:00:00Z"} if trouble else {},
        )
        StatusFile(outbox).tell(told, 0.0)
        yield


def ask(inbox: Path, name: "str | Path", *, later: float = 0.0) -> Answer:
    """Ask for a name, some seconds from now."""
    now = datetime.now(UTC) + timedelta(seconds=later)
    return why(trace(Path(name), inbox, inbox.parent / "outbox", now))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (".seven.png", "hidden"),
        ("seven.png.part", "not finished"),
        ("~$seven.png", "beside people's"),
        (".stfolder/seven.png", "folder that is hidden"),
        ("__MACOSX/seven.png", "folder that is hidden, or belongs to a system"),
    ],
)
def test_a_name_that_is_left_alone_is_told_with_the_rule_and_the_remedy(
    name: str, told: str, inbox: Path
) -> None:
    drop(inbox, [(name, SEVEN)])

    answer = ask(inbox, name)

    assert (answer.kind, answer.needs_person) == (Kind.IGNORED, True)
    assert told in answer.text
    assert answer.to_do


def test_links_and_pipes_are_told_and_never_opened(inbox: Path) -> None:
    drop(inbox.parent, [("seven.png", SEVEN), ("folder/seven.png", SEVEN)])
    (inbox / "link.png").symlink_to(inbox.parent / "seven.png")
    (inbox / "folder").symlink_to(inbox.parent / "folder")
    os.mkfifo(inbox / "pipe.png")

    answers = [ask(inbox, name) for name in ("link.png", "folder/seven.png", "pipe.png")]

    assert {answer.kind for answer in answers} == {Kind.IGNORED}
    assert "it is a symbolic link, which is never followed (link.png)" in answers[0].text
    assert "it is a symbolic link, which is never followed (folder)" in answers[1].text
    assert "a pipe, a socket or a device" in answers[2].text


def test_a_link_is_asked_for_by_its_own_path_not_by_what_it_leads_to(inbox: Path) -> None:
    drop(inbox.parent, [("seven.png", SEVEN)])
    (inbox / "link.png").symlink_to(inbox.parent / "seven.png")

    assert ask(inbox, inbox / "link.png").kind is Kind.IGNORED


@pytest.mark.parametrize("name", [".", "scans"])
def test_a_folder_is_told_with_what_waits_in_it(name: str, inbox: Path) -> None:
    drop(inbox, [("scans/1.png", SEVEN), ("scans/2.png", SEVEN), ("scans/.3.png", SEVEN)])

    answer = ask(inbox, inbox / name)

    assert answer == Answer(Kind.FOLDER, "it is a folder; 2 files in it wait to be read")


def test_without_a_worker_it_waits_for_a_person(inbox: Path) -> None:
    drop(inbox, [("seven.png", SEVEN)])

    answer = ask(inbox, "seven.png")

    assert (answer.kind, answer.needs_person) == (Kind.STUCK, True)
    assert "no worker is running" in answer.text


def test_what_the_worker_cannot_do_is_told_in_its_own_words(inbox: Path) -> None:
    drop(inbox, [("seven.png", SEVEN)])

    with running(inbox, trouble="cannot take files in: No space left on device"):
        answer = ask(inbox, "seven.png")

    assert answer.kind is Kind.STUCK
    assert "the worker cannot take files in: No space left on device" in answer.text


def test_a_worker_of_another_inbox_is_told(inbox: Path, tmp_path: Path) -> None:
    drop(inbox, [("seven.png", SEVEN)])

    with running(inbox, watched=tmp_path / "other"):
        answer = ask(inbox, "seven.png")

    assert answer.kind is Kind.STUCK
    assert str(tmp_path / "other") in answer.text


def test_a_file_that_changed_just_now_is_told_with_how_long_it_has_to_be_quiet(
    inbox: Path,
) -> None:
    drop(inbox, [("seven.png", SEVEN)])

    with running(inbox):
        changing, waiting = ask(inbox, "seven.png"), ask(inbox, "seven.png", later=SETTLE + 0.5)

    assert changing.kind is Kind.CHANGING
    assert "unchanged for 2 s" in changing.text
    assert (waiting.kind, waiting.needs_person) == (Kind.WAITING, False)


@pytest.mark.parametrize(("length", "left"), [(0, 580), (len(SEVEN) // 2, 40)])
def test_a_picture_cut_short_is_told_with_how_long_its_rest_is_waited_for(
    length: int, left: int, inbox: Path
) -> None:
    drop(inbox, [("half.png", SEVEN[:length])])

    with running(inbox):
        answer = ask(inbox, "half.png", later=20)

    assert (answer.kind, answer.needs_person) == (Kind.CUT_SHORT, False)
    assert f"in {left} s" in answer.text or f"in {left - 1} s" in answer.text


def test_one_that_waits_while_no_row_is_written_needs_a_person(inbox: Path) -> None:
    drop(inbox, [("seven.png", SEVEN)])

    with running(inbox):
        answer = ask(inbox, "seven.png", later=SETTLE + MAX_WAIT + 100)

    assert (answer.kind, answer.needs_person) == (Kind.STUCK, True)
    assert "log" in answer.to_do


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
def test_one_that_may_not_be_read_is_told(inbox: Path, tmp_path: Path) -> None:
    drop(inbox, [("seven.png", SEVEN)])
    (inbox / "seven.png").chmod(0)
    for folder in [tmp_path, *tmp_path.parents[:2]]:
        folder.chmod(0o755)
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgid(65534)
            os.setuid(65534)
            os.write(theirs, ask(inbox, "seven.png").text.encode())
        except BaseException as error:
            os.write(theirs, repr(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert os.read(ours, 1000).decode() == "it cannot be opened: Permission denied"


@pytest.mark.slow
@pytest.mark.usefixtures("poison")
@pytest.mark.parametrize("how", ["kills", "hangs"])
def test_one_that_kills_or_hangs_who_decodes_it_does_not_do_so_to_who_asks(
    how: str, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitdrop.audit.why.waiting.TRIAL", 2.0)
    drop(inbox, [("photo.png", a_picture() + how.encode())])

    with running(inbox):
        answer = ask(inbox, "photo.png")

    assert answer.kind is Kind.WAITING
    assert answer.text.startswith("it waits, but it kills the process that decodes it, or ")
    assert "save it anew" in answer.to_do


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_one_on_another_file_system_is_told(inbox: Path) -> None:
    (inbox / "mounted").mkdir()
    mount = ["mount", "-t", "tmpfs", "tmpfs", str(inbox / "mounted")]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this system does not let root mount")
    try:
        drop(inbox, [("mounted/seven.png", SEVEN)])

        answer = ask(inbox, "mounted/seven.png")
    finally:
        subprocess.run(["umount", str(inbox / "mounted")], check=True)

    assert answer.kind is Kind.REFUSED
    assert "another file system" in answer.text


def test_one_in_hand_is_told_with_since_when_and_whether_anybody_works_on_it(inbox: Path) -> None:
    owner = seen(inbox.parent / "outbox").named
    batch = f"{owner}-{int(datetime.now(UTC).timestamp()):08x}-{'0' * 16}"
    drop(inbox, [(f".claimed/{batch}/scans/seven.png", SEVEN)])

    stranded = ask(inbox, "scans/seven.png")
    with running(inbox):
        asked = [ask(inbox, name) for name in ("scans/seven.png", inbox / "scans/seven.png")]
        by_path = ask(inbox, inbox / ".claimed" / batch / "scans/seven.png")

    assert (stranded.kind, stranded.needs_person) == (Kind.STUCK, True)
    assert {answer.kind for answer in (*asked, by_path)} == {Kind.IN_HAND}
    assert f"since {datetime.now(UTC):%Y-%m-%d}" in by_path.text


def test_one_that_is_long_in_hand_is_told_with_how_long_no_row_was_written(inbox: Path) -> None:
    owner = seen(inbox.parent / "outbox").named
    batch = f"{owner}-{int(datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()):08x}-{'0' * 16}"
    drop(inbox, [(f".claimed/{batch}/seven.png", SEVEN)])

    with running(inbox):
        others_are_read, stuck = ask(inbox, "seven.png"), ask(inbox, "seven.png", later=200)

    assert (others_are_read.kind, others_are_read.needs_person) == (Kind.IN_HAND, False)
    assert "in a moment" not in others_are_read.text
    assert (stuck.kind, stuck.needs_person) == (Kind.STUCK, True)
    assert "since 2026-05-01 12:00:00 UTC" in stuck.text


def test_one_in_the_hand_of_another_outbox_is_told(inbox: Path) -> None:
    drop(inbox, [(f".claimed/fedcba98-6a000000-{'0' * 16}/seven.png", SEVEN)])

    with running(inbox):
        answer = ask(inbox, "seven.png")

    assert (answer.kind, answer.needs_person) == (Kind.STUCK, True)
    assert "another outbox" in answer.text
    assert "repair --foreign-claims" in answer.to_do


def test_what_was_never_dropped_is_told_and_what_nobody_knows(inbox: Path, tmp_path: Path) -> None:
    drop(tmp_path, [("desk/seven.png", SEVEN)])

    never, unknown = ask(inbox, tmp_path / "desk/seven.png"), ask(inbox, "eight.png")

    assert (never.kind, never.to_do) == (Kind.NOT_DROPPED, f"copy or move it into {inbox}")
    assert unknown.kind is Kind.UNKNOWN


def test_an_inbox_that_is_away_is_told(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="is its disk mounted"):
        ask(tmp_path / "inbox", "seven.png")


def test_a_picture_in_a_folder_that_a_person_made_is_told_with_what_that_says(
    tmp_path: Path,
) -> None:
    outbox = Shelved(tmp_path)
    labelled = outbox.move(outbox.put("a.png", b"one"), "0042/a.png")
    odd = outbox.move(outbox.put("b.png", b"two"), "4 2/b.png")

    with running(outbox.inbox):
        says, says_nothing = ask(outbox.inbox, labelled), ask(outbox.inbox, odd)

    assert (says.kind, says.text) == (
        Kind.LABELLED, "a person says that it shows 0042: noted in a moment",
    )  # fmt: skip
    assert says_nothing.kind is Kind.READ
    assert "a person moved it into review/4 2, which is no label: expected" in says_nothing.text
    outbox.corrector().look()
    assert "put right by a person: it shows 0042;" in ask(outbox.inbox, "a.png").text


@pytest.mark.slow
def test_what_a_worker_read_is_told_by_any_of_its_names(tmp_path: Path) -> None:
    drop(tmp_path, [("desk/seven.png", SEVEN)])
    drops = [
        ("scans/seven.png", SEVEN),
        ("notes.txt", b"buy milk"),
        ('=1+1 "a".png', a_picture(3)),
        ("two/seven.png", a_picture(2)),
    ]
    drop(tmp_path / "inbox", drops)
    with a_worker(tmp_path, "--settle=0") as worker:
        worker.waits_until(lambda: len(worker.rows()) == 4 and worker.is_idle())
        found = {row["file"]: row for row in worker.rows()}
        day = found["scans/seven.png"]["time"][:10]
        (shelved,) = worker.outbox.glob(f"*/{day}/scans/seven.png")
        read = found["scans/seven.png"]["id"]

        for name in ("scans/seven.png", worker.inbox / "scans/seven.png", shelved):
            answer = ask(worker.inbox, name)
            assert answer.kind is Kind.READ
            assert read in answer.text
            assert str(shelved) in answer.text
        assert read in ask(worker.inbox, tmp_path / "desk/seven.png").text, "by its content"
        failed = ask(worker.inbox, "notes.txt")
        assert (failed.kind, failed.needs_person) == (Kind.FAILED, True)
        assert "not a picture" in failed.text
        assert ask(worker.inbox, '=1+1 "a".png').kind is Kind.READ
        assert "the last of" not in ask(worker.inbox, "scans/seven.png").text

        labelled = worker.outbox / "review" / "none" / "seven.png"
        worker.waits_until(labelled.parent.is_dir)
        copy = tmp_path / "copy.png"
        shutil.copy2(shelved, copy)
        copy.rename(labelled)  # it is whole when it is seen
        assert ask(worker.inbox, labelled).kind in {Kind.LABELLED, Kind.READ}
        worker.waits_until(lambda: len(worker.rows()) == 5)
        worker.waits_until(lambda: not files_below(worker.outbox / "review"))
        corrected = ask(worker.inbox, "scans/seven.png")
        assert "put right by a person: it shows no single number" in corrected.text
        assert "the last of 2 rows about it" in corrected.text
        assert ask(worker.inbox, f"seven~{read}.png") == corrected, "by its row's id"
        worker.stop()

    shutil.copy2(tmp_path / "desk/seven.png", labelled)
    assert ask(worker.inbox, labelled).kind is Kind.STUCK
    labelled.write_bytes(a_picture(9))
    assert ask(worker.inbox, labelled).kind is Kind.UNKNOWN
    shelved.unlink()
    next(worker.outbox.glob(f"done/{day}/scans/seven*")).unlink(missing_ok=True)
    assert "any more" in ask(worker.inbox, "scans/seven.png").text
    (worker.outbox / ".cleared-until").write_text(f"{day}\n")
    assert "deleted since by --keep-done" in ask(worker.inbox, "scans/seven.png").text


def test_the_command_answers_in_words_and_in_json_and_by_its_exit_code(tmp_path: Path) -> None:
    drop(tmp_path / "inbox", [("a.part", SEVEN)])

    def digitdrop(*more: str) -> subprocess.CompletedProcess[str]:
        command = [*DIGITDROP, "why", *more]
        environment = dict(os.environ)
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    words, as_json, away = (
        digitdrop("a.part"), digitdrop("inbox/a.part", "--json"), digitdrop("a", "--inbox=gone"),
    )  # fmt: skip

    assert words.returncode == 1
    assert words.stdout.splitlines()[0].startswith("a.part: left alone: ")
    assert words.stdout.splitlines()[1] == "To do: rename it once it is finished"
    found = json.loads(as_json.stdout)
    assert (found["answer"], found["needs_person"]) == ("ignored", True)
    assert (away.returncode, away.stdout) == (2, "")
    assert len(away.stderr.splitlines()) == 1
