"""Broken promises: open ones to look into, closed ones with what was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from bot.console import labels
from bot.console.auth import Entrance
from bot.console.forms import number
from bot.console.live import version
from bot.console.pages import Desk, Officer
from bot.dialog.facts import Book
from bot.dialog.says import Text, Words, _
from bot.domain.audit import LIST
from bot.domain.clocks import ADDRESSED, REASON_LIMIT, RECEIVED, CloseIncident
from bot.domain.errors import DomainError, Empty, NotFound, Overtaken, TooLong
from bot.domain.reach import INCIDENTS
from bot.text import khmer
from storage import incidents

AT = "/console/incidents"
SHOWN = 50
BROKEN: Mapping[str, Text] = {
    RECEIVED: _("Nobody received it in time"),
    ADDRESSED: _("No answer within 48 hours"),
}
REFUSALS: Mapping[type[DomainError], Text] = {
    Empty: _("Please write what you found."),
    TooLong: _("This is too long. Please shorten it."),
    Overtaken: _("Another officer has closed it already. Nothing was changed."),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """A form that was not accepted: shown again with what was typed, and why."""

    incident: int = 0
    text: str = ""
    error: Text = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One incident. `late`: by how much, up to now or to when it was done; `running`: it still is not."""

    id: int
    what: Text
    reference: str
    category: Text
    country: Text
    status: str
    status_label: Text
    urgency: str
    is_demo: bool
    waiting_since: datetime | None
    office: Text
    due_at: datetime
    late: timedelta
    running: bool
    closed_at: datetime | None
    closed_by: Text
    reason: str


def line(row: Any, book: Book, now: datetime) -> Line:
    category = book.categories.get(row.category)
    return Line(
        id=row.id,
        what=BROKEN.get(row.kind, BROKEN[ADDRESSED]),
        reference=row.reference,
        category=category.short if category else row.category,
        country=labels.country(row.country, row.country_name),
        status=row.status,
        status_label=labels.STATUS.get(row.status, row.status),
        urgency=row.urgency,
        is_demo=row.is_demo,
        waiting_since=row.waiting_since,
        office=Words(row.office_km, row.office_en) if row.office_km else _("No sub-committee"),
        due_at=row.clock_due_at,
        late=max(timedelta(0), (row.stopped_at or now) - row.clock_due_at),
        running=row.stopped_at is None,
        closed_at=row.closed_at,
        closed_by=Words(row.closer_km, row.closer_en) if row.closer_km else _("Officer"),
        reason=row.reason or "",
    )


class Incidents:
    """The page, and the form that closes one."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._service = desk, entrance, desk.service

    async def listed(self, request: Request) -> Response:
        return await self._show(request, await self._entrance.allowed(request, INCIDENTS), Tried())

    async def close(self, request: Request, written: str) -> Response:
        officer = await self._entrance.allowed(request, INCIDENTS)
        posted = await self._entrance.form(request, officer)
        incident, reason = number(written), khmer.clean(posted.get("reason"))
        try:
            if incident is None:
                raise NotFound
            await self._desk.command(request, officer, CloseIncident(incident, reason, officer.id))
        except NotFound:
            raise self._desk.problem("missing", request, officer) from None
        except DomainError as error:
            return await self._show(request, officer, Tried(incident or 0, reason, REFUSALS[type(error)]), 422)
        return RedirectResponse(f"{AT}?done=closed", 303)

    async def _show(self, request: Request, officer: Officer, tried: Tried, status: int = 200) -> Response:
        now = self._service.clock()
        closed = request.query_params.get("view") == "closed"
        before = number(request.query_params.get("before", ""))

        def look(connection: Connection) -> tuple[list[Any], tuple[int, int], str]:
            rows = incidents.listed(connection, officer.reach, closed=closed, before=before, limit=SHOWN + 1)
            return rows, incidents.counts(connection, officer.reach), version(connection)

        rows, counts, seen = await self._service.db.read(look)
        await self._desk.looked(request, officer, LIST, "list", "incidents", {"view": "closed"} if closed else None)
        lines = [line(row, self._service.book, now) for row in rows[:SHOWN]]
        return self._desk.show(
            "incidents.html",
            request,
            officer,
            status=status,
            here=f"{AT}?view=closed" if closed else AT,
            lines=lines,
            counts=counts,
            closed=closed,
            first_page=before is None,
            older=f"{AT}?{'view=closed&' if closed else ''}before={rows[SHOWN - 1].id}" if len(rows) > SHOWN else "",
            tried=tried,
            tried_is_shown=any(one.id == tried.incident for one in lines),
            limit=REASON_LIMIT,
            done=request.query_params.get("done") == "closed",
            version=seen,
        )


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/incidents` and what is under it."""
    made = Incidents(desk, entrance)
    to.add_api_route("/incidents", made.listed, methods=["GET"])
    to.add_api_route("/incidents/{written}/close", made.close, methods=["POST"])
