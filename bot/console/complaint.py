"""One complaint's page: what is known, the thread, a reply, a change of status."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot import pages
from bot.app.files import LIMIT, sniff
from bot.channels.base import FetchRefused, file_id
from bot.console import labels, views
from bot.console.auth import Entrance
from bot.console.live import version
from bot.console.pages import FORM_LIMIT, HOME, Desk, Form, Officer, brief
from bot.dialog.says import Text, _
from bot.domain import complaints as rules
from bot.domain.complaints import REPLY_LIMIT, TRANSITIONS, AnswerComplaint, ChangeStatus
from bot.domain.errors import DomainError, Empty, NotAllowed, NotFound, ReasonMissing, TooLong
from bot.text import khmer, reference
from storage import attachments, caseload, complaints

REASON_LIMIT = 500
"""Code points in the reason of a change; it goes to the worker."""
SENDABLE = ("photo", "voice")
DONE: Mapping[str, Text] = {
    "reply": _("Your reply was sent to the worker."),
    "status": _("The status was changed, and the worker was told."),
}
WRONG: Mapping[str, Text] = {
    "too_big": _("The file is larger than 20 MB. Please choose a smaller one."),
    "kind": _("Only photos, voice recordings and PDF papers can be sent."),
    "gone": _("The file is empty."),
}
REFUSALS: Mapping[type[DomainError], Text] = {
    Empty: _("Please write something, or choose a file."),
    TooLong: _("The reply is too long. Please shorten it, or send it in two parts."),
    NotFound: _("The worker's data was deleted in the meantime; nobody can be answered any more."),
    NotAllowed: _("The status was changed in the meantime. Please look at it again and choose anew."),
    ReasonMissing: _("This change needs a reason. The worker will read it."),
}


class Refused(Exception):
    """What was posted cannot be done; the first argument tells why, in words."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A form that was not accepted: shown again with what was typed, and why."""

    form: str = ""
    error: Text = ""
    text: str = ""
    status: str = ""


class OnePage:
    """The page, and the forms on it."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._service = desk, entrance, desk.service
        self._papers = Papers(desk)

    async def one(self, request: Request, code: str) -> Response:
        return await self._show(request, await self._entrance.required(request), code, Tried())

    async def reply(self, request: Request, code: str) -> Response:
        officer = await self._entrance.required(request)
        posted = await self._entrance.form(request, officer, LIMIT + FORM_LIMIT)
        row = await self._found(request, officer, code)
        text = khmer.clean(posted.get("text"))
        try:
            await self._papers.reply(officer, row, text, posted)
        except (Refused, DomainError) as error:
            return await self._show(request, officer, code, Tried("reply", why(error), text), 422)
        return RedirectResponse(f"{HOME}/{row.reference}?done=reply#latest", 303)

    async def move(self, request: Request, code: str) -> Response:
        officer = await self._entrance.required(request)
        posted = await self._entrance.form(request, officer)
        row = await self._found(request, officer, code)
        then, reason = posted.get("status", 20), khmer.clean(posted.get("reason"))
        try:
            await self._papers.move(officer, row, then, reason)
        except (Refused, DomainError) as error:
            return await self._show(request, officer, code, Tried("status", why(error), reason, then), 422)
        return RedirectResponse(f"{HOME}/{row.reference}?done=status#latest", 303)

    async def _found(self, request: Request, officer: Officer, code: str) -> Any:
        row = await self._papers.found(officer, code)
        if row is None:
            raise self._desk.problem("missing", request, officer)
        return row

    async def _show(self, request: Request, officer: Officer, code: str, tried: Tried, status: int = 200) -> Response:
        """One complaint's page, or the page that says there is none."""

        def look(connection: Connection) -> tuple[Any, list[Any], str]:
            found = caseload.one(connection, officer.reach, written(code))
            thread = caseload.thread(connection, found.id) if found else []
            return found, thread, version(connection)

        row, thread, seen = await self._service.db.read(look)
        if row is None:
            raise self._desk.problem("missing", request, officer)
        language = pages.language_of(request)
        return self._desk.show(
            "complaint.html",
            request,
            officer,
            status=status,
            here=f"{HOME}/{row.reference}",
            one=views.line(row, self._service.book, self._service.clock()),
            facts=views.facts(row),
            entries=[views.entry(entry) for entry in thread],
            erased=bool(row.erased_at),
            waits=row.contact == "wait",
            moves=[(to, labels.STATUS[to], to in rules.NEEDS_REASON) for to in TRANSITIONS.get(row.status, ())],
            once=secrets.token_urlsafe(16),
            tried=tried,
            limits={"reply": REPLY_LIMIT, "reason": REASON_LIMIT, "file": LIMIT},
            done=DONE.get(request.query_params.get("done", "")),
            version=seen,
            brief=lambda when: brief(when, language),
        )


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/complaints/{code}` and what is under it."""
    made = OnePage(desk, entrance)
    to.add_api_route("/complaints/{code}", made.one, methods=["GET"])
    to.add_api_route("/complaints/{code}/reply", made.reply, methods=["POST"])
    to.add_api_route("/complaints/{code}/status", made.move, methods=["POST"])


def written(code: str) -> str:
    """A reference in an address, in whatever spelling."""
    return reference.read(code) or code


def why(error: Exception) -> Text:
    """A refusal in words."""
    if isinstance(error, DomainError):
        return REFUSALS.get(type(error), REFUSALS[NotAllowed])
    return str(error)


class Papers:
    """What an officer sends on its way."""

    def __init__(self, desk: Desk) -> None:
        self._service = desk.service
        self._engine = desk.engine

    async def found(self, officer: Officer, code: str) -> Any | None:
        return await self._service.db.read(lambda c: caseload.one(c, officer.reach, written(code)))

    async def reply(self, officer: Officer, row: Any, text: str, posted: Form) -> None:
        """Send once, however often the button was pressed. Raises Refused or DomainError."""
        if posted.too_big:
            raise Refused(WRONG["too_big"])
        rules.check_reply(text, ("file",) if posted.file is not None else ())
        if row.erased_at:
            raise NotFound
        once = f"{officer.id}:{posted.get('once', 64) or secrets.token_urlsafe(16)}"
        command = AnswerComplaint(row.reference, text, officer.id, (), once)
        try:
            if await self._service.db.read(lambda c: complaints.written_once(c, once)):
                return
            if posted.file is not None:
                kept = await self._keep(posted.file, file_id("console", once), row.address_id)
                command = replace(command, attachments=(kept,))
            await self._engine.command(command)
        except IntegrityError:  # the same form a second time, while the first is on its way
            return

    async def _keep(self, content: bytes, id: str, address_id: int | None) -> str:
        """Sniffed and stored; returns its id. Raises Refused, or IntegrityError when the id is taken."""
        try:
            mime, kind = sniff(content)
            if kind not in SENDABLE and mime != "application/pdf":
                raise FetchRefused("kind")
            stored = await asyncio.to_thread(self._service.files.store, id, content)
        except FetchRefused as refused:
            raise Refused(WRONG[str(refused)]) from None
        await self._service.db.write(
            lambda c: attachments.add_kept(
                c,
                id=id,
                address_id=address_id,
                channel="console",
                kind=stored.kind,
                mime=stored.mime,
                size=stored.size,
                digest=stored.digest,
                now=self._service.clock(),
            )
        )
        return id

    async def move(self, officer: Officer, row: Any, then: str, reason: str) -> None:
        """Change the status; one that it has already is no mistake. Raises Refused or DomainError."""
        if len(reason) > REASON_LIMIT:
            raise Refused(_("The reason is too long. Please shorten it."))
        if not then:
            raise Refused(_("Please choose the new status."))
        try:
            await self._engine.command(ChangeStatus(row.reference, then, reason, officer.id))
        except NotAllowed:
            now = await self.found(officer, row.reference)
            if now is None or now.status != then:
                raise
