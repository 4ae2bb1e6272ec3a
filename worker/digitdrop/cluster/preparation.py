"""Prepare a share of pictures, and survive pictures that kill or hang a process."""

import faulthandler
import signal
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import cv2

from digitdrop.cluster.addresses import ListedObject, StoreError, is_remote
from digitdrop.cluster.files import fetched
from digitdrop.errors import Unavailable
from digitdrop.pipeline import Prepared, location_of, prepare
from digitdrop.pool import probe
from digitdrop.system.search_path import harden_search_path
from digitdrop.values import Drop, Failure, Limits


def prepare_share(
    share: Sequence[ListedObject],
    limits: Limits,
    *,
    careful: bool,
    time_limit: float = probe.TIME_LIMIT,
) -> list[Prepared]:
    """Prepare pictures one after the other; an error of one costs only its row.

    A picture that takes too long ends this process. Ray takes that for a machine that died, and
    starts the share again.

    Args:
        share: the pictures.
        limits: the limits for each picture.
        careful: the share was begun before, and its process died. Each picture is first tried
            in a process of its own; a picture that kills that process is not decoded here.
        time_limit: seconds that one picture may take.

    Raises:
        StoreError: the store does not answer, or refuses all pictures.
    """
    cv2.setNumThreads(1)  # each core has a process of its own
    prepare_within = partial(_prepare, limits=limits, time_limit=time_limit)
    poison = _find_poison(share, partial(_try, prepare_within)) if careful else set()
    prepared = prepare_within(share, poison=poison)
    if len(prepared) > 1 and all(map(_is_refused, prepared)):  # rights, not one odd object
        raise StoreError(f"{prepared[0].drop.address}, and all beside it, may not be read")
    return prepared


def _prepare(
    share: Sequence[ListedObject],
    *,
    limits: Limits,
    time_limit: float,
    poison: Collection[Path | str] = (),
) -> list[Prepared]:
    prepared = []
    addresses = [listed.address for listed in share]
    with fetched(addresses, most=limits.bytes) as contents:
        for listed, content in zip(share, contents, strict=True):
            get = content.result if content else None
            with end_process_after(time_limit):
                prepared.append(prepare(_drop(listed), limits, poison=poison, content=get))
    return prepared


def _drop(listed: ListedObject) -> Drop:
    if is_remote(listed.address):
        return Drop(id=None, path=Path(), address=listed.address, name=listed.name)
    return Drop(id=None, path=Path(listed.address), name=listed.name)


def _find_poison(
    share: Sequence[ListedObject], attempt: Callable[[ListedObject], None]
) -> set[Path | str]:
    harden_search_path()  # a machine of another Ray cluster may not have done so
    # The other process has its own timeout for each picture, without the time of a slow store.
    found = probe.find_poison(attempt, share, time_limit=None)
    return {location_of(_drop(share[index])) for index in found}


def _try(
    prepare_within: Callable[[Sequence[ListedObject]], list[Prepared]], listed: ListedObject
) -> None:
    with suppress(StoreError):  # it is raised again when the share is read
        prepare_within([listed])


def _is_refused(prepared: Prepared) -> bool:
    if not isinstance(prepared, Failure):
        return False
    return bool(prepared.drop.address) and isinstance(prepared.error, Unavailable)


@contextmanager
def end_process_after(seconds: float) -> Iterator[None]:
    """End this process if the context lasts longer.

    A thread cannot be stopped, so the process ends. The system ends it: that needs no Python,
    which a decoder that never returns may keep from running.
    """
    _set_alarm(seconds)
    try:
        yield
    finally:
        _set_alarm(0)


def _set_alarm(seconds: float) -> None:
    """Make this process end after some seconds; 0 cancels that."""
    if hasattr(signal, "setitimer"):  # SIGALRM has no handler, so it ends the process
        signal.setitimer(signal.ITIMER_REAL, seconds)
    elif seconds:  # Windows: a thread for each picture, half the cost of a small one
        faulthandler.dump_traceback_later(seconds, exit=True)
    else:
        faulthandler.cancel_dump_traceback_later()
