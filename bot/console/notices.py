"""An officer's notices: what came, what is unread, and the way to each complaint."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy import Connection

from bot.app.officers import OTHERWISE, WHAT
from bot.console import labels
from bot.console.auth import Entrance
from bot.console.forms import number
from bot.console.live import version
from bot.console.pages import Desk
from bot.dialog.facts import Book
from bot.dialog.says import Text, _
from bot.domain.audit import LIST
from bot.domain.clocks import ADDRESSED, RECEIVED
from storage import notices

AT = "/console/notices"
SHOWN = 50
STEPS: Mapping[tuple[str, int], Text] = {
    (RECEIVED, 50): _("Nobody has received it yet. Half of the time for that has passed."),
    (RECEIVED, 75): _("Nobody has received it yet. Three quarters of the time for that have passed."),
    (RECEIVED, 90): _("Nobody has received it yet. Only a tenth of the time for that is left."),
    (RECEIVED, 100): _("Nobody received it in time. An incident was opened."),
    (ADDRESSED, 50): _("It is not answered yet. Half of the 48 hours have passed."),
    (ADDRESSED, 75): _("It is not answered yet. Three quarters of the 48 hours have passed."),
    (ADDRESSED, 90): _("It is not answered yet. Only a tenth of the 48 hours is left."),
    (ADDRESSED, 100): _("It was not answered within 48 hours. An incident was opened."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One notice. `reference` is empty when the complaint is no longer theirs to see. `left`: of its clock's time,
    negative when it is over, None when the clock has stopped or there is none."""

    id: int
    at: datetime
    unread: bool
    text: Text
    level: str
    reference: str
    category: Text
    country: Text
    status: str
    status_label: Text
    urgency: str
    waiting_since: datetime | None
    left: timedelta | None
    is_demo: bool


def line(row: Any, book: Book, now: datetime) -> Line:
    category = book.categories.get(row.category or "")
    text = STEPS.get((row.kind, row.percent or 0), OTHERWISE) if row.percent else WHAT.get(row.what, OTHERWISE)
    return Line(
        id=row.id,
        at=row.at,
        unread=row.read_at is None,
        text=text,
        level="broken" if row.percent == 100 else "soon" if (row.percent or 0) >= 75 else "plain",
        reference=row.reference or "",
        category=category.short if category else row.category or "",
        country=labels.country(row.country or "", row.country_name or ""),
        status=row.status or "",
        status_label=labels.STATUS.get(row.status, row.status or ""),
        urgency=row.urgency or "",
        waiting_since=row.waiting_since,
        left=row.due_at - now if row.due_at is not None and row.stopped_at is None else None,
        is_demo=bool(row.is_demo),
    )


class Notices:
    """The page, and its forms."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._service = desk, entrance, desk.service

    async def listed(self, request: Request) -> Response:
        officer = await self._entrance.required(request)
        now = self._service.clock()
        only_unread = request.query_params.get("view") == "unread"
        before = number(request.query_params.get("before", ""))

        def look(connection: Connection) -> tuple[list[Any], int, str]:
            rows = notices.listed(connection, officer.reach, only_unread=only_unread, before=before, limit=SHOWN + 1)
            return rows, notices.unread(connection, officer.id), version(connection)

        rows, unread, seen = await self._service.db.read(look)
        await self._desk.looked(request, officer, LIST, "list", "notices", {"view": "unread"} if only_unread else None)
        view = "view=unread&" if only_unread else ""
        return self._desk.show(
            "notices.html",
            request,
            officer,
            lines=[line(row, self._service.book, now) for row in rows[:SHOWN]],
            unread=unread,
            only_unread=only_unread,
            first_page=before is None,
            older=f"{AT}?{view}before={rows[SHOWN - 1].id}" if len(rows) > SHOWN else "",
            version=seen,
        )

    async def count(self, request: Request) -> Response:
        """For the number in the head of every page; asked by a script, so it is no use of the session."""
        officer = await self._entrance.required(request, used=False)
        unread = await self._service.db.read(lambda c: notices.unread(c, officer.id))
        return JSONResponse({"unread": unread})

    async def read_one(self, request: Request, written: str) -> Response:
        officer = await self._entrance.required(request)
        await self._entrance.form(request, officer)
        id, now = number(written), self._service.clock()

        def work(connection: Connection) -> bool:
            if id is None or not notices.is_of(connection, officer.id, id):
                return False
            notices.read(connection, officer.id, now, only=id)
            return True

        if not await self._service.db.write(work):
            raise self._desk.problem("missing", request, officer)
        return RedirectResponse(AT, 303)

    async def read_all(self, request: Request) -> Response:
        """Up to the newest that the page showed: what came since was not seen."""
        officer = await self._entrance.required(request)
        posted = await self._entrance.form(request, officer)
        upto, now = number(posted.get("upto", 20)) or 0, self._service.clock()
        await self._service.db.write(lambda c: notices.read(c, officer.id, now, upto=upto))
        return RedirectResponse(AT, 303)


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/notices` and what is under it."""
    made = Notices(desk, entrance)
    to.add_api_route("/notices", made.listed, methods=["GET"])
    to.add_api_route("/notices/count", made.count, methods=["GET"])
    to.add_api_route("/notices/read", made.read_all, methods=["POST"])
    to.add_api_route("/notices/{written}/read", made.read_one, methods=["POST"])
