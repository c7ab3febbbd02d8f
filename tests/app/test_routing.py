"""Routing against both databases: who sees a complaint about an official, the commands, the seeds and the demo."""

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, insert, select

from bot.app import demo
from bot.app import routing as shell
from bot.app.books import shipped_book
from bot.app.context import Context
from bot.app.demo_data import OFFICERS, OFFICES, RULES, STORIES
from bot.app.post import Post
from bot.console import routing_shell
from bot.domain.complaints import OPEN, FileComplaint
from bot.domain.errors import NotYours, Overtaken
from bot.domain.offices import FaultyOffice, FaultyRules, SaveMembers, SaveOffice, SaveRules
from bot.domain.reach import MAY, READ, ROLES
from bot.domain.routing import ABOUTS, MISCONDUCT, NATIONAL, SUBCOMMITTEE, Case, Line
from bot.i18n import Catalogues
from bot.settings import Settings
from bot.text import reference
from storage import caseload, complaints, offices, people, seeding, staff
from storage.audit import AUDIT
from storage.clocks import CLOCK
from storage.columns import KEYRING
from storage.complaints import COMPLAINT
from storage.db import Database
from storage.offices import MEMBERSHIP, OFFICE, RULE
from storage.staff import STAFF
from tests.support.service import SECRET_KEYS

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
CATALOGUES = Catalogues()
BOOK = shipped_book()
COUNTRIES = ("TH", "KR", "KH")


@pytest.fixture
def db(database_url: str, quick_passwords: None) -> Iterator[Database]:
    KEYRING.use([SECRET_KEYS])
    opened = Database(database_url)
    yield opened
    opened.close()


def context(connection: Connection) -> Context:
    return Context(connection, NOW, BOOK, Post(CATALOGUES, {}), place="192.0.2.1")


def officer(connection: Connection, login: str, role: str) -> int:
    return staff.add(
        connection, login=login, name_km="ក", name_en="A", password="-", role=role, language="km", active=True,
        failures=0, totp_step=0, is_demo=False, created_at=NOW,
    )  # fmt: skip


def file(connection: Connection, number: int, case: Case, **changed: Any) -> int:
    here = people.enter(connection, "phone", "somebody", NOW)
    command = FileComplaint(
        reference.make(number), case.category, case.country, case.about, "self", "hidden", "chat", ({"text": "ក"},)
    )
    filed = complaints.file(
        connection, command, person_id=here.person_id, address_id=here.address_id, channel="phone", language="km",
        urgency="normal", now=NOW, due_at=NOW,
    )  # fmt: skip
    complaints.change(connection, filed, NOW, **changed)
    return filed


class Undo(Exception):
    """Every example leaves the database as it found it."""


COUNTRY = st.sampled_from(COUNTRIES)
MADE = st.lists(st.tuples(st.sampled_from([SUBCOMMITTEE, SUBCOMMITTEE, NATIONAL]), COUNTRY, st.booleans()), max_size=4)
CASES = st.builds(Case, COUNTRY, st.sampled_from(["DEBT", MISCONDUCT]), st.sampled_from(ABOUTS))
FILED = st.lists(st.tuples(CASES, st.none() | st.integers(0, 3), st.none() | st.integers(0, 3)), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MADE, FILED, st.sampled_from(ROLES), st.sets(st.integers(0, 3)))
def test_nobody_sees_a_complaint_about_an_official_of_where_they_serve(
    db: Database, made: list[Any], filed: list[Any], role: str, serves: set[int]
) -> None:
    def work(connection: Connection) -> None:
        rows = [
            offices.add(
                connection, code=f"o{number}", kind=kind, name_km="ក", name_en="A", country=country, active=active,
                time_zone="Asia/Bangkok", hours="", holidays="", is_demo=False,
            )
            for number, (kind, country, active) in enumerate(made)
        ]  # fmt: skip
        who = officer(connection, "who", role)
        mine = {rows[one] for one in serves if one < len(rows)}
        for one in mine:
            offices.serve(connection, one, who)
        posts = {made[rows.index(one)][1] for one in mine if made[rows.index(one)][0] != NATIONAL}
        reach = offices.reach(connection, who)
        for number, (case, held, blamed) in enumerate(filed):
            has = rows[held] if held is not None and held < len(rows) else None
            about = rows[blamed] if blamed is not None and blamed < len(rows) else None
            id = file(connection, number, case, office_id=has, about_office_id=about)
            seen = caseload.may_see(connection, reach, id)
            hidden = about in mine if about is not None else case.about_an_official and case.country in posts
            everywhere = role in ("desk", "auditor")
            assert seen == (READ in MAY[role] and not hidden and (everywhere or has in mine))
        raise Undo

    with pytest.raises(Undo):
        db.write_now(work)


def seeded(db: Database) -> None:
    db.write_now(seeding.load)
    db.write_now(demo._offices)


def acts(db: Database) -> list[Any]:
    return db.read_now(lambda c: list(c.execute(select(AUDIT).order_by(AUDIT.c.id))))


def test_a_table_is_saved_whole_or_not_at_all(db: Database) -> None:
    seeded(db)
    table = db.read_now(shell.table)
    assert table.lines == RULES
    fresh = Line("demo-korea", country="SG", note="ចំណាំ", example=Case("SG", "DEBT", "other", "ខេត្ត"))
    db.write_now(lambda c: shell.save_rules(SaveRules((*RULES, fresh), None, table.version), context(c)))
    assert db.read_now(shell.table).lines == (*RULES, fresh)
    assert [(act.action, act.actor, act.place) for act in acts(db)] == [("save_rules", "system", "192.0.2.1")]
    with pytest.raises(Overtaken):
        db.write_now(lambda c: shell.save_rules(SaveRules(RULES, None, table.version), context(c)))
    with pytest.raises(FaultyRules) as refused:
        db.write_now(lambda c: shell.save_rules(SaveRules((*RULES, fresh, fresh)), context(c)))
    assert [(fault.what, fault.at, fault.by) for fault in refused.value.faults] == [
        ("duplicate", 9, 8),
        ("example_elsewhere", 9, 8),
    ]
    assert db.read_now(shell.table).lines == (*RULES, fresh)
    assert len(acts(db)) == 1
    case = Case("SG", "DEBT", "other")
    korea = db.read_now(lambda c: offices.by_code(c, "demo-korea"))
    assert korea is not None
    assert db.read_now(lambda c: offices.route(c, case)).office == korea.id


def test_only_who_may_saves(db: Database) -> None:
    seeded(db)
    for role in ROLES:
        who = db.write_now(lambda c, role=role: officer(c, role, role))  # type: ignore[misc]  # bound on purpose
        for command, save in (
            (SaveRules(RULES[:-1], who), shell.save_rules),
            (SaveOffice(f"x-{role}", "ក", "A", "TH", "Asia/Bangkok", staff=who), shell.save_office),
            (SaveMembers("demo-japan", (), who), shell.save_members),
        ):
            work = lambda c, save=save, command=command: save(command, context(c))  # noqa: E731
            if role in ("administrator", "desk"):
                db.write_now(work)
            else:
                with pytest.raises(NotYours):
                    db.write_now(work)


def test_two_who_save_at_once_do_not_both_win(db: Database, database_url: str) -> None:
    """From two processes, as far as the database can tell: the lock lets the second see what the first has done."""
    seeded(db)
    version = db.read_now(shell.table).version
    other = Database(database_url)
    begun, ended = threading.Barrier(2), list[str]()

    def save(through: Database, lines: tuple[Line, ...]) -> None:
        begun.wait(10)
        try:
            through.write_now(lambda c: shell.save_rules(SaveRules(lines, None, version), context(c)))
            ended.append("saved")
        except Overtaken:
            ended.append("told")

    threads = [
        threading.Thread(target=save, args=(db, RULES[:3])),
        threading.Thread(target=save, args=(other, RULES[:2])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    other.close()
    assert sorted(ended) == ["saved", "told"]
    assert db.read_now(shell.table).lines in (RULES[:3], RULES[:2])
    assert len(acts(db)) == 1


def test_a_member_who_leaves_hands_open_complaints_back(db: Database) -> None:
    seeded(db)
    office = db.read_now(lambda c: offices.by_code(c, "demo-japan"))
    assert office is not None
    who = db.write_now(lambda c: officer(c, "who", "member"))
    db.write_now(lambda c: shell.save_members(SaveMembers("demo-japan", ((who, True),)), context(c)))
    for number, status in enumerate((*OPEN, "addressed", "closed")):
        changed = {"status": status, "office_id": office.id, "officer_id": who}
        db.write_now(
            lambda c, number=number, changed=changed: file(c, number, Case("JP", "DEBT", "other"), **changed)  # type: ignore[misc]
        )
    db.write_now(lambda c: shell.save_members(SaveMembers("demo-japan", ()), context(c)))
    rows = everything(db)["complaint"]
    found = {row.status: row.officer_id for row in rows}
    assert found == dict.fromkeys(OPEN) | {"addressed": who, "closed": who}


def test_an_office_with_every_fault_names_every_field(db: Database) -> None:
    command = SaveOffice("X", "", "", "Thai", "Mars/Base", "never", "tomorrow")
    with pytest.raises(FaultyOffice) as refused:
        db.write_now(lambda c: shell.save_office(command, context(c)))
    fields = [fault.field for fault in refused.value.faults]
    assert fields == ["code", "name_km", "name_en", "country", "time_zone", "hours", "holidays"]


def everything(db: Database) -> dict[str, list[Any]]:
    tables = (OFFICE, MEMBERSHIP, RULE, STAFF, COMPLAINT, CLOCK, complaints.ENTRY)
    return db.read_now(lambda c: {one.name: list(c.execute(select(one).order_by(*one.primary_key))) for one in tables})


def demo_settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, secret_keys=SECRET_KEYS, demo=True, files_url="-")


def test_the_demo_is_whole_and_may_be_repeated(db: Database, database_url: str) -> None:
    demo.fill(demo_settings(database_url))
    first = everything(db)
    assert len(first["office"]) == len(OFFICES) + 1
    assert all("(សាកល្បង)" in row.name_km and "(demo)" in row.name_en for row in first["office"] if row.is_demo)
    assert len(first["staff"]) == len(OFFICERS)
    assert len(first["complaint"]) == len(STORIES)
    out = io.StringIO()
    assert routing_shell.check(db, out), out.getvalue()
    by_id = {row.id: row for row in first["office"]}
    for row in first["complaint"]:
        office = by_id[row.office_id]
        assert office.country == row.country or office.kind == NATIONAL or row.category == "RECRUIT_FEES"
        assert not (row.category == MISCONDUCT and office.kind != NATIONAL)
        assert (row.officer_id is None) == (row.status == "filed")
        running = {one.kind for one in first["clock"] if one.complaint_id == row.id and one.stopped_at is None}
        assert running == {
            "filed": {"received", "addressed"}, "received": {"addressed"}, "in_hand": {"addressed"},
            "waiting": {"addressed"},
        }.get(row.status, set())  # fmt: skip
    demo.fill(demo_settings(database_url))
    assert everything(db) == first
    for row in first["staff"]:
        assert bool(row.totp) == (row.role in ("administrator", "head"))


def test_later_edits_of_the_demo_are_kept(db: Database, database_url: str) -> None:
    demo.fill(demo_settings(database_url))
    korea = db.read_now(lambda c: offices.by_code(c, "demo-korea"))
    assert korea is not None
    db.write_now(lambda c: offices.change(c, korea.id, name_en="Edited", active=False))
    db.write_now(lambda c: offices.put_rules(c, []))
    demo.fill(demo_settings(database_url))
    again = db.read_now(lambda c: offices.by_code(c, "demo-korea"))
    assert again is not None
    assert (again.name_en, again.active) == ("Edited", False)
    assert db.read_now(shell.table).lines == ()


def test_a_demo_from_before_the_offices_is_brought_to_today(db: Database, database_url: str) -> None:
    """Officers and complaints as the first release made them: no office, no clock, no date of the password."""

    def before(connection: Connection) -> None:
        for login, role in (("demo-officer", "member"), ("demo-head", "head")):
            staff.change(connection, officer(connection, login, role), is_demo=True, password_at=None)
        real = officer(connection, "demo-admin", "member")
        staff.change(connection, real, is_demo=False)
        for number, (category, country, about, _words, _hours, status) in enumerate(STORIES, 1):
            file(
                connection, number * 977_777_777 % 2**35, Case(country, category, about), status=status, is_demo=True
            )  # fmt: skip
        mine = file(connection, 5, Case("TH", "DEBT", "other"))
        assert mine

    db.write_now(before)
    demo.fill(demo_settings(database_url))
    found = everything(db)
    people_by_login = {row.login: row for row in found["staff"]}
    assert people_by_login["demo-officer"].role == "desk"
    assert people_by_login["demo-officer"].password_at is not None
    assert people_by_login["demo-admin"].role == "member", "somebody real keeps their role"
    assert people_by_login["demo-head"].totp
    served = {row.staff_id for row in found["membership"]}
    assert {people_by_login["demo-officer"].id, people_by_login["demo-head"].id} <= served
    for row in found["complaint"]:
        assert (row.office_id is not None) == row.is_demo, "a real complaint is not touched"
        assert bool([one for one in found["clock"] if one.complaint_id == row.id]) == row.is_demo
    demo.fill(demo_settings(database_url))
    assert everything(db) == found


def test_the_command_line_checks_imports_and_exports(db: Database) -> None:
    out = io.StringIO()
    assert not routing_shell.check(db, out)
    assert "no active national desk" in out.getvalue()
    seeded(db)
    out = io.StringIO()
    routing_shell.give(db, "rules", out)
    text = out.getvalue()
    assert routing_shell.take(db, text.encode(), io.StringIO())
    assert acts(db) == [], "the same table changes nothing"
    shorter = "\r\n".join(text.split("\r\n")[:3])
    assert routing_shell.take(db, shorter.encode(), io.StringIO())
    assert db.read_now(shell.table).lines == RULES[:2]
    for content, said in (
        (b"\xff", "UTF-8"),
        (b"nonsense\n", "first line"),
        (shorter.replace("demo-cambodia", "elsewhere").encode(), "Line 2: There is no office with this code."),
        ((shorter + "\r\n" + shorter.split("\r\n")[1]).encode(), "Line 4: This is the same rule as number 1."),
        (b"code,name_km,name_en,country,time_zone\nx1,a,,TH,Asia/Bangkok\n", "Line 2: The name is missing."),
    ):
        out = io.StringIO()
        assert not routing_shell.take(db, content, out)
        assert said in out.getvalue()
    assert db.read_now(shell.table).lines == RULES[:2]
    db.write_now(lambda c: offices.put_rules(c, []))
    db.write_now(lambda c: c.execute(insert(RULE).values(position=1, office_id=1, country="TH", example="nonsense",
                                                         province="", category="", about="", note="")))  # fmt: skip
    out = io.StringIO()
    assert not routing_shell.check(db, out)
    assert "A test line is missing" in out.getvalue()
    assert db.read_now(lambda c: c.scalar(select(func.count()).select_from(AUDIT))) == 1
