"""Demo data, clearly marked: offices, rules, officers, people and complaints that never were."""

from datetime import datetime, timedelta
from typing import Any

import typer
from sqlalchemy import Connection

from bot.app.books import shipped_book
from bot.app.demo_data import ANSWER, HOURS, OFFICERS, OFFICES, RULES, SECOND_FACTOR, STORIES
from bot.app.staffing import add_staff, set_second_factor
from bot.clock import now
from bot.domain import reach
from bot.domain.clocks import ADDRESS_WITHIN, KINDS, RECEIVE_WITHIN_EMERGENCY, STOPS
from bot.domain.complaints import FileComplaint
from bot.domain.routing import Case, write_example
from bot.settings import Settings
from bot.text import reference
from storage import caseload, clocks, complaints, offices, people, seeding, staff
from storage.columns import KEYRING
from storage.db import Database

RECEIVED_AFTER = RECEIVE_WITHIN_EMERGENCY * 2 / 3
ANSWERED_AFTER = timedelta(hours=18)


def fill(settings: Settings) -> None:
    """Once; a second time changes nothing. A database from before the offices is brought to today's."""
    KEYRING.use(settings.keys)
    db = Database(settings.database_url)
    try:
        for step in (seeding.load, _officers, _offices, _complaints):
            db.write_now(step)
    finally:
        db.close()


def print_addresses(settings: Settings) -> None:
    base = settings.public_url or f"http://127.0.0.1:{settings.port}"
    coded = [login for login, *_names, role, _office, _head in OFFICERS if role in reach.SECOND_FACTOR]
    lines = [
        "",
        f"  the phone    {base}/phone",
        f"  the console  {base}/console",
        *(f"               sign in as {one[0]}, password {one[3]}" for one in OFFICERS),
        f"               {' and '.join(coded)} are also asked for a code: put the key {SECOND_FACTOR}",
        "               into an authenticator app (this key is public, so it protects only demo data)",
        "",
    ]
    typer.echo("\n".join(lines))


def _officers(connection: Connection) -> None:
    for login, name_km, name_en, password, role, _office, _head in OFFICERS:
        if staff.by_login(connection, login) is None:
            added = add_staff(connection, login, name_km, name_en, password, role, now())
            staff.change(connection, added, is_demo=True)
            if role in reach.SECOND_FACTOR:
                set_second_factor(connection, added, SECOND_FACTOR, now())


def _offices(connection: Connection) -> None:
    """The offices that are missing; with the first of them the officers of a demo from before get their places."""
    fresh = False
    for code, name_km, name_en, country, zone in OFFICES:
        if offices.by_code(connection, code) is None:
            fresh = True
            offices.add(
                connection,
                code=code,
                name_km=name_km,
                name_en=name_en,
                country=country,
                time_zone=zone,
                hours=HOURS,
                is_demo=True,
            )
    if not fresh:
        return
    ids = {row.code: row.id for row in offices.every(connection)}
    for login, _km, _en, _password, role, office, head in OFFICERS:
        row = staff.by_login(connection, login)
        if row is None or not row.is_demo:
            continue  # somebody of that name who is real
        if row.role != role or row.password_at is None:  # of a demo from before passwords had a date
            staff.change(connection, row.id, role=role, password_at=row.password_at or now())
        if role in reach.SECOND_FACTOR and not row.totp:
            set_second_factor(connection, row.id, SECOND_FACTOR, now())
        if office and not offices.of_staff(connection, row.id):
            offices.serve(connection, ids[office], row.id, head=head)
    if not offices.rules(connection):
        offices.put_rules(connection, [_rule(one, ids) for one in RULES])


def _rule(line: Any, ids: dict[str, int]) -> dict[str, Any]:
    conditions = {name: getattr(line, name) for name in ("country", "province", "category", "about", "note")}
    return {"office_id": ids[line.office], "example": write_example(line.example), **conditions}


def _complaints(connection: Connection) -> None:
    """All of them into a database without any; those of a demo from before get their office and their clocks."""
    empty = not caseload.every(connection, caseload.EVERYTHING, after=0, limit=1)
    book, moment = shipped_book(), now()
    for number, (category, country, about, words, hours, status) in enumerate(STORIES, 1):
        code = reference.make(number * 977_777_777 % 2**35)
        filed_at = moment - timedelta(hours=hours)
        if empty:
            here = people.enter(connection, "phone", f"demo-{number}", filed_at)
            command = FileComplaint(
                reference=code,
                category=category,
                country=country,
                about=about,
                behalf="relative" if category == "MISSING" else "self",
                identity="hidden",
                contact="chat",
                parts=({"text": f"(សាកល្បង) {words}"},),
            )
            complaints.file(
                connection,
                command,
                person_id=here.person_id,
                address_id=here.address_id,
                channel="phone",
                language="km",
                urgency=book.categories[category].urgency,
                now=filed_at,
                due_at=filed_at + ADDRESS_WITHIN,
                is_demo=True,
            )
        row = caseload.one(connection, caseload.EVERYTHING, code)
        if row is None or not row.is_demo or row.office_id is not None:
            continue
        _place(connection, row, status if empty else row.status, moment, fresh=empty)


def _place(connection: Connection, row: Any, status: str, moment: datetime, *, fresh: bool) -> None:
    """Routed by the rules; its clocks run since it was filed, and stopped when its state says so."""
    routed = offices.route(connection, Case(row.country, row.category, row.about))
    changed: dict[str, Any] = {"office_id": routed.office}
    if status not in ("filed", "withdrawn"):
        received_at = row.received_at or row.filed_at + RECEIVED_AFTER
        changed |= {"received_at": received_at, "received_by": row.received_by or _who(connection, routed.office)}
        changed |= {"officer_id": row.officer_id or changed["received_by"]}
        if status == "waiting":
            changed["waiting_since"] = row.waiting_since or received_at
    if status in STOPS["addressed"] and status != "withdrawn":
        answered_at = row.first_answer_at or min(moment, row.filed_at + ANSWERED_AFTER)
        changed["first_answer_at"] = answered_at
        if fresh:
            complaints.add_entry(
                connection,
                row.id,
                at=answered_at,
                author="officer",
                staff_id=changed["officer_id"],
                kind="text",
                body=ANSWER,
            )
    complaints.change(connection, row.id, moment, status=status, **changed)
    if clocks.of_complaint(connection, row.id):
        return
    clocks.start(connection, row.id, row.urgency, row.filed_at, KINDS)
    for kind in KINDS:
        if status in STOPS[kind]:
            stopped_at = changed.get("received_at" if kind == "received" else "first_answer_at", row.changed_at)
            clocks.stop(connection, row.id, stopped_at, (kind,))


def _who(connection: Connection, office: int | None) -> int | None:
    """A member of the office, else somebody of the national desk."""
    there = offices.members(connection, office) if office is not None else []
    if not there:
        desk = offices.by_code(connection, seeding.DESK["code"])
        there = offices.members(connection, desk.id) if desk else []
    return there[-1].id if there else None
