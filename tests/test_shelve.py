import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from builders import NOON, a_drop
from digitdrop.files.disk import move
from digitdrop.outbox.archive import ARCHIVE_FOLDERS, archive, archive_folder
from digitdrop.values import Drop, Status
from disks import OTHER_DISK, elsewhere
from ledger import files_below


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    (tmp_path / "hand").mkdir()
    return tmp_path / "hand"


@pytest.fixture
def done(tmp_path: Path) -> Path:
    return tmp_path / "outbox" / "done" / "2026-05-01"


@pytest.fixture
def far() -> Iterator[Path]:
    with TemporaryDirectory(prefix="digitdrop-", dir=OTHER_DISK) as folder:
        yield Path(folder)


def in_hand(
    claims: Path, name: str = "7.png", content: bytes = b"seven", *, batch: str = "b"
) -> Drop:
    path = claims / batch / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return a_drop(path, name, batch=batch)


def test_every_status_has_its_shelf_by_day() -> None:
    assert set(ARCHIVE_FOLDERS) == set(Status)
    assert archive_folder(Path("o"), Status.OK, NOON) == Path("o/done/2026-05-01")
    assert archive_folder(Path("o"), Status.BLANK, NOON) == Path("o/review/2026-05-01")
    assert archive_folder(Path("o"), Status.UNREADABLE, NOON) == Path("o/failed/2026-05-01")


def test_a_picture_is_filed_away_under_its_name(claims: Path, done: Path) -> None:
    archive([(in_hand(claims, "scans/7.png"), done)])

    assert (done / "scans" / "7.png").read_bytes() == b"seven"
    assert files_below(claims) == []


def test_no_folder_is_made_where_the_disk_of_the_shelves_is_away(claims: Path, done: Path) -> None:
    drop = in_hand(claims)

    with pytest.raises(OSError, match="away"):
        archive([(drop, done)], check=is_away)

    assert drop.path.exists()
    assert not done.exists()


def test_a_picture_keeps_its_name_in_hand_if_the_disk_went_while_it_was_filed(
    claims: Path, done: Path
) -> None:
    drop = in_hand(claims)
    done.mkdir(parents=True)

    with pytest.raises(OSError, match="away"):
        archive([(drop, done)], check=is_away)

    assert drop.path.exists()
    archive([(drop, done)])
    assert files_below(done) == [done / "7.png"]
    assert files_below(claims) == []


def is_away() -> None:
    raise OSError("away")


def test_a_picture_of_the_same_name_is_never_written_over(claims: Path, done: Path) -> None:
    for number in "123":
        archive([(in_hand(claims, "7.png", number.encode(), batch=number), done)])

    assert {path.read_bytes() for path in files_below(done)} == {b"1", b"2", b"3"}
    assert all(path.suffix == ".png" for path in files_below(done))


def test_a_picture_killed_between_its_two_names_is_completed(claims: Path, done: Path) -> None:
    drop = in_hand(claims)
    done.mkdir(parents=True)
    os.link(drop.path, done / "7.png")

    archive([(drop, done)])

    assert files_below(done) == [done / "7.png"]
    assert files_below(claims) == []


def test_filing_away_again_what_is_filed_away_does_nothing(claims: Path, done: Path) -> None:
    drop = in_hand(claims)
    archive([(drop, done)])

    archive([(drop, done)])

    assert files_below(done) == [done / "7.png"]


def test_a_file_may_lie_where_a_picture_needs_a_folder(claims: Path, done: Path) -> None:
    archive([(in_hand(claims, "scan", b"1", batch="1"), done)])
    archive([(in_hand(claims, "scan/7.png", b"2", batch="2"), done)])

    assert {path.read_bytes() for path in files_below(done)} == {b"1", b"2"}


def test_a_folder_may_lie_where_a_picture_belongs(claims: Path, done: Path) -> None:
    archive([(in_hand(claims, "scan/7.png", b"1", batch="1"), done)])
    archive([(in_hand(claims, "scan", b"2", batch="2"), done)])

    assert {path.read_bytes() for path in files_below(done)} == {b"1", b"2"}


@pytest.mark.parametrize(
    "name",
    ["n" * 251 + ".png", "é" * 127, "." + "x" * 254, "n." + "x" * 253, "\udcff" * 255, "-rf", " "],
)
def test_the_longest_names_find_a_place_twice(name: str, claims: Path, done: Path) -> None:
    for number in "12":
        archive([(in_hand(claims, name, number.encode(), batch=number), done)])

    assert {path.read_bytes() for path in files_below(done)} == {b"1", b"2"}


def test_a_path_that_is_too_long_on_the_shelf_is_shortened(claims: Path, tmp_path: Path) -> None:
    deep = "/".join(["f" * 200] * 10)
    drop = in_hand(claims, f"{deep}/7.png", batch="1")
    far_down = tmp_path.joinpath(*["d" * 200] * 10)

    archive([(drop, far_down)])

    assert [path.read_bytes() for path in files_below(far_down)] == [b"seven"]


def test_however_deep_a_picture_lies_it_is_filed_away(claims: Path, done: Path) -> None:
    deep = "/".join(["d"] * 2000)
    drop = a_drop(in_hand(claims, "7.png").path, f"{deep}/7.png")

    archive([(drop, done)])

    assert files_below(claims) == []
    assert [path.name for path in files_below(done)] == [f"7~{drop.id}.png"]


@elsewhere
def test_on_another_file_system_a_picture_is_copied_once_and_whole(
    claims: Path, far: Path
) -> None:
    for number in "12":
        archive([(in_hand(claims, "scans/7.png", number.encode(), batch=number), far)])

    assert {path.read_bytes() for path in files_below(far)} == {b"1", b"2"}
    assert files_below(claims) == []


@elsewhere
@pytest.mark.parametrize("name", ["é" * 127, "\U0001f600" * 63, "n" * 255])
def test_on_another_file_system_too_the_longest_names_find_a_place(
    name: str, claims: Path, far: Path
) -> None:
    archive([(in_hand(claims, name), far)])

    assert [path.read_bytes() for path in files_below(far)] == [b"seven"]


@elsewhere
def test_a_copy_that_was_cut_short_is_made_again(claims: Path, far: Path) -> None:
    drop = in_hand(claims)
    (far / f".{drop.id}.part").write_bytes(b"sev")

    archive([(drop, far)])

    assert [path.read_bytes() for path in files_below(far)] == [b"seven"]


@elsewhere
def test_a_copy_that_was_made_before_a_crash_is_not_made_twice(claims: Path, far: Path) -> None:
    drop = in_hand(claims)
    archive([(drop, far)])
    drop.path.write_bytes(b"seven")  # as if killed before it was removed

    archive([(drop, far)])

    assert [path.read_bytes() for path in files_below(far)] == [b"seven"]
    assert files_below(claims) == []


def test_without_hard_links_nothing_is_written_over_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    source, target = tmp_path / "7.png", tmp_path / "8.png"
    source.write_bytes(b"seven")
    target.write_bytes(b"eight")

    with pytest.raises(FileExistsError):
        move(source, target)
    move(source, tmp_path / "9.png")

    assert target.read_bytes() == b"eight"
    assert (tmp_path / "9.png").read_bytes() == b"seven"
    assert not source.exists()
