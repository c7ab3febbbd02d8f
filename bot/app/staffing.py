"""The list of officers: passwords, adding, changing and resetting, each in one transaction with its record."""

import secrets
from datetime import datetime
from typing import Any

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.app.audit import COMMAND_LINE
from bot.app.doors import Visit, record
from bot.clock import now
from bot.domain import factors, passwords, staffing
from bot.domain.errors import DomainError, NotFound, NotYours
from bot.domain.reach import ADMINISTRATOR, ROLES, STAFF
from bot.domain.staffing import AddOfficer, ChangeOfficer, ResetOfficer, SetActive
from storage import linking, offices, staff
from storage.db import Database

PASSWORDS = PasswordHash((Argon2Hasher(),))
FAULTS = {
    passwords.SHORT: f"the password needs at least {passwords.SHORTEST} characters",
    passwords.LONG: f"the password has more than {passwords.LONGEST} characters",
    passwords.WEAK: "the password is too easy to guess: take several words that do not belong together",
}


class StaffError(Exception):
    """It cannot be done; the message says why."""


def first_password() -> str:
    """Sixteen signs in groups of four, for an officer to type once and then change."""
    return factors.groups("".join(secrets.choice(factors.SIGNS) for _ in range(factors.LENGTH)), "-")


def add_staff(
    connection: Connection,
    login: str,
    name_km: str,
    name_en: str,
    password: str,
    role: str,
    moment: datetime,
    *,
    must_change: bool = False,
) -> int:
    """A new officer's id; hashing takes its time, so never call this in a transaction that others wait for."""
    hashed = PASSWORDS.hash(password)
    return _add(connection, AddOfficer(login, name_km, name_en, role), hashed, moment, must_change=must_change)


def _add(
    connection: Connection, command: AddOfficer, hashed: str, moment: datetime, *, must_change: bool = True
) -> int:
    return staff.add(
        connection,
        login=command.login,
        name_km=command.name_km,
        name_en=command.name_en,
        password=hashed,
        password_at=None if must_change else moment,
        role=command.role,
        language="km",
        active=True,
        failures=0,
        totp_step=0,
        is_demo=False,
        created_at=moment,
    )


def set_second_factor(connection: Connection, staff_id: int, secret: str, moment: datetime) -> None:
    """In force from now on, without asking for a code; `secret` in base32."""
    staff.change(connection, staff_id, totp=secret, totp_at=moment, totp_step=0)


def add_officer(
    connection: Connection, command: AddOfficer, hashed: str, visit: Visit, *, must_change: bool = True
) -> int:
    """Raises BadLogin, NameMissing, NoSuchRole, LoginTaken, NotYours."""
    _may(connection, command.by)
    login = staffing.checked_login(command.login)
    name_km, name_en = staffing.checked_names(command.name_km, command.name_en, command.role)
    if staff.by_login(connection, login) is not None:
        raise staffing.LoginTaken
    made = AddOfficer(login, name_km, name_en, command.role, command.by)
    added = _add(connection, made, hashed, visit.at, must_change=must_change)
    record(connection, visit, "staff_add", command.by, "staff", login, after={"id": added, "role": command.role})
    return added


def change_officer(connection: Connection, command: ChangeOfficer, visit: Visit) -> None:
    """Names and role. Raises NameMissing, NoSuchRole, NotYourself, LastAdministrator, NotFound, NotYours."""
    _may(connection, command.by)
    name_km, name_en = staffing.checked_names(command.name_km, command.name_en, command.role)
    row = _held(connection, command.officer, command.by, another=False, stays=command.role == ADMINISTRATOR)
    if row.role != command.role and command.officer == command.by:
        raise staffing.NotYourself
    if (row.name_km, row.name_en, row.role) == (name_km, name_en, command.role):
        return
    staff.change(connection, row.id, name_km=name_km, name_en=name_en, role=command.role)
    renamed = (row.name_km, row.name_en) != (name_km, name_en)
    before, after = {"role": row.role}, {"role": command.role, "renamed": renamed}
    record(connection, visit, "staff_change", command.by, "staff", row.login, before, after)


def set_active(connection: Connection, command: SetActive, visit: Visit) -> None:
    """Who is no longer active is out at once. Raises NotYourself, LastAdministrator, NotFound, NotYours."""
    _may(connection, command.by)
    row = _held(connection, command.officer, command.by, another=True, stays=command.active)
    if row.active == command.active:
        return
    staff.change(connection, row.id, active=command.active)
    if not command.active:
        staff.end_sessions(connection, row.id)
    action = "staff_activate" if command.active else "staff_deactivate"
    record(
        connection, visit, action, command.by, "staff", row.login, {"active": row.active}, {"active": command.active}
    )


def reset_officer(connection: Connection, command: ResetOfficer, visit: Visit) -> None:
    """A first password that must be changed, or no second factor; the officer is signed out everywhere, and unlocked.

    Their own chat is no longer linked: it may be on the phone that was lost. Raises NotYourself, NotFound, NotYours.
    """
    _may(connection, command.by)
    row = _held(connection, command.officer, command.by, another=True, stays=True)
    changed: dict[str, Any] = {"failures": 0, "locked_until": None}
    if command.password:
        changed |= {"password": command.password, "password_at": None}
        record(connection, visit, "password_reset", command.by, "staff", row.login)
    if command.second_factor:
        changed |= {"totp": None, "totp_at": None}
        staff.put_recovery(connection, row.id, ())
        record(connection, visit, "second_factor_reset", command.by, "staff", row.login)
    staff.change(connection, row.id, **changed)
    staff.end_sessions(connection, row.id)
    linking.unlink(connection, row.id)


def _may(connection: Connection, by: int | None) -> None:
    """Looked at in the transaction itself: whoever lost the right a moment ago has lost it."""
    if by is not None and not offices.reach(connection, by).may(STAFF):
        raise NotYours


def _held(connection: Connection, officer: int, by: int | None, *, another: bool, stays: bool) -> Any:
    """The officer's row, locked. `another`: not oneself; `stays`: an administrator remains an active one."""
    administrators = staff.administrators(connection, ADMINISTRATOR)
    _may(connection, by)  # again, now that two who remove each other stand in line
    row = staff.one(connection, officer, lock=True)
    if row is None:
        raise NotFound
    if another and officer == by:
        raise staffing.NotYourself
    if not stays and administrators == [officer]:
        raise staffing.NotYourself if officer == by else staffing.LastAdministrator
    return row


def add(db: Database, login: str, name_km: str, name_en: str, password: str, role: str) -> None:
    """From the command line; raises StaffError, in words."""
    if role not in ROLES:
        raise StaffError(f"the role is one of {', '.join(ROLES)}")
    if wrong := passwords.fault(password, (login, name_km, name_en)):
        raise StaffError(FAULTS[wrong])
    hashed, visit = PASSWORDS.hash(password), Visit(now(), COMMAND_LINE)
    command = AddOfficer(login, name_km, name_en, role)
    try:
        db.write_now(lambda connection: add_officer(connection, command, hashed, visit, must_change=False))
    except (staffing.LoginTaken, IntegrityError):
        raise StaffError(f"the login {login} is taken") from None
    except DomainError as error:
        raise StaffError(str(error)) from None


def reset(db: Database, login: str) -> str:
    """A new first password, no second factor, active again; from the command line. Raises StaffError, in words."""
    password = first_password()
    hashed, visit = PASSWORDS.hash(password), Visit(now(), COMMAND_LINE)

    def work(connection: Connection) -> None:
        row = staff.by_login(connection, login)
        if row is None:
            raise StaffError(f"there is no officer {login}")
        set_active(connection, SetActive(row.id, active=True), visit)
        reset_officer(connection, ResetOfficer(row.id, hashed, second_factor=True), visit)

    db.write_now(work)
    return password
