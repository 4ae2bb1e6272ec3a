"""Decide which requests the page answers: by token, `Host` and `Origin`, before anything else.

Other users of the machine have no token. Other pages in the browser send another `Origin`, and
no cookie. A name that was rebound to this address sends another `Host`.
"""

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROXY_HEADER: Final = "x-digitdrop-token"
"""Header in which a proxy sends its token."""

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_POLICY: Final = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_ENTER: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Digitdrop</title>'
    '<link rel="icon" href="data:,">'
    '<meta http-equiv="refresh" content="0; url=/"></head>'
    '<body><p><a href="/">To the pictures</a></p></body></html>'
)
"""A redirect would come from another site, for the browser, and go without a strict cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Rules of one server."""

    token: str
    port: int
    is_local: bool = True
    """True if it listens on a loopback address only."""
    proxy: str = ""
    """Origin of the proxy, such as `https://review.example.org`; empty without a proxy."""
    proxy_token: str = ""

    @property
    def cookie(self) -> str:
        """Return the cookie's name; browsers keep no cookies of ports apart."""
        return f"digitdrop-{self.port}"

    def is_host(self, host: str) -> bool:
        """Return True if a `Host` is this server's; never for another server's name."""
        if self.proxy:
            return host == urlsplit(self.proxy).netloc
        name, _, port = host.rpartition(":")
        if port != str(self.port):
            return False
        return name in _LOOPBACK or (not self.is_local and _is_address(name))

    def is_origin(self, origin: str, host: str) -> bool:
        """Return True if an `Origin` is this server's own page."""
        return origin == (self.proxy or f"http://{host}")

    def is_known(self, headers: Mapping[str, str]) -> bool:
        """Return True if a request has the token that it needs."""
        if self.proxy:
            return _is_equal(headers.get(PROXY_HEADER, ""), self.proxy_token)
        cookies = cookie_parser(headers.get("cookie", ""))
        return _is_equal(cookies.get(self.cookie, ""), self.token)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _is_equal(given: str, token: str) -> bool:
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


class Gate:
    """The outermost part of the server: refuses requests, and adds headers to all answers."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        """Set the rules."""
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    *((name.encode(), value.encode()) for name, value in _HEADERS.items()),
                ]
            await send(message)

        answer = self._answer(scope)
        await (answer or self._app)(scope, receive, with_headers)

    def _answer(self, scope: Scope) -> Response | None:
        """Return an answer without the page; None for a request that the page shall answer."""
        headers, access = Headers(scope=scope), self._access
        host = headers.get("host", "")
        if not access.is_host(host) or len(headers.getlist("host")) != 1:
            return _refused("This is not the address of this page.", 421)
        is_read = scope["method"] in {"GET", "HEAD"}
        origin = headers.get("origin")
        if (origin or not is_read) and not access.is_origin(origin or "", host):
            return _refused("Another page may not ask for this.")
        token = QueryParams(scope["query_string"]).get("token")
        if token is not None and not access.proxy and is_read:
            return self._enter(token)
        if not access.is_known(headers):
            return _refused("Open the address that `digitdrop review` has printed.")
        return None

    def _enter(self, token: str) -> Response:
        if not _is_equal(token, self._access.token):
            return _refused("This address is of an earlier `digitdrop review`, or is not whole.")
        answer = HTMLResponse(_ENTER, headers={"cache-control": "no-store"})
        answer.set_cookie(self._access.cookie, token, httponly=True, samesite="strict", path="/")
        return answer


def _refused(text: str, code: int = 403) -> Response:
    return PlainTextResponse(f"{text}\n", code, {"cache-control": "no-store"})
