"""Who else has this complaint open, and who is writing: told by the open pages themselves."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from bot.console import beside
from bot.console.auth import Entrance
from bot.console.pages import Desk
from bot.console.papers import written
from bot.console.sight import STALE
from bot.domain.reach import WORK
from storage import caseload, presence

FORGOTTEN = timedelta(hours=1)
"""After this long a row is thrown away."""


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/complaints/{code}/presence`: a page says that it is open, and gets who else is there."""

    @to.post("/complaints/{code}/presence")
    async def here(request: Request, code: str) -> Response:
        officer = await entrance.required(request, used=False)
        posted = await entrance.form(request, officer)
        now = desk.service.clock()
        row = await desk.service.db.read(lambda c: caseload.one(c, officer.reach, written(code)))
        if row is None:
            raise desk.problem("missing", request, officer)

        def mark(connection: Connection) -> None:
            if posted.get("left"):
                presence.left(connection, row.id, officer.id)
            else:
                presence.here(connection, row.id, officer.id, now, writing=posted.get("writing") == "yes")
            presence.forget_before(connection, now - FORGOTTEN)

        if officer.may(WORK):
            await desk.service.db.write(mark)

        def look(connection: Connection) -> list[Any]:
            return presence.others(connection, row.id, officer.id, now - STALE)

        others = [(beside.names(one), one.writing) for one in await desk.service.db.read(look)]
        return desk.show("complaint_presence.html", request, officer, others=others, presence_at=request.url.path)
