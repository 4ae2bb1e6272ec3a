"""The addresses of the page, and their answers."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from digitdrop.errors import InputError, ReportError
from digitdrop.files import lock
from digitdrop.health.worker_status import read_worker_status
from digitdrop.outbox.report import REPORT
from digitdrop.outbox.to_review import count_to_review
from digitdrop.review.correct import Corrections
from digitdrop.review.figures import by_day, error_rates
from digitdrop.review.pictures import Located, Pictures
from digitdrop.review.selection import ON_A_PAGE, SORTS, Selection
from digitdrop.review.store import ORDERS, Entry, Store
from digitdrop.review.views import TEMPLATES, as_csv, shown
from digitdrop.status.needs import needs, of_worker
from digitdrop.status.status import read_condition
from digitdrop.values import ANY_COUNT, DigitCount, Status

_HERE: Final = Path(__file__).parent
_FILES: Final = {
    "page.css": (_HERE.parent / "page" / "page.css", "text/css"),
    "review.css": (_HERE / "review.css", "text/css"),
    "queue.js": (_HERE / "queue.js", "text/javascript"),
    "live.js": (_HERE / "live.js", "text/javascript"),
}
_LONGEST: Final = 4_096  # bytes of a request's body
_FEW: Final = 40
_MOST: Final = 200  # pictures of the queue in one answer
_NEW: Final = 20  # rows of the view that follows the report
_NO_CACHE: Final = {"cache-control": "no-store"}
_KEEP: Final = {"cache-control": "private, max-age=3600"}


class ReviewPage:
    """The views of one outbox."""

    def __init__(
        self, outbox: Path, inbox: Path, store: Store, pictures: Pictures, corrections: Corrections
    ) -> None:
        """Store the parts.

        Args:
            outbox: the folder that is shown.
            inbox: the worker's, if none runs that says so.
            store: its rows.
            pictures: its pictures.
            corrections: takes answers.
        """
        self._outbox = outbox
        self._inbox = inbox
        self._store = store
        self._pictures = pictures
        self._corrections = corrections

    def app(self) -> Starlette:
        """Return the application, without a guard."""
        routes = [
            Route("/", self.queue),
            Route("/all", self.all_rows),
            Route("/all.csv", self.export),
            Route("/live", self.live),
            Route("/figures", self.figures),
            Route("/rows/{id}", self.one_row),
            Route("/pictures/{id}", partial(self._picture, Pictures.shown)),
            Route("/thumbnails/{id}", partial(self._picture, _thumbnail)),
            Route("/frames/{id}", partial(self._picture, Pictures.frame)),
            Route("/explained/{id}", self.explained),
            Route("/api/queue", self.waiting),
            Route("/api/live", self.state),
            Route("/api/newest", self.newest),
            Route("/api/correct", self.correct, methods=["POST"]),
            Route("/api/undo", self.undo, methods=["POST"]),
            Route("/static/{name}", _static),
        ]
        handlers = {OSError: _unreadable, ReportError: _unreadable}
        return Starlette(routes=routes, exception_handlers=handlers)

    def _render(self, name: str, **values: object) -> Response:
        text = TEMPLATES.get_template(name).render(
            view=name.removesuffix(".html"), open=self._open(), **values
        )
        return HTMLResponse(text, headers=_NO_CACHE)

    def _open(self) -> int:
        """Return the number of pictures that wait for a person, as `status` counts them."""
        return sum(count_to_review(self._outbox, self._watched()).values())

    def _watched(self) -> Path:
        holder = lock.holder(self._outbox / REPORT)
        worker = read_worker_status(self._outbox, holder) if holder else None
        return Path(worker.inbox) if worker else self._inbox

    def queue(self, request: Request) -> Response:
        """Show one picture after the other."""
        order = request.query_params.get("order", "")
        order = order if order in ORDERS else "matters"
        return self._render("queue.html", order=order, orders=list(ORDERS))

    def all_rows(self, request: Request) -> Response:
        """Show a page of the table."""
        self._store.refresh()
        selection = Selection.of(request.query_params)
        count = self._store.count(selection)
        return self._render(
            "all.html",
            selection=selection,
            rows=[shown(entry) for entry in self._store.page(selection)],
            count=count,
            pages=max(1, -(-count // ON_A_PAGE)),
            sorts=SORTS,
            statuses=[(str(status), status.in_words) for status in Status],
            days=sorted({day for day, _ in self._store.days}, reverse=True),
            models=sorted(self._store.models),
        )

    def export(self, request: Request) -> Response:
        """Send the rows of a selection as CSV."""
        self._store.refresh()
        rows = as_csv(self._store.every(Selection.of(request.query_params)))
        headers = {"content-disposition": 'attachment; filename="rows.csv"', **_NO_CACHE}
        return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)

    def one_row(self, request: Request) -> Response:
        """Show a picture with all its rows."""
        self._store.refresh()
        chain = self._store.chain(request.path_params["id"])
        if not chain:
            return PlainTextResponse("There is no such row.\n", 404)
        found = self._find(chain)
        return self._render(
            "picture.html",
            rows=[shown(entry) for entry in chain],
            place=found.below if found else "",
            in_hand=self._corrections.label_in_hand(chain[0].id),
            digits=str(_digits(request)),
        )

    def _find(self, chain: list[Entry]) -> Located | None:
        label = self._corrections.label_in_hand(chain[0].id)
        return self._pictures.find(chain, [label] if label else [])

    def _picture(self, show: Callable[[Pictures, Located], bytes], request: Request) -> Response:
        self._store.refresh()
        chain = self._store.chain(request.path_params["id"])
        found = self._find(chain) if chain else None
        if not found:
            return PlainTextResponse("The picture is not there any more.\n", 404, _NO_CACHE)
        try:
            return Response(show(self._pictures, found), media_type="image/webp", headers=_KEEP)
        except InputError as error:
            return PlainTextResponse(f"The picture cannot be shown: it {error}.\n", 404, _NO_CACHE)

    def explained(self, request: Request) -> Response:
        """Draw how a picture is read."""
        digits = _digits(request)
        return self._picture(lambda pictures, found: pictures.explained(found, digits), request)

    def waiting(self, request: Request) -> Response:
        """Send the pictures that wait for a person, those first that matter most."""
        self._store.refresh()
        query = request.query_params
        order = query.get("order", "")
        order = order if order in ORDERS else "matters"
        asked = query.get("most", "")
        most = max(1, min(_MOST, int(asked))) if asked.isascii() and asked.isdecimal() else _FEW
        filed = self._pictures.filed()
        items: list[dict[str, object]] = []
        for entry in self._store.waiting(order):
            is_in_hand = self._corrections.label_in_hand(entry.id)
            if not is_in_hand and self._pictures.find_filed(entry, filed):
                items.append({**asdict(shown(entry)), "last": entry.id})
            if len(items) >= most:
                break
        return JSONResponse({"items": items, "open": self._open()}, headers=_NO_CACHE)

    def state(self, _: Request) -> Response:
        """Send how things stand, for a page that asks each second."""
        self._store.refresh()
        holder = lock.holder(self._outbox / REPORT)
        worker = read_worker_status(self._outbox, holder) if holder else None
        return JSONResponse(
            {
                "open": self._open(),
                "rows": len(self._store),
                "holder": holder or "",
                "needs": of_worker(worker) if worker else [],
            },
            headers=_NO_CACHE,
        )

    def newest(self, _: Request) -> Response:
        """Send the newest rows as part of a page."""
        self._store.refresh()
        return self._render("rows.html", rows=self._newest())

    def _newest(self) -> list[object]:
        return [shown(entry) for entry in self._store.page(Selection())[:_NEW]]

    def live(self, _: Request) -> Response:
        """Show the worker, all that needs a person, and the newest rows."""
        self._store.refresh()
        condition = read_condition(self._watched(), self._outbox, datetime.now(UTC))
        return self._render(
            "live.html",
            condition=condition,
            needs=needs(condition),
            rows=self._newest(),
            total=len(self._store),
        )

    def figures(self, _: Request) -> Response:
        """Show rows by day, and how often people corrected readings that were ok."""
        self._store.refresh()
        return self._render(
            "figures.html",
            days=by_day(self._store),
            rates=error_rates(self._store),
            statuses=[(str(status), status.in_words) for status in Status],
        )

    async def correct(self, request: Request) -> Response:
        """Take an answer."""
        asked = await _asked(request, "row", "label", "last")
        return await self._answer(
            asked and partial(self._corrections.correct, asked[0], asked[1], asked[2])
        )

    async def undo(self, request: Request) -> Response:
        """Take an answer back."""
        asked = await _asked(request, "row")
        return await self._answer(asked and partial(self._corrections.undo, asked[0]))

    async def _answer(self, act: "Callable[[], object] | list[str] | None") -> Response:
        if not callable(act):
            return JSONResponse({"text": "The page did not understand that."}, 400)
        answer = await run_in_threadpool(act)
        found = asdict(answer)  # type: ignore[call-overload]
        return JSONResponse(found, 200 if found["is_done"] else 409, headers=_NO_CACHE)


async def _asked(request: Request, *names: str) -> list[str] | None:
    """Return the texts of a JSON request; None if it is another kind of request."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST:
            return None
    try:
        given = json.loads(body)
        texts = [given[name] for name in names]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return texts if all(isinstance(text, str) for text in texts) else None


def _digits(request: Request) -> DigitCount:
    try:
        return DigitCount.parse(request.query_params.get("digits", str(ANY_COUNT)))
    except ValueError:
        return ANY_COUNT


def _thumbnail(pictures: Pictures, found: Located) -> bytes:
    return pictures.shown(found, is_small=True)


def _static(request: Request) -> Response:
    found = _FILES.get(request.path_params["name"])
    if not found:
        return PlainTextResponse("There is no such file.\n", 404)
    return FileResponse(found[0], media_type=found[1], headers={"cache-control": "no-cache"})


def _unreadable(_: Request, error: Exception) -> Response:
    why = error.strerror if isinstance(error, OSError) else error
    return PlainTextResponse(f"The outbox cannot be read: {why}\n", 503, _NO_CACHE)
