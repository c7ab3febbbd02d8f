"""The audit for those who may read it: who did what, the chain that holds it together, and a table of it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from bot import pages
from bot.app.audit import FAULTS, Verdict, verify_newest
from bot.console import acts
from bot.console.auth import Entrance
from bot.console.forms import number
from bot.console.pages import Desk, brief
from bot.dialog.says import Text, Words
from bot.domain.audit import ACTORS, CHECK_AUDIT, DOWNLOAD_AUDIT, READ_AUDIT, Fault
from bot.domain.reach import AUDIT
from bot.i18n import HOME
from bot.text import khmer, reference
from bot.text.cells import MARK, lines
from storage import audit, offices, staff
from storage.audit import Wanted
from storage.db import Database

SHOWN = 50
CHECKED = 5000
"""Newest rows that are looked at while somebody waits for the page."""
PAGE = 1000
"""Rows of the table that are held at a time."""
COLUMNS = (
    *("number", "at", "actor", "officer", "place", "action", "subject_kind", "subject"),
    *("before", "after", "previous", "digest"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the address: days of Phnom Penh, both inclusive."""

    since: date | None = None
    until: date | None = None
    officer: int | None = None
    action: str = ""
    subject: str = ""
    actor: str = ""
    before: int | None = None

    @property
    def values(self) -> dict[str, str | int]:
        """Those that are set, without the place in the list."""
        told = {
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "officer": self.officer or "",
            "action": self.action,
            "subject": self.subject,
            "actor": self.actor,
        }
        return {name: value for name, value in told.items() if value}

    @property
    def codes(self) -> dict[str, str | int]:
        """For the record: words that are no reference only by their length."""
        told = self.values
        if self.subject and not reference.read(self.subject):
            told |= {"subject": "", "words": len(self.subject)}
        return {name: value for name, value in told.items() if value}

    def address(self, to: str = "/console/audit", **more: int) -> str:
        told = urlencode({**self.values, **more})
        return f"{to}?{told}" if told else to

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            since=midnight(self.since) if self.since else None,
            until=midnight(self.until) + timedelta(days=1) if self.until else None,
            officer=self.officer,
            action=self.action,
            subject=reference.read(self.subject) or self.subject,
            actor=self.actor,
            before=self.before,
        )


def asked(given: Mapping[str, str]) -> Asked:
    """Read the address; what makes no sense in it is left out."""
    action, actor = given.get("action", ""), given.get("actor", "")
    return Asked(
        since=day(given.get("since", "")),
        until=day(given.get("until", "")),
        officer=number(given.get("officer", "")),
        action=action if action in acts.LABELS else "",
        subject=khmer.clean(given.get("subject", "")[:200])[:64],
        actor=actor if actor in ACTORS else "",
        before=number(given.get("before", "")),
    )


def day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 3000 else None


def midnight(when: date) -> datetime:
    return datetime.combine(when, time(), HOME)


@dataclass(frozen=True, slots=True)
class Row:
    """One act as the page shows it. `code`: the complaint's reference, when it is about one that has one."""

    id: int
    at: datetime
    who: Text
    login: str
    actor: str
    action: Text
    is_alarm: bool
    kind: Text
    subject: Text
    code: str
    place: str
    changes: list[acts.Change]
    hash: str


class Auditing:
    """The pages."""

    def __init__(self, desk: Desk, entrance: Entrance) -> None:
        self._desk, self._entrance, self._db = desk, entrance, desk.service.db

    async def listed(self, request: Request) -> Response:
        officer = await self._entrance.allowed(request, AUDIT)
        wanted, language = asked(request.query_params), pages.language_of(request)
        await self._desk.looked(request, officer, READ_AUDIT, "audit", "", wanted.codes)

        def look(connection: Connection) -> tuple[list[Any], list[Any], acts.Names]:
            rows = audit.listed(connection, wanted.wanted, SHOWN + 1)
            return rows, *everybody(connection, language)

        rows, officers, names = await self._db.read(look)
        logins = {one.id: one.login for one in officers}
        return self._desk.show(
            "audit.html",
            request,
            officer,
            rows=[shown(row, logins, names) for row in rows[:SHOWN]],
            older=wanted.address(before=rows[SHOWN - 1].id) if len(rows) > SHOWN else "",
            asked=wanted,
            officers=[(one.id, Words(one.name_km, one.name_en), one.login) for one in officers],
            actions=acts.ACTIONS,
            actors=acts.ACTORS,
        )

    async def chain(self, request: Request) -> Response:
        """The newest digest; with `check` in the address the newest rows are walked first."""
        officer = await self._entrance.allowed(request, AUDIT)
        verdict, faults = None, list[tuple[Text, Fault]]()
        if request.query_params.get("check"):
            await self._desk.looked(request, officer, CHECK_AUDIT, "audit", "", {"rows": CHECKED})
            verdict = await self._db.read(lambda c: verify_newest(c, CHECKED))
            faults = told(verdict)
        head = await self._db.read(audit.head)
        return self._desk.show(
            "audit_chain.html", request, officer, head=head, verdict=verdict, faults=faults, checked=CHECKED
        )

    async def table(self, request: Request) -> Response:
        """All rows of the current filters, newest first."""
        officer = await self._entrance.allowed(request, AUDIT)
        wanted = asked(request.query_params)
        await self._desk.looked(request, officer, DOWNLOAD_AUDIT, "audit", "", wanted.codes)
        name = f"audit-{pages.in_zone(self._desk.service.clock()):%Y-%m-%d}.csv"
        headers = {"content-disposition": f'attachment; filename="{name}"', "x-accel-buffering": "no"}
        return StreamingResponse(
            table_lines(self._db, wanted.wanted), media_type="text/csv; charset=utf-8", headers=headers
        )


async def table_lines(db: Database, wanted: Wanted) -> AsyncIterator[str]:
    yield MARK + lines([COLUMNS])
    logins = {one.id: one.login for one in await db.read(staff.every)}
    while rows := await db.read(partial(audit.listed, wanted=wanted, limit=PAGE)):
        yield lines(cells(row, logins) for row in rows)
        wanted = replace(wanted, before=rows[-1].id)


def everybody(connection: Connection, language: str) -> tuple[list[Any], acts.Names]:
    """All officers, whole rows, and the names of all officers and offices."""
    officers = staff.every(connection)
    places = {one.id: Words(one.name_km, one.name_en) for one in offices.every(connection)}
    people = {one.id: Words(one.name_km, one.name_en) for one in officers}
    return officers, acts.Names(people, places, lambda when: brief(when, language))


def shown(row: Any, logins: Mapping[int, str], names: acts.Names) -> Row:
    kind, subject, code = acts.subject(row.subject_kind, row.subject)
    return Row(
        id=row.id,
        at=row.at,
        who=names.officers.get(row.staff_id) or acts.ACTORS.get(row.actor) or acts.raw(row.actor),
        login=logins.get(row.staff_id, ""),
        actor=row.actor,
        action=acts.LABELS.get(row.action) or acts.raw(row.action),
        is_alarm=row.action in acts.ALARMS,
        kind=kind,
        subject=subject,
        code=code,
        place=row.place,
        changes=acts.changes(row.before, row.after, names),
        hash=row.hash,
    )


def told(verdict: Verdict) -> list[tuple[Text, Fault]]:
    """Each fault with its text, which has places for `first` and `last`."""
    several = ((one, one.what if one.first == one.last else f"{one.what}, several") for one in verdict.faults)
    return [(FAULTS[what], one) for one, what in several]


def cells(row: Any, logins: Mapping[int, str]) -> list[str]:
    who = logins.get(row.staff_id, "") if row.staff_id is not None else ""
    what = (row.id, row.at.isoformat(), row.actor, who, row.place, row.action, row.subject_kind, row.subject)
    return [str(one) for one in (*what, row.before, row.after, row.previous, row.hash)]


def routes(to: APIRouter, desk: Desk, entrance: Entrance) -> None:
    """`/audit` and what is under it."""
    made = Auditing(desk, entrance)
    to.add_api_route("/audit", made.listed, methods=["GET"])
    to.add_api_route("/audit/chain", made.chain, methods=["GET"])
    to.add_api_route("/audit/table.csv", made.table, methods=["GET"])
