"""Whose hand is what is in hand? For all who look from outside; changes nothing."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from worker.errors import InputError
from worker.held import batches, claim_time, digest, drops_in
from worker.inbox import CLAIMED
from worker.load import head_of
from worker.values import Drop

_OWNER: Final = ".owner"


@dataclass(frozen=True, slots=True)
class Held:
    """One file in hand."""

    drop: Drop
    is_foreign: bool
    """Whether its row goes to another outbox."""
    since: datetime | None
    """When it was claimed, in UTC; None if the name of its batch tells none."""


def owners(outbox: Path) -> frozenset[str]:
    """Give the names that the batches of an outbox begin with.

    They are the id that is kept in the outbox, and a digest of its path, as earlier
    versions had it.
    """
    found = {digest(os.fsencode(os.path.realpath(outbox)))[:8]}
    with suppress(InputError):
        found.add(head_of(outbox / _OWNER, 64).decode("ascii", "replace").strip())
    return frozenset(found - {""})


def held(inbox: Path, outbox: Path) -> Iterator[Held]:
    """List what is in hand in an inbox, with whose hand it is.

    Args:
        inbox: or the folder `review/` of the outbox, for corrections.
        outbox: whose worker is asked about.

    Raises:
        OSError: the claim folder cannot be listed.
    """
    ours = owners(outbox)
    for batch in batches(inbox / CLAIMED):
        is_foreign = batch.name.partition("-")[0] not in ours
        for drop in drops_in(batch):
            yield Held(drop, is_foreign, claim_time(batch.name))
