"""Whose hand is what is in hand? For all who look from outside; changes nothing."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digitdrop.intake.claim_names import all_in, batches, claim_time
from digitdrop.intake.listing import CLAIMED
from digitdrop.intake.owner import read_owner
from digitdrop.values import Drop


@dataclass(frozen=True, slots=True)
class OwnedClaim:
    """One file in hand."""

    drop: Drop
    is_foreign: bool
    """Whether its row goes to another outbox."""
    since: datetime | None
    """When it was claimed, in UTC; None if the name of its batch tells none."""
    is_file: bool = True
    """Whether it is a regular file; a link or a pipe is never read."""


def claims_with_owners(inbox: Path, outbox: Path) -> Iterator[OwnedClaim]:
    """List what is in hand in an inbox, with whose hand it is.

    Args:
        inbox: or the folder `review/` of the outbox, for corrections.
        outbox: whose worker is asked about.

    Raises:
        OSError: the claim folder cannot be listed.
    """
    owner = read_owner(outbox)
    for batch in batches(inbox / CLAIMED):
        is_foreign = not owner.owns(batch.name)
        with suppress(FileNotFoundError):  # it was finished just now
            for drop, is_file in all_in(batch):
                yield OwnedClaim(drop, is_foreign, claim_time(batch.name), is_file)
