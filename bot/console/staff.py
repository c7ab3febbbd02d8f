"""The list of officers, for administrators: who they are, adding, changing, and helping one who cannot come in."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.app import staffing
from bot.app.doors import Visit
from bot.console.auth import Entrance
from bot.console.labels import ROLES
from bot.console.pages import Desk, Officer
from bot.dialog.says import Words
from bot.domain.errors import DomainError, NotFound, NotYours
from bot.domain.reach import MEMBER, SECOND_FACTOR, STAFF
from bot.domain.staffing import AddOfficer, ChangeOfficer, LoginTaken, ResetOfficer, SetActive
from storage import offices, staff

HERE = "/console/staff"
NOBODY_YET = {"login": "", "name_km": "", "name_en": "", "role": MEMBER}
LONGEST_FIELD = 200
LARGEST = 2**63 - 1
"""What the databases take for a number."""


class Staff:
    """The pages."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._db = desk, entrance, desk.service.db

    async def listed(self, request: Request) -> Response:
        officer = await self._entrance.allowed(request, STAFF)
        return self._desk.show("staff.html", request, officer, officers=await self._rows())

    async def one(self, request: Request, number: int) -> Response:
        officer = await self._entrance.allowed(request, STAFF)
        return await self._one(request, officer, number, done=request.query_params.get("done") == "saved")

    async def new(self, request: Request) -> Response:
        return self._new(request, await self._entrance.allowed(request, STAFF), NOBODY_YET)

    async def add(self, request: Request) -> Response:
        """The first password is shown in the answer itself, and nowhere again."""
        officer, posted = await self._posted(request)
        tried = {name: posted(name) for name in NOBODY_YET}
        command = AddOfficer(**tried, by=officer.id)
        password, visit = staffing.first_password(), self._entrance.visit(request)
        hashed = await self._entrance.hashed(password)
        try:
            added = await self._db.write(lambda c: staffing.add_officer(c, command, hashed, visit))
        except NotYours:
            raise self._desk.problem("refused", request, officer) from None
        except (DomainError, IntegrityError) as error:
            wrong = LoginTaken.__name__ if isinstance(error, IntegrityError) else type(error).__name__
            return self._new(request, officer, tried, wrong)
        return self._first(request, officer, added, command.login, password)

    async def change(self, request: Request, number: int) -> Response:
        officer, posted = await self._posted(request)
        tried = {name: posted(name) for name in NOBODY_YET if name != "login"}
        command = ChangeOfficer(number, **tried, by=officer.id)
        return await self._do(request, officer, number, lambda c, v: staffing.change_officer(c, command, v), tried)

    async def activate(self, request: Request, number: int) -> Response:
        officer, posted = await self._posted(request)
        command = SetActive(number, active=posted("active") == "yes", by=officer.id)
        return await self._do(request, officer, number, lambda c, v: staffing.set_active(c, command, v))

    async def reset_factor(self, request: Request, number: int) -> Response:
        officer, _posted = await self._posted(request)
        command = ResetOfficer(number, second_factor=True, by=officer.id)
        return await self._do(request, officer, number, lambda c, v: staffing.reset_officer(c, command, v))

    async def reset_password(self, request: Request, number: int) -> Response:
        officer, _posted = await self._posted(request)
        password = staffing.first_password()
        command = ResetOfficer(number, await self._entrance.hashed(password), by=officer.id)
        answer = await self._do(request, officer, number, lambda c, v: staffing.reset_officer(c, command, v))
        row = await self._db.read(lambda c: staff.one(c, number)) if answer.status_code == 303 else None
        if row is None:
            return answer
        return self._first(request, officer, number, row.login, password)

    async def _posted(self, request: Request) -> tuple[Officer, Callable[[str], str]]:
        officer = await self._entrance.allowed(request, STAFF)
        posted = await self._entrance.form(request, officer)
        return officer, lambda name: posted.get(name, LONGEST_FIELD)

    async def _do(
        self,
        request: Request,
        officer: Officer,
        number: int,
        work: Callable[[Connection, Visit], None],
        tried: Mapping[str, str] | None = None,
    ) -> Response:
        """Carry it out and go back to the officer's page; what is refused is said there."""
        visit = self._entrance.visit(request)
        if number > LARGEST:
            raise self._desk.problem("missing", request, officer)
        try:
            await self._db.write(lambda connection: work(connection, visit))
        except NotYours:
            raise self._desk.problem("refused", request, officer) from None
        except NotFound:
            raise self._desk.problem("missing", request, officer) from None
        except DomainError as error:
            return await self._one(request, officer, number, tried, wrong=type(error).__name__)
        return RedirectResponse(f"{HERE}/{number}?done=saved", 303)

    async def _one(
        self,
        request: Request,
        officer: Officer,
        number: int,
        tried: Mapping[str, str] | None = None,
        *,
        wrong: str = "",
        done: bool = False,
    ) -> Response:
        found = next((one for one in await self._rows() if one["id"] == number), None)
        if found is None:
            raise self._desk.problem("missing", request, officer)
        kept = {"name_km": found["name"].km, "name_en": found["name"].en, "role": found["code"]}
        values = {"one": found, "tried": tried or kept, "roles": ROLES, "wrong": wrong, "done": done}
        return self._desk.show("staff_one.html", request, officer, status=422 if wrong else 200, **values)

    def _new(self, request: Request, officer: Officer, tried: Mapping[str, str], wrong: str = "") -> Response:
        values = {"tried": tried, "roles": ROLES, "wrong": wrong}
        return self._desk.show("staff_new.html", request, officer, status=422 if wrong else 200, **values)

    def _first(self, request: Request, officer: Officer, number: int, login: str, password: str) -> Response:
        values: dict[str, Any] = {"id": number, "login": login, "password": password}
        return self._desk.show("staff_password.html", request, officer, here=f"{HERE}/{number}", **values)

    async def _rows(self) -> list[dict[str, Any]]:
        now = self._desk.service.clock()
        return await self._db.read(lambda connection: rows(connection, now))


def rows(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """Every officer as the list shows them, with the offices they serve in."""
    served: dict[int, list[Words]] = {}
    members = offices.serving(connection)
    for office in offices.every(connection):
        for member in members.get(office.id, []):
            served.setdefault(member.id, []).append(Words(office.name_km, office.name_en))
    return [
        {
            "id": one.id,
            "login": one.login,
            "name": Words(one.name_km, one.name_en),
            "code": one.role,
            "role": ROLES.get(one.role, one.role),
            "offices": served.get(one.id, []),
            "factor": one.totp_at is not None,
            "needed": one.role in SECOND_FACTOR,
            "active": one.active,
            "locked": one.locked_until is not None and one.locked_until > now,
            "is_demo": one.is_demo,
            "password_at": one.password_at,
            "last_seen": one.last_seen,
        }
        for one in staff.every(connection)
    ]


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/staff` and below."""
    made = Staff(desk, entrance)
    to.add_api_route("/staff", made.listed, methods=["GET"])
    to.add_api_route("/staff/new", made.new, methods=["GET"])
    to.add_api_route("/staff/new", made.add, methods=["POST"])
    to.add_api_route("/staff/{number:int}", made.one, methods=["GET"])
    to.add_api_route("/staff/{number:int}", made.change, methods=["POST"])
    to.add_api_route("/staff/{number:int}/active", made.activate, methods=["POST"])
    to.add_api_route("/staff/{number:int}/password", made.reset_password, methods=["POST"])
    to.add_api_route("/staff/{number:int}/second-factor", made.reset_factor, methods=["POST"])
