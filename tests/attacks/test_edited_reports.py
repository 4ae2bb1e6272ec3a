"""A report that a spreadsheet saved in its own manner is still read, by all commands."""

import csv
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from digitdrop.audit.verify import audit_outbox
from digitdrop.outbox.row import COLUMNS
from digitdrop.outbox.rows import Rows
from ledger import a_picture, a_worker, drop, rows, serve_once
from shells import run

NAMES = ["one.png", "scans/seven.png", '=1+1 "a", b.png', "note.txt", "umläut ß.png"]
Rewrite = Callable[[list[list[str]]], bytes]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    drop(folder / "inbox", [(name, a_picture(n)) for n, name in enumerate(NAMES)])
    serve_once(folder)
    return folder


def saved(
    table: list[list[str]], *, delimiter: str = ",", encoding: str = "utf-8", end: str = "\r\n",
    quoting: int = csv.QUOTE_MINIMAL, before: str = "",
) -> bytes:  # fmt: skip
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    return (before + text.getvalue()).encode(encoding)


def with_columns(table: list[list[str]], names: list[str]) -> list[list[str]]:
    """Give only some columns, in another order; an unknown one is added."""
    head, *body = table
    at = {name: number for number, name in enumerate(head)}
    return [
        names, *([row[at[name]] if name in at else "checked, ok\nsigned" for name in names]
        for row in body),
    ]  # fmt: skip


def other_times(table: list[list[str]]) -> list[list[str]]:
    return [table[0], *([row[0], "24.11.2026 07:13", *row[2:]] for row in table[1:])]


WAYS: dict[str, Rewrite] = {
    "semicolons": lambda table: saved(table, delimiter=";"),
    "tabs": lambda table: saved(table, delimiter="\t"),
    "UTF-16, tabs": lambda table: saved(table, delimiter="\t", encoding="utf-16"),
    "UTF-16 without a mark": lambda table: saved(table, delimiter="\t", encoding="utf-16-le"),
    "UTF-16, big-endian": lambda table: saved(table, encoding="utf-16-be", before="\ufeff"),
    "a mark, semicolons": lambda table: saved(table, delimiter=";", encoding="utf-8-sig"),
    "all quoted": lambda table: saved(table, quoting=csv.QUOTE_ALL),
    "line feeds, tabs": lambda table: saved(table, delimiter="\t", end="\n"),
    "sep=": lambda table: saved(table, delimiter=";", before="sep=;\r\n"),
    "a column added": lambda table: saved(with_columns(table, [*COLUMNS, "checked by"])),
    "columns reordered": lambda table: saved(with_columns(table, list(reversed(COLUMNS)))),
    "two columns left": lambda table: saved(with_columns(table, ["sha256", "id"])),
    "capitals": lambda table: saved([list(map(str.upper, table[0])), *table[1:]], delimiter=";"),
    "other times": lambda table: saved(other_times(table), delimiter="\t"),
}  # fmt: skip


@pytest.mark.parametrize("is_set_aside", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_its_rows_are_found(way: str, is_set_aside: bool, folder: Path) -> None:
    report = folder / "outbox/predictions.csv"
    with report.open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    report.unlink()
    name = "predictions-foreign-20260501T120000000000.csv" if is_set_aside else report.name
    report.with_name(name).write_bytes(WAYS[way](table))

    account = audit_outbox(folder / "inbox", folder / "outbox", report)

    assert account.is_complete, str(account)
    assert account.rows == len(NAMES)


def test_rows_whose_times_were_edited_are_told_and_their_pictures_are_not_without_a_row(
    folder: Path,
) -> None:
    report = folder / "outbox/predictions.csv"
    with report.open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    report.write_bytes(saved(other_times(table)))

    account = audit_outbox(folder / "inbox", folder / "outbox", report)

    assert len(account.unknown) == len(NAMES)
    assert all(
        one.startswith("a line that is no row, or no more") for one in account.unknown.values()
    )


def test_the_worker_sets_it_aside_and_goes_on_and_all_rows_are_counted_everywhere(
    folder: Path,
) -> None:
    report = folder / "outbox/predictions.csv"
    with report.open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    report.write_bytes(WAYS["UTF-16, tabs"](table))
    drop(folder / "inbox", [("new.png", a_picture(8))])

    with a_worker(folder, "--settle=0.05") as worker:
        worker.waits_until(lambda: list(report.parent.glob("*-foreign-*")) != [])
        worker.waits_until(worker.is_idle)
        worker.stop()

    assert len(rows(report)) == 1
    assert audit_outbox(folder / "inbox", folder / "outbox", report).is_complete
    options = [f"--inbox={folder / 'inbox'}", f"--outbox={folder / 'outbox'}"]
    for command, told in (
        (["status", *options], f"in all      {len(NAMES) + 1}"),
        (["why", "one.png", *options], "recorded"),
        (["report", options[1]], f"{len(NAMES) + 1} rows"),
    ):
        done = run(command, folder)
        assert told in done.stdout.decode(), done


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 5000, b"\xff\xfe", b"\xff\xfe\x00", b'"', b"id,sha256\n" + b'"' * 9999,
     b"id;sha256\n;;;\n\n;", "id\tsha256\n\ud800".encode("utf-16", "surrogatepass")],
)  # fmt: skip
def test_any_bytes_are_read_without_an_error_and_no_row_is_lost(
    content: bytes, folder: Path
) -> None:
    foreign = folder / "outbox/predictions-foreign-20260501T120000000000.csv"
    foreign.write_bytes(content)

    assert audit_outbox(
        folder / "inbox", folder / "outbox", folder / "outbox/predictions.csv"
    ).is_complete


def test_a_line_that_never_ends_takes_no_more_memory_than_a_piece_of_it(tmp_path: Path) -> None:
    report = tmp_path / "predictions.csv"
    with report.open("wb") as file:
        file.write(b"id;sha256\n")
        file.truncate(2**28)
    tracemalloc.start()

    found = sum(1 for _ in Rows(report).lines())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found < 2**12
    assert peak < 40 * 2**20
