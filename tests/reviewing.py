"""The review page as a process of its own, asked over real HTTP as a browser asks."""

import http.client
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ledger import DIGITDROP, ROOT


@dataclass
class Got:
    """An answer of the server."""

    code: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Its body as text."""
        return self.body.decode()


@dataclass
class Review:
    """A running page, and a person who has opened its address."""

    process: "subprocess.Popen[str]"
    address: str
    """As printed, with the token."""
    port: int
    cookie: str = ""

    def ask(
        self,
        path: str,
        *,
        body: object = None,
        method: str = "",
        without: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Got:
        """Send a request as the page's own script would, but for what is named."""
        own = f"127.0.0.1:{self.port}"
        sent = {"Host": own, "Cookie": self.cookie}
        if body is not None:
            sent |= {"Origin": f"http://{own}", "Content-Type": "application/json"}
        sent |= headers or {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method or ("GET" if body is None else "POST"), path, skip_host=True)
        content = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            connection.putheader("Content-Length", str(len(content)))
        for name, value in sent.items():
            if name not in without and value:
                connection.putheader(name, value)
        connection.endheaders(content)
        answer = connection.getresponse()
        found = Got(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        return found

    def queue(self, **asked: str) -> list[dict[str, Any]]:
        """Give the pictures that wait."""
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        found: list[dict[str, Any]] = json.loads(self.ask(f"/api/queue?{query}").body)["items"]
        return found

    def correct(self, item: dict[str, Any], label: str) -> tuple[int, str]:
        """Answer; give the code and the text."""
        body = {"row": item["id"], "label": label, "last": item["last"]}
        got = self.ask("/api/correct", body=body)
        return got.code, json.loads(got.body)["text"]

    def undo(self, item: dict[str, Any]) -> tuple[int, str]:
        """Take an answer back."""
        got = self.ask("/api/undo", body={"row": item["id"]})
        return got.code, json.loads(got.body)["text"]

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Press Ctrl-C; give the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


@contextmanager
def a_review(outbox: Path, *more: str, **variables: str) -> Iterator[Review]:
    """Run the page as long as the context lasts, and open its address."""
    command = [*DIGITDROP, "review", f"--outbox={outbox}", "--port=0", "--no-browser", *more]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, **variables}
    )
    assert process.stdout
    try:
        line = process.stdout.readline()
        match = re.search(r"listening on \S+:(\d+); the page is at (http\S+)", line)
        assert match, line
        review = Review(process, match[2], int(match[1]))
        if "token=" in review.address:
            parts = urlsplit(review.address)
            entered = review.ask(f"{parts.path}?{parts.query}")
            assert entered.code == 200
            review.cookie = entered.headers["set-cookie"].partition(";")[0]
        yield review
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
