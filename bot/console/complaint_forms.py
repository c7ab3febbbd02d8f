"""The forms of one complaint's page: each is one command, and a refusal shows the page again with what was typed."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from bot.app.files import LIMIT
from bot.console.auth import Entrance
from bot.console.complaint import OnePage, Tried
from bot.console.forms import FORM_LIMIT, Form, number
from bot.console.pages import HOME, Desk, Officer
from bot.console.papers import Letter, Papers, Refused, letter
from bot.dialog.says import Text, _
from bot.domain.complaints import (
    TAKEABLE,
    AcknowledgeComplaint,
    AddNote,
    AssignComplaint,
    ChangeStatus,
    MergeComplaint,
    ReferComplaint,
    UnmergeComplaint,
)
from bot.domain.errors import (
    DomainError,
    Empty,
    NotAllowed,
    NotFound,
    NotMergeable,
    NotServing,
    Overtaken,
    OwnRequest,
    ReasonMissing,
    TimeOver,
    TooLong,
)
from bot.domain.reach import WORK
from bot.domain.unlocks import AskUnlock, DecideUnlock
from bot.text import khmer, reference

REFUSALS: Mapping[type[DomainError], Text] = {
    Empty: _("Please write something, or choose a file."),
    TooLong: _("The reply is too long. Please shorten it, or send it in two parts."),
    NotFound: _("The worker's data was deleted in the meantime; nobody can be answered any more."),
    NotAllowed: _("The status was changed in the meantime. Please look at it again and choose anew."),
    ReasonMissing: _("This change needs a reason. The worker will read it."),
    NotServing: _("That officer does not serve in that office any more. Please choose anew."),
    OwnRequest: _("You asked for it yourself: another officer has to decide."),
    TimeOver: _("Nobody decided within 24 hours. It has to be asked for again."),
    NotMergeable: _(
        "These two cannot be put together: one of them belongs to another case already, is withdrawn, or may be seen"
        " by other officers only."
    ),
}
OF_FORM: Mapping[tuple[str, type[DomainError]], Text] = {
    ("reply", Overtaken): _(
        "Another officer wrote to the worker before you. Read it above. Your words are still here: send them if they"
        " are still needed."
    ),
    ("assign", Overtaken): _("Nothing was changed: in the meantime it was handed to somebody else."),
    ("decide", Overtaken): _("Another officer has decided already."),
    ("note", Empty): _("Please write the note first."),
    ("note", TooLong): _("The note is too long. Please shorten it."),
    ("unlock", ReasonMissing): _("Please write why you need to know who complained."),
    ("unlock", TooLong): _("The reason is too long. Please shorten it."),
    ("unlock", NotAllowed): _("There is nothing that could be shown."),
    ("decide", NotAllowed): _("There is nothing that could be shown."),
    ("decide", NotFound): _("There is no such request any more."),
    ("refer", NotAllowed): _("It cannot be handed to that office. Please look at it again and choose anew."),
    ("status", TooLong): _("The reason is too long. Please shorten it."),
    ("refer", TooLong): _("The reason is too long. Please shorten it."),
    ("refer", ReasonMissing): _("Please write the reason. The worker will read it."),
    ("merge", NotFound): _("There is no such complaint among those that you may see. Please check the reference."),
}


def why(form: str, error: Exception) -> Text:
    """A refusal in words."""
    if not isinstance(error, DomainError):
        return str(error)
    return OF_FORM.get((form, type(error)), REFUSALS.get(type(error), REFUSALS[NotAllowed]))


Work = Callable[[Officer, Any, Form], Awaitable[str]]
"""Does what a form asks for; returns what the page then says (see `complaint.DONE`)."""


class Forms:
    """One method a form."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance = desk, entrance
        self._page, self._papers = OnePage(desk, entrance), Papers(desk)

    async def reply(self, request: Request, code: str) -> Response:
        sent = list[Letter]()

        async def work(officer: Officer, row: Any, posted: Form) -> str:
            sent.append(letter(posted, khmer.clean(posted.get("text"))))
            left = await self._papers.reply(request, officer, row, sent[0])
            return "partly&left=" + "+".join(left) if left else "reply"

        async def kept(officer: Officer, row: Any) -> str:
            return await self._papers.keeps(officer, row, sent[0]) if sent else ""

        return await self._post(request, code, "reply", work, LIMIT + FORM_LIMIT, kept)

    async def move(self, request: Request, code: str) -> Response:
        async def work(officer: Officer, row: Any, posted: Form) -> str:
            then = posted.get("status", 20)
            reason = khmer.clean(posted.get("reason"))
            if not then:
                raise Refused(_("Please choose the new status."))
            try:
                await self._desk.command(request, officer, ChangeStatus(row.reference, then, reason, officer.id))
            except NotAllowed:
                now = await self._papers.found(officer, row.reference)
                if now is None or now.status != then:
                    raise
            return "status"

        return await self._post(request, code, "status", work)

    async def take(self, request: Request, code: str) -> Response:
        async def work(officer: Officer, row: Any, posted: Form) -> str:
            await self._desk.command(request, officer, AcknowledgeComplaint(row.reference, officer.id))
            now = await self._papers.found(officer, row.reference)
            another = now is not None and now.officer_id not in (None, officer.id)
            return "taken" if another and row.status not in TAKEABLE else "take"

        return await self._post(request, code, "take", work)

    async def assign(self, request: Request, code: str) -> Response:
        async def work(officer: Officer, row: Any, posted: Form) -> str:
            to, had = posted.get("officer", 20), number(posted.get("had", 20))
            if not to:
                raise Refused(_("Please choose an officer."))
            chosen = officer.id if to == "me" else number(to)
            if chosen is None and to != "nobody":
                raise NotServing
            await self._desk.command(request, officer, AssignComplaint(row.reference, chosen, officer.id, had))
            return "assign"

        return await self._post(request, code, "assign", work)

    async def refer(self, request: Request, code: str) -> Response:
        async def work(officer: Officer, row: Any, posted: Form) -> str:
            office, _colon, owner = posted.get("to", 40).partition(":")
            reason = khmer.clean(posted.get("reason"))
            if number(office) is None:
                raise Refused(_("Please choose the office, and who there."))
            command = ReferComplaint(row.reference, number(office) or 0, reason, officer.id, number(owner))
            await self._desk.command(request, officer, command)
            return "refer"

        return await self._post(request, code, "refer", work)

    async def note(self, request: Request, code: str) -> Response:
        async def work(officer: Officer, row: Any, posted: Form) -> str:
            await self._desk.command(
                request, officer, AddNote(row.reference, khmer.clean(posted.get("note")), officer.id)
            )
            return "note"

        return await self._post(request, code, "note", work)

    async def merge(self, request: Request, code: str) -> Response:
        async def work(officer: Officer, row: Any, posted: Form) -> str:
            into = reference.read(khmer.clean(posted.get("into", 64)))
            if into is None:
                raise Refused(_("This is not a whole reference."))
            try:
                await self._desk.command(request, officer, MergeComplaint(row.reference, into, officer.id))
            except NotFound:
                await self._desk.forbidden(request, officer, into)
                raise
            return "merge"

        return await self._post(request, code, "merge", work)

    async def unmerge(self, request: Request, code: str) -> Response:
        async def work(officer: Officer, row: Any, posted: Form) -> str:
            await self._desk.command(request, officer, UnmergeComplaint(row.reference, officer.id))
            return "unmerge"

        return await self._post(request, code, "merge", work)

    async def unlock(self, request: Request, code: str) -> Response:
        async def work(officer: Officer, row: Any, posted: Form) -> str:
            await self._desk.command(
                request, officer, AskUnlock(row.reference, khmer.clean(posted.get("why")), officer.id)
            )
            return "unlock"

        return await self._post(request, code, "unlock", work)

    async def decide(self, request: Request, code: str) -> Response:
        async def work(officer: Officer, row: Any, posted: Form) -> str:
            answer, asked = posted.get("decision", 10), number(posted.get("unlock", 20)) or 0
            if answer not in ("yes", "no"):
                raise NotFound
            await self._desk.command(request, officer, DecideUnlock(row.reference, asked, answer == "yes", officer.id))
            return "decide"

        return await self._post(request, code, "decide", work)

    async def _post(
        self,
        request: Request,
        code: str,
        form: str,
        work: Work,
        limit: int = FORM_LIMIT,
        kept: Callable[[Officer, Any], Awaitable[str]] | None = None,
    ) -> Response:
        officer = await self._entrance.required(request)
        posted = await self._entrance.form(request, officer, limit)
        row = await self._papers.found(officer, code)
        if row is None:
            raise self._gone(request, officer, code, posted)
        if not officer.may(WORK):
            raise self._desk.problem("refused", request, officer)
        try:
            done = await work(officer, row, posted)
        except (Refused, DomainError) as error:
            if await self._papers.found(officer, code) is None:
                raise self._gone(request, officer, code, posted) from None
            typed = {name: khmer.clean(value) for name, value in posted.fields.items() if name != "csrf"}
            again = await kept(officer, row) if kept else ""
            status = 409 if isinstance(error, Overtaken) else 422
            return await self._page.show(request, officer, code, Tried(form, why(form, error), typed, again), status)
        if done == "refer" and await self._papers.found(officer, code) is None:
            return RedirectResponse(f"{HOME}/{row.reference}/left", 303)
        return RedirectResponse(f"{HOME}/{row.reference}?done={done}{WHERE.get(form, '')}", 303)

    def _gone(self, request: Request, officer: Officer, code: str, posted: Form) -> Exception:
        """It went to other eyes while this officer wrote: what they wrote is theirs to copy."""
        answer = self._desk.problem("missing", request, officer)
        typed = (khmer.clean(posted.get(name)) for name in ("text", "note", "reason", "why"))
        text = next(filter(None, typed), "")
        if text:
            answer.response = self._desk.show("complaint_gone.html", request, officer, status=404, text=text, back=HOME)
        return answer


WHERE = {"reply": "#latest", "status": "#latest", "note": "#notes", "unlock": "#unlock", "decide": "#unlock"}
"""Where on the page a form's answer is."""


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """What is posted under `/complaints/{code}`."""
    made = Forms(desk, entrance)
    for path, form in (
        ("reply", made.reply),
        ("status", made.move),
        ("take", made.take),
        ("assign", made.assign),
        ("refer", made.refer),
        ("note", made.note),
        ("merge", made.merge),
        ("unmerge", made.unmerge),
        ("unlock", made.unlock),
        ("decide", made.decide),
    ):
        to.add_api_route(f"/complaints/{{code}}/{path}", form, methods=["POST"])
