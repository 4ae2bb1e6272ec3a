"""Tick off rows and pictures against each other, for `verify`."""

from collections.abc import Collection, Mapping
from datetime import UTC, date

from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.outbox.inventory import Inventory
from digitdrop.outbox.row import Row
from digitdrop.outbox.rows import correction_chains
from digitdrop.values import Status


def reconcile(
    rows: Mapping[str, Row],
    stock: Inventory,
    *,
    in_hand: Collection[str | None],
    cleared: date | None,
) -> list[str]:
    """Find the picture of each row; what is left in the stock then has none.

    A reading and its corrections are about one picture. Each correction may account
    for one more, since people copy where they mean to move.

    Args:
        rows: by id.
        stock: what there is.
        in_hand: ids of rows whose picture is in hand.
        cleared: the day up to which pictures may be gone from `done/`.

    Returns:
        The ids of rows whose picture is nowhere; for a corrected one the last row's.
    """
    groups = [
        group for group in correction_chains(rows) if not any(key in in_hand for key in group)
    ]
    present = [group for group in groups if not _may_be_cleared(rows[group[-1]], cleared)]
    # Only then those that may be gone, lest they take what another row's picture is.
    missing = _missing(present, rows, stock)
    _missing([group for group in groups if _may_be_cleared(rows[group[-1]], cleared)], rows, stock)
    for group in groups:
        for key in group[1:]:
            stock.take_like(rows[key])
    return missing


def _missing(groups: list[list[str]], rows: Mapping[str, Row], stock: Inventory) -> list[str]:
    unmatched = [
        group for group in groups if not any(stock.take(key, rows[key]) for key in group[::-1])
    ]
    # Only then those that people renamed, lest they take what another row's name would find.
    return [
        group[-1]
        for group in unmatched
        if not any(stock.take_like(rows[key]) for key in group[::-1])
    ]


def _may_be_cleared(row: Row, cleared: date | None) -> bool:
    return (
        cleared is not None
        and ARCHIVE_FOLDERS[row.status] == ARCHIVE_FOLDERS[Status.OK]
        and row.time.astimezone(UTC).date() <= cleared
    )
