"""Signing in and out: passwords, lock-out, sessions kept on the server, and the check at the head of every page."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.formparsers import MultiPartException

from bot.app.staffing import PASSWORDS
from bot.console.pages import (
    HOME,
    LIVE_HEADER,
    SESSION_COOKIE,
    Answer,
    Desk,
    Form,
    Officer,
    back_to,
    chosen_language,
    drain,
    local,
    read_form,
    same,
)
from bot.dialog.says import Words
from bot.domain.reach import Reach
from bot.text import khmer
from storage import offices, staff

IDLE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)
TOUCHED_EVERY = timedelta(minutes=1)
TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
SLOWEST = 0.6
"""Seconds that every refusal takes, so that its time does not tell whether the login exists."""
AT_ONCE = 2
"""Passwords looked at at the same time: each takes 64 MiB for a moment."""
PASSWORD_MOST = 256
FORM_COOKIE = "console_form"

NOBODY = PASSWORDS.hash(secrets.token_urlsafe(16))
"""What is looked at when there is no such officer."""

SignedIn = Callable[[Request], Coroutine[Any, Any, Officer]]


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Entrance:
    """Who comes in, and how long they stay."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._hashing = asyncio.Semaphore(AT_ONCE)

    async def check(self, login: str, password: str) -> int | None:
        """The officer's id when the password is right. Each refusal takes the same time."""
        service, began = self._desk.service, asyncio.get_running_loop().time()
        now = service.clock()
        row = await service.db.write(lambda c: staff.claim_try(c, khmer.clean(login), now, TRIES, LOCKED_FOR))
        async with self._hashing:
            right, better = await asyncio.to_thread(
                PASSWORDS.verify_and_update, password[: PASSWORD_MOST + 1], row.password if row else NOBODY
            )
        if row is None or not right:
            await asyncio.sleep(max(0.0, began + SLOWEST - asyncio.get_running_loop().time()))
            return None
        cleared: dict[str, Any] = {"failures": 0, "locked_until": None} | ({"password": better} if better else {})
        await service.db.write(lambda c: staff.change(c, row.id, **cleared))
        return int(row.id)

    async def open(self, request: Request, response: Response, officer: int) -> None:
        """A new session with a new token; what the browser brought along is closed, never taken over."""
        token, old, now = secrets.token_urlsafe(32), request.cookies.get(SESSION_COOKIE, ""), self._desk.service.clock()

        def work(connection: Connection) -> None:
            staff.close_session(connection, digest_of(old))
            staff.open_session(
                connection,
                digest=digest_of(token),
                staff_id=officer,
                csrf=secrets.token_urlsafe(32),
                created_at=now,
                seen_at=now,
                expires_at=now + IDLE,
            )

        await self._desk.service.db.write(work)
        self._set(response, SESSION_COOKIE, token)

    async def who(self, request: Request, *, used: bool = True) -> Officer | None:
        """The officer of this browser's session; being used keeps it alive, up to its longest life."""
        token, db, now = request.cookies.get(SESSION_COOKIE, ""), self._desk.service.db, self._desk.service.clock()
        if not token:
            return None
        digest = digest_of(token)

        def look(connection: Connection) -> tuple[Any, Reach] | None:
            found = staff.session(connection, digest, now)
            return (found, offices.reach(connection, found.staff_id)) if found else None

        found = await db.read(look)
        if found is None:
            return None
        row, reach = found
        if used and now - row.seen_at >= TOUCHED_EVERY and LIVE_HEADER not in request.headers:

            def touch(connection: Connection) -> None:
                began = staff.session_began(connection, digest)
                if began is not None:
                    staff.touch_session(connection, digest, now, min(now + IDLE, began + LONGEST))

            await db.write(touch)
        return Officer(row.staff_id, Words(row.name_km, row.name_en), row.role, row.csrf, digest, reach)

    async def required(self, request: Request, *, used: bool = True) -> Officer:
        """The officer; anybody else is sent to sign in, and back to this page afterwards."""
        officer = await self.who(request, used=used)
        if officer is not None:
            if request.method == "GET":
                chosen_language(request)
            return officer
        if LIVE_HEADER in request.headers:
            raise Answer(Response(status_code=401))
        if request.method != "GET":
            await drain(request.stream())
        raise Answer(RedirectResponse(f"/console/sign-in?{urlencode({'next': back_to(request)})}", 303))

    async def allowed(self, request: Request, what: str) -> Officer:
        """The officer whose role allows it (see `bot.domain.reach`); any other gets the page that says no."""
        officer = await self.required(request)
        if not officer.may(what):
            raise self._desk.problem("refused", request, officer)
        return officer

    async def close(self, officer: Officer, response: Response) -> None:
        await self._desk.service.db.write(lambda c: staff.close_session(c, officer.digest))
        response.delete_cookie(SESSION_COOKIE, path="/console")

    async def form(self, request: Request, officer: Officer, limit: int = 0) -> Form:
        """What was posted, once it is sure that it came from a page of this session."""
        try:
            posted = await (read_form(request, limit) if limit else read_form(request))
        except MultiPartException:
            raise self._desk.problem("unreadable", request, officer) from None
        if not same(posted.get("csrf"), officer.csrf):
            raise self._desk.problem("forged", request, officer)
        return posted

    # Before anybody is signed in there is no session to keep a token in: the form holds one that is signed by us
    # over a number in a cookie, and another site can read neither.

    def seal(self, number: str) -> str:
        key = hashlib.sha256(b"console sign-in form\0" + self._desk.service.settings.keys[0].encode()).digest()
        return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()

    def numbered(self, request: Request, show: Callable[[str], Response]) -> Response:
        """The sign-in page with its token; a number that is there already is kept, for forms in other tabs."""
        number = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(16)
        response = show(self.seal(number))
        self._set(response, FORM_COOKIE, number)
        return response

    def is_ours(self, request: Request, posted: Form) -> bool:
        number = request.cookies.get(FORM_COOKIE, "")
        return bool(number) and same(posted.get("csrf"), self.seal(number))

    def _set(self, response: Response, name: str, value: str) -> None:
        secure = self._desk.service.settings.public_url.startswith("https:")
        response.set_cookie(name, value, path="/console", httponly=True, samesite="lax", secure=secure)


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/sign-in` and `/sign-out`."""

    def page(request: Request, onward: str, *, login: str = "", wrong: bool = False) -> Response:
        return entrance.numbered(
            request,
            lambda csrf: desk.show(
                "sign_in.html",
                request,
                None,
                status=403 if wrong else 200,
                here=f"/console/sign-in?{urlencode({'next': onward})}",
                csrf=csrf,
                onward=onward,
                login=login,
                wrong=wrong,
                tries=TRIES,
                locked_for=LOCKED_FOR,
            ),
        )

    @to.get("/sign-in")
    async def sign_in(request: Request) -> Response:
        chosen_language(request)
        onward = local(request.query_params.get("next", HOME))
        if await entrance.who(request):
            return RedirectResponse(onward, 303)
        return page(request, onward)

    @to.post("/sign-in")
    async def signed_in(request: Request) -> Response:
        try:
            posted = await read_form(request)
        except MultiPartException:
            raise desk.problem("unreadable", request) from None
        if not entrance.is_ours(request, posted):
            raise desk.problem("forged", request)
        onward, login = local(posted.get("next") or HOME), posted.get("login", 100)
        officer = await entrance.check(login, posted.get("password"))
        if officer is None:
            return page(request, onward, login=login, wrong=True)
        response = RedirectResponse(onward, 303)
        await entrance.open(request, response, officer)
        return response

    @to.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        officer = await entrance.required(request)
        await entrance.form(request, officer)
        response = RedirectResponse("/console/sign-in", 303)
        await entrance.close(officer, response)
        return response
