"""The pages at the door: name and password, then the code of the second factor; and signing out."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.formparsers import MultiPartException

from bot.app import doors
from bot.app.doors import LOCKED_FOR, TRIES
from bot.console.auth import CODE, SIGN_IN, Entrance, Known, home_of
from bot.console.forms import read_form
from bot.console.pages import HOME, Answer, Desk, chosen_language, local

CODE_MOST = 64


class Door:
    """The pages."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance = desk, entrance

    async def sign_in(self, request: Request) -> Response:
        chosen_language(request)
        onward = local(request.query_params.get("next", HOME))
        if officer := await self._entrance.who(request):
            return RedirectResponse(begin(onward, officer.role), 303)
        return self._page(request, onward)

    async def signed_in(self, request: Request) -> Response:
        try:
            posted = await read_form(request)
        except MultiPartException:
            raise self._desk.problem("unreadable", request) from None
        if not self._entrance.is_ours(request, posted):
            raise self._desk.problem("forged", request)
        onward, login = local(posted.get("next") or HOME), posted.get("login", 100)
        found = await self._entrance.check(request, login, posted.get("password"))
        if found is None:
            return self._page(request, onward, login=login, wrong=True)
        row, better = found
        whole = row.totp_at is None
        response = RedirectResponse(begin(onward, row.role) if whole else address(CODE, onward), 303)
        if await self._entrance.open(request, response, row, better) == doors.GONE:  # changed in this moment
            return self._page(request, onward, login=login, wrong=True)
        return response

    async def code(self, request: Request) -> Response:
        chosen_language(request)
        onward = local(request.query_params.get("next", HOME))
        return self._ask(await self._half(request, onward), request, onward)

    async def coded(self, request: Request) -> Response:
        known = await self._half(request, HOME)
        posted = await self._entrance.form(request, known.officer)
        onward, typed = local(posted.get("next") or HOME), posted.get("code", CODE_MOST)
        digest, visit = known.officer.digest, self._entrance.visit(request)
        outcome = await self._desk.service.db.write(lambda c: doors.pass_second(c, digest, typed, visit))
        if outcome in (doors.WRONG, doors.LOCKED):
            return self._ask(known, request, onward, outcome)
        return RedirectResponse(begin(onward, known.officer.role) if outcome == doors.PASSED else SIGN_IN, 303)

    async def sign_out(self, request: Request) -> Response:
        """From half way in, too."""
        known = await self._entrance.known(request) or await self._entrance.inside(request)
        await self._entrance.form(request, known.officer)
        response = RedirectResponse(SIGN_IN, 303)
        await self._entrance.close(request, known.officer, response)
        return response

    async def _half(self, request: Request, onward: str) -> Known:
        """Who gave the password and not yet the code; anybody else goes on, or to the door."""
        known = await self._entrance.known(request)
        if known is None:
            raise Answer(RedirectResponse(address(SIGN_IN, onward), 303))
        if known.passed:
            raise Answer(RedirectResponse(begin(onward, known.officer.role), 303))
        return known

    def _page(self, request: Request, onward: str, *, login: str = "", wrong: bool = False) -> Response:
        return self._entrance.numbered(
            request,
            lambda csrf: self._desk.show(
                "sign_in.html",
                request,
                None,
                status=403 if wrong else 200,
                here=address(SIGN_IN, onward),
                csrf=csrf,
                onward=onward,
                login=login,
                wrong=wrong,
                tries=TRIES,
                locked_for=LOCKED_FOR,
            ),
        )

    def _ask(self, known: Known, request: Request, onward: str, outcome: str = "") -> Response:
        return self._desk.show(
            "sign_in_code.html",
            request,
            None,
            status=403 if outcome else 200,
            here=address(CODE, onward),
            csrf=known.officer.csrf,
            name=known.officer.name,
            onward=onward,
            outcome=outcome,
            tries=TRIES,
            locked_for=LOCKED_FOR,
        )


def address(page: str, onward: str) -> str:
    return f"{page}?{urlencode({'next': onward})}"


def begin(onward: str, role: str) -> str:
    """Where one wanted to go; who wanted nothing in particular starts where there is something for them."""
    return home_of(role) if onward == HOME else onward


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/sign-in`, `/sign-in/code` and `/sign-out`."""
    made = Door(desk, entrance)
    to.add_api_route("/sign-in", made.sign_in, methods=["GET"])
    to.add_api_route("/sign-in", made.signed_in, methods=["POST"])
    to.add_api_route("/sign-in/code", made.code, methods=["GET"])
    to.add_api_route("/sign-in/code", made.coded, methods=["POST"])
    to.add_api_route("/sign-out", made.sign_out, methods=["POST"])
