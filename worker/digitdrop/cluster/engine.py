"""Start Ray here, or join a cluster, and report its errors in one line."""

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

_LOCAL: Final = "local"
_STORE: Final = 512 * 2**20
"""Bytes of shared memory on this machine, for shares between two steps; when it is full, Ray
slows down the readers."""

_SILENT: Final = logging.CRITICAL + 1  # all that matters comes as an exception as well
_DEATHS: Final = 10
_TIMEOUT: Final = 10.0  # seconds for an address to answer


class ClusterError(SetupError):
    """There is no such cluster, or it cannot do the run."""


@contextmanager
def started(cluster: str, *, workers: int) -> Iterator[None]:
    """Connect to a cluster for the duration of the context.

    Args:
        cluster: `local` for a new cluster on this machine, which ends with the context; `auto`
            for the cluster that this machine belongs to; else an address.
        workers: cores to use, of a local cluster.

    Raises:
        ClusterError: there is no such cluster, or it failed.
    """
    _configure()
    _check_address(cluster)
    local = {"num_cpus": workers, "object_store_memory": _STORE, "include_dashboard": False}
    try:
        with silenced(), _our_signals(), in_program_folder():
            ray.init(
                cluster,
                **(local if cluster == _LOCAL else {}),
                log_to_driver=False,
                logging_level=_SILENT,
            )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ClusterError(f"there is no Ray cluster at {cluster}: {_line(error)}") from error
    # Ray prints news, such as the death of a machine, to stdout, where results go.
    with redirect_stdout(sys.stderr):
        try:
            with _own_errors():
                yield
        finally:
            ray.shutdown()


@contextmanager
def _our_signals() -> Iterator[None]:
    """Keep our handlers of SIGTERM and SIGINT: with Ray's, the process would end at once."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    ours = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, ours, strict=True):
        signal.signal(number, handler)


def _check_address(cluster: str) -> None:
    """Check that a server listens; Ray itself would wait for minutes."""
    host, _, port = cluster.rpartition("://")[2].rpartition(":")
    if not host:
        return  # `local` or `auto`
    try:
        socket.create_connection((host.strip("[]"), int(port)), _TIMEOUT).close()
    except (OSError, ValueError) as error:
        raise ClusterError(f"there is no Ray cluster at {cluster}: {error}") from error


def _configure() -> None:
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(_SILENT)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    # A machine may die while it starts an actor: the run goes on.
    context.max_consecutive_actor_init_deaths = _DEATHS


@contextmanager
def _own_errors() -> Iterator[None]:
    """Raise an error from another machine as if it had been raised here."""
    try:
        yield
    except RayError as error:
        ours = _ours(error)
        if ours:  # Ray appends lines of its own
            raise type(ours)(str(ours).partition("\n")[0]) from error
        raise ClusterError(
            f"the cluster gave up: {_line(error)}; what is written is kept: run it again to go on"
        ) from error


def _ours(error: BaseException | None) -> DigitdropError | None:
    """Find our own error among its causes; Ray also makes classes that are both."""
    while error:
        if isinstance(error, DigitdropError) and not isinstance(error, RayError):
            return error
        error = getattr(error, "cause", None) or error.__cause__
    return None


def _line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
