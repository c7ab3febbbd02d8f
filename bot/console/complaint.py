"""One complaint's page: everything about it in one place, and the page to print."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from bot.app.files import LIMIT
from bot.console import beside, labels, views
from bot.console.auth import Entrance
from bot.console.canned import ready_for
from bot.console.forms import number
from bot.console.pages import HOME, Desk, Officer
from bot.console.papers import written
from bot.console.sight import Sight, see
from bot.dialog.says import Text, _
from bot.domain import complaints as rules
from bot.domain.audit import OPEN_COMPLAINT, PRINT
from bot.domain.complaints import NOTE_LIMIT, RATINGS, REPLY_LIMIT, TAKEABLE, TRANSITIONS
from bot.domain.reach import ASSIGN, REFER, UNLOCK, WORK
from bot.domain.unlocks import REASON_LIMIT as UNLOCK_LIMIT
from bot.text import reference
from storage import caseload

DONE: Mapping[str, Text] = {
    "reply": _("Your reply was sent to the worker."),
    "partly": _("Your reply was sent, but not to every complaint of this case; look at the ones named below."),
    "status": _("The status was changed, and the worker was told."),
    "take": _("You took it, and the worker was told."),
    "taken": _("Another officer took it before you."),
    "assign": _("It was handed to the officer, who was told."),
    "refer": _("It was handed to the other office. The worker and the office were told."),
    "note": _("Your note is kept. The worker does not see it."),
    "merge": _("The two complaints now belong to one case."),
    "unmerge": _("It is a case of its own again."),
    "unlock": _("You asked to see who complained. Another officer has to decide, and was told."),
    "decide": _("Your decision is kept, and the officer who asked was told."),
}

LATER: Mapping[str, Text] = {
    "reply": _("Your reply is kept. The worker reads it when they write again."),
    "status": _("The status was changed. The worker reads so when they write again."),
    "take": _("You took it. The worker reads so when they write again."),
    "refer": _("It was referred to the other office, which was told. The worker reads so when they write again."),
}
"""Where the worker's chat is not their safe contact."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A form that was not accepted: shown again with what was typed, and why. `kept`: the key of its file."""

    form: str = ""
    error: Text = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    kept: str = ""

    def get(self, form: str, name: str) -> str:
        return self.fields.get(name, "") if self.form == form else ""


class OnePage:
    """Shows the page; the forms on it are in `bot.console.complaint_forms`."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._service = desk, entrance, desk.service

    async def one(self, request: Request, code: str) -> Response:
        officer = await self._entrance.required(request)
        return await self.show(request, officer, code, Tried())

    async def left(self, request: Request, code: str) -> Response:
        """After a referral to an office where one does not serve; nothing is read."""
        officer = await self._entrance.required(request)
        title, text = _("The complaint was handed over"), _("Another office has it now. It left your list.")
        return self._desk.show("problem.html", request, officer, title=title, text=text, back=HOME)

    async def show(self, request: Request, officer: Officer, code: str, tried: Tried, status: int = 200) -> Response:
        """One complaint's page, or the page that says there is none."""
        now = self._service.clock()

        def look(connection: Connection) -> tuple[Sight | None, int]:
            seen = see(connection, officer.reach, written(code), now)
            return seen, caseload.same_about(connection, officer.reach, seen.row) if seen else 0

        sight, same = await self._service.db.read(look)
        if sight is None:
            raise self._desk.problem("missing", request, officer)
        printed = request.method == "GET" and "print" in request.query_params
        row = sight.row
        await self._desk.looked(request, officer, PRINT if printed else OPEN_COMPLAINT, "complaint", row.reference)
        values = self._values(sight, officer, now, printed)
        ready = [] if printed else ready_for(sight, self._service.catalogues, self._service.book)
        chosen = number(request.query_params.get("ready", ""))
        return self._desk.show(
            "complaint_print.html" if printed else "complaint.html",
            request,
            officer,
            status=status,
            here=f"{HOME}/{row.reference}",
            **values,
            same=same,
            presence_at=f"{HOME}/{row.reference}/presence",
            ready=ready,
            started=next((one.text for one in ready if one.id == chosen), ""),
            once=secrets.token_urlsafe(16),
            tried=tried,
            limits={
                "reply": REPLY_LIMIT,
                "reason": rules.REASON_LIMIT,
                "file": LIMIT,
                "note": NOTE_LIMIT,
                "unlock": UNLOCK_LIMIT,
            },
            done=done_of(request.query_params.get("done", ""), row),
            left=[code for code in request.query_params.get("left", "")[:200].split() if reference.read(code) == code],
            now=now,
        )

    def _values(self, sight: Sight, officer: Officer, now: datetime, printed: bool) -> dict[str, Any]:
        row, revealed = sight.row, None if printed else sight.revealed
        entries = [views.entry(entry) for entry in sight.thread]
        holder = sight.names.get(row.officer_id)
        works = officer.may(WORK)
        return {
            "one": views.line(row, self._service.book, now),
            "row": row,
            "facts": views.facts(row, revealed),
            "revealed": revealed,
            "entries": entries,
            "newest": sight.newest,
            "promises": beside.promises(sight, now),
            "titles": beside.TITLES,
            "history": beside.history(sight),
            "notes": beside.notes(sight),
            "requests": beside.requests(sight, officer.id, now),
            "others": [(beside.names(one), one.writing) for one in sight.others],
            "office": beside.names(sight.office) if sight.office else None,
            "holder": beside.names(holder) if holder else None,
            "members": [(one.id, beside.names(one), one.head) for one in sight.members],
            "targets": [
                (office.id, beside.names(office), [(one.id, beside.names(one), one.head) for one in members])
                for office, members in sight.targets
            ],
            "main": sight.main,
            "merged": sight.merged,
            "hidden_near": sight.hidden_near,
            "labels": labels.STATUS,
            "ratings": RATINGS,
            "erased": bool(row.erased_at),
            "waits": not rules.may_write_first(row.contact),
            "counts": rules.after_reply(row.status) != row.status,
            "anonymous": not rules.shows_name(row.identity),
            "moves": [(to, labels.STATUS[to], to in rules.NEEDS_REASON) for to in TRANSITIONS.get(row.status, ())],
            "can": {
                "work": works,
                "take": works and row.status in TAKEABLE and not row.erased_at,
                "mine": works and row.officer_id is None and sight.serves and not row.erased_at,
                "assign": officer.may(ASSIGN) and bool(sight.members) and not row.erased_at,
                "refer": officer.may(REFER) and row.status in rules.REFERABLE and bool(sight.targets),
                "unlock": officer.may(UNLOCK) and not row.erased_at,
                "merge": works and row.status != "withdrawn",
            },
            "version": sight.version,
        }


def done_of(what: str, row: Any) -> Text | None:
    """What the notice above the page says."""
    later = None if rules.may_write_first(row.contact) else LATER.get(what)
    return later or DONE.get(what)


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/complaints/{code}`; the forms' addresses are in `bot.console.complaint_forms`."""
    made = OnePage(desk, entrance)
    to.add_api_route("/complaints/{code}", made.one, methods=["GET"])
    to.add_api_route("/complaints/{code}/left", made.left, methods=["GET"])
