import os
import socket
from collections.abc import Iterable
from pathlib import Path

import pytest

from digitdrop.intake import ignore
from digitdrop.intake.ignore import IgnoreRule
from digitdrop.intake.listing import ListedFile, find_drop, listing

ODD_NAMES = [
    b"n" * 251 + b".png",
    b"two\nlines.png",
    b"tab\t.png",
    b"\"quoted\", 'twice'.png",
    b"\xff\xfe.png",
    "e\u0301.png".encode(),
    "\U0001f600.png".encode(),
    b"=1+1.png",
    b"+.png",
    b"-rf",
    b"@SUM(1).png",
    b"CON.png",
    b"a:b?.png",
    b" ",
]


def names(found: Iterable[ListedFile]) -> set[str]:
    return {one.name for one in found}


def names_below(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_every_name_that_a_file_can_have_is_listed_and_found(tmp_path: Path) -> None:
    for name in ODD_NAMES:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"7")

    listed = list(listing(tmp_path))

    assert names(listed) == {os.fsdecode(name) for name in ODD_NAMES}
    assert all(find_drop(tmp_path, one.name) == one for one in listed)


def test_folders_are_looked_into_however_deep(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (deep / "7.png").write_bytes(b"7")
    (tmp_path / "7.png").write_bytes(b"7")

    assert names(listing(tmp_path)) == {"7.png", "a/b/c/7.png"}


def test_links_pipes_sockets_and_devices_are_not_listed_and_not_found(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.png").write_bytes(b"7")
    (tmp_path / "link.png").symlink_to(outside / "secret.png")
    (tmp_path / "folder.png").symlink_to(outside, target_is_directory=True)
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nothing")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "empty.png").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket.png"))

        assert names(listing(tmp_path)) == set()
        assert all(find_drop(tmp_path, name) is None for name in names_below(tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.png", "~$seven.png", "._seven.png", "#seven.png#", "seven.png~", "seven.png.part",
        "seven.png.PART", "seven.tmp", "seven.crdownload", "seven.filepart", ".seven.png.x8dK2a",
        ".goutputstream-AB12", ".syncthing.seven.png.tmp", "Thumbs.db", "desktop.ini", "4913",
        ".nfs000001", ".fuse_hidden01", "seven.swp", "seven.aria2", "seven.!sync",
        "seven.png.!qB", "seven.xltd", "seven.bc!", "seven.png.lftp-pget-status", "Icon\r",
        "seven.png:Zone.Identifier", "seven.png.sb-1a2b3c4d-XyZ123", "seven.png.json", "seven.AAE",
    ],
)  # fmt: skip
def test_names_that_writers_use_before_they_are_done_are_left_alone(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"7")

    assert ignore.by_path(name)
    assert names(listing(tmp_path)) == set()
    assert find_drop(tmp_path, name) is None


@pytest.mark.parametrize(
    "name", ["seven.part.png", "tmp.png", "part", "a~b.png", "x.lock.png", "#6.png", "~6.png"]
)
def test_names_that_only_look_alike_are_drops(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"7")

    assert names(listing(tmp_path)) == {name}


@pytest.mark.parametrize(
    "folder",
    [
        ".claimed", ".git", "@eaDir", "__MACOSX", "$RECYCLE.BIN", "#recycle", "#snapshot",
        "@Recycle", "@Recently-Snapshot", "7.png.sb-1a2b3c4d-XyZ123", "7.png.download",
    ],
)  # fmt: skip
def test_folders_that_belong_to_others_are_not_looked_into(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder / "below").mkdir(parents=True)
    (tmp_path / folder / "below" / "7.png").write_bytes(b"7")

    assert names(listing(tmp_path)) == set()
    assert find_drop(tmp_path, f"{folder}/below/7.png") is None


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        (".hidden.png", IgnoreRule.HIDDEN),
        ("seven.PNG.part", IgnoreRule.UNFINISHED),
        ("~$seven.png", IgnoreRule.LITTER),
        ("seven.png~", IgnoreRule.LITTER),
        ("Thumbs.db", IgnoreRule.LITTER),
        ("scans/@eaDir/seven.png", IgnoreRule.FOREIGN_FOLDER),
        ("scans/seven.png", None),
    ],
)
def test_the_rule_that_leaves_a_name_alone_is_told(name: str, rule: IgnoreRule | None) -> None:
    assert ignore.by_path(name) is rule


def test_the_listing_shows_just_what_no_rule_leaves_alone(tmp_path: Path) -> None:
    for name in ("7.png", ".7.png", "7.part", "a/7.png", "a/~$7.png", "@eaDir/7.png", ".a/7.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"7")
    (tmp_path / "link.png").symlink_to(tmp_path / "7.png")
    os.mkfifo(tmp_path / "pipe.png")

    every = {path.relative_to(tmp_path).as_posix(): path for path in tmp_path.rglob("*")}
    drops = {
        name
        for name, path in every.items()
        if not ignore.by_path(name) and not ignore.by_kind(path.lstat().st_mode)
    }

    assert names(listing(tmp_path)) == drops == {"7.png", "a/7.png"}


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(listing(tmp_path / "gone"))


def test_a_file_that_vanishes_meanwhile_is_not_listed(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"7")
    found = listing(tmp_path)

    first = next(found)
    for path in tmp_path.iterdir():
        path.unlink()

    assert names([first, *found]) == {first.name}
