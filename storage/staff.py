"""Officers and their sessions in the console."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, or_, select, update
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
_NAMES = select(STAFF.c.id, STAFF.c.name_km, STAFF.c.name_en).where(STAFF.c.id.in_(bindparam("ids", expanding=True)))


def add(connection: Connection, **values: Any) -> int:
    """A new officer; raises IntegrityError when the login is taken."""
    return int(connection.execute(insert(STAFF).values(**values).returning(STAFF.c.id)).scalar_one())


def by_login(connection: Connection, login: str) -> Any | None:
    return connection.execute(select(STAFF).where(STAFF.c.login == login)).one_or_none()


def change(connection: Connection, staff_id: int, **values: Any) -> None:
    connection.execute(update(STAFF).where(STAFF.c.id == staff_id).values(**values))


def one(connection: Connection, staff_id: int, *, lock: bool = False) -> Row[Any] | None:
    """An officer; `lock` holds the row until the transaction ends."""
    found = select(STAFF).where(STAFF.c.id == staff_id)
    return connection.execute(_locked(connection, found) if lock else found).one_or_none()


def names(connection: Connection, ids: Collection[int]) -> dict[int, Any]:
    """`name_km` and `name_en` of these officers, by id."""
    return {row.id: row for row in connection.execute(_NAMES, {"ids": list(ids)})}


def administrators(connection: Connection, role: str) -> list[int]:
    """Ids of the active ones, locked in one order, so that two cannot remove each other."""
    found = select(STAFF.c.id).where(STAFF.c.role == role, STAFF.c.active).order_by(STAFF.c.id)
    return list(connection.scalars(_locked(connection, found)))


def every(connection: Connection) -> list[Row[Any]]:
    """All officers, active ones first, with `last_seen`."""
    seen = (
        select(STAFF_SESSION.c.staff_id, func.max(STAFF_SESSION.c.seen_at).label("last_seen"))
        .where(STAFF_SESSION.c.passed)
        .group_by(STAFF_SESSION.c.staff_id)
        .subquery()
    )
    return list(
        connection.execute(
            select(STAFF, seen.c.last_seen)
            .outerjoin(seen, seen.c.staff_id == STAFF.c.id)
            .order_by(STAFF.c.active.desc(), STAFF.c.login)
        )
    )


def _locked(connection: Connection, found: Any) -> Any:
    return found if connection.dialect.name == "sqlite" else found.with_for_update()


# --- trying ---


def claim_try(connection: Connection, login: str, now: datetime, most: int, locked_for: timedelta) -> Any | None:
    """Count one try to sign in before it is looked at, so that tries at the same time are counted too.

    None when there is no such active officer, or it is locked. The try that makes `most` in a row locks; a success
    then clears both (`change`).
    """
    found = select(STAFF).where(STAFF.c.login == login, STAFF.c.active)
    row = connection.execute(_locked(connection, found)).one_or_none()
    if row is None or (row.locked_until and row.locked_until > now):
        return None
    count_failure(connection, row, now, most, locked_for)
    return row


def count_failure(connection: Connection, row: Any, now: datetime, most: int, locked_for: timedelta) -> int:
    """One more in a row, of a locked row; returns how many that makes."""
    failures = 1 if row.locked_until else int(row.failures) + 1
    change(connection, row.id, failures=failures, locked_until=now + locked_for if failures >= most else None)
    return failures


def take_back_try(connection: Connection, staff_id: int) -> None:
    """The try was right, but is not the whole way in: it does not count, and those before it stay counted."""
    less = (STAFF.c.id == staff_id, STAFF.c.failures > 0)
    connection.execute(update(STAFF).where(*less).values(failures=STAFF.c.failures - 1, locked_until=None))


def claim_step(connection: Connection, staff_id: int, step: int) -> bool:
    """Use a code's time step; False when it, or a later one, was used: a code opens once."""
    newer = (STAFF.c.id == staff_id, STAFF.c.totp_step < step)
    return connection.execute(update(STAFF).where(*newer).values(totp_step=step)).rowcount == 1


def put_recovery(connection: Connection, staff_id: int, digests: Iterable[str]) -> None:
    """New recovery codes; the old ones open nothing any more."""
    connection.execute(delete(RECOVERY).where(RECOVERY.c.staff_id == staff_id))
    for digest in digests:
        connection.execute(insert(RECOVERY).values(digest=digest, staff_id=staff_id))


def claim_recovery(connection: Connection, staff_id: int, digest: str, now: datetime) -> bool:
    """Use a recovery code; False when it is none of this officer's, or was used."""
    mine = (RECOVERY.c.digest == digest, RECOVERY.c.staff_id == staff_id, RECOVERY.c.used_at.is_(None))
    return connection.execute(update(RECOVERY).where(*mine).values(used_at=now)).rowcount == 1


def recovery_left(connection: Connection, staff_id: int) -> int:
    mine = (RECOVERY.c.staff_id == staff_id, RECOVERY.c.used_at.is_(None))
    return connection.scalar(select(func.count()).select_from(RECOVERY).where(*mine)) or 0


# --- sessions ---

_SESSION = select(
    STAFF_SESSION.c.digest,
    STAFF_SESSION.c.csrf,
    STAFF_SESSION.c.created_at,
    STAFF_SESSION.c.seen_at,
    STAFF_SESSION.c.passed,
    STAFF.c.id.label("staff_id"),
    STAFF.c.login,
    STAFF.c.name_km,
    STAFF.c.name_en,
    STAFF.c.role,
    STAFF.c.language,
    STAFF.c.password_at,
    STAFF.c.totp_at,
).join(STAFF, STAFF.c.id == STAFF_SESSION.c.staff_id)


def open_session(connection: Connection, **values: Any) -> None:
    connection.execute(insert(STAFF_SESSION).values(**values))


def session(connection: Connection, digest: str, now: datetime) -> Any | None:
    """A live session with its active officer: columns of both (`staff_id`, `csrf`, `login`, `name_km`, …)."""
    live = (STAFF_SESSION.c.digest == digest, STAFF_SESSION.c.expires_at > now, STAFF.c.active)
    return connection.execute(_SESSION.where(*live)).one_or_none()


def sessions(connection: Connection, staff_id: int, now: datetime) -> list[Row[Any]]:
    """An officer's live sessions, whole rows, the one used last first."""
    live = (STAFF_SESSION.c.staff_id == staff_id, STAFF_SESSION.c.expires_at > now)
    return list(connection.execute(select(STAFF_SESSION).where(*live).order_by(STAFF_SESSION.c.seen_at.desc())))


def session_of(connection: Connection, digest: str) -> int | None:
    """Whose session this is or was."""
    return connection.scalar(select(STAFF_SESSION.c.staff_id).where(STAFF_SESSION.c.digest == digest))


def touch_session(connection: Connection, digest: str, now: datetime, expires_at: datetime) -> None:
    """One that was ended meanwhile stays ended."""
    live = (STAFF_SESSION.c.digest == digest, STAFF_SESSION.c.expires_at > now)
    connection.execute(update(STAFF_SESSION).where(*live).values(seen_at=now, expires_at=expires_at))


def pass_session(connection: Connection, digest: str, now: datetime, expires_at: datetime) -> bool:
    """The second factor was given; False when that session is over."""
    live = (STAFF_SESSION.c.digest == digest, STAFF_SESSION.c.expires_at > now)
    changed = update(STAFF_SESSION).where(*live).values(passed=True, seen_at=now, expires_at=expires_at)
    return connection.execute(changed).rowcount == 1


def end_session(connection: Connection, digest: str) -> None:
    """It ends at once, also by the clock of another machine that is behind; the row says whose it was."""
    ended = update(STAFF_SESSION).where(STAFF_SESSION.c.digest == digest)
    connection.execute(ended.values(expires_at=STAFF_SESSION.c.created_at))


def end_sessions(connection: Connection, staff_id: int, *, but: str = "") -> None:
    """All of an officer's sessions, but the one of this digest."""
    ended = update(STAFF_SESSION).where(STAFF_SESSION.c.staff_id == staff_id, STAFF_SESSION.c.digest != but)
    connection.execute(ended.values(expires_at=STAFF_SESSION.c.created_at))


def forget_sessions_before(connection: Connection, moment: datetime) -> int:
    """Sessions that ended before; each officer's last one is kept, as it says when they were last seen."""
    later = STAFF_SESSION.alias("later")
    after = or_(
        later.c.seen_at > STAFF_SESSION.c.seen_at,
        and_(later.c.seen_at == STAFF_SESSION.c.seen_at, later.c.digest > STAFF_SESSION.c.digest),
    )
    followed = select(later.c.digest).where(later.c.staff_id == STAFF_SESSION.c.staff_id, later.c.passed, after)
    gone = (STAFF_SESSION.c.expires_at < moment, or_(~STAFF_SESSION.c.passed, followed.exists()))
    return connection.execute(delete(STAFF_SESSION).where(*gone)).rowcount
