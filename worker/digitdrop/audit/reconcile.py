"""Match the rows of a report with the pictures of an inventory."""

from collections.abc import Collection, Mapping
from datetime import UTC, date

from digitdrop.outbox.archive import ARCHIVE_FOLDERS
from digitdrop.outbox.inventory import Inventory
from digitdrop.outbox.row import Row
from digitdrop.outbox.rows import correction_chains


def reconcile(
    rows: Mapping[str, Row],
    inventory: Inventory,
    *,
    claimed: Collection[str | None],
    cleared: date | None,
) -> list[str]:
    """Take the picture of each row out of the inventory; the pictures left there have no row.

    A reading and its corrections are about one picture. Each correction may account
    for one more, since people copy where they mean to move.

    Args:
        rows: by id.
        inventory: the pictures that there are.
        claimed: ids of rows whose picture is claimed.
        cleared: the last day (UTC) whose pictures may be gone from `done/`.

    Returns:
        The ids of rows whose picture is nowhere; for a corrected picture the last row's.
    """
    groups = [
        group for group in correction_chains(rows) if not any(key in claimed for key in group)
    ]
    present = [group for group in groups if not _may_be_cleared(rows[group[-1]], cleared)]
    # The rows that may have none come last, lest they take the picture of another row.
    missing = _missing(present, rows, inventory)
    cleared_groups = [group for group in groups if _may_be_cleared(rows[group[-1]], cleared)]
    _missing(cleared_groups, rows, inventory)
    for group in groups:
        for key in group[1:]:
            inventory.take_like(rows[key])
    return missing


def _missing(groups: list[list[str]], rows: Mapping[str, Row], inventory: Inventory) -> list[str]:
    unmatched = [
        group for group in groups if not any(inventory.take(key, rows[key]) for key in group[::-1])
    ]
    # Pictures that people renamed come last, lest they take one that has another row's name.
    return [
        group[-1]
        for group in unmatched
        if not any(inventory.take_like(rows[key]) for key in group[::-1])
    ]


def _may_be_cleared(row: Row, cleared: date | None) -> bool:
    is_done = ARCHIVE_FOLDERS[row.status] == "done"
    return cleared is not None and is_done and row.time.astimezone(UTC).date() <= cleared
