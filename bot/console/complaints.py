"""The list of complaints: views, filters, one box to look for anything, pages by key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from bot.console import asked, auth, bulk, labels, rows, saved
from bot.console.asked import Asked
from bot.console.auth import Entrance
from bot.console.live import version
from bot.console.pages import HOME, Desk, Officer
from bot.domain.audit import LIST, SEARCH
from bot.domain.reach import ASSIGN, READ, WORK
from bot.text import reference, words
from handlers.categories import GROUPS
from storage import caseload, filters, listing, offices, search
from storage.listing import Filter, Page

SHOWN = 50
WORDS = 12
"""Words that are looked for at once."""


@dataclass(frozen=True, slots=True)
class Found:
    """One look at the database. `known`: the complaint that was looked for by its reference."""

    page: Page
    beside: listing.Beside
    counts: dict[str, int]
    offices: list[Any]
    colleagues: list[Any]
    saved: list[Any]
    version: str
    known: Any | None = None
    wordless: bool = False


class Complaints:
    """The pages."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._service = desk, entrance, desk.service

    async def home(self, request: Request) -> Response:
        officer = await self._entrance.required(request)
        return RedirectResponse(auth.home_of(officer.role), 303)

    async def listed(self, request: Request) -> Response:
        officer = await self._entrance.required(request)
        now, book = self._service.clock(), self._service.book
        wanted = asked.read(request.query_params)
        found = await self._service.db.read(lambda connection: look(connection, officer, wanted, now))
        if found.known is not None:
            return RedirectResponse(f"{HOME}/{found.known.reference}", 303)
        await self._desk.looked(
            request, officer, SEARCH if wanted.written else LIST, "list", "complaints", wanted.codes
        )
        page = found.page
        return self._desk.show(
            "complaints.html",
            request,
            officer,
            here=wanted.here,
            lines=rows.rows(page.rows, found.beside, book, now, officer.id),
            older=wanted.address(older=page.older) if page.older else "",
            newer=wanted.address(newer=page.newer) if page.newer else "",
            asked=wanted,
            hint=hint(wanted, found),
            counts=found.counts,
            tiles=[(view, labels.VIEWS[view]) for view in listing.VIEWS if view in found.counts],
            statuses={**labels.VIEWS, **labels.STATUS},
            groups=[(label, codes) for label, _short, codes in GROUPS.values()],
            categories=book.categories,
            countries=labels.COUNTRIES,
            channels=labels.CHANNELS,
            offices=found.offices,
            colleagues=found.colleagues,
            saved=[(one.name, asked.read_query(one.query).address()) for one in found.saved],
            may_work=officer.may(WORK),
            may_read=officer.may(READ),
            did=bulk.told(request.query_params),
            version=found.version,
        )


def look(connection: Connection, officer: Officer, wanted: Asked, now: datetime) -> Found:
    """Everything the page shows."""
    code = reference.read(wanted.written)
    known = caseload.one(connection, officer.reach, code) if code else None
    looked_for = words.asked(wanted.written, WORDS) if wanted.written and not known else []
    wordless = bool(wanted.written) and not looked_for
    about, empty = None, known is not None or wordless
    if wanted.about:
        meant = caseload.one(connection, officer.reach, wanted.about)
        about = meant.about_key if meant else None
        empty = empty or about is None
    narrow = Filter(
        view=wanted.view,
        category=wanted.category,
        country=wanted.country,
        channel=wanted.channel,
        office=wanted.office,
        words=tuple(search.token(word) for word in looked_for),
        about=about,
    )
    page = (
        Page([])
        if empty
        else listing.listed(connection, officer.reach, narrow, now, place=wanted.place, back=wanted.back, limit=SHOWN)
    )
    return Found(
        page=page,
        beside=listing.beside(connection, page.rows),
        counts=listing.counts(connection, officer.reach, now),
        offices=[
            one for one in offices.every(connection) if officer.reach.everywhere or one.id in officer.reach.offices
        ],
        colleagues=listing.colleagues(connection, officer.reach) if officer.may(ASSIGN) else [],
        saved=filters.of_officer(connection, officer.id),
        version=version(connection),
        known=known,
        wordless=wordless,
    )


def hint(wanted: Asked, found: Found) -> str:
    """Why a search finds nothing, when that can be told."""
    if found.wordless:
        return "wordless"
    if found.page.rows or not wanted.written:
        return ""
    plain = "".join(sign for sign in wanted.written if sign.isalnum())
    looks = plain.isascii() and 5 <= len(plain) <= 10 and any(sign.isdigit() for sign in plain)
    return "reference" if looks and " " not in wanted.written.strip() else ""


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/complaints`, the list, and what is done from it."""
    made = Complaints(desk, entrance)
    to.add_api_route("", made.home, methods=["GET"])
    to.add_api_route("/", made.home, methods=["GET"])
    to.add_api_route("/complaints", made.listed, methods=["GET"])
    bulk.routes(to, desk, entrance)
    saved.routes(to, desk, entrance)
