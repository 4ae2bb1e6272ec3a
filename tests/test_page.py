"""The page as text: what it tells, what it links to, and what cannot get into it."""

import base64
import hashlib
import os
import re
import time
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from builders import NOON
from digitdrop.errors import FolderError
from digitdrop.outbox.row import Row
from digitdrop.page.make import Made, Maker
from digitdrop.page.tally import MOST_OPEN, Tally
from digitdrop.service.pager import PAGE
from digitdrop.values import Status
from ledger import a_picture
from shelved import Shelved

HOSTILE = [
    "<img src=x onerror=alert(1)>.png", '"><script>alert(1)</script>.png', "</script><b>.png",
    "javascript:alert(1).png", "'onclick='alert(1)'.png", "{{ 7 * 7 }}.png", "&lt;b&gt;.png",
    "\u202egnp.exe", "two\nlines.png", "\udcff\udcfe.png", "a#b?c=%41.png", "=1+1.png",
    "a:b/c.png",
]  # fmt: skip


class Seen(HTMLParser):
    """What a browser would find: tags, addresses, text."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def shelved(tmp_path: Path) -> Shelved:
    return Shelved(tmp_path)


def make(shelved: Shelved, *, newest: int = 100) -> Made:
    return maker(shelved, newest=newest).make(now=NOON, patience=60)


def maker(shelved: Shelved, *, newest: int = 100) -> Maker:
    return Maker(outbox=shelved.outbox, output=shelved.outbox / PAGE, newest=newest)


def page(shelved: Shelved) -> str:
    return (shelved.outbox / PAGE).read_text(encoding="utf-8")


def seen(shelved: Shelved) -> Seen:
    return Seen(shelved.outbox / PAGE)


def rows_of(shelved: Shelved) -> list[str]:
    """Give the text of each row."""
    return re.findall(r'<tr role="row" data-status.*?</tr>', page(shelved), re.DOTALL)


def test_rows_are_shown_newest_first_with_picture_and_frame(shelved: Shelved) -> None:
    shelved.put("old.png", a_picture(1), time=NOON)
    shelved.put("new.png", a_picture(2), time=NOON + timedelta(minutes=1))

    made = make(shelved)

    first, second = rows_of(shelved)
    assert "new.png" in first
    assert "old.png" in second
    assert first.count("data:image/webp;base64,") == 2
    assert (made.rows, made.open, made.is_complete) == (2, 0, True)


def test_an_outbox_without_rows_says_what_to_do(shelved: Shelved) -> None:
    make(shelved)

    assert "Nothing here yet" in seen(shelved).text
    assert "inbox/" in seen(shelved).text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_text_whatever_it_is(name: str, shelved: Shelved) -> None:
    shelved.put("harmless.png", a_picture(7))
    make(shelved)
    usual = seen(shelved)
    shelved.report.unlink()
    shelved.put(name, a_picture(7))
    shelved.put(f"open {name}", a_picture(7), status=Status.SEVERAL)

    make(shelved)

    found = seen(shelved)
    assert set(found.tags) == set(usual.tags) | {"a", "h3"}
    assert found.tags.count("script") == found.tags.count("style") == 1
    assert found.handlers == []
    assert all(re.match(r"data:image/|#|done/|review/", one) for one in found.addresses)
    assert "\u202e" not in page(shelved)


def test_only_our_script_and_style_may_run(shelved: Shelved) -> None:
    shelved.put("seven.png", a_picture(7))
    make(shelved)

    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page(shelved))
    for kind in ("script", "style"):
        (text,) = re.findall(f"<{kind}>(.*?)</{kind}>", page(shelved), re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    assert "http:" not in page(shelved).replace("http://www.w3.org/2000/svg", "")
    assert "https:" not in page(shelved)


def test_a_link_leads_to_its_picture_whatever_its_name_is(shelved: Shelved) -> None:
    path = shelved.put("100 %/#a?b=\udcff.png", a_picture(7))

    make(shelved)

    (link,) = {one for one in seen(shelved).links if not one.startswith("#")}
    assert link == "done/2026-05-01/100%20%25/%23a%3Fb%3D%FF.png"
    assert path.exists()


def test_what_a_browser_may_run_is_not_linked_but_its_folder_is(shelved: Shelved) -> None:
    shelved.put("evil.html", b"<script>alert(1)</script>", status=Status.UNREADABLE)
    shelved.put("drawing.svg", b"<svg onload='alert(1)'/>", status=Status.UNREADABLE)

    make(shelved)

    links = {one for one in seen(shelved).links if not one.startswith("#")}
    assert links == {"failed/2026-05-01"}


def test_a_page_elsewhere_links_to_the_outbox(shelved: Shelved, tmp_path: Path) -> None:
    shelved.put("seven.png", a_picture(7))
    (tmp_path / "else where").mkdir()
    output = tmp_path / "else where" / "friday.html"

    Maker(outbox=shelved.outbox, output=output, newest=9).make(now=NOON, patience=60)

    assert "../outbox/done/2026-05-01/seven.png" in Seen(output).links


def test_what_failed_is_never_decoded(shelved: Shelved) -> None:
    shelved.put("seven.png", a_picture(7), status=Status.UNREADABLE)

    make(shelved)

    assert "data:image/webp" not in page(shelved)


def test_only_the_bytes_that_the_worker_read_are_decoded(shelved: Shelved) -> None:
    shelved.put("seven.png", a_picture(7)).write_bytes(a_picture(3))

    made = make(shelved)

    assert "data:image/webp" not in page(shelved)
    assert made.is_complete


def test_a_thumbnail_is_kept_in_the_page_when_its_picture_is_gone(shelved: Shelved) -> None:
    path = shelved.put("seven.png", a_picture(7))
    make(shelved)
    before = re.findall(r'src="data:image/webp[^"]+', page(shelved))
    path.unlink()

    make(shelved)

    assert re.findall(r'src="data:image/webp[^"]+', page(shelved)) == before
    assert len(before) == 2
    assert "done/2026-05-01/seven.png" not in page(shelved)


def test_pictures_that_need_a_person_come_first_until_somebody_takes_them(
    shelved: Shelved,
) -> None:
    shelved.put("many.png", a_picture(7), status=Status.SEVERAL, prediction=None)
    path = shelved.put("note.txt", b"buy milk", status=Status.UNREADABLE, prediction=None)
    assert make(shelved).open == 2
    assert "2 pictures need a person" in seen(shelved).text
    path.unlink()

    made = make(shelved)

    assert made.open == 1
    assert "1 picture needs a person" in seen(shelved).text
    assert page(shelved).index('id="open"') < page(shelved).index('id="pictures"')


def test_an_open_picture_is_not_forgotten_for_newer_ones_that_are_gone() -> None:
    tally = Tally(newest=1, sieve=lambda rows: [one for one in rows if one.id == "d1"])
    for number in range(3 * MOST_OPEN):
        time = NOON + timedelta(seconds=number)
        tally.add(f"d{number}", Row(time, Status.BLANK, is_whole=True))

    assert [one.id for one in tally.open()] == ["d1"]


def test_open_pictures_beyond_those_tracked_are_told_of() -> None:
    tally = Tally(newest=1, sieve=lambda rows: rows)
    for number in range(MOST_OPEN + 1):
        tally.add(f"d{number}", Row(NOON, Status.BLANK, is_whole=True))

    assert len(tally.open()) == MOST_OPEN


def test_a_corrected_picture_is_shown_as_such_and_needs_nobody(shelved: Shelved) -> None:
    path = shelved.put("seven.png", a_picture(7), status=Status.UNCERTAIN, prediction="1")
    shelved.move(path, "7/seven.png")
    shelved.corrector().look()

    made = make(shelved)

    correction, original = rows_of(shelved)
    assert made.open == 0
    assert 'data-status="corrected"' in correction
    assert "by a person" in correction
    assert "<h1>1 picture</h1>" in page(shelved)
    assert "put right: 7" in original


def test_a_number_is_shown_with_its_leading_zeros(shelved: Shelved) -> None:
    path = shelved.put("a.png", a_picture(42), status=Status.UNCERTAIN, prediction="00420042")
    shelved.put("b.png", a_picture(7))
    shelved.put("c.png", a_picture(7), status=Status.SEVERAL, prediction=None)
    shelved.move(path, "0042/a.png")
    shelved.corrector().look()

    make(shelved)

    correction, *others = rows_of(shelved)
    groups = {name: group for row in others for name, group in [_name_and_group(row)]}
    assert '<b class="digit long">0042</b>' in correction
    assert groups == {"a.png": "longer", "b.png": "7", "c.png": "none"}
    (original,) = [row for row in others if ">a.png<" in row]
    assert '<b class="digit long">00420042</b>' in original
    assert "put right: 0042" in original


def _name_and_group(row: str) -> tuple[str, str]:
    group = re.search(r'data-digit="(\w+)"', row)
    name = re.search(r"<bdi>(.*?)</bdi>", row)
    assert group
    assert name
    return name[1], group[1]


def test_the_same_name_twice_a_day_finds_each_its_own_picture(shelved: Shelved) -> None:
    old = shelved.put("same.png", a_picture(1), row="daaaaaaaaaaaaaaaa")
    aside = old.with_name("aside")
    old.rename(aside)
    new = shelved.put("same.png", a_picture(2), row="dbbbbbbbbbbbbbbbb")
    new.rename(new.with_name("same~dbbbbbbbbbbbbbbbb.png"))
    aside.rename(old)

    make(shelved)

    newer, older = rows_of(shelved)
    assert "same~dbbbbbbbbbbbbbbbb.png" in newer
    assert "same~" not in older
    assert 'href="done/2026-05-01/same.png"' in older


def test_a_picture_is_not_taken_for_that_of_another_row_of_its_name(shelved: Shelved) -> None:
    shelved.put("same.png", a_picture(1), row="daaaaaaaaaaaaaaaa", status=Status.SEVERAL)
    kept = (shelved.outbox / "review" / "2026-05-01" / "same.png").read_bytes()
    shelved.put("same.png", a_picture(2), row="dbbbbbbbbbbbbbbbb", status=Status.SEVERAL)
    (shelved.outbox / "review" / "2026-05-01" / "same.png").write_bytes(kept)

    assert make(shelved).open == 1

    newer, older = rows_of(shelved)
    assert "href" not in newer
    assert 'href="review/2026-05-01/same.png"' in older


@pytest.mark.parametrize("name", ["../../../secret.png", "/etc/hostname", "a\\u0000.png"])
def test_a_name_that_was_edited_leads_nowhere(name: str, shelved: Shelved, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(a_picture(7))
    shelved.put("seven.png", a_picture(7)).unlink()
    report = shelved.report.read_text(encoding="utf-8")
    shelved.report.write_text(report.replace("seven.png", name), encoding="utf-8")

    make(shelved)

    assert "data:image/webp" not in page(shelved)
    assert [one for one in seen(shelved).links if not one.startswith("#")] == []


def test_the_newest_are_shown_and_all_are_counted(shelved: Shelved) -> None:
    for number in range(12):
        shelved.put(f"{number}.png", a_picture(7), time=NOON + timedelta(seconds=number))

    made = make(shelved, newest=5)

    assert (made.rows, made.shown) == (12, 5)
    assert len(rows_of(shelved)) == 5
    assert "12 pictures" in seen(shelved).text
    assert "7 older ones" in seen(shelved).text


def test_a_page_made_again_counts_what_the_report_gained(shelved: Shelved) -> None:
    shelved.put("one.png", a_picture(1))
    its = maker(shelved)
    its.make(now=NOON, patience=60)
    assert not its.is_due()
    shelved.put("two.png", a_picture(2))
    assert its.is_due()

    assert its.make(now=NOON, patience=60).rows == 2
    assert len(rows_of(shelved)) == 2


def test_a_row_that_is_still_being_written_is_counted_once_it_is_whole(shelved: Shelved) -> None:
    shelved.put("one.png", a_picture(1))
    shelved.put("two.png", a_picture(2))
    whole = shelved.report.read_bytes()
    its = maker(shelved)
    counts = []
    for end in (len(whole) - 40, len(whole) - 2, len(whole) - 1, len(whole)):
        shelved.report.write_bytes(whole[:end])
        counts.append(its.make(now=NOON, patience=60).rows)

    assert counts == [1, 2, 2, 2]


def test_an_edited_report_is_counted_anew(shelved: Shelved) -> None:
    shelved.put("one.png", a_picture(1))
    shelved.put("two.png", a_picture(2))
    its = maker(shelved)
    its.make(now=NOON, patience=60)
    lines = shelved.report.read_bytes().splitlines(keepends=True)
    shelved.report.write_bytes(lines[0] + lines[2])

    assert its.make(now=NOON, patience=60).rows == 1


def test_a_report_that_turned_over_is_read_on_and_its_closed_part_once(shelved: Shelved) -> None:
    shelved.put("one.png", a_picture(1))
    its = maker(shelved)
    its.make(now=NOON, patience=60)
    shelved.report.rename(shelved.report.with_stem("predictions-2026-05-01"))
    shelved.put("two.png", a_picture(2))

    assert its.make(now=NOON, patience=60).rows == 2
    assert make(shelved).rows == 2


def test_lines_that_are_no_rows_do_not_spoil_the_page(shelved: Shelved) -> None:
    shelved.put("one.png", a_picture(1))
    with shelved.report.open("ab") as file:
        file.write(b"dxyz,yesterday,a.png,7\r\n\xff\xfe,,,,,,,,,,\r\n\r\n")
        file.write(b"dabc,2026-05-01T12:00:00Z,a.png,7,1e400,magic,,,,,m-00000000\r\n")

    assert make(shelved).rows == 1


def test_what_is_no_page_of_ours_is_never_written_over(shelved: Shelved) -> None:
    (shelved.outbox / PAGE).write_text("<p>my own notes</p>")

    with pytest.raises(FolderError, match="not written over"):
        make(shelved)

    assert page(shelved) == "<p>my own notes</p>"


def test_what_killed_processes_left_behind_is_tidied_up(shelved: Shelved) -> None:
    old, young = (shelved.outbox / f".{PAGE}.{number}.part" for number in (1, 2))
    old.write_text("half a page")
    young.write_text("half a page")
    os.utime(old, (time.time() - 3600,) * 2)

    make(shelved)

    assert not old.exists()
    assert young.exists()
