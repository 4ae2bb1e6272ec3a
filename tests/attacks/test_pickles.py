"""What others could have written is never unpickled: neither lists nor plans nor shards."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow", reason="the extra `cluster` is not installed")
extensions = pytest.importorskip("ray.data.extensions", reason="so is Ray")

from pyarrow import parquet  # noqa: E402

from digitdrop.cluster import plan, shards  # noqa: E402
from digitdrop.cluster.listing import read_lists  # noqa: E402
from digitdrop.cluster.plan import Plan  # noqa: E402
from digitdrop.errors import SetupError  # noqa: E402

pytestmark = pytest.mark.cluster


class Evil:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> "tuple[Callable[[Path], None], tuple[Path]]":
        return Path.touch, (self._mark,)


def evil_table(mark: Path, *names: str) -> object:
    """Make columns whose cells are pickled objects, as Ray's own type for Arrow has them."""
    cells = extensions.ArrowPythonObjectArray.from_objects([Evil(mark)])
    assert cells.to_pylist() == [None]
    assert mark.exists(), "it does what it is here for"
    mark.unlink()
    return pa.table(dict.fromkeys(names, cells))


@pytest.fixture
def work(tmp_path: Path) -> Plan:
    return Plan(
        target=str(tmp_path / "out"),
        sources=["in"],
        model="digits",
        shards="parquet",
        pictures=1,
        shares=1,
    )


def test_a_shard_that_somebody_put_there_is_refused(work: Plan, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    parquet.write_table(evil_table(tmp_path / "mark", *shards.SCHEMA.names), work.shard(0))

    with pytest.raises(SetupError, match="no part of a report of ours"):
        shards.tally(work, 0)

    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"\xff\xfe", b'name\n"', b"status\nno status\n"]
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_shard_that_is_damaged_is_one_line(
    kind: str, content: bytes, work: Plan, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    work = replace(work, shards=kind)
    Path(work.shard(0)).write_bytes(content)

    with pytest.raises(SetupError, match="no part of a report of ours"):
        shards.tally(work, 0)


def test_a_plan_that_somebody_put_there_is_refused(work: Plan, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "_plan"
    folder.mkdir(parents=True)
    (folder / "PLAN.json").write_text(json.dumps(asdict(work)))
    table = evil_table(tmp_path / "mark", "address", "name")
    parquet.write_table(table, folder / "00000.parquet")

    with pytest.raises(SetupError, match="no plan of ours"):
        plan.share(work, 0)

    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("names", [["path"], ["bucket", "key"]])
def test_a_list_with_objects_in_place_of_text_is_refused(names: list[str], tmp_path: Path) -> None:
    source = tmp_path / "list.parquet"
    parquet.write_table(evil_table(tmp_path / "mark", *names), source)

    with pytest.raises(SetupError, match="expected one of text"):
        next(read_lists([str(source)], folders=[]))

    assert not (tmp_path / "mark").exists()
