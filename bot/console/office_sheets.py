"""The routing table and the offices as files: import with a preview, export."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from bot import pages
from bot.app import routing as shell
from bot.console import labels
from bot.console import routing_words as words
from bot.console.auth import Entrance
from bot.console.pages import Desk, Form, Officer
from bot.console.rules import Draft, RulesPage
from bot.dialog.says import Param, Say, Text, Words, _
from bot.domain import routing_csv
from bot.domain.errors import DomainError, NotAllowed, Overtaken
from bot.domain.offices import FaultyOffice, SaveOffices
from bot.domain.reach import ROUTING
from bot.domain.routing_csv import LARGEST, OFFICE_COLUMNS, RULE_COLUMNS, FaultyFile, Sheet, TooLarge
from bot.i18n import Renderer

ADDRESS = "/console/offices/import"
OVERTAKEN = _(
    "Another administrator changed the offices in the meantime. Below is what the file would change now. Look at it, "
    "then save again."
)
NOTHING = _("Choose a file, or paste its text.")
LAST_DESK = _("The national desk stays active: whatever no rule takes goes there.")


class Sheets:
    """The pages."""

    def __init__(self, desk: Desk, entrance: Entrance, table: RulesPage) -> None:
        self._desk, self._entrance, self._table, self._service = desk, entrance, table, desk.service

    async def page(self, request: Request) -> Response:
        return self._show(request, await self._entrance.allowed(request, ROUTING))

    async def read(self, request: Request) -> Response:
        """Rules become the draft of the rules' page; offices are shown first, and saved on the second press."""
        officer = await self._entrance.allowed(request, ROUTING)
        posted = await self._entrance.form(request, officer, 4 * LARGEST)
        try:
            text = given(posted)
            sheet = routing_csv.read(text) if text.strip() else None
        except FaultyFile as error:
            text = posted.get("text") if posted.file is None else routing_csv.decode(posted.file)
            tell = Renderer(self._service.catalogues, pages.language_of(request)).say
            faults = [tell(words.on_line(one)) for one in error.faults]
            return self._show(request, officer, text, _("Nothing was changed. The file has faults:"), faults)
        except DomainError as error:
            return self._show(request, officer, "", words.refusal(error))
        if sheet is None:
            return self._show(request, officer, "", NOTHING)
        if sheet.kind == routing_csv.RULES:
            return await self._rules(request, officer, sheet, text)
        return await self._offices(request, officer, sheet, text, posted)

    async def _rules(self, request: Request, officer: Officer, sheet: Sheet, text: str) -> Response:
        table = await self._service.db.read(shell.table)
        faults = shell.sheet_faults(sheet, table.offices, self._service.book.categories)
        if faults:
            tell = Renderer(self._service.catalogues, pages.language_of(request)).say
            told = [tell(words.on_line(one)) for one in faults]
            return self._show(request, officer, text, _("Nothing was changed. The file has faults:"), told)
        draft = Draft(sheet.lines, table.version)
        return await self._table.show(request, officer, draft, imported=True)

    async def _offices(self, request: Request, officer: Officer, sheet: Sheet, text: str, posted: Form) -> Response:
        table = await self._service.db.read(shell.table)
        tell = Renderer(self._service.catalogues, pages.language_of(request)).say
        faults = shell.sheet_faults(sheet, table.offices, self._service.book.categories)
        if faults:
            told = [tell(words.on_line(one)) for one in faults]
            return self._show(request, officer, text, _("Nothing was changed. The file has faults:"), told)
        error: Text = ""
        if posted.get("do") == "save":
            place = request.client.host if request.client else ""
            command = SaveOffices(sheet.offices, officer.id, posted.get("seen", 64))
            try:
                await self._desk.engine.command(command, place=place)
            except Overtaken:
                error, table = OVERTAKEN, await self._service.db.read(shell.table)
            except NotAllowed:
                error = LAST_DESK
            except FaultyOffice as refused:
                error = words.refusal(refused)
            else:
                return RedirectResponse("/console/offices?done=offices", 303)
        preview = [tell(one) for one in changed(sheet, table.offices)]
        seen = shell.offices_version(table.offices)
        return self._show(request, officer, text, error, preview=preview, seen=seen, status=409 if error else 200)

    def _show(
        self,
        request: Request,
        officer: Officer,
        text: str = "",
        error: Text = "",
        faults: list[str] | None = None,
        *,
        preview: list[str] | None = None,
        seen: str = "",
        status: int | None = None,
    ) -> Response:
        return self._desk.show(
            "offices_import.html",
            request,
            officer,
            status=status or (422 if error else 200),
            here=ADDRESS,
            text=text,
            error=error,
            faults=faults or [],
            preview=preview,
            seen=seen,
            rule_columns=RULE_COLUMNS,
            office_columns=OFFICE_COLUMNS,
            largest=LARGEST // 1000,
            abouts=labels.ABOUT,
        )

    async def export(self, request: Request) -> Response:
        officer = await self._entrance.allowed(request, ROUTING)
        what = request.query_params.get("what", "")
        if what not in (routing_csv.RULES, routing_csv.OFFICES):
            raise self._desk.problem("missing", request, officer)
        table = await self._service.db.read(shell.table)
        headers = {"content-disposition": f'attachment; filename="chumnuoy-{what}.csv"'}
        return Response(shell.exported(table, what), media_type="text/csv; charset=utf-8", headers=headers)


def given(posted: Form) -> str:
    """The chosen file, else the pasted text. Raises TooLarge or NotUtf8."""
    if posted.too_big:
        raise TooLarge
    return routing_csv.decode(posted.file) if posted.file is not None else posted.get("text")


def changed(sheet: Sheet, rows: Any) -> list[Say]:
    """What the file does to the offices, one line each."""
    known, told = {row.code: shell.facts(row) for row in rows}, list[Say]()
    for one in sheet.offices:
        was = known.get(one.code)
        params: dict[str, Param] = {"code": one.code, "name": Words(one.name_km, one.name_en)}
        if was is None:
            told.append(Say(_("New: {name} ({code})"), params))
        elif fields := [name for name in shell.KEPT if getattr(was, name) != getattr(one, name)]:
            told.append(Say(_("Changed: {name} ({code}): {fields}"), {**params, "fields": ", ".join(fields)}))
    return told


def routes(to: APIRouter, desk: Desk, entrance: Entrance, table: RulesPage) -> None:
    """`/offices/import` and `/offices/export`."""
    made = Sheets(desk, entrance, table)
    to.add_api_route("/offices/import", made.page, methods=["GET"])
    to.add_api_route("/offices/import", made.read, methods=["POST"])
    to.add_api_route("/offices/export", made.export, methods=["GET"])
