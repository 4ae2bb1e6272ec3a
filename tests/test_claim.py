import os
import subprocess
from pathlib import Path

import pytest

from digitdrop.intake.claim_names import row_id
from digitdrop.intake.claims import Claims
from ledger import files_below


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    (folder / "scans").mkdir(parents=True)
    (folder / "7.png").write_bytes(b"seven")
    (folder / "scans" / "7.png").write_bytes(b"another seven")
    return folder


@pytest.fixture
def claims(inbox: Path) -> Claims:
    claims = Claims(inbox, inbox.parent / "outbox")
    claims.prepare()
    return claims


def test_what_is_taken_is_in_hand_and_nowhere_else(inbox: Path, claims: Claims) -> None:
    drops = claims.acquire(["7.png", "scans/7.png"])

    assert [drop.name for drop in drops] == ["7.png", "scans/7.png"]
    assert [drop.path.read_bytes() for drop in drops] == [b"seven", b"another seven"]
    assert sorted(files_below(inbox)) == sorted(drop.path for drop in drops)


def test_two_files_never_share_an_id_however_alike_they_are(inbox: Path, claims: Claims) -> None:
    first = claims.acquire(["7.png", "scans/7.png"])
    (inbox / "7.png").write_bytes(b"seven")
    second = claims.acquire(["7.png"])

    assert len({drop.id for drop in [*first, *second]}) == 3


def test_a_later_start_finds_what_is_in_hand_under_the_same_ids(
    inbox: Path, claims: Claims
) -> None:
    drops = claims.acquire(["7.png", "scans/7.png"])

    found = Claims(inbox, inbox.parent / "outbox").left_behind()

    assert sorted(found, key=lambda drop: drop.name) == drops


def test_a_file_that_somebody_took_first_is_left_out_in_silence(
    inbox: Path, claims: Claims, caplog: pytest.LogCaptureFixture
) -> None:
    (inbox / "7.png").unlink()

    assert [drop.name for drop in claims.acquire(["7.png", "scans/7.png", "x/y.png"])] == [
        "scans/7.png"
    ]
    assert claims.acquire(["7.png"]) == []
    assert not caplog.records


def test_two_workers_on_one_inbox_never_take_the_same_file(inbox: Path, claims: Claims) -> None:
    other = Claims(inbox, inbox.parent / "another outbox")

    mine = claims.acquire(["7.png"])
    theirs = other.acquire(["7.png", "scans/7.png"])

    assert [drop.name for drop in mine] == ["7.png"]
    assert [drop.name for drop in theirs] == ["scans/7.png"]
    assert [drop.name for drop in claims.left_behind()] == ["7.png"]
    assert claims.count_foreign() == 1


def test_a_folder_that_became_a_link_is_not_followed_out_of_the_inbox_nor_into_it(
    inbox: Path, claims: Claims
) -> None:
    (drop,) = claims.acquire(["scans/7.png"])
    outside = inbox.parent / "outside"
    outside.mkdir()
    (outside / "below").mkdir()
    (outside / "secret.png").write_bytes(b"secret")
    (outside / "below" / "secret.png").write_bytes(b"secret")
    (inbox / "scans").rmdir()
    (inbox / "scans").symlink_to(outside)

    assert claims.acquire(["scans/secret.png", "scans/below/secret.png"]) == []
    assert not claims.requeue(drop)

    (inbox / "scans").unlink()
    (inbox / "scans").symlink_to(inbox / "scans")
    assert claims.acquire(["scans/7.png"]) == []
    assert not claims.requeue(drop)
    assert files_below(outside) == [outside / "below" / "secret.png", outside / "secret.png"]


def test_an_inbox_that_is_reached_by_a_link_is_used_as_any_other(inbox: Path) -> None:
    link = inbox.with_name("link")
    link.symlink_to(inbox)
    claims = Claims(link, inbox.parent / "outbox")
    claims.prepare()

    (drop,) = claims.acquire(["scans/7.png"])

    assert claims.requeue(drop)
    assert (inbox / "scans" / "7.png").read_bytes() == b"another seven"


def test_what_is_given_back_lies_under_its_name_again(inbox: Path, claims: Claims) -> None:
    (drop,) = claims.acquire(["scans/7.png"])

    assert claims.requeue(drop)

    assert (inbox / "scans" / "7.png").read_bytes() == b"another seven"
    assert list(claims.left_behind()) == []


def test_a_file_however_deep_is_taken_and_given_back(inbox: Path, claims: Claims) -> None:
    parts = ["d"] * 600 + ["\x1e\x1f", "...", "\x1ee", "\udcff"]
    deep = "/".join(parts)
    for depth in range(1, len(parts) + 1):
        (inbox / "/".join(parts[:depth])).mkdir()
    (inbox / deep / "7.png").write_bytes(b"seven")

    (drop,) = claims.acquire([f"{deep}/7.png"])
    assert drop.path.read_bytes() == b"seven"
    assert list(claims.left_behind()) == [drop]
    assert len(drop.path.relative_to(inbox).parts) < 50, "others would have to wait"
    (inbox / deep).rmdir()
    assert claims.requeue(drop)
    claims.release([drop])

    assert (inbox / deep / "7.png").read_bytes() == b"seven"
    assert list((inbox / ".claimed").iterdir()) == []
    _remove(inbox / "d")


def _remove(folder: Path) -> None:
    """Remove folders that are nested too deep for shutil."""
    subprocess.run(["rm", "-r", folder], check=True)


def test_what_is_given_back_never_writes_over_a_file(inbox: Path, claims: Claims) -> None:
    (drop,) = claims.acquire(["7.png"])
    (inbox / "7.png").write_bytes(b"dropped meanwhile")

    assert not claims.requeue(drop)

    assert (inbox / "7.png").read_bytes() == b"dropped meanwhile"
    assert drop.path.read_bytes() == b"seven"


def test_a_file_may_lie_where_the_folder_was(inbox: Path, claims: Claims) -> None:
    (drop,) = claims.acquire(["scans/7.png"])
    (inbox / "scans").rmdir()
    (inbox / "scans").write_bytes(b"a file now")

    assert not claims.requeue(drop)
    assert drop.path.exists()


def test_giving_back_what_was_taken_out_of_hand_does_nothing(inbox: Path, claims: Claims) -> None:
    (drop,) = claims.acquire(["7.png"])
    drop.path.unlink()

    assert claims.requeue(drop)
    assert not (inbox / "7.png").exists()


def test_what_was_half_given_back_at_a_crash_is_in_the_inbox_alone(
    inbox: Path, claims: Claims
) -> None:
    (drop,) = claims.acquire(["7.png"])
    os.link(drop.path, inbox / "7.png")  # killed before the other name was removed

    assert list(claims.left_behind()) == []
    assert not drop.path.exists()
    assert (inbox / "7.png").read_bytes() == b"seven"


def test_batches_that_are_finished_leave_nothing_behind(inbox: Path, claims: Claims) -> None:
    drops = claims.acquire(["7.png", "scans/7.png"])
    for drop in drops:
        drop.path.unlink()

    claims.release(drops)

    assert list((inbox / ".claimed").iterdir()) == []


def test_a_batch_with_a_file_in_it_stays(claims: Claims) -> None:
    first, second = claims.acquire(["7.png", "scans/7.png"])
    first.path.unlink()

    claims.release([first, second])

    assert list(claims.left_behind()) == [second]


def test_an_inbox_made_anew_gets_its_claim_folder_again(inbox: Path, claims: Claims) -> None:
    inbox.rename(inbox.with_name("old"))
    with pytest.raises(FileNotFoundError):
        claims.prepare()
    assert not inbox.exists(), "its disk may only be away"
    inbox.mkdir()
    (inbox / "7.png").write_bytes(b"seven")

    claims.prepare()

    assert len(claims.acquire(["7.png"])) == 1


def test_ids_begin_with_a_letter_and_depend_on_batch_and_name() -> None:
    ids = {row_id(batch, name) for batch in "ab" for name in ("x", "y", "\udcff", "é", "e\u0301")}

    assert len(ids) == 10
    assert all(one[0] == "d" and one.isalnum() and one.isascii() for one in ids)
