"""The server: it listens, prints its address, and opens the browser."""

import contextlib
import ipaddress
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape as as_html
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvicorn

from digitdrop.errors import SetupError
from digitdrop.outbox.report import REPORT
from digitdrop.review.access import Access, Gate
from digitdrop.review.app import ReviewPage
from digitdrop.review.correct import Corrections
from digitdrop.review.pictures import Pictures
from digitdrop.review.store import Store
from digitdrop.system.stop_signals import STOPS

PROXY_TOKEN: Final = "DIGITDROP_PROXY_TOKEN"  # noqa: S105 - a name
"""Environment variable with the token that the proxy sends."""

_SHORTEST: Final = 16  # characters of that token


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOptions:
    """Options of the page."""

    inbox: Path
    outbox: Path
    host: str
    port: int
    """0 for any free port."""
    proxy: str = ""
    """Origin of a proxy in front of the page."""
    opens_browser: bool = True


class _Server(uvicorn.Server):
    """A server that leaves signals to the command."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve_review(options: ReviewOptions, echo: Callable[[str], None]) -> None:
    """Serve the page until SIGTERM or Ctrl-C.

    Args:
        options: folders and address.
        echo: prints the address.

    Raises:
        SetupError: the address cannot be used.
    """
    listener = _listen(options.host, options.port)
    port = listener.getsockname()[1]
    access = Access(
        token=secrets.token_urlsafe(32),
        port=port,
        is_local=_is_loopback(options.host),
        proxy=_checked_origin(options.proxy),
        proxy_token=_proxy_token() if options.proxy else "",
    )
    store, pictures = Store(options.outbox / REPORT), Pictures(options.outbox)
    corrections = Corrections(options.outbox, store, pictures)
    page = ReviewPage(options.outbox, options.inbox, store, pictures, corrections)
    config = uvicorn.Config(
        Gate(page.app(), access),
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    for number in STOPS:
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    host = f"[{options.host}]" if ":" in options.host else options.host
    address = options.proxy or f"http://{host}:{port}/?token={access.token}"
    echo(f"listening on {host}:{port}; the page is at {address}")
    sys.stdout.flush()
    corrections.start()
    with _opening(address) if options.opens_browser else contextlib.nullcontext():
        try:
            server.run(sockets=[listener])
        finally:
            corrections.stop()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        raise SetupError(
            f"cannot listen on {host}, port {port}: {error.strerror}: "
            "name another one with --port or --host"
        ) from error
    return listener


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_origin(proxy: str) -> str:
    parts = urlsplit(proxy)
    if proxy and (
        proxy != f"{parts.scheme}://{parts.netloc}" or parts.scheme not in {"http", "https"}
    ):
        raise SetupError(
            f"--behind-proxy {proxy}: expected scheme and name alone, "
            "as in https://review.example.org"
        )
    return proxy


def _proxy_token() -> str:
    token = os.environ.get(PROXY_TOKEN, "")
    if len(token) < _SHORTEST:
        raise SetupError(
            f"--behind-proxy needs the token that the proxy sends in X-Digitdrop-Token: "
            f"set {PROXY_TOKEN} to {_SHORTEST} characters or more"
        )
    return token


@contextlib.contextmanager
def _opening(address: str) -> Iterator[None]:
    """Open the browser by a file that only its user may read.

    An address on a command line could be read by all users of the machine, with its token.
    """
    folder = Path(tempfile.mkdtemp(prefix="digitdrop-"))
    page = folder / "open.html"
    target = as_html(address)
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><title>Digitdrop</title>'
        f'<meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0; url={target}"><a href="{target}">To the page</a>',
        encoding="utf-8",
    )
    threading.Thread(target=webbrowser.open, args=(page.as_uri(),), daemon=True).start()
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
