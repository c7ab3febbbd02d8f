"""The phone page and what it calls: events, files and the stream of one person, known by a cookie alone."""

import asyncio
import logging
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy import Connection
from starlette.requests import ClientDisconnect

from bot.app.engine import Engine
from bot.app.files import LIMIT, Stored, gather, sniff
from bot.app.service import Service
from bot.channels.base import Arrival, FetchRefused, File, Forbidden, Malformed, file_id
from bot.channels.phone import COOKIE, NAME, Hub, Phone, event_id, sender
from bot.dialog.events import Kind, Sent
from bot.pages import LANGUAGE_COOKIE, Pages, language_of, static_url
from bot.web.phone_stream import stream
from bot.web.phone_words import REFUSALS, words
from storage import attachments, outbox, people

log = logging.getLogger(__name__)

EVENT_LIMIT = 64 * 1024
YEAR = 365 * 24 * 3600
MODULES = tuple(f"phone-{name}.js" for name in ("store", "post", "show", "choices", "voice", "media", "composer"))
PAGE_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; worker-src 'none'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "permissions-policy": "microphone=(self), geolocation=(self), camera=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
FILE_HEADERS = {
    "accept-ranges": "bytes",
    "cache-control": "private, no-store",
    "content-disposition": "inline",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


def router(service: Service, engine: Engine) -> APIRouter:
    """Owns `/phone` and everything below it."""
    routes, web = APIRouter(), PhoneWeb(service, engine)
    routes.add_api_route("/phone", web.page, methods=["GET"])
    routes.add_api_route("/phone/hello", web.hello, methods=["POST"])
    routes.add_api_route("/phone/events", web.event, methods=["POST"])
    routes.add_api_route("/phone/files", web.upload, methods=["POST"])
    routes.add_api_route("/phone/files/{id}", web.download, methods=["GET"])
    routes.add_api_route("/phone/stream", web.listen, methods=["GET"])
    return routes


class PhoneWeb:
    """The page's own server side. What is sent is answered only after the commit."""

    def __init__(self, service: Service, engine: Engine) -> None:
        self._service, self._engine = service, engine
        self._pages = Pages(Path(__file__).resolve().parent / "templates", service.catalogues)
        channel = service.channels[NAME]
        self._hub = channel.hub if isinstance(channel, Phone) else Hub()

    async def page(self, request: Request) -> Response:
        known = is_known(request)
        fresh = not known and not from_elsewhere(request)
        language = language_of(request)
        answer = self._pages.show(
            "phone.html",
            request,
            language,
            headers=PAGE_HEADERS,
            words=words(self._service.catalogues),
            modules={name: static_url(name) for name in MODULES},
            limit=LIMIT,
            known=known or fresh,
        )
        if fresh:
            self._give_token(answer)
        if "lang" in request.query_params:
            answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR, samesite="lax", secure=self._is_secure)
        return answer

    async def hello(self, request: Request) -> Response:
        """Gives a cookie to a page that came without one; see `from_elsewhere`."""
        answer = Response(status_code=204)
        if not is_known(request):
            self._give_token(answer)
        return answer

    async def event(self, request: Request) -> Response:
        """One JSON event; see `bot.channels.phone`."""
        try:
            sender(request.headers)
            refuse_over(EVENT_LIMIT, request)
            body = await gather(request.stream(), EVENT_LIMIT)
            for arrival in self._service.channels[NAME].parse(body, request.headers):
                await self._engine.receive(arrival)
        except Exception as error:
            return self._refused(error, request)
        return Response(status_code=204)

    async def upload(self, request: Request) -> Response:
        """The raw body is the file: stored first, received then. The same id again changes nothing."""
        try:
            person, asked = sender(request.headers), request.query_params
            event = event_id(person, asked.get("id"))
            id = file_id(NAME, event)
            if await self._service.db.read(lambda connection: attachments.get(connection, id)) is None:
                refuse_over(LIMIT, request)
                content = await gather(request.stream(), LIMIT)
                if not content:
                    raise FetchRefused("empty")
                stored = await asyncio.to_thread(self._service.files.store, id, content)
                await self._engine.receive(self._arrival(person, event, id, stored, asked.get("kind", "")))
        except Exception as error:
            return self._refused(error, request)
        return JSONResponse({"file": id}, 201)

    async def download(self, request: Request, id: str) -> Response:
        """An officer's file that was sent to this person, or the person's own."""
        try:
            person = sender(request.headers)
            mime = await self._service.db.read(lambda connection: visible(connection, person, id))
            if mime is None:
                return Response(status_code=404)
            content = await asyncio.to_thread(self._service.files.load, id)
            return ranged(content, mime or sniff(content)[0], request.headers.get("range", ""))
        except (Forbidden, FileNotFoundError, FetchRefused):
            return Response(status_code=404)

    async def listen(self, request: Request) -> Response:
        try:
            person = sender(request.headers)
        except Forbidden as error:
            return self._refused(error, request)
        said = request.headers.get("last-event-id") or request.query_params.get("after") or ""
        after = int(said) if re.fullmatch(r"[0-9]{1,18}", said) else 0
        told = stream(self._service.db, self._hub, person, after, request.is_disconnected)
        return StreamingResponse(told, media_type="text/event-stream", headers=STREAM_HEADERS)

    def _arrival(self, person: str, event: str, id: str, stored: Stored, claimed: str) -> Arrival:
        kind = kind_of(stored, claimed)
        source = {"stored": True, "mime": stored.mime, "size": stored.size, "digest": stored.digest}
        return Arrival(
            channel=NAME,
            event_id=event,
            external_id=person,
            at=self._service.clock(),
            events=(Sent(kind, id, stored.size),),
            files=(File(id, kind, source),),
        )

    def _refused(self, error: Exception, request: Request) -> Response:
        """Why it was not taken, in words of the page's language."""
        if isinstance(error, ClientDisconnect):
            return Response(status_code=400)
        name = reason_of(error)
        if name == "away":
            log.error("a phone's message could not be stored", extra={"why": repr(error)[:300]})
        if name == "too_big" and request.url.path.endswith("/events"):
            name = "too_long"
        status, text = REFUSALS[name]
        said = {"error": name, "words": self._service.catalogues.text(text, language_of(request))}
        if isinstance(error, Malformed):
            said["why"] = str(error)
        return JSONResponse(said, status, {"retry-after": "2"} if status == 503 else None)

    def _give_token(self, answer: Response) -> None:
        answer.set_cookie(
            COOKIE,
            secrets.token_urlsafe(32),
            max_age=YEAR,
            path="/phone",
            httponly=True,
            samesite="strict",
            secure=self._is_secure,
        )

    @property
    def _is_secure(self) -> bool:
        return self._service.settings.public_url.startswith("https:")


def kind_of(stored: Stored, claimed: str) -> Kind:
    """What it is; but a recorder may put sound alone into a container for video, and only the page knows that."""
    kinds: dict[str, Kind] = {"photo": "photo", "voice": "voice", "video": "video"}
    if claimed == "voice" and stored.kind == "video":
        return "voice"
    return kinds.get(stored.kind, "file")


def visible(connection: Connection, person: str, id: str) -> str | None:
    """The MIME type of a file this person may open (empty: not noted); None when it is none of theirs."""
    found = attachments.get(connection, id)
    if found is not None and found.state not in (attachments.KEPT, attachments.WAITING):
        return None
    own = found is not None and found.address_id == people.address_of(connection, NAME, person)
    if not (own and found and found.channel == NAME) and not outbox.delivered_file(connection, NAME, person, id):
        return None
    return (found.mime or str((found.source or {}).get("mime", ""))) if found else ""


def reason_of(error: Exception) -> str:
    """The name, in REFUSALS, of why something was not taken."""
    match error:
        case Forbidden():
            return "unknown"
        case Malformed():
            return "malformed"
        case FetchRefused(args=(str(reason), *_)):
            return reason if reason in REFUSALS else "kind"
        case _:
            return "away"


def refuse_over(limit: int, request: Request) -> None:
    """By what the request says of itself, before anything of it is read."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:19]) > limit:
        raise FetchRefused("too_big")


def ranged(content: bytes, mime: str, asked: str) -> Response:
    """All of it, or the one range that was asked for: some phones play sound only from a server that gives ranges."""
    found = re.fullmatch(r"bytes=([0-9]{0,15})-([0-9]{0,15})", asked)
    if not found or not any(found.groups()):
        return Response(content, media_type=mime, headers=FILE_HEADERS)
    size, (first, last) = len(content), found.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    headers = FILE_HEADERS | {"content-range": f"bytes {start}-{end}/{size}"}
    return Response(content[start : end + 1], 206, headers, mime)


def is_known(request: Request) -> bool:
    try:
        return bool(sender(request.headers))
    except Forbidden:
        return False


def from_elsewhere(request: Request) -> bool:
    """Opened by a link on another site: then a browser holds back a strict cookie that it may well have.

    A new one here would make a stranger of somebody we know, so the page itself asks for one (`/phone/hello`).
    """
    site = request.headers.get("sec-fetch-site")
    if site:
        return site == "cross-site"
    referer = urlsplit(request.headers.get("referer", "")).netloc
    return bool(referer) and referer != request.headers.get("host", "")
