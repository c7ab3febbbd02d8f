"""Officers and their sessions in the console."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlmodel import Field, SQLModel

from storage.columns import Identity, Moment, Sealed, table


class Staff(SQLModel, table=True):
    """An officer. `password` is an argon2 hash; `failures` in a row lead to `locked_until`.

    `totp`: the second factor's secret (base32), in force since `totp_at`; `totp_step`: the last time step it served in.
    `address_id`: their own chat, linked by sending `link_code` from it before `link_until`.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    login: str = Field(unique=True)
    name_km: str
    name_en: str
    password: str
    role: str = "member"
    language: str = "km"
    active: bool = True
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=Moment)
    created_at: datetime = Field(sa_type=Moment)
    is_demo: bool = False
    password_at: datetime | None = Field(default=None, sa_type=Moment)
    totp: str | None = Field(default=None, sa_type=Sealed)
    totp_at: datetime | None = Field(default=None, sa_type=Moment)
    totp_step: int = 0
    address_id: int | None = Field(default=None, foreign_key="address.id", index=True, sa_type=Identity)
    link_code: str | None = Field(default=None, unique=True)
    link_until: datetime | None = Field(default=None, sa_type=Moment)


class RecoveryCode(SQLModel, table=True):
    """Opens the door once when the phone with the second factor is lost; only its SHA-256 is kept."""

    __tablename__ = "recovery_code"

    digest: str = Field(primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True, sa_type=Identity)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class StaffSession(SQLModel, table=True):
    """A signed-in browser. `digest` is the SHA-256 of the cookie's token; the token itself is never stored.

    `passed`: the second factor was given, or none is needed. `place`: its address; `agent`: what browser it says it is.
    """

    __tablename__ = "staff_session"

    digest: str = Field(primary_key=True)
    staff_id: int = Field(foreign_key="staff.id", index=True, sa_type=Identity)
    csrf: str
    created_at: datetime = Field(sa_type=Moment)
    seen_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    passed: bool = True
    place: str = ""
    agent: str = ""


STAFF, STAFF_SESSION, RECOVERY = table(Staff), table(StaffSession), table(RecoveryCode)


def add(connection: Connection, **values: Any) -> int:
    """A new officer; raises IntegrityError when the login is taken."""
    return int(connection.execute(insert(STAFF).values(**values).returning(STAFF.c.id)).scalar_one())


def by_login(connection: Connection, login: str) -> Any | None:
    return connection.execute(select(STAFF).where(STAFF.c.login == login)).one_or_none()


def change(connection: Connection, staff_id: int, **values: Any) -> None:
    connection.execute(update(STAFF).where(STAFF.c.id == staff_id).values(**values))


def open_session(connection: Connection, **values: Any) -> None:
    connection.execute(insert(STAFF_SESSION).values(**values))


def session(connection: Connection, digest: str, now: datetime) -> Any | None:
    """A live session with its active officer: columns of both (`staff_id`, `csrf`, `login`, `name_km`, …)."""
    return connection.execute(
        select(
            STAFF_SESSION.c.digest,
            STAFF_SESSION.c.csrf,
            STAFF_SESSION.c.seen_at,
            STAFF.c.id.label("staff_id"),
            STAFF.c.login,
            STAFF.c.name_km,
            STAFF.c.name_en,
            STAFF.c.role,
            STAFF.c.language,
        )
        .join(STAFF, STAFF.c.id == STAFF_SESSION.c.staff_id)
        .where(STAFF_SESSION.c.digest == digest, STAFF_SESSION.c.expires_at > now, STAFF.c.active)
    ).one_or_none()


def touch_session(connection: Connection, digest: str, now: datetime, expires_at: datetime) -> None:
    connection.execute(
        update(STAFF_SESSION).where(STAFF_SESSION.c.digest == digest).values(seen_at=now, expires_at=expires_at)
    )


def close_session(connection: Connection, digest: str) -> None:
    connection.execute(delete(STAFF_SESSION).where(STAFF_SESSION.c.digest == digest))


def forget_sessions_before(connection: Connection, moment: datetime) -> int:
    return connection.execute(delete(STAFF_SESSION).where(STAFF_SESSION.c.expires_at < moment)).rowcount


def claim_try(connection: Connection, login: str, now: datetime, most: int, locked_for: timedelta) -> Any | None:
    """Count one try to sign in before it is looked at, so that tries at the same time are counted too.

    None when there is no such active officer, or it is locked. The try that makes `most` in a row locks; a success
    then clears both (`change`).
    """
    found = select(STAFF).where(STAFF.c.login == login, STAFF.c.active)
    row = connection.execute(found if connection.dialect.name == "sqlite" else found.with_for_update()).one_or_none()
    if row is None or (row.locked_until and row.locked_until > now):
        return None
    failures = 1 if row.locked_until else row.failures + 1
    change(connection, row.id, failures=failures, locked_until=now + locked_for if failures >= most else None)
    return row


def session_began(connection: Connection, digest: str) -> datetime | None:
    """When a browser signed in: the end of its longest life follows from it."""
    return connection.scalar(select(STAFF_SESSION.c.created_at).where(STAFF_SESSION.c.digest == digest))
