"""The routing table and the offices as files: import with a preview, export."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from bot.app import routing as shell
from bot.app.routing import Table
from bot.console import routing_words as words
from bot.console.auth import Entrance
from bot.console.forms import Form
from bot.console.pages import Desk, Officer, download
from bot.console.rules import Draft, RulesPage
from bot.dialog.says import Param, Say, Text, Words, _
from bot.domain import routing_csv
from bot.domain.errors import DomainError, Overtaken
from bot.domain.offices import SaveOffices
from bot.domain.reach import ROUTING
from bot.domain.routing import Fault
from bot.domain.routing_csv import LARGEST, OFFICE_COLUMNS, RULE_COLUMNS, FaultyFile, Sheet, TooLarge

ADDRESS = "/console/offices/import"
OVERTAKEN = _(
    "Another administrator changed the offices in the meantime. Below is what the file would change now. Look at it, "
    "then save again."
)
NOTHING = _("Choose a file, or paste its text.")


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
            return self._faulty(request, officer, text, error.faults)
        except DomainError as error:
            return self._show(request, officer, posted.get("text"), words.refusal(error))
        if sheet is None:
            return self._show(request, officer, "", NOTHING)
        table = await self._service.db.read(shell.table)
        if faults := shell.sheet_faults(sheet, table.offices, self._service.book.categories):
            return self._faulty(request, officer, text, faults)
        if sheet.kind == routing_csv.RULES:
            return await self._table.show(request, officer, Draft(sheet.lines, table.version), imported=True)
        return await self._offices(request, officer, sheet, text, posted, table)

    def _faulty(self, request: Request, officer: Officer, text: str, faults: Sequence[Fault]) -> Response:
        tell = self._desk.tell(request)
        told = [tell(words.on_line(one)) for one in faults]
        return self._show(request, officer, text, _("Nothing was changed. The file has faults:"), told)

    async def _offices(
        self, request: Request, officer: Officer, sheet: Sheet, text: str, posted: Form, table: Table
    ) -> Response:
        error: Text = ""
        if posted.get("do") == "save":
            command = SaveOffices(sheet.offices, officer.id, posted.get("seen", 64))
            try:
                await self._desk.command(request, officer, command)
            except Overtaken:
                error, table = OVERTAKEN, await self._service.db.read(shell.table)
            except DomainError as refused:
                error = words.refusal(refused)
            else:
                return RedirectResponse("/console/offices?done=offices", 303)
        tell = self._desk.tell(request)
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
        )

    async def export(self, request: Request) -> Response:
        officer = await self._entrance.allowed(request, ROUTING)
        what = request.query_params.get("what", "")
        if what not in (routing_csv.RULES, routing_csv.OFFICES):
            raise self._desk.problem("missing", request, officer)
        table = await self._service.db.read(shell.table)
        return download(shell.exported(table, what).encode(), "text/csv; charset=utf-8", f"chumnuoy-{what}.csv")


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
