"""Bytes on their way from a store while earlier pictures are seen, a few at a time."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeAlias

from digitdrop.cluster.addresses import is_remote
from digitdrop.cluster.files import fetch
from digitdrop.errors import InputError

Content: TypeAlias = "Future[bytes] | None"
"""Of a picture in a store; None for a file, which is loaded when it is its turn."""

_AHEAD: Final = 16  # pictures that are held at a time


@contextmanager
def fetched(addresses: Sequence[str], *, most: int) -> Iterator[Iterator[Content]]:
    """Fetch pictures ahead, and give them in their order.

    Each is there when it is given: its bytes, or an `InputError` that says why not.

    Args:
        addresses: where they lie.
        most: bytes; a longer one is not fetched.

    Raises:
        StoreError: the store does not answer.
    """
    pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="fetcher")
    try:
        yield _in_order(addresses, most, pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _in_order(addresses: Sequence[str], most: int, pool: ThreadPoolExecutor) -> Iterator[Content]:
    waiting: deque[Content] = deque()
    for address in addresses:
        waiting.append(pool.submit(fetch, address, most=most) if is_remote(address) else None)
        if len(waiting) == _AHEAD:
            yield _there(waiting.popleft())
    yield from map(_there, waiting)


def _there(content: Content) -> Content:
    error = content.exception() if content else None
    if error and not isinstance(error, InputError):
        raise error
    return content
