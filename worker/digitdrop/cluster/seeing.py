"""A share of pictures -> what is seen in them; one that kills or hangs its reader is set aside."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import cv2

from digitdrop.cluster.addresses import is_remote
from digitdrop.cluster.fetching import fetched
from digitdrop.cluster.listing import ListedObject
from digitdrop.cluster.patience import patience
from digitdrop.cluster.stores import StoreError
from digitdrop.errors import Unavailable
from digitdrop.pipeline import Prepared, location_of, prepare
from digitdrop.pool import probe
from digitdrop.system.search_path import harden_search_path
from digitdrop.values import Drop, Failure, Limits


def see_share(share: Sequence[ListedObject], limits: Limits, *, careful: bool) -> list[Prepared]:
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
    poison = _deadly(share, limits) if careful else set()
    seen = _see(share, limits, poison=poison)
    _raise_if_all_are_refused(seen)
    return seen


def _see(
    share: Sequence[ListedObject], limits: Limits, *, poison: Collection[Path | str] = ()
) -> list[Prepared]:
    seen = []
    addresses = [one.address for one in share]
    with fetched(addresses, most=limits.bytes) as contents:
        for one, content in zip(share, contents, strict=True):
            get = content.result if content else None
            with patience():
                seen.append(prepare(_drop(one), limits, poison=poison, content=get))
    return seen


def _drop(one: ListedObject) -> Drop:
    if is_remote(one.address):
        return Drop(id=None, path=Path(), address=one.address, name=one.name)
    return Drop(id=None, path=Path(one.address), name=one.name)


def _deadly(share: Sequence[ListedObject], limits: Limits) -> set[Path | str]:
    harden_search_path()  # the machine's own Ray may know nothing of it
    # The other process has patience of its own, which no slow store can exhaust.
    blamed = probe.find_poison(partial(_try, limits), share, time_limit=None)
    return {location_of(_drop(share[index])) for index in blamed}


def _try(limits: Limits, one: ListedObject) -> None:
    with suppress(StoreError):  # which is no fault of the picture, and is met again
        _see([one], limits)


def _raise_if_all_are_refused(seen: Sequence[Prepared]) -> None:
    """Tell wrong rights, which are the operator's to mend, from one odd object."""
    if len(seen) > 1 and all(map(_is_refused, seen)):
        raise StoreError(f"{seen[0].drop.address}, and all beside it, may not be read")


def _is_refused(seen: Prepared) -> bool:
    if not isinstance(seen, Failure):
        return False
    return bool(seen.drop.address) and isinstance(seen.error, Unavailable)
