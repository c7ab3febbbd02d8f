"""The list of complaints: filters, counts, pages by key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from bot import pages
from bot.console import labels, views
from bot.console.auth import Entrance
from bot.console.live import version
from bot.console.pages import HOME, Desk, brief
from bot.text import khmer, reference
from handlers.categories import GROUPS
from storage import caseload
from storage.caseload import Filter

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """The list's filters as they stand in the address. `written`: the reference as it was typed."""

    view: str
    filter: Filter
    written: str

    @property
    def narrowed(self) -> bool:
        return bool(self.filter.category or self.filter.country or self.filter.channel or self.written)

    def address(self, **changed: str | int) -> str:
        values = {
            "status": self.view,
            "category": self.filter.category,
            "country": self.filter.country,
            "channel": self.filter.channel,
            "reference": self.written,
            **changed,
        }
        return f"{HOME}?{urlencode({name: value for name, value in values.items() if value})}"


def asked(request: Request, now: datetime) -> Asked:
    """Read the address; what makes no sense in it is left out."""
    given = request.query_params
    typed = khmer.clean(given.get("reference", ""))[:64]
    view = given.get("status", "")
    if view not in labels.STATUS and view not in labels.VIEWS:
        view = "all" if typed else "open"
    before = given.get("before", "")
    return Asked(
        view=view,
        filter=Filter(
            status={"overdue": "open", "all": ""}.get(view, view),
            category=given.get("category", "")[:40],
            country=given.get("country", "")[:2],
            channel=given.get("channel", "")[:20],
            reference=reference.read(typed) or "",
            late_at=now if view == "overdue" else None,
            before=int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None,
        ),
        written=typed,
    )


class Complaints:
    """The pages."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._service = desk, entrance, desk.service

    async def home(self, request: Request) -> Response:
        await self._entrance.required(request)
        return RedirectResponse(HOME, 303)

    async def listed(self, request: Request) -> Response:
        officer = await self._entrance.required(request)
        now, language, book = self._service.clock(), pages.language_of(request), self._service.book
        wanted = asked(request, now)
        unreadable = bool(wanted.written) and not wanted.filter.reference

        def look(connection: Connection) -> tuple[list[Any], dict[str, int], str]:
            rows = [] if unreadable else caseload.listed(connection, officer.reach, wanted.filter, SHOWN + 1)
            return rows, caseload.counts(connection, officer.reach, now), version(connection)

        rows, counts, seen = await self._service.db.read(look)
        return self._desk.show(
            "complaints.html",
            request,
            officer,
            lines=[views.line(row, book, now) for row in rows[:SHOWN]],
            older=wanted.address(before=rows[SHOWN - 1].id) if len(rows) > SHOWN else "",
            asked=wanted,
            unreadable=unreadable,
            counts=counts,
            statuses={**labels.VIEWS, **labels.STATUS},
            groups=[(label, codes) for label, _short, codes in GROUPS.values()],
            categories=book.categories,
            countries=labels.COUNTRIES,
            channels=labels.CHANNELS,
            version=seen,
            brief=lambda when: brief(when, language),
        )


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/complaints`, the list."""
    made = Complaints(desk, entrance)
    to.add_api_route("", made.home, methods=["GET"])
    to.add_api_route("/", made.home, methods=["GET"])
    to.add_api_route("/complaints", made.listed, methods=["GET"])
