"""The review page by HTTP: only its own person gets in, and each answer becomes one row."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from digitdrop.audit.verify import audit_outbox
from digitdrop.values import Status
from ledger import DIGITDROP, a_picture, a_worker, wait_until
from reviewing import a_review
from shelved import Shelved

pytestmark = pytest.mark.slow


@pytest.fixture
def outbox(tmp_path: Path) -> Shelved:
    outbox = Shelved(tmp_path)
    outbox.put("ok.png", a_picture(1), prediction="1")
    outbox.put("a.png", a_picture(7), status=Status.UNCERTAIN, prediction="7")
    outbox.put("scans/b.png", a_picture(3), status=Status.SEVERAL, prediction=None)
    return outbox


def recorded(outbox: Shelved, count: int) -> list[tuple[str, str | None, str]]:
    wait_until(lambda: len(outbox.corrections()) >= count, 20)
    return outbox.corrections()


def is_accounted_for(outbox: Shelved) -> bool:
    account = audit_outbox(outbox.inbox, outbox.outbox, outbox.report)
    assert account.is_complete, str(account)
    return True


def test_nobody_gets_in_without_the_token_or_by_another_name_or_from_another_page(
    outbox: Shelved,
) -> None:
    with a_review(outbox.outbox) as page:
        item = page.queue()[0]
        body = {"row": item["id"], "label": "3", "last": item["last"]}
        evil = "http://evil.example"

        codes = {
            "no cookie": page.ask("/all", without=("Cookie",)).code,
            "wrong cookie": page.ask(
                "/all", headers={"Cookie": f"digitdrop-{page.port}=guess"}
            ).code,
            "wrong token": page.ask("/?token=guess", without=("Cookie",)).code,
            "rebound name": page.ask("/all", headers={"Host": f"evil.example:{page.port}"}).code,
            "no host": page.ask("/all", without=("Host",)).code,
            "other port": page.ask("/all", headers={"Host": "127.0.0.1:1"}).code,
            "other page reads": page.ask("/api/queue", headers={"Origin": evil}).code,
            "other page writes": page.ask(
                "/api/correct", body=body, headers={"Origin": evil}
            ).code,
            "no page": page.ask("/api/correct", body=body, headers={"Origin": "null"}).code,
            "without origin": page.ask("/api/correct", body=body, without=("Origin",)).code,
            "a form": page.ask(
                "/api/correct", body=body, headers={"Content-Type": "text/plain"}
            ).code,
            "by link": page.ask("/api/correct", method="GET").code,
        }

        assert all(400 <= code < 500 for code in codes.values()), codes
        assert page.ask("/all").code == 200
        assert outbox.corrections() == []
        assert len(page.queue()) == 2


def test_every_answer_forbids_frames_foreign_code_and_guessing_types(outbox: Shelved) -> None:
    with a_review(outbox.outbox) as page:
        for path in ("/", "/all", "/api/queue", "/static/queue.js", "/nowhere"):
            headers = page.ask(path).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cross-origin-resource-policy"] == "same-origin"
        entered = page.ask("/?" + page.address.partition("?")[2], without=("Cookie",))
        assert {"HttpOnly", "SameSite=strict"} <= set(entered.headers["set-cookie"].split("; "))
        for path in ("/", "/all", "/live", "/figures"):
            text = page.ask(path).text
            assert "<style" not in text
            assert 'style="' not in text


def test_nothing_but_pictures_of_this_outbox_is_served(outbox: Shelved, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(a_picture(5))
    linked = outbox.put("linked.png", a_picture(5), status=Status.UNCERTAIN)
    linked.unlink()
    linked.symlink_to(secret)
    below = outbox.put("dir/in.png", a_picture(4), status=Status.UNCERTAIN)
    elsewhere = tmp_path / "elsewhere"
    below.parent.rename(elsewhere)
    below.parent.symlink_to(elsewhere)
    changed = outbox.put("changed.png", a_picture(6), status=Status.UNCERTAIN)
    changed.write_bytes(a_picture(2))
    html = outbox.put("x.html", b"<script>alert(1)</script>", status=Status.UNREADABLE)
    pipe = outbox.put("pipe.png", b"p", status=Status.UNCERTAIN)
    pipe.unlink()
    os.mkfifo(pipe)
    ids = {row.name: key for key, row in outbox.rows().items()}

    with a_review(outbox.outbox) as page:
        assert page.ask(f"/pictures/{ids['a.png']}").headers["content-type"] == "image/webp"
        for name in ("linked.png", "dir/in.png", "changed.png", "x.html", "pipe.png"):
            assert page.ask(f"/pictures/{ids[name]}").code == 404, name
        for path in (
            "/pictures/../../secret.png",
            "/pictures/..%2f..%2fsecret.png",
            f"/pictures/{secret}",
            "/static/..%2fapp.py",
            "/static/app.py",
            "/rows/%00",
            "/outbox/predictions.csv",
        ):
            assert page.ask(path).code in {400, 404}, path
        names = {item["name"] for item in page.queue()}
    assert names == {"a.png", "scans/b.png", "x.html"}
    assert html.exists()


def test_without_a_worker_the_page_records_each_answer_as_one_row(outbox: Shelved) -> None:
    with a_review(outbox.outbox) as page:
        seven, several = page.queue()
        assert (seven["name"], several["name"]) == ("a.png", "scans/b.png")

        assert page.correct(seven, "7") == (200, "It shows 7.")
        assert page.correct(several, "0042")[0] == 200

        assert sorted(recorded(outbox, 2)) == [
            ("a.png", "7", "uncertain"),
            ("scans/b.png", "0042", "several"),
        ]
        wait_until(lambda: page.queue() == [], 10)
        assert page.stop() == 0
    assert len(outbox.corrections()) == 2
    assert is_accounted_for(outbox)


def test_of_two_people_at_once_one_is_told_what_the_other_said(outbox: Shelved) -> None:
    with a_review(outbox.outbox) as page:
        item = page.queue()[0]

        just = (409, "Somebody has just said that it shows 3.")
        meanwhile = (409, "Somebody has said meanwhile that it shows 3.")
        assert page.correct(item, "3")[0] == 200
        assert page.correct(item, "7") in {just, meanwhile}
        recorded(outbox, 1)  # a moment later the picture is archived as well
        wait_until(lambda: page.correct(item, "7") == meanwhile, 20)
    assert outbox.corrections() == [("a.png", "3", "uncertain")]
    assert is_accounted_for(outbox)


def test_a_picture_that_is_moved_meanwhile_is_left_where_it_is(outbox: Shelved) -> None:
    with a_review(outbox.outbox) as page:
        item = page.queue()[0]
        elsewhere = outbox.outbox.parent / "mine.png"
        (outbox.outbox / "review" / "2026-05-01" / "a.png").rename(elsewhere)

        code, text = page.correct(item, "7")

        assert (code, "moved" in text) == (409, True)
        assert [one["name"] for one in page.queue()] == ["scans/b.png"]
        assert elsewhere.exists()
        assert page.correct({"id": "dnowhere", "last": "x"}, "7")[0] == 409
        assert page.correct(item, "../../x")[0] == 409
    assert outbox.corrections() == []


def test_undo_after_the_row_is_a_row_and_the_next_answer_one_more(outbox: Shelved) -> None:
    with a_review(outbox.outbox) as page:
        item = page.queue()[0]
        page.correct(item, "3")
        recorded(outbox, 1)
        wait_until(lambda: page.undo(item)[0] == 200, 10)
        recorded(outbox, 2)
        item["last"] = ""
        wait_until(lambda: page.correct(item, "1")[0] == 200, 10)

        assert [number for _, number, _ in recorded(outbox, 3)] == ["3", "7", "1"]
    assert is_accounted_for(outbox)


def test_undo_before_the_row_moves_the_picture_back_and_records_nothing(tmp_path: Path) -> None:
    outbox = Shelved(tmp_path)
    outbox.put("a.png", a_picture(7), status=Status.UNCERTAIN)
    with a_worker(tmp_path, "--settle=30") as worker, a_review(outbox.outbox) as page:
        worker.waits_until(worker.is_up)
        item = page.queue()[0]
        assert page.correct(item, "3")[0] == 200
        assert outbox.files("review")[0].startswith("review/3/a~")

        assert page.undo(item) == (200, "Taken back.")

        assert outbox.files("review") == ["review/2026-05-01/a.png"]
        assert [one["name"] for one in page.queue()] == ["a.png"]
    assert outbox.corrections() == []


def test_a_running_worker_records_what_the_page_moves(outbox: Shelved, tmp_path: Path) -> None:
    with a_worker(tmp_path, "--settle=0") as worker, a_review(outbox.outbox) as page:
        worker.waits_until(worker.is_up)
        for item in page.queue():
            assert page.correct(item, "5")[0] == 200
        assert len(recorded(outbox, 2)) == 2
        worker.stop()
    assert is_accounted_for(outbox)


def test_a_kill_of_worker_and_page_in_between_costs_no_answer(
    outbox: Shelved, tmp_path: Path
) -> None:
    with a_worker(tmp_path, "--settle=30") as worker, a_review(outbox.outbox) as page:
        worker.waits_until(worker.is_up)
        items = page.queue()
        page.correct(items[0], "5")
        page.kill()
        worker.kill()
    assert outbox.corrections() == []

    with a_review(outbox.outbox) as page:
        wait_until(lambda: [one["name"] for one in page.queue()] == ["scans/b.png"], 10)
        page.correct(items[1], "6")
        assert len(recorded(outbox, 2)) == 2
    assert is_accounted_for(outbox)


def test_behind_a_proxy_only_its_token_and_its_own_pages_count(outbox: Shelved) -> None:
    token = "0123456789abcdef"
    own = {"Host": "review.example.org", "X-Digitdrop-Token": token}
    proxy = "--behind-proxy=https://review.example.org"
    with a_review(outbox.outbox, proxy, DIGITDROP_PROXY_TOKEN=token) as page:
        assert page.ask("/all", headers=own).code == 200
        assert page.ask("/all", headers={**own, "X-Digitdrop-Token": "guess"}).code == 403
        assert page.ask("/all", headers={**own, "Host": f"127.0.0.1:{page.port}"}).code == 421
        body = {"row": "x", "label": "7", "last": "x"}
        evil = {**own, "Origin": "https://evil.example"}
        assert page.ask("/api/correct", body=body, headers=evil).code == 403
        fine = {**own, "Origin": "https://review.example.org"}
        assert page.ask("/api/correct", body=body, headers=fine).code == 409


def test_new_rows_and_the_same_count_as_status_are_seen_within_a_second(
    outbox: Shelved,
) -> None:
    with a_review(outbox.outbox) as page:
        page.ask("/api/live")
        outbox.put("new.png", a_picture(2), status=Status.BLANK, prediction=None)

        wait_until(lambda: "new.png" in page.ask("/api/newest").text, 5)

        command = [*DIGITDROP, "status", f"--outbox={outbox.outbox}", f"--inbox={outbox.inbox}"]
        told = subprocess.run([*command, "--json"], capture_output=True, check=False).stdout
        to_review = sum(json.loads(told)["to_review"].values())
        assert json.loads(page.ask("/api/live").body)["open"] == to_review == 3
        for path in ("/", "/all", "/live", "/figures", f"/rows/{page.queue()[0]['id']}"):
            assert page.ask(path).code == 200, path


def test_a_picture_is_explained_also_at_another_number_of_digits(outbox: Shelved) -> None:
    with a_review(outbox.outbox) as page:
        row = page.queue()[0]["id"]
        one = page.ask(f"/explained/{row}?digits=1")
        five = page.ask(f"/explained/{row}?digits=5")
        assert (one.code, five.code) == (200, 200)
        assert one.body != five.body


def test_a_port_that_is_taken_is_one_line(outbox: Shelved) -> None:
    with a_review(outbox.outbox) as page:
        command = [*DIGITDROP, "review", f"--outbox={outbox.outbox}", "--no-browser"]
        done = subprocess.run(
            [*command, f"--port={page.port}"], capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert len(done.stderr.splitlines()) == 1
