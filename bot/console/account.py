"""An officer's own account: password, second factor, and the browsers that are signed in."""

import io
from typing import Any

import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from bot.app import doors
from bot.app import factors as doing
from bot.app.officers import LINK_FOR, new_link_code
from bot.console.agents import browser
from bot.console.auth import Entrance, Known, home_of
from bot.console.labels import ROLES
from bot.console.pages import Answer, Desk
from bot.domain import factors, passwords
from bot.domain.errors import NotYours
from bot.domain.reach import SECOND_FACTOR
from bot.text import reference
from storage import staff

HERE = "/console/account"
CODE_MOST, SEALED_MOST = 64, 2000
DONE = ("password", "off", "revoked", "unlinked")
"""What a page may say was done; see account.html."""


class Account:
    """The pages."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._db = desk, entrance, desk.service.db

    async def page(self, request: Request) -> Response:
        known = await self._entrance.settled(request)
        return await self._overview(request, known, done=request.query_params.get("done", ""))

    async def password_page(self, request: Request) -> Response:
        return self._password(request, await self._entrance.inside(request))

    async def change_password(self, request: Request) -> Response:
        known = await self._entrance.inside(request)
        posted = await self._entrance.form(request, known.officer)
        old, new = posted.get("old"), posted.get("new")
        if new != posted.get("again"):
            return self._password(request, known, "differ")
        own = (known.row.login, known.row.name_km, known.row.name_en)
        wrong = "same" if new == old else await self._entrance.fault(new, own)
        if wrong:
            return self._password(request, known, wrong)
        row = await self._entrance.confirmed(request, known, old)
        if row is None:
            return self._password(request, known, "old")
        hashed, visit = await self._entrance.hashed(new), self._entrance.visit(request)
        mine = known.officer.digest
        if not await self._db.write(lambda c: doing.change_password(c, row, hashed, mine, visit)):
            return self._password(request, known, "old")
        return RedirectResponse(f"{HERE}?done=password", 303)

    async def factor_page(self, request: Request) -> Response:
        known = await self._entrance.inside(request)
        self._only(request, known, "second")
        return self._factor(request, known, doing.new_secret())

    async def set_factor(self, request: Request) -> Response:
        """The recovery codes are shown in the answer itself: they are in no address and nowhere to be read again."""
        known = await self._entrance.inside(request)
        self._only(request, known, "second")
        posted = await self._entrance.form(request, known.officer)
        visit, mine = self._entrance.visit(request), known.officer.digest
        secret = doing.offered(posted.get("sealed", SEALED_MOST), mine, visit.at)
        if secret is None:
            return self._factor(request, known, doing.new_secret(), "late")
        if known.row.totp_at and await self._entrance.confirmed(request, known, posted.get("password")) is None:
            return self._factor(request, known, secret, "password")
        typed, codes, officer = posted.get("code", CODE_MOST), doing.new_recovery_codes(), known.officer.id
        if not await self._db.write(lambda c: doing.confirm(c, officer, secret, typed, codes, mine, visit)):
            return self._factor(request, known, secret, "code")
        return self._codes(request, known, codes)

    async def new_codes(self, request: Request) -> Response:
        known, _row = await self._sure(request)
        codes, officer, visit = doing.new_recovery_codes(), known.officer.id, self._entrance.visit(request)
        if not await self._db.write(lambda c: doing.renew_recovery(c, officer, codes, visit)):
            return RedirectResponse(HERE, 303)
        return self._codes(request, known, codes)

    async def factor_off(self, request: Request) -> Response:
        known, row = await self._sure(request)
        mine, visit = known.officer.digest, self._entrance.visit(request)
        try:
            await self._db.write(lambda c: doing.turn_off(c, row.id, mine, visit))
        except NotYours:
            raise self._desk.problem("refused", request, known.officer) from None
        return RedirectResponse(f"{HERE}?done=off", 303)

    async def new_link(self, request: Request) -> Response:
        """The password is asked for: a linked chat reads and answers without the second step, for as long as it is."""
        _known, row = await self._sure(request)
        await new_link_code(self._desk.service, row.id)
        return RedirectResponse(f"{HERE}#chat", 303)

    async def unlink(self, request: Request) -> Response:
        officer = await self._entrance.required(request)
        await self._entrance.form(request, officer)
        visit = self._entrance.visit(request)
        await self._db.write(lambda c: doing.unlink_chat(c, officer.id, visit))
        return RedirectResponse(f"{HERE}?done=unlinked", 303)

    async def revoke(self, request: Request) -> Response:
        officer = await self._entrance.required(request)
        posted = await self._entrance.form(request, officer)
        marked, visit = posted.get("session", 64), self._entrance.visit(request)
        await self._db.write(lambda c: doors.revoke(c, officer.id, marked, officer.digest, visit))
        return RedirectResponse(f"{HERE}?done=revoked", 303)

    async def _sure(self, request: Request) -> tuple[Known, Any]:
        """The officer, who has typed their password again."""
        known = await self._entrance.settled(request)
        posted = await self._entrance.form(request, known.officer)
        row = await self._entrance.confirmed(request, known, posted.get("password"))
        if row is None:
            raise Answer(await self._overview(request, known, wrong=request.url.path.rpartition("/")[2]))
        return known, row

    def _only(self, request: Request, known: Known, step: str) -> None:
        """First things first: a first password is changed before anything else."""
        if known.must not in ("", step):
            raise Answer(RedirectResponse(f"{HERE}/password", 303))

    async def _overview(self, request: Request, known: Known, *, done: str = "", wrong: str = "") -> Response:
        officer, now = known.officer, self._desk.service.clock()
        sessions, left, own = await self._db.read(
            lambda c: (staff.sessions(c, officer.id, now), staff.recovery_left(c, officer.id), staff.one(c, officer.id))
        )
        offered = own is not None and own.link_code and own.link_until and own.link_until > now
        shown = [
            {
                "mark": doors.mark(one.digest),
                "mine": one.digest == officer.digest,
                "place": one.place,
                "browser": browser(one.agent),
                "created_at": one.created_at,
                "seen_at": one.seen_at,
                "passed": one.passed,
            }
            for one in sessions
        ]
        return self._show(
            "account.html",
            request,
            known,
            bool(wrong),
            done=done if done in DONE else "",
            wrong=wrong,
            sessions=sorted(shown, key=lambda one: not one["mine"]),
            row=known.row,
            role=ROLES[officer.role],
            needed=officer.role in SECOND_FACTOR,
            left=left,
            linked=own is not None and own.address_id is not None,
            link=reference.show(own.link_code) if own is not None and offered else "",
            link_for=LINK_FOR,
            idle=doors.IDLE,
            longest=doors.LONGEST,
        )

    def _password(self, request: Request, known: Known, wrong: str = "") -> Response:
        values = {"wrong": wrong, "shortest": passwords.SHORTEST, "login": known.row.login}
        return self._show("account_password.html", request, known, bool(wrong), **values)

    def _factor(self, request: Request, known: Known, secret: str, wrong: str = "") -> Response:
        return self._show(
            "account_factor.html",
            request,
            known,
            bool(wrong),
            wrong=wrong,
            picture=picture(factors.address(secret, known.row.login)),
            secret=factors.groups(secret),
            sealed=doing.offer(secret, known.officer.digest, self._desk.service.clock()),
            replaces=known.row.totp_at is not None,
        )

    def _codes(self, request: Request, known: Known, codes: list[str]) -> Response:
        return self._show("account_codes.html", request, known, False, codes=codes, onward=home_of(known.officer.role))

    def _show(self, template: str, request: Request, known: Known, refused: bool, **values: Any) -> Response:
        """Who must first see to something has no other sections to go to."""
        if known.must:
            values["sections"] = []
        status = 422 if refused else 200
        return self._desk.show(template, request, known.officer, status=status, must=known.must, **values)


def picture(text: str) -> Markup:
    """A QR code as an <svg>, black on white in dark pages too, without a style that the page's policy forbids."""
    made = io.BytesIO()
    segno.make_qr(text, error="m").save(
        made, kind="svg", border=4, scale=4, omitsize=True, xmldecl=False, svgns=False, light="#fff", svgclass="qr"
    )
    return Markup(made.getvalue().decode())  # noqa: S704  # made here, of squares


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/account` and below."""
    made = Account(desk, entrance)
    to.add_api_route("/account", made.page, methods=["GET"])
    to.add_api_route("/account/password", made.password_page, methods=["GET"])
    to.add_api_route("/account/password", made.change_password, methods=["POST"])
    to.add_api_route("/account/second-factor", made.factor_page, methods=["GET"])
    to.add_api_route("/account/second-factor", made.set_factor, methods=["POST"])
    to.add_api_route("/account/off", made.factor_off, methods=["POST"])
    to.add_api_route("/account/recovery-codes", made.new_codes, methods=["POST"])
    to.add_api_route("/account/chat", made.new_link, methods=["POST"])
    to.add_api_route("/account/chat/unlink", made.unlink, methods=["POST"])
    to.add_api_route("/account/sessions", made.revoke, methods=["POST"])
