"""`chumnuoy staff`: passwords that are too easy, every role, and the last administrator let in again."""

import contextlib
import sqlite3
from pathlib import Path

import pyotp
import pytest

from bot.app.staffing import PASSWORDS, set_second_factor
from bot.clock import now
from bot.domain.reach import ROLES
from storage import staff
from storage.columns import KEYRING
from storage.db import Database
from tests.app.commands import Ended, chumnuoy
from tests.support.service import SECRET_KEYS

NAMES = ("--name-km", "ដារ៉ា", "--name-en", "Dara")
PASSWORD = "a long password 48"


def add(folder: Path, url: str, login: str, password: str = PASSWORD, role: str = "member") -> Ended:
    return chumnuoy(folder, "staff", "add", login, *NAMES, "--role", role, stdin=password + "\n", DATABASE_URL=url)


@pytest.mark.parametrize(
    ("login", "password", "says"),
    [
        ("dara", "password1234", "easy to guess"),
        ("dara", "x" * 300, "256"),
        ("Dara", PASSWORD, "small letters"),
        ("ដារ៉ា", PASSWORD, "small letters"),
    ],
)
def test_what_is_refused(tmp_path: Path, sqlite_url: str, login: str, password: str, says: str) -> None:
    ended = add(tmp_path, sqlite_url, login, password)
    assert ended.code == 1
    (line,) = ended.words.strip().splitlines()
    assert says in line
    assert password not in line
    with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("select count(*) from staff").fetchone() == (0,)


def test_every_role_can_be_added_and_is_recorded(tmp_path: Path, sqlite_url: str) -> None:
    for role in ROLES:
        assert add(tmp_path, sqlite_url, f"{role}.1", role=role).code == 0
    with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("select login from staff where password_at is not null").fetchall() == [
            (f"{role}.1",) for role in ROLES
        ]
        told = connection.execute("select actor, place, action, subject from audit order by id").fetchall()
    assert told == [("system", "command line", "staff_add", f"{role}.1") for role in ROLES]


def test_the_last_administrator_comes_in_again(tmp_path: Path, database_url: str) -> None:
    KEYRING.use(SECRET_KEYS.split(","))
    assert add(tmp_path, database_url, "boss", role="administrator").code == 0
    db = Database(database_url)
    try:
        db.write_now(lambda c: set_second_factor(c, 1, pyotp.random_base32(), now()))
        db.write_now(lambda c: staff.change(c, 1, failures=5, locked_until=now(), active=False))
        ended = chumnuoy(tmp_path, "staff", "reset", "boss", DATABASE_URL=database_url)
        assert ended.code == 0
        row = db.read_now(lambda c: staff.one(c, 1))
    finally:
        db.close()
    assert row is not None
    assert PASSWORDS.verify(ended.out.strip(), row.password)
    assert (row.totp, row.totp_at, row.password_at, row.failures, row.locked_until, row.active) == (
        *(None, None, None, 0, None),
        True,
    )
    nobody = chumnuoy(tmp_path, "staff", "reset", "nobody", DATABASE_URL=database_url)
    assert (nobody.code, nobody.words.strip()) == (1, "chumnuoy: there is no officer nobody")
