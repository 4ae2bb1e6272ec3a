"""Which rows speak of one picture: a reading, and the corrections that followed."""

from collections.abc import Mapping

from digitdrop.outbox.row import Row


def correction_chains(rows: Mapping[str, Row]) -> list[list[str]]:
    """Group rows by picture: each group begins with a reading and ends with what counts.

    A correction whose earlier rows are not among these begins a group of its own.
    """
    groups: dict[str, list[tuple[int, str]]] = {}
    for row_id in rows:
        first, steps = _first(row_id, rows)
        groups.setdefault(first, []).append((steps, row_id))
    return [
        [row_id for _, row_id in sorted(group, key=lambda one: one[0])]
        for group in groups.values()
    ]


def _first(row_id: str, rows: Mapping[str, Row]) -> tuple[str, int]:
    """Go back to the reading that a row is about; say how many steps away it is."""
    passed = {row_id}
    while (earlier := rows[row_id].corrects) in rows and earlier not in passed:
        row_id = earlier or ""
        passed.add(row_id)
    return row_id, len(passed) - 1
