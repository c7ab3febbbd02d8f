"""The routing table's page: a draft that is edited step by step, tried, and saved as a whole."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from bot.app import routing as shell
from bot.app.routing import Table
from bot.console import labels
from bot.console import routing_words as words
from bot.console.auth import Entrance
from bot.console.forms import Form
from bot.console.pages import Desk, Officer
from bot.dialog.says import Say, Text, Words, _
from bot.domain.errors import DomainError, Overtaken
from bot.domain.fingerprint import fingerprint
from bot.domain.offices import FaultyRules, SaveRules, table_faults
from bot.domain.reach import ROUTING
from bot.domain.routing import (
    MOST_RULES,
    NATIONAL,
    NOTE_LIMIT,
    PROVINCE_LIMIT,
    Case,
    Line,
    Verdict,
    changes,
    route,
)
from bot.text import khmer
from handlers.categories import GROUPS
from storage import offices

ADDRESS = "/console/offices/rules"
COUNTED = timedelta(days=30)
CHANGES: Mapping[str, Text] = {
    "added": _("New: {rule} → {office}"),
    "changed": _("Changed: {rule} → {office}"),
    "moved": _("Moved: {rule} → {office}"),
    "removed": _("Removed: {rule} → {office}"),
}
UNKNOWN = "unknown_office"
"""Not said of a rule for which no office was chosen yet: that is said already."""
OVERTAKEN = _(
    "Another administrator saved this table while you worked on it. Nothing of yours is lost: it stands below, with "
    "what it would change in the table as it is now. Look at it, then save again."
)
LINE = ("office", "country", "province", "category", "about", "note")
CASE = ("country", "category", "about", "province")
EMPTY = Case("", "", "")


class Unreadable(Exception):
    """A form that this page did not make."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is on the page. `seen`: the fingerprint of the table it began from; `open`: the rule in the editor, or 0."""

    lines: tuple[Line, ...]
    seen: str
    open: int = 0
    focus: str = ""
    tried: Case = EMPTY

    def to_json(self) -> str:
        return json.dumps({"seen": self.seen, "lines": [asdict(one) for one in self.lines]}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A rule as it is shown. `faults` and `test` are rendered already."""

    number: int
    line: Line
    country: Text
    category: Text
    about: Text
    office: Text
    faults: Sequence[str]
    test: str
    reached: bool


def read_draft(posted: Form) -> Draft:
    """Raises Unreadable."""
    try:
        told = json.loads(posted.get("table"))
        lines = tuple(_line(one) for one in told["lines"])
        seen = str(told["seen"])[:64]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable from None
    if len(lines) > MOST_RULES:
        raise Unreadable
    draft, row = Draft(lines, seen, tried=_case(posted, "try_")), posted.get("row", 4)
    if row.isascii() and row.isdigit() and 0 < int(row) <= len(lines):
        number = int(row)
        draft = replace(draft, lines=(*lines[: number - 1], edited(posted), *lines[number:]), open=number)
    return draft


def _line(one: Any) -> Line:
    example = one["example"]
    office, country, province, category, about, note = (_short(one[name]) for name in LINE)
    line = Line(office, country, province, category, about, note)
    if not example:
        return line
    country, category, about, province = (_short(example[name]) for name in CASE)
    return replace(line, example=Case(country, category, about, province))


def _short(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return khmer.clean(value)[:PROVINCE_LIMIT]


def _typed(posted: Form, name: str) -> str:
    return khmer.clean(posted.get(name, 4 * PROVINCE_LIMIT))[:PROVINCE_LIMIT]


def edited(posted: Form) -> Line:
    """The rule in the editor."""
    office, country, province, category, about, note = (_typed(posted, f"rule_{name}") for name in LINE)
    example = _case(posted, "test_")
    return Line(office, country, province, category, about, note, None if example == EMPTY else example)


def _case(posted: Form, prefix: str) -> Case:
    country, category, about, province = (_typed(posted, prefix + name) for name in CASE)
    return Case(country, category, about, province)


def stepped(draft: Draft, do: str) -> Draft:
    """One button of the page; what makes no sense changes nothing."""
    what, _colon, which = do.partition(":")
    number = int(which) if which.isascii() and which.isdigit() and len(which) < 4 else 0
    lines, there = list(draft.lines), 0 < number <= len(draft.lines)
    if what == "add" and len(lines) < MOST_RULES:
        return replace(draft, lines=(*lines, Line("")), open=len(lines) + 1, focus="rule_country")
    if what == "done":
        return replace(draft, open=0, focus=f"edit-{draft.open}" if draft.open else "")
    if what == "try":
        return replace(draft, focus="try")
    if not there:
        return draft
    if what == "edit":
        return replace(draft, open=number, focus="rule_country")
    if what == "remove":
        del lines[number - 1]
        left = 0 if draft.open == number else draft.open - (draft.open > number)
        return replace(draft, lines=tuple(lines), open=left, focus=f"remove-{min(number, len(lines))}")
    other = number + {"up": -1, "down": 1}.get(what, 0)
    if not 0 < other <= len(lines) or other == number:
        return draft
    lines[number - 1], lines[other - 1] = lines[other - 1], lines[number - 1]
    moved = {number: other, other: number}.get(draft.open, draft.open)
    onward = "down" if (what == "up" and other == 1) or (what == "down" and other < len(lines)) else "up"
    return replace(draft, lines=tuple(lines), open=moved, focus=f"{onward}-{other}")


class RulesPage:
    """The page, and its one form."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._service = desk, entrance, desk.service

    async def page(self, request: Request) -> Response:
        officer = await self._entrance.allowed(request, ROUTING)
        return await self.show(request, officer, None, done=request.query_params.get("done", "") == "saved")

    async def step(self, request: Request) -> Response:
        officer = await self._entrance.allowed(request, ROUTING)
        posted = await self._entrance.form(request, officer)
        try:
            draft = read_draft(posted)
        except Unreadable:
            raise self._desk.problem("unreadable", request, officer) from None
        do = posted.get("do", 20)
        if do == "reset":
            return RedirectResponse(ADDRESS, 303)
        if do != "save":
            return await self.show(request, officer, stepped(draft, do))
        try:
            await self._desk.command(request, officer, SaveRules(draft.lines, officer.id, draft.seen))
        except Overtaken:
            return await self.show(request, officer, draft, error=OVERTAKEN, renewed=True, status=409)
        except FaultyRules:
            error = _("Nothing was saved: the rules marked below are not right yet.")
            return await self.show(request, officer, draft, error=error, status=422)
        except DomainError as error:
            return await self.show(request, officer, draft, error=words.refusal(error), status=422)
        return RedirectResponse(f"{ADDRESS}?done=saved", 303)

    async def show(
        self,
        request: Request,
        officer: Officer,
        draft: Draft | None,
        *,
        error: Text = "",
        renewed: bool = False,
        done: bool = False,
        imported: bool = False,
        status: int = 200,
    ) -> Response:
        """The draft (None: what is saved). `renewed`: it may now be saved over the table as it is."""
        now, book = self._service.clock(), self._service.book

        def look(connection: Connection) -> tuple[Table, int]:
            return shell.table(connection), offices.with_national(connection, now - COUNTED)

        table, unrouted = await self._service.db.read(look)
        if draft is None or renewed:
            draft = replace(draft, seen=table.version) if draft else Draft(table.lines, table.version)
        found = shell.verdicts(draft.lines, table.offices)
        tell = self._desk.tell(request)
        rows = [self._row(one, draft.lines[one.rule.id - 1], table, tell) for one in found]
        national = next((row for row in shell.in_order(table.offices) if row.kind == NATIONAL and row.active), None)
        return self._desk.show(
            "rules.html",
            request,
            officer,
            status=status,
            here=ADDRESS,
            draft=draft,
            edited=draft.lines[draft.open - 1] if draft.open else None,
            rows=rows,
            changed=[tell(one) for one in self._changes(table, draft)],
            stale=draft.seen != table.version,
            faulty=sum(bool(row.faults) for row in rows),
            tried=self._tried(draft, table, tell),
            national=Words(national.name_km, national.name_en) if national else None,
            unrouted=unrouted,
            days=COUNTED.days,
            error=error,
            done=done,
            imported=imported,
            offices=[row for row in table.offices if row.active],
            idle=[row for row in table.offices if not row.active],
            countries=labels.COUNTRIES,
            abouts=labels.ABOUT,
            groups=[(label, codes) for label, _short, codes in GROUPS.values()],
            categories=book.categories,
            most=MOST_RULES,
            note_limit=NOTE_LIMIT,
            province_limit=PROVINCE_LIMIT,
        )

    def _row(self, found: Verdict, line: Line, table: Table, tell: Any) -> Row:
        book = self._service.book
        category = book.categories.get(line.category)
        written = table_faults([line], book.categories)
        test = words.goes(line.example, found.goes, table.offices, book) if line.example and found.goes else None
        return Row(
            number=found.rule.id,
            line=line,
            country=labels.country(line.country),
            category=category.name if category else line.category,
            about=labels.ABOUT.get(line.about, line.about),
            office=words.name_of(table.by_code().get(line.office)) if line.office in table.by_code() else line.office,
            faults=[tell(words.fault(one)) for one in (*written, *found.faults) if line.office or one.what != UNKNOWN],
            test=tell(test) if test else "",
            reached=found.reached and not found.faults,
        )

    def _changes(self, table: Table, draft: Draft) -> list[Say]:
        if fingerprint(draft.lines) == table.version:
            return []
        return [
            Say(
                CHANGES[what],
                {
                    "rule": words.conditions(line, self._service.book),
                    "office": words.said(words.name_of(table.by_code().get(line.office)))
                    if line.office in table.by_code()
                    else line.office or "—",
                },
            )
            for what, line in changes(table.lines, draft.lines)
        ]

    def _tried(self, draft: Draft, table: Table, tell: Any) -> list[str]:
        """Where the complaint in the “try it” box goes by the draft; nothing while it is not whole."""
        case, book = draft.tried, self._service.book
        if not (case.country and case.category and case.about):
            return []
        routed = route(case, shell.as_rules(draft.lines, table.offices), shell.as_offices(table.offices))
        told = [words.goes(case, routed, table.offices, book), *words.kept_from(case, table.offices)]
        return [tell(one) for one in told]


def routes(to: APIRouter, made: RulesPage) -> None:
    """`/offices/rules`."""
    to.add_api_route("/offices/rules", made.page, methods=["GET"])
    to.add_api_route("/offices/rules", made.step, methods=["POST"])
