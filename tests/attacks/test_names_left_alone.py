"""What other programs leave in a hot folder is no drop; what a person names is."""

import re
from collections import Counter
from pathlib import Path

import pytest

from digitdrop.batch.sources import find_drops
from digitdrop.intake import ignore
from digitdrop.intake.ignore import IgnoreRule
from digitdrop.intake.listing import find_drop, listing, survey
from ledger import ROOT, a_picture, a_worker, drop

OTHERS = [
    "9.png:Zone.Identifier", "9.png\uf03aZone.Identifier", "9.png:Zone.Identifier:$DATA",
    "9.png:com.dropbox.attrs", "9.png\uf03aAFP_AfpInfo", "9.png@SynoEAStream",
    "Icon\r", "Thumbs.db", "ehthumbs.db", "Desktop.ini", "._9.png", ".DS_Store", ".directory",
    "~$9.png", "#9.png#", ".#9.png", "9.png~", "9.png.swp", ".~lock.9.png#", "9.png.lock",
    "9.png.!qB", "9.fdmdownload", "9.png.dtapart", "9.png.xltd", "9.png.bc!", "9.png.td",
    "9.png.lftp-pget-status", "9.png.crdownload", "9.png.part", "9.png.PART", "001.part.met",
    "9.png.filepart", "9.png.aria2", "9.png.opdownload", "9.png.partial", "9.png.crswap",
    "9.png.sb-1a2b3c4d-XyZ123", ".9.png.x8dK2a", ".9.png.icloud", "9.png.icloud", "9.png.ffs_tmp",
    ".smbdeleteAAA1", ".nfs0000001", ".goutputstream-AB12CD", ".syncthing.9.png.tmp",
    ".pending-1-9.png",
    "9.xmp", "9.png.xmp", "IMG_0009.AAE", "9.png.json", "9.png.supplemental-metadata.json",
    "9.pp3", "MVI_0009.THM",
    "#recycle/9.png", "#snapshot/9.png", "@Recycle/9.png", "@Recently-Snapshot/9.png",
    "@eaDir/9.png/SYNOPHOTO_THUMB_M.jpg", "@tmp/9.png", "~snapshot/9.png", "lost+found/#12",
    "$RECYCLE.BIN/9.png", "System Volume Information/9.png", "__MACOSX/9.png", ".Trash-1000/9.png",
    "Network Trash Folder/9.png", "@GMT-2029.12.01-00.00.00/9.png", ".dropbox.cache/9.png",
    "7.png.sb-1a2b3c4d-XyZ123/9.png", "9.png.download/9.png", "9.part/9.png", "scans.tmp/9.png",
]  # fmt: skip
OWN = [
    "#6.png", "~6.png", "6.png", "#", "6:7.png", "a#b.png", "part", "download", "6.part.png",
    "6", "download.d/6.png", "sb-1.png", "x.sb-1.png", "@6.png", "json", "tmp/6.png",
    "recycle/6.png",
    "snapshots/6.png", "#1/6.png", "~ann/6.png", "@home/6.png", "6@home.png", "6.json.png",
]  # fmt: skip


def test_what_other_programs_leave_is_neither_listed_nor_found(tmp_path: Path) -> None:
    drop(tmp_path, [(name, a_picture(6)) for name in OTHERS])

    assert [found.name for found in listing(tmp_path)] == []
    assert [name for name in OTHERS if find_drop(tmp_path, name)] == []
    assert [drop.name for drop in find_drops([tmp_path])] == []


def test_what_a_person_may_call_a_picture_is_listed_and_found(tmp_path: Path) -> None:
    drop(tmp_path, [(name, a_picture(6)) for name in OWN])

    assert {found.name for found in listing(tmp_path)} == set(OWN)
    assert all(find_drop(tmp_path, name) for name in OWN)
    assert {drop.name for drop in find_drops([tmp_path])} == set(OWN)


def test_all_that_is_left_alone_is_counted_with_its_reason_and_a_remedy(tmp_path: Path) -> None:
    files = [name for name in OTHERS if "/" not in name]
    drop(tmp_path, [(name, b"x") for name in OTHERS])

    found = survey(tmp_path)

    assert found.waiting == 0
    expected = Counter(rule for name in files if (rule := ignore.by_name(name)))
    folders = {name.partition("/")[0] for name in OTHERS if "/" in name}
    assert found.left_alone == expected + Counter({IgnoreRule.FOREIGN_FOLDER: len(folders)})
    assert all(rule and rule.remedy for rule in found.left_alone)


def test_the_documents_name_everything_that_is_left_alone() -> None:
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    section = text.partition("## Left alone")[2].partition("\n## ")[0]
    told = {name.lower() for name in re.findall(r"`([^`]+)`", section)}

    suffixes = {f".{one}" for one in (*ignore.UNFINISHED, *ignore.LITTER, *ignore.SIDECARS)}
    wholes = {name.rstrip("\r") for name in (*ignore.LITTER_NAMES, *ignore.FOREIGN_FOLDERS)}

    assert suffixes | wholes <= told


@pytest.mark.slow
def test_a_running_worker_reads_peoples_own_names_and_nothing_else(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    drop(inbox, [(name, a_picture(6)) for name in OTHERS[::2]])
    with a_worker(tmp_path, "--settle=0.2") as worker:
        worker.waits_until(worker.is_up)

        drop(inbox, [(name, a_picture(6)) for name in (*OTHERS[1::2], *OWN)])

        worker.waits_until(lambda: len(worker.rows()) >= len(OWN), seconds=20)
        worker.waits_until(lambda: not list(listing(inbox)), seconds=20)
        assert len(worker.rows()) == len(OWN)
        assert worker.stop() < 5
    assert all((inbox / name).exists() for name in OTHERS)
