"""Ray: begun here or joined where it runs, quiet, and asked in one line what went wrong."""

import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Final

import ray
import ray.data
from ray.exceptions import RayError

from digitdrop.errors import DigitdropError, SetupError
from digitdrop.system.search_path import in_program_folder
from digitdrop.system.streams import silenced

LOCAL: Final = "local"
STORE: Final = 512 * 2**20
"""Bytes of shared memory on this machine, for shares on their way; the engine slows down
the readers when it is full."""

_SILENT: Final = logging.CRITICAL + 1  # what matters comes as an exception, too
_DEATHS: Final = 10
_PATIENCE: Final = 10.0  # seconds for an address to answer


class ClusterError(SetupError):
    """There is no such cluster, or it cannot do what it is asked for."""


@contextmanager
def started(cluster: str, *, workers: int) -> Iterator[None]:
    """Have a cluster as long as the context lasts.

    Args:
        cluster: `local`: one on this machine, which ends with us; `auto`: the one that
            this machine belongs to; else its address.
        workers: cores to use, of a local one.

    Raises:
        ClusterError: there is none.
    """
    _hush()
    _knock(cluster)
    here = {"num_cpus": workers, "object_store_memory": STORE, "include_dashboard": False}
    try:
        with silenced(), _our_signals(), in_program_folder():
            ray.init(
                cluster,
                **(here if cluster == LOCAL else {}),
                log_to_driver=False,
                logging_level=_SILENT,
            )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ClusterError(f"there is no Ray cluster at {cluster}: {_line(error)}") from error
    # Ray prints its news, that a machine died, to where results go, the last of it at its end.
    with redirect_stdout(sys.stderr):
        try:
            with _told():
                yield
        finally:
            ray.shutdown()


@contextmanager
def _our_signals() -> Iterator[None]:
    """Keep how the end is asked for: Ray would take these signals for itself, and die of them."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    ours = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, ours, strict=True):
        signal.signal(number, handler)


def _knock(cluster: str) -> None:
    """See that somebody listens: Ray itself would wait for minutes."""
    host, _, port = cluster.rpartition("://")[2].rpartition(":")
    if not host:
        return  # a word, which Ray understands at once
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
    except (OSError, ValueError) as error:
        raise ClusterError(f"there is no Ray cluster at {cluster}: {error}") from error


def _hush() -> None:
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(_SILENT)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    # A machine may die while it starts who classifies: that is no reason to give up.
    context.max_consecutive_actor_init_deaths = _DEATHS


@contextmanager
def _told() -> Iterator[None]:
    """Tell of what went wrong on another machine as if it had been here."""
    try:
        yield
    except RayError as error:
        ours = _ours(error)
        if ours:  # Ray appends what it thinks of it
            raise type(ours)(str(ours).partition("\n")[0]) from error
        raise ClusterError(
            f"the cluster gave up: {_line(error)}; what is written is kept: run it again to go on"
        ) from error


def _ours(error: BaseException | None) -> DigitdropError | None:
    """Find what our own code said among what the engine made of it: classes that are both."""
    while error:
        if isinstance(error, DigitdropError) and not isinstance(error, RayError):
            return error
        error = getattr(error, "cause", None) or error.__cause__
    return None


def _line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
