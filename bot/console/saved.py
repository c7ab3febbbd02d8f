"""Saved lists: filters an officer comes back to, under their own names."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from bot.console import asked
from bot.console.auth import Entrance
from bot.console.forms import number
from bot.console.pages import HOME, Desk, Officer, place_of
from bot.dialog.says import _
from bot.domain.audit import OFFICER, Act
from bot.domain.reach import READ
from bot.text import khmer
from storage import audit, filters

MOST = 20
"""Of one officer."""
NAMED = 40
"""Code points of a name."""
HERE = f"{HOME}/saved"


class Saved:
    """The pages."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._service = desk, entrance, desk.service

    async def shown(self, request: Request) -> Response:
        return await self._show(request, await self._entrance.allowed(request, READ))

    async def add(self, request: Request) -> Response:
        officer = await self._entrance.allowed(request, READ)
        posted = await self._entrance.form(request, officer)
        wanted = replace(asked.read_query(posted.get("query", 4000)), place=None)
        name = khmer.clean(posted.get("name", 1000))

        def work(connection: Connection) -> str:
            known = filters.of_officer(connection, officer.id)
            if any(one.name == name and one.query == wanted.query() for one in known):
                return "saved"  # the button was pressed twice
            if len(known) >= MOST:
                return "full"
            made = filters.add(connection, officer.id, name, wanted.query())
            self._record(connection, request, officer, "save_filter", made)
            return "saved"

        told = await self._service.db.write(work) if 0 < len(name) <= NAMED else "unnamed"
        return RedirectResponse(wanted.telling(did=told), 303)

    async def change(self, request: Request, id: str) -> Response:
        officer = await self._entrance.allowed(request, READ)
        posted = await self._entrance.form(request, officer)
        which, name = number(id) or 0, khmer.clean(posted.get("name", 1000))
        work: Callable[[Connection], bool]
        if posted.get("do") == "delete":
            work, action = lambda connection: filters.drop(connection, officer.id, which), "delete_filter"
        elif 0 < len(name) <= NAMED:
            work, action = lambda connection: filters.rename(connection, officer.id, which, name), "rename_filter"
        else:
            return await self._show(request, officer, wrong=which, status=422)

        def recorded(connection: Connection) -> bool:
            done = work(connection)
            if done:
                self._record(connection, request, officer, action, which)
            return done

        if not await self._service.db.write(recorded):
            raise self._desk.problem("missing", request, officer)
        return RedirectResponse(HERE, 303)

    async def _show(self, request: Request, officer: Officer, *, wrong: int = 0, status: int = 200) -> Response:
        found = await self._service.db.read(lambda connection: filters.of_officer(connection, officer.id))
        kept: list[tuple[Any, str]] = [(one, asked.read_query(one.query).address()) for one in found]
        return self._desk.show(
            "complaints_saved.html",
            request,
            officer,
            status=status,
            here=HERE,
            kept=kept,
            wrong=wrong,
            error=_("Please write a name of 1 to 40 characters."),
            named=NAMED,
        )

    def _record(self, connection: Connection, request: Request, officer: Officer, action: str, id: int) -> None:
        now = self._service.clock()
        audit.append(connection, Act(now, OFFICER, action, officer.id, place_of(request), "filter", str(id)))


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/complaints/saved`."""
    made = Saved(desk, entrance)
    to.add_api_route("/complaints/saved", made.shown, methods=["GET"])
    to.add_api_route("/complaints/saved", made.add, methods=["POST"])
    to.add_api_route("/complaints/saved/{id}", made.change, methods=["POST"])
