"""Ready answers: kept in both languages, and filled in for one complaint."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from bot.app.notes import version
from bot.console.auth import Entrance
from bot.console.forms import Form, number
from bot.console.pages import Desk, Officer
from bot.console.sight import Sight
from bot.dialog.facts import Book
from bot.dialog.says import Reference, Text, Words, _
from bot.domain import canned as rules
from bot.domain.canned import FIELDS, TITLE_LIMIT, SaveCanned, SwitchCanned
from bot.domain.complaints import REPLY_LIMIT
from bot.domain.errors import DomainError, Empty, NotFound, Overtaken, TooLong, UnknownField
from bot.domain.reach import CANNED
from bot.i18n import Catalogues, Renderer, zone_of
from bot.text import khmer
from storage import canned

LIST = "/console/canned"
TITLES, BODIES = ("title_km", "title_en"), ("body_km", "body_en")
WHAT: Mapping[str, Text] = {
    "reference": _("the complaint's reference"),
    "category": _("what it is about"),
    "due": _("until when an answer is due"),
    "office": _("the office that has it"),
}
WRONG: Mapping[type[DomainError], Text] = {
    Empty: _("Please fill in the title and the words in both languages."),
    TooLong: _("A title may have 100 characters, and an answer 4,000."),
    Overtaken: _(
        "Another officer changed it in the meantime. Look at it on the list, then save yours if it is better."
    ),
}
DONE: Mapping[str, Text] = {
    "saved": _("The ready answer is saved."),
    "on": _("It is offered to officers again."),
    "off": _("It is no longer offered to officers."),
}


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready answer in the worker's language, filled in."""

    id: int
    title: Words
    text: str


def ready_for(sight: Sight, catalogues: Catalogues, book: Book) -> list[Ready]:
    """All that are offered, filled in for one complaint."""
    row, language = sight.row, "en" if sight.row.language == "en" else "km"
    renderer = Renderer(catalogues, language, zone_of(row.country))
    category = book.categories.get(row.category)
    office = Words(sight.office.name_km, sight.office.name_en) if sight.office else _("The labour sub-committee")
    values = {
        "reference": renderer.param(Reference(row.reference)),
        "category": catalogues.words(category.name if category else row.category, language),
        "due": renderer.param(row.due_at),
        "office": catalogues.words(office, language),
    }
    return [
        Ready(one.id, Words(one.title_km, one.title_en), rules.fill(getattr(one, f"body_{language}"), values))
        for one in sight.ready
    ]


class Shelf:
    """The page where ready answers are kept."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._service = desk, entrance, desk.service

    async def listed(self, request: Request) -> Response:
        return await self._show(request, await self._entrance.allowed(request, CANNED))

    async def save(self, request: Request) -> Response:
        """A new one, or with `id` one that is there."""
        officer = await self._entrance.allowed(request, CANNED)
        posted = await self._entrance.form(request, officer)
        texts = typed(posted)
        command = SaveCanned(
            **texts, staff=officer.id, canned=number(posted.get("id", 20)), seen=posted.get("version", 64)
        )
        return await self._do(request, officer, command, "saved", {**texts, "id": posted.get("id", 20)})

    async def switch(self, request: Request) -> Response:
        officer = await self._entrance.allowed(request, CANNED)
        posted = await self._entrance.form(request, officer)
        active = posted.get("active") == "yes"
        command = SwitchCanned(number(posted.get("id", 20)) or 0, active, officer.id)
        return await self._do(request, officer, command, "on" if active else "off", {})

    async def _do(
        self, request: Request, officer: Officer, command: object, done: str, texts: Mapping[str, str]
    ) -> Response:
        try:
            await self._desk.command(request, officer, command)
        except NotFound:
            raise self._desk.problem("missing", request, officer) from None
        except DomainError as error:
            return await self._show(request, officer, texts, error)
        return RedirectResponse(f"{LIST}?done={done}", 303)

    async def _show(
        self,
        request: Request,
        officer: Officer,
        texts: Mapping[str, str] | None = None,
        error: DomainError | None = None,
    ) -> Response:
        rows = await self._service.db.read(canned.every)
        strange = [name for text in (texts or {}).values() for name in rules.unknown(text)]
        return self._desk.show(
            "canned.html",
            request,
            officer,
            status=409 if isinstance(error, Overtaken) else 422 if error else 200,
            here=LIST,
            rows=[(row, version(row)) for row in rows],
            texts=texts or {},
            error=WRONG.get(type(error), "") if error else "",
            strange=strange if isinstance(error, UnknownField) else [],
            fields=[(name, WHAT[name]) for name in FIELDS],
            limits={"title": TITLE_LIMIT, "body": REPLY_LIMIT},
            done=DONE.get(request.query_params.get("done", "")),
        )


def typed(posted: Form) -> dict[str, str]:
    """The four texts, as they were typed."""
    return {name: khmer.clean(posted.get(name)) for name in (*TITLES, *BODIES)}


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/canned` and what is under it."""
    made = Shelf(desk, entrance)
    to.add_api_route("/canned", made.listed, methods=["GET"])
    to.add_api_route("/canned/save", made.save, methods=["POST"])
    to.add_api_route("/canned/switch", made.switch, methods=["POST"])
