"""Sub-committees: the list, one office's page with its hours and members, and the routing table's pages beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from bot.app import routing as shell
from bot.console import labels, office_sheets, rules
from bot.console import routing_words as words
from bot.console.auth import Entrance
from bot.console.forms import Form, number
from bot.console.pages import Desk, Officer
from bot.dialog.says import Say, Text, Words, _
from bot.domain.errors import DomainError, Overtaken
from bot.domain.hours import MOST
from bot.domain.offices import NAME_LIMIT, FaultyOffice, SaveMembers, SaveOffice
from bot.domain.reach import ROUTING
from bot.domain.routing import NATIONAL
from bot.text import khmer
from storage import offices, staff

ADDRESS = "/console/offices"
DONE: Mapping[str, Text] = {
    "office": _("The office was saved."),
    "members": _("The members were saved."),
    "offices": _("The offices of the file were saved."),
}
OVERTAKEN = _(
    "Another administrator saved this office while you worked on it. What you typed stands below. Look at it, then "
    "save again, or leave the page to keep theirs."
)
MEMBERS_OVERTAKEN = _("Another administrator changed the members in the meantime. Please look at them and choose anew.")
NO_LOGIN = _("No active officer has the login “{login}”.")
FIELDS = ("name_km", "name_en", "country", "time_zone", "hours", "holidays")


@dataclass(frozen=True, slots=True)
class Shown:
    """An office in the list. `row` is its whole row; its hours are in words, a part a line."""

    row: Any
    name: Text
    country: Text
    opening: str
    opening_state: str
    hours: Sequence[str]
    open_complaints: int
    rules: Sequence[int]


@dataclass(frozen=True, slots=True)
class Tried:
    """A form that was not accepted, shown again: the office as typed, or the login, and why."""

    office: SaveOffice | None = None
    login: str = ""
    error: Text | Say = ""
    faults: Mapping[str, str] | None = None
    seen: str = ""
    where: str = "facts"


class OfficesPages:
    """The pages, and the forms on them."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._service = desk, entrance, desk.service

    async def listed(self, request: Request) -> Response:
        officer = await self._entrance.allowed(request, ROUTING)
        now = self._service.clock()

        def look(connection: Connection) -> tuple[Any, ...]:
            counts = offices.open_counts(connection), offices.with_national(connection, now - rules.COUNTED)
            return (shell.table(connection), *counts, offices.nowhere(connection))

        table, counts, unrouted, nowhere = await self._service.db.read(look)
        return self._desk.show(
            "offices.html",
            request,
            officer,
            here=ADDRESS,
            shown=[self._shown(row, request, table, counts) for row in table.offices],
            unrouted=unrouted,
            nowhere=nowhere,
            days=rules.COUNTED.days,
            done=DONE.get(request.query_params.get("done", ""), ""),
        )

    def _shown(self, row: Any, request: Request, table: Any, counts: Mapping[int, int]) -> Shown:
        tell = self._desk.tell(request)
        opening = words.opening(row, self._service.clock())
        return Shown(
            row=row,
            name=Words(row.name_km, row.name_en),
            country=labels.country(row.country),
            opening=tell(opening.words),
            opening_state=opening.state,
            hours=[tell(one) for one in words.hours_in_words(row.hours)],
            open_complaints=counts.get(row.id, 0),
            rules=[number for number, line in enumerate(table.lines, 1) if line.office == row.code],
        )

    async def new(self, request: Request) -> Response:
        return await self._show(request, await self._entrance.allowed(request, ROUTING), "", Tried())

    async def one(self, request: Request, code: str) -> Response:
        return await self._show(request, await self._entrance.allowed(request, ROUTING), code, Tried())

    async def add(self, request: Request) -> Response:
        return await self._save(request, "")

    async def save(self, request: Request, code: str) -> Response:
        return await self._save(request, code)

    async def _save(self, request: Request, code: str) -> Response:
        officer = await self._entrance.allowed(request, ROUTING)
        posted = await self._entrance.form(request, officer)
        command = typed(posted, code or khmer.clean(posted.get("code", 80)).casefold(), officer)
        try:
            await self._desk.command(request, officer, command)
        except DomainError as error:
            tried = await self._refused(request, command, error)
            return await self._show(request, officer, code, tried, 409 if isinstance(error, Overtaken) else 422)
        return RedirectResponse(f"{ADDRESS}/{command.code}?done=office", 303)

    async def _refused(self, request: Request, command: SaveOffice, error: DomainError) -> Tried:
        """Everything typed stays; after somebody else's save the next one goes over what is there now."""
        if isinstance(error, Overtaken):
            row = await self._service.db.read(lambda c: offices.by_code(c, command.code))
            if not command.seen:
                return Tried(command, error=_("There is an office with this code already."), seen="")
            return Tried(command, error=OVERTAKEN, seen=shell.office_version(row) if row else "")
        tell = self._desk.tell(request)
        faults = error.faults if isinstance(error, FaultyOffice) else ()
        told = words.refusal(error)
        if faults:
            told = _("Nothing was saved: please look at the fields marked below.")
        return Tried(
            command,
            error=told,
            faults={one.field: tell(words.fault(one)) for one in faults},
            seen=command.seen or "",
        )

    async def members(self, request: Request, code: str) -> Response:
        officer = await self._entrance.allowed(request, ROUTING)
        posted = await self._entrance.form(request, officer)
        login = khmer.clean(posted.get("login", 100))

        def look(connection: Connection) -> tuple[Any, list[tuple[int, bool]], Any]:
            row = offices.by_code(connection, code)
            there = offices.all_members(connection, row.id) if row else []
            return row, there, staff.by_login(connection, login) if login else None

        row, there, found = await self._service.db.read(look)
        if row is None:
            raise self._desk.problem("missing", request, officer)
        if posted.get("do") == "add" and (found is None or not found.active):
            error = Say(NO_LOGIN, {"login": login})
            return await self._show(request, officer, code, Tried(login=login, error=error, where="members"), 422)
        then = stepped(dict(there), posted, found)
        try:
            command = SaveMembers(code, tuple(sorted(then.items())), officer.id, posted.get("members_seen", 64))
            await self._desk.command(request, officer, command)
        except DomainError as error:
            told = MEMBERS_OVERTAKEN if isinstance(error, Overtaken) else words.refusal(error)
            status = 409 if isinstance(error, Overtaken) else 422
            return await self._show(request, officer, code, Tried(login=login, error=told, where="members"), status)
        return RedirectResponse(f"{ADDRESS}/{code}?done=members#members", 303)

    async def _show(self, request: Request, officer: Officer, code: str, tried: Tried, status: int = 200) -> Response:
        """One office's page; without a code the page for a new one."""

        def look(connection: Connection) -> tuple[Any, ...]:
            row = offices.by_code(connection, code)
            people = offices.members(connection, row.id) if row else []
            there = offices.all_members(connection, row.id) if row else []
            return row, people, there, shell.table(connection), offices.open_counts(connection)

        row, people, there, table, counts = await self._service.db.read(look)
        if code and row is None:
            raise self._desk.problem("missing", request, officer)
        tell = self._desk.tell(request)
        office = tried.office or (shell.facts(row) if row else SaveOffice("", "", "", "", ""))
        return self._desk.show(
            "office.html",
            request,
            officer,
            status=status,
            here=f"{ADDRESS}/{code or 'new'}",
            office=office,
            row=row,
            shown=self._shown(row, request, table, counts) if row else None,
            national=row is not None and row.kind == NATIONAL,
            seen=tried.seen if tried.office else (shell.office_version(row) if row else ""),
            members=people,
            members_seen=shell.members_version(there),
            roles=labels.ROLES,
            tried=tried,
            error=tell(tried.error) if isinstance(tried.error, Say) else tried.error,
            faults=tried.faults or {},
            countries=labels.COUNTRIES,
            zones=sorted(shell.zones()),
            name_limit=NAME_LIMIT,
            hours_limit=MOST,
            done=DONE.get(request.query_params.get("done", ""), ""),
        )


def typed(posted: Form, code: str, officer: Officer) -> SaveOffice:
    """The office as the form has it."""
    values = {name: khmer.clean(posted.get(name, 4 * MOST)) for name in FIELDS}
    office = SaveOffice(code, **values, active=posted.get("active", 3) == "yes", staff=officer.id)
    return replace(office, seen=posted.get("seen", 64))


def stepped(there: dict[int, bool], posted: Form, found: Any | None) -> dict[int, bool]:
    """Who serves after one button of the members' form."""
    what, _colon, which = posted.get("do", 40).partition(":")
    if what == "add" and found is not None:
        return {**there, found.id: posted.get("head", 3) == "yes"}
    member = number(which) or 0
    if member not in there:
        return there
    if what == "remove":
        return {one: head for one, head in there.items() if one != member}
    return {**there, member: what == "head"} if what in ("head", "member") else there


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/offices`, the routing table and its files; an office's own address comes last."""
    table = rules.RulesPage(desk, entrance)
    rules.routes(to, table)
    office_sheets.routes(to, desk, entrance, table)
    made = OfficesPages(desk, entrance)
    to.add_api_route("/offices", made.listed, methods=["GET"])
    to.add_api_route("/offices/new", made.new, methods=["GET"])
    to.add_api_route("/offices/new", made.add, methods=["POST"])
    to.add_api_route("/offices/{code}", made.one, methods=["GET"])
    to.add_api_route("/offices/{code}", made.save, methods=["POST"])
    to.add_api_route("/offices/{code}/members", made.members, methods=["POST"])
