"""The door's transactions on both databases, asked by two processes at once."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import Connection, select

from bot.app import doors, factors, staffing
from bot.app.doors import GONE, LOCKED, PASSED, WRONG, Visit
from bot.domain import factors as codes
from bot.domain.errors import NotYours
from bot.domain.staffing import (
    AddOfficer,
    BadLogin,
    ChangeOfficer,
    LastAdministrator,
    LoginTaken,
    NameMissing,
    NoSuchRole,
    NotYourself,
    ResetOfficer,
    SetActive,
)
from storage import staff
from storage.audit import AUDIT
from storage.columns import KEYRING
from storage.db import Database
from tests.support.passwords import QUICK
from tests.support.service import SECRET_KEYS

NOW = datetime(2026, 11, 22, 8, 0, 7, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
VISIT = Visit(NOW, "203.0.113.7", "a browser")
HASHED = QUICK.hash("not to be recorded")


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' connections to one database."""
    KEYRING.use(SECRET_KEYS.split(","))
    both = Database(database_url), Database(database_url)
    yield both
    for db in both:
        db.close()


async def made(db: Database, login: str = "sokha", role: str = "desk", *, factor: bool = False) -> int:
    def work(connection: Connection) -> int:
        command = AddOfficer(login, "សុខា", "Sokha", role)
        added = staffing.add_officer(connection, command, HASHED, VISIT, must_change=False)
        if factor:
            staffing.set_second_factor(connection, added, SECRET, NOW)
            staff.put_recovery(connection, added, [codes.digest("k7m2-9xqd-w4ht-bn3c")])
        return added

    return await db.write(work)


async def entered(db: Database, officer: int, digest: str, visit: Visit = VISIT) -> str:
    def work(connection: Connection) -> str:
        row = staff.one(connection, officer)
        assert row is not None
        doors.claim(connection, row.login, visit)
        return doors.enter(connection, row, None, visit, digest=digest, csrf="c", old="")

    return await db.write(work)


async def code(db: Database, digest: str, typed: str, visit: Visit = VISIT) -> str:
    return await db.write(lambda c: doors.pass_second(c, digest, typed, visit))


async def at_once(two: tuple[Database, Database], *works: Callable[[Connection], Any]) -> list[Any]:
    """Each in a process of its own, as nearly together as can be; a DomainError is an answer."""
    asked = (two[number % 2].write(work) for number, work in enumerate(works))
    return await asyncio.gather(*asked, return_exceptions=True)


def acts(db: Database) -> list[tuple[str, int | None, str, str]]:
    found = select(AUDIT.c.action, AUDIT.c.staff_id, AUDIT.c.subject, AUDIT.c.after).order_by(AUDIT.c.id)
    return db.read_now(lambda c: [tuple(row) for row in c.execute(found)])


def shown(ahead: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(NOW, counter_offset=ahead)


async def test_one_code_at_once_from_two_browsers_opens_one(two: tuple[Database, Database]) -> None:
    db, officer = two[0], await made(two[0], factor=True)
    assert [await entered(db, officer, digest) for digest in ("a" * 64, "b" * 64)] == [WRONG, WRONG]
    works = [lambda c, d=digest: doors.pass_second(c, d, shown(), VISIT) for digest in ("a" * 64, "b" * 64)]
    assert sorted(await at_once(two, *works)) == [PASSED, WRONG]
    live = await db.read(lambda c: staff.sessions(c, officer, NOW))
    assert sorted(one.passed for one in live) == [False, True]
    told = acts(db)
    assert [act for act, *_ in told].count("sign_in") == 1
    assert json.loads(next(after for act, *_, after in told if act == "second_factor_failed"))["why"] == "used"


async def test_the_same_form_twice_is_one_sign_in(two: tuple[Database, Database]) -> None:
    db, officer = two[0], await made(two[0], factor=True)
    await entered(db, officer, "a" * 64)
    works = [lambda c: doors.pass_second(c, "a" * 64, shown(), VISIT)] * 2
    assert await at_once(two, *works) == [PASSED, PASSED], "a double click is no failure"
    assert [act for act, *_ in acts(db)] == ["staff_add", "sign_in"]


async def test_a_recovery_code_opens_once_even_at_once(two: tuple[Database, Database]) -> None:
    db, officer = two[0], await made(two[0], factor=True)
    for digest in ("a" * 64, "b" * 64):
        await entered(db, officer, digest)
    typed = "K7M2 9XQD W4HT BN3C"
    works = [lambda c, d=digest: doors.pass_second(c, d, typed, VISIT) for digest in ("a" * 64, "b" * 64)]
    assert sorted(await at_once(two, *works)) == [PASSED, WRONG]
    assert [act for act, *_ in acts(db)].count("recovery_used") == 1
    assert await db.read(lambda c: staff.recovery_left(c, officer)) == 0


async def test_an_older_code_is_refused_after_a_newer(two: tuple[Database, Database]) -> None:
    db, officer = two[0], await made(two[0], factor=True)
    for digest, typed, outcome in (("a", shown(1), PASSED), ("b", shown(0), WRONG), ("c", shown(-1), WRONG)):
        await entered(db, officer, digest * 64)
        assert await code(db, digest * 64, typed) == outcome


async def test_five_wrong_codes_lock_and_a_right_password_forgives_none(two: tuple[Database, Database]) -> None:
    db, officer = two[0], await made(two[0], factor=True)
    outcomes = []
    for number in range(5):
        await entered(db, officer, f"{number}" * 64)
        outcomes.append(await code(db, f"{number}" * 64, "000000"))
    assert outcomes == [WRONG] * 4 + [LOCKED]
    assert await code(db, "0" * 64, shown()) == LOCKED, "a right code opens no locked door"
    assert await db.write(lambda c: doors.claim(c, "sokha", VISIT)) == (None, True), "nor does a password"
    later = Visit(NOW + timedelta(minutes=16))
    assert await entered(db, officer, "x" * 64, later) == WRONG
    assert await code(db, "x" * 64, pyotp.TOTP(SECRET).at(later.at), later) == PASSED


async def test_half_a_session_is_over_after_ten_minutes(two: tuple[Database, Database]) -> None:
    db, officer = two[0], await made(two[0], factor=True)
    await entered(db, officer, "a" * 64)
    late = Visit(NOW + timedelta(minutes=10))
    assert await code(db, "a" * 64, pyotp.TOTP(SECRET).at(late.at), late) == GONE
    assert await code(db, "nobody's", shown()) == GONE


async def test_a_password_changed_while_it_was_looked_at_opens_nothing(two: tuple[Database, Database]) -> None:
    db, officer = two[0], await made(two[0])
    seen = await db.read(lambda c: staff.one(c, officer))
    await db.write(lambda c: staffing.reset_officer(c, ResetOfficer(officer, "another hash"), VISIT))
    given = {"digest": "a" * 64, "csrf": "c", "old": ""}
    assert await db.write(lambda c: doors.enter(c, seen, None, VISIT, **given)) == GONE
    assert not await db.write(lambda c: factors.change_password(c, seen, "mine", "", VISIT))


async def test_an_ended_session_is_not_kept_alive_by_a_page_that_was_on_its_way(
    two: tuple[Database, Database],
) -> None:
    db, officer = two[0], await made(two[0])
    await entered(db, officer, "a" * 64)
    after = Visit(NOW + timedelta(minutes=5))
    await db.write(lambda c: doors.leave(c, officer, "a" * 64, after))
    await db.write(lambda c: doors.touch(c, "a" * 64, NOW, after.at))
    assert await db.read(lambda c: staff.session(c, "a" * 64, NOW)) is None, "by a clock that is behind, too"


async def test_tidying_keeps_when_an_officer_was_last_seen(two: tuple[Database, Database]) -> None:
    db, officer = two[0], await made(two[0])
    other = await made(db, "dara")
    for number, hours in ((1, 0), (2, 3), (3, 2)):
        await entered(db, officer, f"{number}" * 64, Visit(NOW + timedelta(hours=hours)))
    assert await db.write(lambda c: staff.forget_sessions_before(c, NOW + timedelta(days=30))) == 2
    seen = {row.id: row.last_seen for row in await db.read(staff.every)}
    assert seen == {officer: NOW + timedelta(hours=3), other: None}


async def test_refused_cookies_are_recorded_once_in_a_while(two: tuple[Database, Database]) -> None:
    db, officer = two[0], await made(two[0])
    await entered(db, officer, "a" * 64)
    await db.write(lambda c: doors.leave(c, officer, "a" * 64, VISIT))
    for minutes in (0, 1, 9, 11):
        await refused(db, "a" * 64, Visit(NOW + timedelta(minutes=minutes), "203.0.113.7"))
    found = [(whose, subject) for act, whose, subject, _after in acts(db) if act == "session_refused"]
    assert found == [(officer, "a" * 16)] * 2
    for number in range(100):
        await refused(db, f"{number:064}"[::-1], VISIT)
    assert len([act for act, *_ in acts(db) if act == "session_refused"]) == doors.REFUSED_MOST == 30


async def test_two_administrators_who_remove_each_other(two: tuple[Database, Database]) -> None:
    db = two[0]
    one, other = await made(db, "one", "administrator"), await made(db, "other", "administrator")
    works = [
        lambda c: staffing.set_active(c, SetActive(other, False, one), VISIT),
        lambda c: staffing.change_officer(c, ChangeOfficer(one, "ក", "A", "desk", other), VISIT),
    ]
    outcomes = await at_once(two, *works)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "NotYours"]
    assert len(await db.read(lambda c: staff.administrators(c, "administrator"))) == 1


async def test_the_last_administrator_stays(two: tuple[Database, Database]) -> None:
    db, one = two[0], await made(two[0], "one", "administrator")
    for command in (SetActive(one, False), ChangeOfficer(one, "ក", "A", "desk")):
        with pytest.raises(LastAdministrator):
            await done(db, command)
    other = await made(db, "other", "administrator")
    for own in (SetActive(one, False, one), ResetOfficer(one, "h", by=one), ChangeOfficer(one, "ក", "A", "desk", one)):
        with pytest.raises(NotYourself):
            await done(db, own)
    await done(db, ChangeOfficer(one, "ក", "A", "administrator", one))
    await done(db, SetActive(one, False, other))
    with pytest.raises(NotYours):
        await done(db, SetActive(other, False, one))


async def refused(db: Database, digest: str, visit: Visit) -> None:
    await db.write(lambda c: doors.refuse(c, digest, visit))


async def done(db: Database, command: Any) -> None:
    await db.write(lambda c: do(c, command))


def do(connection: Connection, command: Any) -> None:
    match command:
        case SetActive():
            staffing.set_active(connection, command, VISIT)
        case ResetOfficer():
            staffing.reset_officer(connection, command, VISIT)
        case _:
            staffing.change_officer(connection, command, VISIT)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (AddOfficer("Sokha", "ក", "A", "desk"), BadLogin),
        (AddOfficer("សុខា", "ក", "A", "desk"), BadLogin),
        (AddOfficer("a" * 41, "ក", "A", "desk"), BadLogin),
        (AddOfficer("sokha\n", "ក", "A", "desk"), BadLogin),
        (AddOfficer("dara", "\u200b", "A", "desk"), NameMissing),
        (AddOfficer("dara", "ក", "x" * 101, "desk"), NameMissing),
        (AddOfficer("dara", "ក", "A", "king"), NoSuchRole),
        (AddOfficer("sokha", "ក", "A", "desk"), LoginTaken),
    ],
)
async def test_who_cannot_be_added(sqlite_url: str, command: AddOfficer, error: type[Exception]) -> None:
    db = Database(sqlite_url)
    try:
        await made(db)
        with pytest.raises(error):
            await db.write(lambda c: staffing.add_officer(c, command, HASHED, VISIT))
        assert len(acts(db)) == 1
    finally:
        db.close()


async def test_two_officers_with_one_login_at_once(two: tuple[Database, Database]) -> None:
    command = AddOfficer("sokha", "ក", "A", "desk")
    outcomes = await at_once(two, *[lambda c: staffing.add_officer(c, command, HASHED, VISIT)] * 2)
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
    assert [act for act, *_ in acts(two[0])] == ["staff_add"]


async def test_setting_up_and_turning_off(two: tuple[Database, Database]) -> None:
    db, officer = two[0], await made(two[0])
    for digest in ("a", "b"):
        await entered(db, officer, digest * 64)
    new = factors.new_recovery_codes()
    assert len(set(new)) == 10

    def confirm(connection: Connection, typed: str) -> bool:
        return factors.confirm(connection, officer, SECRET, typed, new, "a" * 64, VISIT)

    assert not await db.write(lambda c: confirm(c, "000000"))
    assert sorted(await at_once(two, *[lambda c: confirm(c, shown())] * 2)) == [False, True]
    live = await db.read(lambda c: staff.sessions(c, officer, NOW))
    assert [one.digest for one in live] == ["a" * 64], "all other sessions end"
    await entered(db, officer, "c" * 64)
    assert await code(db, "c" * 64, shown()) == WRONG, "the code that set it up opens nothing more"
    assert await code(db, "c" * 64, new[3].upper()) == PASSED
    await db.write(lambda c: factors.turn_off(c, officer, "a" * 64, VISIT))
    assert await entered(db, officer, "d" * 64) == PASSED
    await db.write(lambda c: staff.change(c, officer, role="head"))
    with pytest.raises(NotYours):
        await db.write(lambda c: factors.turn_off(c, officer, "a" * 64, VISIT))
    assert SECRET not in str(acts(db))
    assert not any(one in str(acts(db)) for one in new)


def test_an_offered_secret_is_for_one_session_and_half_an_hour() -> None:
    KEYRING.use(SECRET_KEYS.split(","))
    sealed = factors.offer(SECRET, "a" * 64, NOW)
    assert SECRET not in sealed
    assert factors.offered(sealed, "a" * 64, NOW + timedelta(minutes=30)) == SECRET
    for other in (
        factors.offered(sealed, "b" * 64, NOW),
        factors.offered(sealed, "a" * 64, NOW + timedelta(minutes=31)),
        factors.offered(sealed[:-4], "a" * 64, NOW),
        factors.offered("", "a" * 64, NOW),
        factors.offered("ក", "a" * 64, NOW),
        factors.offered(KEYRING.seal(b"{}").decode(), "a" * 64, NOW),
    ):
        assert other is None
