"""Officers' passwords, and adding an officer."""

from datetime import datetime

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.clock import now
from storage import staff
from storage.db import Database

ROLES = ("member", "head", "desk", "administrator")
SHORTEST = 12
PASSWORDS = PasswordHash((Argon2Hasher(),))


class StaffError(Exception):
    """The officer cannot be added."""


def add_staff(
    connection: Connection, login: str, name_km: str, name_en: str, password: str, role: str, moment: datetime
) -> int:
    """A new officer's id; hashing takes its time, so never call this in a transaction that others wait for."""
    return staff.add(
        connection,
        login=login,
        name_km=name_km,
        name_en=name_en,
        password=PASSWORDS.hash(password),
        role=role,
        language="km",
        active=True,
        failures=0,
        is_demo=False,
        created_at=moment,
    )


def add(db: Database, login: str, name_km: str, name_en: str, password: str, role: str) -> None:
    """From the command line; raises StaffError, in words."""
    if role not in ROLES:
        raise StaffError(f"the role is one of {', '.join(ROLES)}")
    if len(password) < SHORTEST:
        raise StaffError(f"the password needs at least {SHORTEST} characters")
    try:
        db.write_now(lambda connection: add_staff(connection, login, name_km, name_en, password, role, now()))
    except IntegrityError:
        raise StaffError(f"the login {login} is taken") from None
