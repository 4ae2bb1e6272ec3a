"""What a run on a cluster is made of, piece by piece."""

import csv
import io
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from builders import a_reading
from ledger import DIGITDROP, ROOT, a_picture, drop
from stores import REFUSAL, answering_server

pytest.importorskip("ray", reason="the extra `cluster` is not installed")
pytestmark = pytest.mark.cluster

import pyarrow as pa
from pyarrow import parquet

from digitdrop.cli.commands.batch import Shards
from digitdrop.cluster import files, flow, plan, shards
from digitdrop.cluster.addresses import normal
from digitdrop.cluster.fetching import fetched
from digitdrop.cluster.listing import Found, found
from digitdrop.cluster.plan import Plan, cut
from digitdrop.cluster.seeing import see_share
from digitdrop.cluster.stores import StoreError, located
from digitdrop.errors import FolderError, Gone, ReportError, TooLarge
from digitdrop.inference.classifier import Classifier
from digitdrop.values import Failure, Limits, Picture, Status, Verdict


def a_plan(target: Path, **more: str) -> Plan:
    settings = {"model": "digits-0123abcd", "shards": "csv"} | more
    return Plan(target=str(target), sources=["/scans"], **settings)  # type: ignore[arg-type]


def some(count: int, *, size: int = 0) -> list[Found]:
    return [Found(f"/scans/{number:07}.png", f"{number:07}.png", size) for number in range(count)]


def test_every_picture_is_in_one_share_in_order_and_shares_grow_to_their_limit() -> None:
    everything = some(30_000)

    shares = list(cut(everything))

    assert [one for share in shares for one in share] == everything
    sizes = list(map(len, shares))
    assert (sizes[0], max(sizes)) == (plan.FIRST, plan.MOST)
    assert sizes[:-1] == sorted(sizes[:-1])


@pytest.mark.parametrize("shares", [0, 1, flow.CHAPTER, flow.CHAPTER + 1, 3 * flow.CHAPTER - 1])
def test_the_engine_is_told_of_every_share_once_and_of_few_at_a_time(shares: int) -> None:
    told = list(flow.chapters(shares))

    assert [number for numbers in told for number in numbers] == list(range(shares))
    assert max(map(len, told), default=0) <= flow.CHAPTER


def test_a_share_of_large_pictures_is_cut_by_their_bytes() -> None:
    shares = list(cut(some(100, size=plan.BYTES // 4)))

    assert set(map(len, shares)) == {4}


def test_a_plan_gives_back_every_share_whatever_names_are_like(tmp_path: Path) -> None:
    everything = [*some(5000), Found("/scans/\udcff \n=1.png", "\udcff \n=1.png")]
    work = plan.make(a_plan(tmp_path), everything)

    shares = [plan.share(work, number) for number in range(work.shares)]

    assert [one for share in shares for one in share] == everything
    assert (work.pictures, plan.find(a_plan(tmp_path))) == (5001, work)


def test_a_plan_that_was_broken_off_is_none(tmp_path: Path) -> None:
    def breaks() -> "list[Found]":
        raise FolderError("gone")

    with pytest.raises(FolderError):
        plan.make(a_plan(tmp_path), (one for _ in (1, 2) for one in [*some(3000), *breaks()]))

    assert plan.find(a_plan(tmp_path)) is None


@pytest.mark.parametrize(
    "what", [{"model": "digits-ffffffff"}, {"shards": "parquet"}, {"digits": "5"}]
)
def test_a_target_is_not_gone_on_with_by_another_run(tmp_path: Path, what: dict[str, str]) -> None:
    plan.make(a_plan(tmp_path), some(3))

    with pytest.raises(ReportError, match="give this one a folder of its own"):
        plan.find(a_plan(tmp_path, **what))


@pytest.mark.parametrize("kind", list(Shards))
def test_a_shard_is_counted_as_it_was_written(tmp_path: Path, kind: str) -> None:
    work = a_plan(tmp_path, shards=kind)
    readings = [a_reading(), a_reading("b.png", status=Status.UNREADABLE), a_reading("c.png")]

    before = shards.tally(work, 3)
    shards.write(work, 3, readings)

    assert before is None
    assert shards.tally(work, 3) == {Status.OK: 2, Status.UNREADABLE: 1}
    assert [path.name for path in tmp_path.iterdir()] == [f"part-00000003.{kind}"]


def test_a_plan_that_says_nothing_of_digits_read_single_ones(tmp_path: Path) -> None:
    plan.make(a_plan(tmp_path), some(3))
    path = tmp_path / "_plan" / "PLAN.json"
    told = json.loads(path.read_text())
    del told["digits"]
    path.write_text(json.dumps(told))

    assert plan.find(a_plan(tmp_path, digits="1"))
    with pytest.raises(ReportError, match="a run with the digits 1, not 1-8"):
        plan.find(a_plan(tmp_path, digits="1-8"))


def test_a_share_is_judged_by_the_digits_of_its_plan(
    tmp_path: Path, classifier: Classifier
) -> None:
    drop(tmp_path / "in", [("7.png", a_picture(7))])
    seen = see_share([Found(str(tmp_path / "in/7.png"), "7.png")], Limits(), careful=False)
    share = {"number": 0, "is_known": False, "seen": pickle.dumps(seen), "counts": "null"}
    work = a_plan(tmp_path / "out", digits="2-8")

    flow.Recorder(work, classifier)(pa.Table.from_pylist([share]))

    (row,) = csv.DictReader(io.StringIO(Path(work.shard(0)).read_text(), newline=""))
    assert (row["prediction"], row["status"]) == ("7", "uncertain")
    assert row["reason"] == "it looks like 1 digit, and 2-8 are expected"


def test_a_number_is_text_in_parquet(tmp_path: Path) -> None:
    work = a_plan(tmp_path, shards="parquet")
    plain = a_reading()
    number = replace(plain.verdict, prediction="0042", runner_up="42")
    nothing = Verdict(status=Status.BLANK)
    shards.write(work, 0, [replace(plain, verdict=verdict) for verdict in (number, nothing)])

    table = parquet.read_table(work.shard(0))

    assert table["prediction"].to_pylist() == ["0042", None]
    assert table["runner_up"].to_pylist() == ["42", None]


def test_what_a_killed_writer_left_aside_is_no_shard_and_is_tidied_away(tmp_path: Path) -> None:
    left = tmp_path / f"{files.ASIDE}part-00000003.csv-0123"
    drop(tmp_path, [(left.name, b"id,time"), ("part-00000004.csv", b"id")])

    assert shards.tally(a_plan(tmp_path), 3) is None
    files.tidy(str(tmp_path))

    assert [path.name for path in tmp_path.iterdir()] == ["part-00000004.csv"]


@pytest.mark.skipif(
    sys.platform == "win32", reason="a limit on files, as a full disk has, is POSIX"
)
def test_a_write_that_fails_leaves_nothing_and_what_was_there_before(tmp_path: Path) -> None:
    drop(tmp_path, [("part-00000000.csv", b"before")])
    code = (
        "import resource, signal, sys\n"
        "from digitdrop.cluster.files import put\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "put(sys.argv[1], bytes(5000))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "part-00000000.csv")]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert "ReportError: cannot write" in done.stderr
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]


def test_a_target_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")

    with pytest.raises(ReportError, match="cannot write"):
        plan.make(a_plan(tmp_path / "out"), some(3))


def test_a_folder_is_listed_as_without_a_cluster(tmp_path: Path) -> None:
    drop(tmp_path, [("b/7.png", b"x"), ("a.png", b"y"), (".c.png", b""), ("notes.csv", b"1,2")])

    listed = list(found([str(tmp_path), str(tmp_path / "b")]))

    assert listed == [
        Found(f"{tmp_path}/a.png", "a.png", 1),
        Found(f"{tmp_path}/b/7.png", "b/7.png", 1),
    ]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("s3://bucket/prefix/", "s3://bucket/prefix"),
        ("S3://Bucket/a b", "s3://Bucket/a b"),
        ("file:///scans/a%20b", "/scans/a b"),
        ("file:///scans/a%2520b/", "/scans/a%20b"),
        ("scans/../a", "/here/scans/../a"),
        ("/scans", "/scans"),
    ],
)
def test_addresses_have_one_form(typed: str, meant: str) -> None:
    assert normal(typed, here=Path("/here")) == meant


def test_an_address_that_cannot_be_read_is_one_clear_line() -> None:
    with pytest.raises(FolderError, match="expected a path, file://, s3://, gs:// or az://"):
        normal("http://example.org/7.png")


def test_files_are_not_fetched_ahead(tmp_path: Path) -> None:
    with fetched([str(tmp_path / "7.png")], most=1) as contents:
        assert list(contents) == [None]


def test_a_local_file_is_fetched_within_limits(tmp_path: Path) -> None:
    drop(tmp_path, [("7.png", bytes(100))])

    assert files.fetch(str(tmp_path / "7.png"), most=100) == bytes(100)
    with pytest.raises(TooLarge):
        files.fetch(str(tmp_path / "7.png"), most=99)
    with pytest.raises(Gone):
        files.fetch(str(tmp_path / "8.png"), most=99)


def test_every_store_has_a_file_system_of_arrows_and_a_path_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "somebody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    found = {kind: located(f"{kind}://bucket/a b#?/7.png") for kind in ("s3", "gs", "az")}

    names = {kind: type(one).__name__ for kind, (one, _) in found.items()}
    assert names == {"s3": "S3FileSystem", "gs": "GcsFileSystem", "az": "AzureFileSystem"}
    assert {path for _, path in found.values()} == {"bucket/a b#?/7.png"}


def test_azure_without_an_account_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT", raising=False)

    with pytest.raises(StoreError, match="expected the account in AZURE_STORAGE_ACCOUNT_NAME"):
        located("az://nobody/7.png")


@pytest.mark.slow
@pytest.mark.parametrize("read", [partial(files.fetch, most=100), partial(files.head, length=32)])
def test_a_store_that_does_not_answer_is_no_fault_of_the_picture(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[str], bytes]
) -> None:
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_EC2_METADATA_DISABLED": "true"}
    for name, value in nobody.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(files, "_WAITS", (0.1,))

    with pytest.raises(StoreError, match=r"cannot read s3://nobody/7\.png"):
        read("s3://nobody/7.png")


def test_what_a_store_refuses_for_one_picture_costs_its_row_and_for_a_share_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(tmp_path, [("7.png", a_picture(7))])
    here = Found(str(tmp_path / "7.png"), "7.png")
    refused = [Found(f"s3://refused/{number}.png", f"{number}.png") for number in range(3)]

    with answering_server(403, REFUSAL) as settings:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        one, other = see_share([refused[0], here], Limits(), careful=False)
        with pytest.raises(StoreError, match=r"s3://refused/0\.png, and all beside it"):
            see_share(refused, Limits(), careful=False)

    assert isinstance(one, Failure)
    assert str(one.error) == "cannot be opened: the store refuses it"
    assert isinstance(other, Picture)


def a_python(code: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=more,
        timeout=30,
    )


@pytest.mark.slow
def test_a_picture_that_is_tried_out_is_not_blamed_for_a_slow_store() -> None:
    code = (
        "from digitdrop.cluster.listing import Found\n"
        "from digitdrop.cluster.seeing import see_share\n"
        "from digitdrop.pool import probe as trial\n"
        "from digitdrop.values import Limits\n"
        "trial.TIME_LIMIT = 3\n"
        "(seen,) = see_share([Found('s3://slow/7.png', '7.png')], Limits(), careful=True)\n"
        "print(type(seen).__name__, getattr(seen, 'error', ''))"
    )

    with answering_server(200, a_picture(7), delay=2) as settings:
        done = a_python(code, **settings)

    assert done.stdout == "Picture \n", done.stderr


@pytest.mark.parametrize("hangs", ["time.sleep(60)", "re.match('(a+)+$', 'a' * 60 + 'b')"])
def test_a_reader_that_hangs_is_ended_even_if_it_lets_no_python_run(hangs: str) -> None:
    code = (
        "import re, time\n"
        "from digitdrop.cluster.patience import patience\n"
        "from digitdrop.pool import probe as trial\n"
        "trial.TIME_LIMIT = 0.2\n"
        "for _ in range(3):\n"
        "    with patience(): time.sleep(0)\n"
        "time.sleep(0.4)\n"
        "print('none was blamed for another', flush=True)\n"
        f"with patience(): {hangs}"
    )

    done = a_python(code)

    assert done.stdout == "none was blamed for another\n", done.stderr
    assert done.returncode not in {0, None}


def test_nothing_of_the_engine_is_loaded_unless_it_is_asked_for(tmp_path: Path) -> None:
    drop(tmp_path / "in", [("7.png", a_picture(7))])
    code = (
        "import sys\n"
        "from digitdrop.cli.app import app\n"
        f"sys.argv = ['digitdrop', 'batch', {str(tmp_path / 'in')!r},"
        f" '--report', {str(tmp_path / 'out.csv')!r}]\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "import digitdrop.cli.commands.watch, digitdrop.service.daemon, json\n"
        "print(json.dumps(sorted(sys.modules.keys() & {'ray', 'pyarrow', 'pandas'})))"
    )

    done = a_python(code)

    assert done.stdout.startswith("1 picture: 1 ok"), done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    missing = "raise ModuleNotFoundError(\"No module named 'ray'\", name='ray')"
    drop(tmp_path / "path", [("ray.py", missing.encode())])
    code = (
        "import sys; from digitdrop.cli.app import app; from digitdrop.cli.console import run\n"
        "sys.argv = ['digitdrop', 'batch', 'examples', '--report', 'out', '--cluster', 'local']\n"
        "run(app)"
    )

    done = a_python(code, PYTHONPATH=str(tmp_path / "path"))

    assert done.returncode == 2
    assert done.stderr == (
        "digitdrop: --cluster needs Ray Data: install it with pip install 'digitdrop[cluster]'\n"
    )


def test_an_address_in_a_store_is_no_path_of_this_machine(tmp_path: Path) -> None:
    command = [*DIGITDROP, "batch", "s3://bucket/in", "--report"]

    done = subprocess.run(
        [*command, str(tmp_path / "out.csv")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == (
        "digitdrop: s3://bucket/in is no path: it needs --cluster local, auto or ADDRESS\n"
    )
