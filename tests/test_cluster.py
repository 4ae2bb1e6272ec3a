"""The same reading on a real Ray cluster of two nodes, and on an S3 server of the loopback."""

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger import ROOT, a_picture, drop, sha256, wait_until
from stores import (
    a_run,
    cluster_rows,
    command,
    csv_rows,
    environment,
    local_report,
    quiet_ray,
    s3_server,
    shards,
    some_pictures,
    two_nodes,
    without_time,
)

pytest.importorskip("ray", reason="the extra `cluster` is not installed")
pytestmark = [pytest.mark.cluster, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    with quiet_ray():
        yield


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with two_nodes() as nodes:
        yield nodes.address


def test_examples_have_the_rows_of_the_local_report_on_this_machine(tmp_path: Path) -> None:
    arguments = (
        ROOT / "examples",
        "--report",
        tmp_path / "out",
        "--cluster=local",
        "--shards=csv",
    )

    done = a_run(*arguments, "--quiet")
    again = a_run(*arguments)

    assert done.stdout == "12 pictures: 11 ok, 1 not a digit\n", done.stderr
    assert (done.returncode, done.stderr) == (0, "")
    assert "12 were in the report already" in again.stdout
    here = local_report(tmp_path / "here.csv", ROOT / "examples")
    assert without_time(cluster_rows(tmp_path / "out")) == without_time(here)


def test_a_cluster_holds_to_the_count_of_digits(tmp_path: Path) -> None:
    drop(tmp_path / "in", [("7.png", a_picture(7))])
    out = tmp_path / "out"
    arguments = (
        tmp_path / "in",
        "--report",
        out,
        "--cluster=local",
        "--shards=csv",
        "--quiet",
    )

    done = a_run(*arguments, "--digits=2-8")
    otherwise = a_run(*arguments, "--digits=1")

    (row,) = cluster_rows(out)
    assert done.returncode == 0, done.stderr
    assert (row["prediction"], row["status"]) == ("7", "uncertain")
    assert row["reason"] == "it looks like 1 digit, and 2-8 are expected"
    assert json.loads((out / "_SUMMARY.json").read_text())["digits"] == "2-8"
    assert otherwise.returncode == 2
    assert "holds a run with the digits 2-8, not 1" in otherwise.stderr


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_five_thousand_pictures_have_the_rows_of_the_local_report(
    kind: str, tmp_path: Path, cluster: str
) -> None:
    some_pictures(tmp_path / "in", 5000)
    strange = [
        ("no suffix", a_picture(3)),
        ("list.csv", b"name\n7.png\n"),
        (".hidden.png", a_picture(2)),
        ("=1+1 \n\udcff.png", a_picture(1)),
        ("empty.png", b""),
    ]
    drop(tmp_path / "in", strange)

    done = a_run(
        tmp_path / "in", "--report", tmp_path / "out", "--cluster", cluster, "--shards", kind
    )

    assert done.returncode == 1, "some are cut off"
    here = local_report(tmp_path / "here.csv", tmp_path / "in")
    assert len(here) == 5003
    found = cluster_rows(tmp_path / "out") if kind == "csv" else parquet_rows(tmp_path / "out")
    assert without_time(found) == without_time(here)
    told = json.loads((tmp_path / "out" / "_SUMMARY.json").read_text())
    assert told["statuses"] == dict(sorted(Counter(row["status"] for row in here).items()))


def parquet_rows(target: Path) -> list[dict[str, str]]:
    """Write what is in Parquet as the CSV has it."""
    from pyarrow import parquet

    decimals = ("confidence", "runner_up_confidence")
    found = []
    for path in shards(target):
        for row in parquet.read_table(path).to_pylist():
            texts = {name: "" if cell is None else str(cell) for name, cell in row.items()}
            found.append(texts | {name: f"{row[name]:.4f}" for name in decimals if texts[name]})
    return found


def test_a_node_that_is_killed_in_the_middle_costs_no_row_and_doubles_none(tmp_path: Path) -> None:
    some_pictures(tmp_path / "in", 20_000)
    out = tmp_path / "out"

    with two_nodes() as nodes:
        arguments = command(
            tmp_path / "in", "--report", out, "--cluster", nodes.address, "--shards=csv", "--quiet"
        )
        with subprocess.Popen(
            arguments, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
        ) as run:
            wait_until(lambda: len(shards(out)) >= 20, 120)
            (node,) = nodes.worker_nodes
            nodes.remove_node(node, allow_graceful=False)
            done = len(shards(out))
            said, _ = run.communicate(timeout=150)

    total = json.loads((out / "_plan" / "PLAN.json").read_text())["shares"]
    assert done < total, "it was in the middle"
    assert run.returncode == 1, "some pictures are cut off"
    assert said.startswith("20,000 pictures: ")
    found = cluster_rows(out)
    assert Counter(row["file"] for row in found) == Counter(
        f"{number // 1000:03}/{number:06}.png" for number in range(20_000)
    )
    assert len(shards(out)) == total
    assert not list(out.rglob(".aside-*"))
    verdicts = {
        (row["sha256"], row["status"], row["prediction"], row["confidence"]) for row in found
    }
    assert len(verdicts) == len({row["sha256"] for row in found}), "whoever read it, read it alike"


def test_a_run_that_is_killed_goes_on_where_it_stopped(tmp_path: Path, cluster: str) -> None:
    some_pictures(tmp_path / "in", 5000)
    out = tmp_path / "out"
    arguments = (tmp_path / "in", "--report", out, "--cluster", cluster, "--shards=csv", "--quiet")
    with subprocess.Popen(command(*arguments), cwd=ROOT, env=environment()) as run:
        wait_until(lambda: len(shards(out)) >= 8, 120)
        run.send_signal(signal.SIGKILL)
    whole = {path: path.stat().st_mtime_ns for path in shards(out)}
    left = 5000 - len(cluster_rows(out))
    drop(tmp_path / "in", [("later.png", a_picture(1))])
    (tmp_path / "in" / "004" / "004999.png").unlink()

    done = a_run(*arguments)

    assert left > 0
    assert f"5,000 pictures ({5000 - left:,} were in the report already)" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in shards(out) if path in whole} == whole
    found = {row["file"]: row for row in cluster_rows(out)}
    assert len(found) == len(cluster_rows(out)) == 5000
    assert "later.png" not in found, "what comes after the plan is of another run"
    assert found["004/004999.png"]["reason"] == "the file is not there any more"


def test_a_run_that_shall_stop_says_so_and_keeps_what_is_whole(
    tmp_path: Path, cluster: str
) -> None:
    some_pictures(tmp_path / "in", 5000)
    out = tmp_path / "out"
    arguments = command(
        tmp_path / "in", "--report", out, "--cluster", cluster, "--shards=csv", "--quiet"
    )
    with subprocess.Popen(
        arguments, cwd=ROOT, env=environment(), stdout=-1, stderr=-1, text=True
    ) as run:
        wait_until(lambda: len(shards(out)) >= 4, 120)
        run.send_signal(signal.SIGTERM)
        said, complained = run.communicate(timeout=60)

    assert (run.returncode, complained) == (130, "")
    assert said.endswith("; stopped: run it again to go on\n")
    assert not (out / "_SUMMARY.json").exists()
    assert len({row["id"] for row in cluster_rows(out)}) == len(cluster_rows(out))


def test_pictures_that_kill_or_hang_their_reader_cost_their_rows_only(tmp_path: Path) -> None:
    drops = [(f"{number}.png", a_picture(number)) for number in range(5)]
    drops += [(f"{how}.png", a_picture() + how.encode()) for how in ("kills", "hangs")]
    drop(tmp_path / "in", drops)
    path = f"{ROOT / 'tests' / 'poison'}"

    done = a_run(
        *(tmp_path / "in", "--report", tmp_path / "out", "--cluster=local", "--shards=csv"),
        PYTHONPATH=path,
    )

    assert done.returncode == 1, done.stderr
    found = {row["file"]: row for row in cluster_rows(tmp_path / "out")}
    assert {name: row["sha256"] for name, row in found.items()} == {
        name: sha256(content) for name, content in drops
    }
    assert {name for name, row in found.items() if row["status"] == "unreadable"} == {
        "kills.png",
        "hangs.png",
    }
    assert {found[f"{how}.png"]["reason"] for how in ("kills", "hangs")} == {
        "crashed the reader twice"
    }


@pytest.fixture
def s3() -> Iterator[dict[str, str]]:
    with s3_server() as settings:
        yield settings


@pytest.fixture
def bucket(s3: dict[str, str]) -> Any:
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=s3["AWS_ENDPOINT_URL"],
        region_name=s3["AWS_DEFAULT_REGION"],
        aws_access_key_id=s3["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=s3["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket="crops")
    return client


def test_a_bucket_is_read_and_written_like_a_folder(
    tmp_path: Path, s3: dict[str, str], bucket: Any
) -> None:
    drops = [
        ("7.png", a_picture(7)),
        ("a b#?%41.png", a_picture(1)),
        ("below/further/7.png", a_picture(3)),
        ("no suffix", a_picture(4)),
        ("empty.png", b""),
        ("half.png", a_picture(5)[:200]),
        ("long.png", a_picture(5) + bytes(100_000)),
        ("list.csv", b"name\n7.png\n"),
        (".hidden.png", a_picture(2)),
        ("below/photo.jpg.part", a_picture(2)),
    ]
    drop(tmp_path / "in", drops)
    for name, content in drops:
        bucket.put_object(Bucket="crops", Key=f"in/{name}", Body=content)
    source, target = "s3://crops/in/", "s3://crops/out"
    limit = ("--max-bytes", "50000")

    done = a_run(source, "--report", target, "--cluster=local", "--shards=csv", *limit, **s3)

    assert done.returncode == 1, done.stderr
    local = a_run(tmp_path / "in", "--report", tmp_path / "here.csv", *limit)
    assert local.returncode == 1
    keys = [
        one["Key"] for one in bucket.list_objects_v2(Bucket="crops", Prefix="out/")["Contents"]
    ]
    assert [key for key in keys if "_plan" not in key] == [
        "out/_SUMMARY.json",
        "out/part-00000000.csv",
    ]
    shard = bucket.get_object(Bucket="crops", Key="out/part-00000000.csv")["Body"].read()
    here = csv_rows((tmp_path / "here.csv").read_bytes())
    but = {"id", "time"}
    assert [{name: row[name] for name in row.keys() - but} for row in csv_rows(shard)] == [
        {name: row[name] for name in row.keys() - but} for row in here
    ]
    assert len({row["id"] for row in csv_rows(shard)}) == 7


def test_lists_of_addresses_are_read_once_each(
    tmp_path: Path, s3: dict[str, str], bucket: Any
) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    drop(tmp_path / "in", [("a.png", a_picture(1)), ("b.png", a_picture(2))])
    bucket.put_object(Bucket="crops", Key="c.png", Body=a_picture(3))
    file = (tmp_path / "in" / "a.png").as_uri()
    (tmp_path / "some.txt").write_text(f"{tmp_path}/in/b.png\n\n{file}\n{tmp_path}/in/a.png\n")
    inventory = pa.table({"bucket": ["crops"] * 2, "key": ["c.png", "gone.png"], "size": [1, 2]})
    parquet.write_table(inventory, tmp_path / "inventory.parquet")

    done = a_run(
        *(tmp_path / "some.txt", tmp_path / "inventory.parquet", "--report", tmp_path / "out"),
        *("--cluster=local", "--shards=csv"),
        **s3,
    )

    assert done.returncode == 1, done.stderr
    found = cluster_rows(tmp_path / "out")
    assert [(row["file"], row["prediction"], row["reason"]) for row in found] == [
        (f"{tmp_path}/in/a.png", "1", ""),
        (f"{tmp_path}/in/b.png", "2", ""),
        ("s3://crops/c.png", "3", ""),
        ("s3://crops/gone.png", "", "the file is not there any more"),
    ]


def test_what_two_of_the_sources_hold_is_read_once(
    tmp_path: Path, s3: dict[str, str], bucket: Any
) -> None:
    for number, key in enumerate(("in/1.png", "in/below/2.png", "inside/3.png")):
        bucket.put_object(Bucket="crops", Key=key, Body=a_picture(number + 1))
    some = tmp_path / "some.txt"
    some.write_text("s3://crops/inside/3.png\ns3://crops/in/1.png\n")

    done = a_run(
        *("s3://crops/in/", "s3://crops/in/below", some, "--report", tmp_path / "out"),
        *("--cluster=local", "--shards=csv"),
        **s3,
    )

    assert done.returncode == 0, done.stderr
    assert [(row["file"], row["prediction"]) for row in cluster_rows(tmp_path / "out")] == [
        ("1.png", "1"),
        ("below/2.png", "2"),
        ("s3://crops/inside/3.png", "3"),
    ]


def test_what_the_operator_must_put_right_is_one_clear_line(
    tmp_path: Path, s3: dict[str, str]
) -> None:
    here = "127.0.0.1:1"
    for source, cluster, said in (
        (ROOT / "examples", here, f"there is no Ray cluster at {here}"),
        ("s3://nobody/in", "local", "no such file or folder: s3://nobody/in"),
    ):
        done = a_run(source, "--cluster", cluster, "--report", tmp_path / "out", **s3)

        assert done.returncode == 2
        assert done.stderr.startswith(f"digitdrop: {said}"), done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_what_went_wrong_on_another_machine_is_one_clear_line_too(
    tmp_path: Path, cluster: str
) -> None:
    drop(tmp_path / "in", [("7.png", a_picture(7))])
    (tmp_path / "out" / "part-00000000.csv").mkdir(parents=True)

    done = a_run(
        *(tmp_path / "in", "--report", tmp_path / "out", "--cluster", cluster, "--shards=csv")
    )

    assert done.returncode == 2
    assert done.stderr.startswith(f"digitdrop: cannot read {tmp_path}/out/part-0"), done.stderr
    assert len(done.stderr.splitlines()) == 1
