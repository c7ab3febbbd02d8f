"""The entrance: passwords, lock-out, sessions kept on the server, and the check at the head of every page."""

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.formparsers import MultiPartException

from bot.app import doors
from bot.app.doors import LOCKED_FOR, TRIES, Visit
from bot.app.staffing import PASSWORDS
from bot.console.forms import FIELDS, FORM_LIMIT, Form, drain, read_form
from bot.console.pages import (
    HOME,
    LIVE_HEADER,
    SECTIONS,
    SESSION_COOKIE,
    Answer,
    Desk,
    Officer,
    back_to,
    chosen_language,
    place_of,
    same,
)
from bot.dialog.says import Words
from bot.domain import passwords
from bot.domain.reach import READ, SECOND_FACTOR, Reach, may
from bot.text import khmer
from storage import offices, staff

TOUCHED_EVERY = timedelta(minutes=1)
SLOWEST = 0.6
"""Seconds that every refusal takes, so that its time does not tell whether the login exists."""
AT_ONCE = 2
"""Passwords looked at at the same time: each takes 64 MiB for a moment."""
STRANGERS = 1000
"""Logins that are nobody's and whose tries are counted, so that they lock like any other."""
AGENT_MOST = 200
FORM_COOKIE = "console_form"
SIGN_IN, CODE = "/console/sign-in", "/console/sign-in/code"
MUST = {"password": "/console/account/password", "second": "/console/account/second-factor"}
"""Where an officer has to go before anything else."""

NOBODY = PASSWORDS.hash(secrets.token_urlsafe(16))
"""What is looked at when there is no such officer."""


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def home_of(role: str) -> str:
    """The list of complaints, or for whom it is not, the first section that is theirs."""
    if may(role, READ):
        return HOME
    return f"/console/{next((name for name, _label, what in SECTIONS if what and may(role, what)), 'account')}"


@dataclass(frozen=True, slots=True)
class Known:
    """A live session. `passed`: nothing is missing at the door; `must`: what comes first (`password`, `second`)."""

    officer: Officer
    row: Any
    passed: bool
    must: str


class Entrance:
    """Who comes in, and how long they stay."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._hashing = asyncio.Semaphore(AT_ONCE)
        self._strangers: OrderedDict[str, tuple[int, Any]] = OrderedDict()

    def visit(self, request: Request) -> Visit:
        agent = khmer.clean(request.headers.get("user-agent", ""))[:AGENT_MOST]
        return Visit(self._desk.service.clock(), place_of(request), agent)

    async def check(self, request: Request, login: str, password: str) -> tuple[Any, str | None] | None:
        """The officer's row and a fresher hash, when the password is right. Each refusal takes the same time.

        A locked door looks at no password: guessing on must not keep other officers waiting for theirs.
        """
        db, began, visit = self._desk.service.db, asyncio.get_running_loop().time(), self.visit(request)
        login = khmer.clean(login)
        row, locked = await db.write(lambda c: doors.claim(c, login, visit))
        right, better = False, None
        if not locked and (row is not None or not self._locked_out(login, visit)):
            async with self._hashing:
                right, better = await asyncio.to_thread(
                    PASSWORDS.verify_and_update,
                    password[: passwords.LONGEST + 1],
                    row.password if row else NOBODY,
                )
        if row is not None and right:
            return row, better
        if not locked:
            await db.write(lambda c: doors.failed(c, login, self.seal(login)[:12], visit))
        await asyncio.sleep(max(0.0, began + SLOWEST - asyncio.get_running_loop().time()))
        return None

    def _locked_out(self, login: str, visit: Visit) -> bool:
        """Count a try for a login that is nobody's, so that no answer is quicker for being one."""
        key = self.seal(login)
        tries, until = self._strangers.pop(key, (0, None))
        locked = until is not None and until > visit.at
        if not locked:
            tries = 1 if until else tries + 1
            until = visit.at + LOCKED_FOR if tries >= TRIES else None
        self._strangers[key] = tries, until
        if len(self._strangers) > STRANGERS:
            self._strangers.popitem(last=False)
        return locked

    async def confirmed(self, request: Request, known: Known, password: str) -> Any | None:
        """The officer's row when this is their password; a wrong one counts as it does at the door."""
        found = await self.check(request, known.row.login, password)
        if found is None or found[0].id != known.officer.id:
            return None
        row, _better = found
        await self._desk.service.db.write(lambda c: doors.right(c, row))
        return row

    async def hashed(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(PASSWORDS.hash, password)

    async def fault(self, password: str, own: Sequence[str]) -> str:
        """What is wrong with a new password (see `bot.domain.passwords`)."""
        return await asyncio.to_thread(passwords.fault, password, own)

    async def open(self, request: Request, response: Response, row: Any, better: str | None) -> str:
        """A new session with a new token; what the browser brought along is closed, never taken over."""
        token, csrf, old = secrets.token_urlsafe(32), secrets.token_urlsafe(32), request.cookies.get(SESSION_COOKIE, "")
        given = {"digest": digest_of(token), "csrf": csrf, "old": digest_of(old)}
        visit = self.visit(request)
        outcome = await self._desk.service.db.write(lambda c: doors.enter(c, row, better, visit, **given))
        if outcome != doors.GONE:
            self._set(response, SESSION_COOKIE, token)
            self._set(response, FORM_COOKIE, secrets.token_urlsafe(16))  # the form that was sent is used up
        return outcome

    async def known(self, request: Request, *, used: bool = True) -> Known | None:
        """Whose session this browser has, however far they have come; being used keeps it alive."""
        token, db = request.cookies.get(SESSION_COOKIE, ""), self._desk.service.db
        if not token:
            return None
        digest, visit = digest_of(token), self.visit(request)

        def look(connection: Connection) -> tuple[Any, Reach] | bool:
            found = staff.session(connection, digest, visit.at)
            if found is None:
                return doors.may_record_refused(connection, digest, visit)
            return found, offices.reach(connection, found.staff_id)

        found = await db.read(look)
        if isinstance(found, bool):
            if found:
                await db.write(lambda c: doors.refuse(c, digest, visit))
            return None
        row, reach = found
        idle = visit.at - row.seen_at
        if used and row.passed and idle >= TOUCHED_EVERY and LIVE_HEADER not in request.headers:
            await db.write(lambda c: doors.touch(c, digest, row.created_at, visit.at))
        must = "password" if row.password_at is None else ""
        if not must and row.totp_at is None and row.role in SECOND_FACTOR:
            must = "second"
        officer = Officer(row.staff_id, Words(row.name_km, row.name_en), row.role, row.csrf, digest, reach)
        return Known(officer, row, row.passed, must)

    async def who(self, request: Request, *, used: bool = True) -> Officer | None:
        """The officer of this browser's session, when the whole console is open to them."""
        known = await self.known(request, used=used)
        return known.officer if known and known.passed and not known.must else None

    async def required(self, request: Request, *, used: bool = True) -> Officer:
        """The officer; anybody else is sent to sign in, and back to this page afterwards."""
        return (await self.settled(request, used=used)).officer

    async def settled(self, request: Request, *, used: bool = True) -> Known:
        """Like `required`, with the session's row."""
        known = await self.inside(request, used=used)
        if known.must:
            await self._away(request, MUST[known.must])
        return known

    async def inside(self, request: Request, *, used: bool = True) -> Known:
        """Like `required`, for the pages of one's own account: also who must first see to something there."""
        known = await self.known(request, used=used)
        if known is None or not known.passed:
            door = SIGN_IN if known is None else CODE
            await self._away(request, f"{door}?{urlencode({'next': back_to(request)})}")
        if request.method == "GET":
            chosen_language(request)
        return known

    async def _away(self, request: Request, to: str) -> NoReturn:
        if LIVE_HEADER in request.headers:
            raise Answer(Response(status_code=401))
        if request.method != "GET":
            await drain(request.stream())
        raise Answer(RedirectResponse(to, 303))

    async def allowed(self, request: Request, what: str) -> Officer:
        """The officer whose role allows it (see `bot.domain.reach`); any other gets the page that says no."""
        officer = await self.required(request)
        if not officer.may(what):
            raise self._desk.problem("refused", request, officer)
        return officer

    async def close(self, request: Request, officer: Officer, response: Response) -> None:
        visit = self.visit(request)
        await self._desk.service.db.write(lambda c: doors.leave(c, officer.id, officer.digest, visit))
        response.delete_cookie(SESSION_COOKIE, path="/console")

    async def form(self, request: Request, officer: Officer, limit: int = FORM_LIMIT, fields: int = FIELDS) -> Form:
        """What was posted, once it is sure that it came from a page of this session."""
        try:
            posted = await read_form(request, limit, fields)
        except MultiPartException:
            raise self._desk.problem("unreadable", request, officer) from None
        if posted.too_big and "csrf" not in posted.fields:
            raise self._desk.problem("unreadable", request, officer)
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
