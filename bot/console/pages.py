"""What every page of the console shares: early answers, security headers, what is recorded, the layout."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from bot import pages
from bot.app.audit import note_forbidden, note_read
from bot.app.engine import Engine
from bot.app.service import Service
from bot.dialog.says import Say, Words, _
from bot.domain.errors import NotYours
from bot.domain.reach import AUDIT, CANNED, FIGURES, INCIDENTS, READ, ROUTING, STAFF, Reach
from bot.i18n import Renderer
from bot.text import khmer, reference

TEMPLATES = Path(__file__).resolve().parent / "templates"
HOME = "/console/complaints"
SESSION_COOKIE = "console"
LIVE_HEADER = "x-live"
"""Sent by console.js when it looks again by itself: that is no use of the session."""

YEAR = 365 * 24 * 3600

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
SECTIONS = (
    ("complaints", _("Complaints"), READ),
    ("notices", _("Notices"), ""),
    ("incidents", _("Incidents"), INCIDENTS),
    ("figures", _("Figures"), FIGURES),
    ("offices", _("Sub-committees"), ROUTING),
    ("canned", _("Ready answers"), CANNED),
    ("staff", _("Officers"), STAFF),
    ("audit", _("Audit"), AUDIT),
    ("account", _("My account"), ""),
)
"""The console's sections: address, name, and what one must be allowed to see it."""
PROBLEMS: Mapping[str, tuple[int, str, str]] = {
    "missing": (
        404,
        _("There is no such page"),
        _("It does not exist, or it is not yours to see. Please check the reference."),
    ),
    "forged": (
        403,
        _("This form could not be accepted"),
        _("It was open too long, or did not come from this page. Nothing was changed. Please go back and try again."),
    ),
    "refused": (
        403,
        _("Your role does not allow this"),
        _("Nothing was changed. Ask whoever keeps the officers' list."),
    ),
    "unreadable": (400, _("This form could not be read"), _("Nothing was changed. Please go back and try again.")),
}


class Answer(Exception):
    """The page ends here, with this response; `first` is done before it is given."""

    def __init__(self, response: Response, first: Callable[[], Awaitable[None]] | None = None) -> None:
        super().__init__(response.status_code)
        self.response, self.first = response, first


class Guarded(APIRoute):
    """A route whose answer, early or not, carries the console's headers unless it brings its own."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                response = await handle(request)
            except Answer as answer:
                response = answer.response
                if answer.first is not None:
                    await answer.first()
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return guarded


@dataclass(frozen=True, slots=True)
class Officer:
    """Who is signed in, in this browser. `csrf` is in every form of theirs."""

    id: int
    name: Words
    role: str
    csrf: str
    digest: str
    reach: Reach

    def may(self, what: str) -> bool:
        return self.reach.may(what)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the console's pages are made with."""

    service: Service
    engine: Engine
    pages: pages.Pages

    def show(
        self, template: str, request: Request, officer: Officer | None, *, status: int = 200, **values: Any
    ) -> Response:
        language = pages.language_of(request)
        shared: dict[str, Any] = {
            "officer": officer,
            "at": "/console",
            "here": back_to(request),
            "request_path": request.url.path,
            "brief": partial(brief, language=language),
        }
        if officer is not None:
            shared["sections"] = [(name, label, not what or officer.may(what)) for name, label, what in SECTIONS]
        values = {**shared, **values}
        return self.pages.show(template, request, language, status=status, **values)

    def problem(self, what: str, request: Request, officer: Officer | None = None) -> Answer:
        status, title, text = PROBLEMS[what]
        back = local(urlsplit(request.headers.get("referer", "")).path)
        shown = self.show("problem.html", request, officer, status=status, title=title, text=text, back=back)
        if officer is None or not is_forbidden(what, request):
            return Answer(shown)
        noted = (self.service, officer.id, place_of(request), request.method, request.url.path)
        return Answer(shown, partial(note_forbidden, *noted))

    async def forbidden(self, request: Request, officer: Officer, code: str) -> None:
        """Record that a form named a complaint that is not theirs."""
        await note_forbidden(self.service, officer.id, place_of(request), request.method, request.url.path, code)

    def tell(self, request: Request) -> Callable[[Say], str]:
        """Says in the words of the page's language."""
        return Renderer(self.service.catalogues, pages.language_of(request)).say

    async def command(self, request: Request, officer: Officer, command: object) -> None:
        """Carry out a command of theirs; a role that no longer allows it gets the page that says so.

        Raises DomainError.
        """
        try:
            await self.engine.command(command, place=place_of(request))
        except NotYours:
            raise self.problem("refused", request, officer) from None

    async def looked(
        self,
        request: Request,
        officer: Officer,
        action: str,
        kind: str,
        subject: str,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Into the audit what is about to be shown; see `bot.app.audit.note_read`."""
        live = LIVE_HEADER in request.headers
        await note_read(self.service, officer.id, place_of(request), action, kind, subject, after, live=live)


def is_forbidden(what: str, request: Request) -> bool:
    """A refusal to be recorded: of a role, or of something that its address names; a mistyped section is none."""
    names_one = bool(set(request.path_params) - {"path"}) or any(map(reference.read, request.url.path.split("/")))
    return what == "refused" or (what == "missing" and names_one)


def place_of(request: Request) -> str:
    """The address somebody works from."""
    return request.client.host[:64] if request.client else ""


def here(request: Request) -> str:
    """This page's own address without a language or a notice, for the switch of languages."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in ("lang", "done")]
    return request.url.path + ("?" + urlencode(kept) if kept else "")


def back_to(request: Request) -> str:
    """The page to go on from: this one, or for a posted form the page that holds it."""
    return here(request) if request.method == "GET" else local(request.url.path.rpartition("/")[0])


def local(address: str) -> str:
    """The address when it is a page of the console, else the list: nobody is sent elsewhere after signing in."""
    plain = address.isascii() and address.isprintable() and "\\" not in address and "//" not in address
    parts = urlsplit(address) if plain else None
    if parts is None or parts.scheme or parts.netloc or parts.path.startswith("/console/sign-"):
        return HOME
    return address if parts.path == "/console" or parts.path.startswith("/console/") else HOME


def chosen_language(request: Request) -> None:
    """`?lang=` is remembered, and leaves the address."""
    language = request.query_params.get("lang")
    if language not in ("km", "en"):
        return
    response = RedirectResponse(here(request), 303)
    response.set_cookie(pages.LANGUAGE_COOKIE, language, max_age=YEAR, path="/", samesite="lax")
    raise Answer(response)


def same(one: str, other: str) -> bool:
    """Compared in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())


def download(content: bytes, kind: str, name: str) -> Response:
    return Response(content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


def brief(when: datetime, language: str) -> str:
    """A moment for a list, in Phnom Penh's time: 22/11/2026 15:04 (day first, as both languages write it here)."""
    shown = f"{pages.in_zone(when):%d/%m/%Y %H:%M}"
    return khmer.to_khmer_digits(shown) if language == "km" else shown
