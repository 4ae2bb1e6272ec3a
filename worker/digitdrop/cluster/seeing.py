"""A share of pictures -> what is seen in them; one that kills or hangs its reader is set aside."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import partial
from math import inf
from pathlib import Path

import cv2

from digitdrop.cluster.addresses import is_remote
from digitdrop.cluster.fetching import fetched
from digitdrop.cluster.listing import Found
from digitdrop.cluster.patience import patience
from digitdrop.cluster.stores import StoreError
from digitdrop.errors import Unavailable
from digitdrop.pipeline import Seen, place, see
from digitdrop.pool import probe
from digitdrop.system.search_path import shut
from digitdrop.values import Drop, Failure, Limits


def see_share(share: Sequence[Found], limits: Limits, *, careful: bool) -> list[Seen]:
    """See pictures one after the other; whatever is the matter with one costs only its row.

    A picture that takes too long ends this process; the engine, which takes that for
    a machine that died, has the share seen again.

    Args:
        share: where they lie.
        limits: what each may cost.
        careful: the share was begun before, and its reader died. Each picture is first
            tried in a process of its own; what that one dies of is not decoded here.

    Raises:
        StoreError: the store does not answer, or refuses all of them.
    """
    cv2.setNumThreads(1)  # there is a process for each core
    deadly = _deadly(share, limits) if careful else set()
    seen = _see(share, limits, deadly=deadly)
    _raise_if_all_are_refused(seen)
    return seen


def _see(
    share: Sequence[Found], limits: Limits, *, deadly: Collection[Path | str] = ()
) -> list[Seen]:
    seen = []
    addresses = [one.address for one in share]
    with fetched(addresses, most=limits.bytes) as contents:
        for one, content in zip(share, contents, strict=True):
            get = content.result if content else None
            with patience():
                seen.append(see(_drop(one), limits, deadly=deadly, content=get))
    return seen


def _drop(one: Found) -> Drop:
    if is_remote(one.address):
        return Drop(id=None, path=Path(), address=one.address, name=one.name)
    return Drop(id=None, path=Path(one.address), name=one.name)


def _deadly(share: Sequence[Found], limits: Limits) -> set[Path | str]:
    shut()  # the machine's own Ray may know nothing of it
    # The other process has patience of its own, which no slow store can exhaust.
    blamed = probe.culprits(partial(_try, limits), share, time_limit=inf)
    return {place(_drop(share[index])) for index in blamed}


def _try(limits: Limits, one: Found) -> None:
    with suppress(StoreError):  # which is no fault of the picture, and is met again
        _see([one], limits)


def _raise_if_all_are_refused(seen: Sequence[Seen]) -> None:
    """Tell wrong rights, which are the operator's to mend, from one odd object."""
    if len(seen) > 1 and all(map(_is_refused, seen)):
        raise StoreError(f"{seen[0].drop.address}, and all beside it, may not be read")


def _is_refused(seen: Seen) -> bool:
    if not isinstance(seen, Failure):
        return False
    return bool(seen.drop.address) and isinstance(seen.error, Unavailable)
