"""What was done, by whom, when and from where: append-only, each row bound to the one before it."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Index, SQLModel

from bot.domain.audit import BEGINNING, Act, Link, digest
from storage.columns import Identity, Moment, table


class Audit(SQLModel, table=True):
    """One act. `before` and `after` are JSON of codes and ids, never of anybody's words: they outlive a deletion.

    `actor`: officer, worker or system. `place`: the address it came from. `subject`: such as `complaint` and its
    reference. `hash` is SHA-256 over the row and `previous`; see `bot.domain.audit`.
    """

    __table_args__ = (Index("audit_subject", "subject_kind", "subject", "id"),)

    id: int = Field(primary_key=True, sa_type=Identity)
    at: datetime = Field(sa_type=Moment, index=True)
    actor: str
    staff_id: int | None = Field(default=None, index=True, sa_type=Identity)
    place: str = ""
    action: str
    subject_kind: str = ""
    subject: str = ""
    before: str = ""
    after: str = ""
    previous: str
    hash: str


class AuditHead(SQLModel, table=True):
    """The newest row of the chain: one row, locked while the chain grows."""

    __tablename__ = "audit_head"

    id: int = Field(default=1, primary_key=True)
    last: int = Field(sa_type=BigInteger)
    hash: str


AUDIT, AUDIT_HEAD = table(Audit), table(AuditHead)
_HEAD = select(AUDIT_HEAD.c.last, AUDIT_HEAD.c.hash).where(AUDIT_HEAD.c.id == 1)
_HEAD_LOCKED = _HEAD.with_for_update()
_BEGIN = {
    "sqlite": sqlite.insert(AUDIT_HEAD).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(AUDIT_HEAD).on_conflict_do_nothing(),
}
_ADD = insert(AUDIT)
_MOVE = update(AUDIT_HEAD).where(AUDIT_HEAD.c.id == 1).values(last=bindparam("newest"), hash=bindparam("digest"))


def append(connection: Connection, act: Act) -> None:
    """Record one act in the transaction that does it. The chain is locked until that commits."""
    locked = _HEAD_LOCKED if connection.dialect.name == "postgresql" else _HEAD
    head = connection.execute(locked).one_or_none()
    if head is None:
        connection.execute(_BEGIN[connection.dialect.name], {"id": 1, "last": 0, "hash": BEGINNING})
        head = connection.execute(locked).one()
    number = head.last + 1
    made = digest(number, act, head.hash)
    connection.execute(_ADD, {"id": number, **asdict(act), "previous": head.hash, "hash": made})
    connection.execute(_MOVE, {"newest": number, "digest": made})


# --- what was recorded, for those who may read it ---


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters; empty means any. `since` is inclusive, `until` is not. `before`: a row's number, to go on from."""

    since: datetime | None = None
    until: datetime | None = None
    officer: int | None = None
    action: str = ""
    subject: str = ""
    actor: str = ""
    before: int | None = None


def listed(connection: Connection, wanted: Wanted, limit: int = 50) -> list[Any]:
    """Newest first, paged by key, whole rows."""
    statement = select(AUDIT)
    if wanted.since:
        statement = statement.where(AUDIT.c.at >= wanted.since)
    if wanted.until:
        statement = statement.where(AUDIT.c.at < wanted.until)
    if wanted.officer is not None:
        statement = statement.where(AUDIT.c.staff_id == wanted.officer)
    for column, value in (
        (AUDIT.c.action, wanted.action),
        (AUDIT.c.subject, wanted.subject),
        (AUDIT.c.actor, wanted.actor),
    ):
        if value:
            statement = statement.where(column == value)
    if wanted.before is not None:
        statement = statement.where(AUDIT.c.id < wanted.before)
    return list(connection.execute(statement.order_by(AUDIT.c.id.desc()).limit(limit)))


_ALIKE = (
    select(AUDIT.c.id)
    .where(AUDIT.c.subject_kind == bindparam("kind"), AUDIT.c.subject == bindparam("about"))
    .where(AUDIT.c.staff_id == bindparam("officer"), AUDIT.c.place == bindparam("place"))
    .where(AUDIT.c.action == bindparam("action"), AUDIT.c.after == bindparam("said"), AUDIT.c.at > bindparam("since"))
    .order_by(AUDIT.c.id.desc())
    .limit(1)
)


def recorded_since(connection: Connection, act: Act, since: datetime) -> bool:
    """Whether the same officer did the very same from the same place after that moment."""
    same = {"kind": act.subject_kind, "about": act.subject, "officer": act.staff_id, "place": act.place}
    found = connection.scalar(_ALIKE, {**same, "action": act.action, "said": act.after, "since": since})
    return found is not None


def times(connection: Connection, action: str, since: datetime, **where: str) -> int:
    """How often that was recorded after a moment; `where`: columns, such as `place` or `subject`."""
    same = [AUDIT.c[name] == value for name, value in where.items()]
    counted = select(func.count()).select_from(AUDIT).where(AUDIT.c.at > since, AUDIT.c.action == action, *same)
    return connection.scalar(counted) or 0


# --- the chain ---

CONTENT = tuple(field.name for field in fields(Act))
_LINKS = select(AUDIT.c.id, AUDIT.c.previous, AUDIT.c.hash, *(AUDIT.c[name] for name in CONTENT))
_PAGE = (
    _LINKS.where(AUDIT.c.id > bindparam("after"), AUDIT.c.id <= bindparam("last"))
    .order_by(AUDIT.c.id)
    .limit(bindparam("most"))
)
_NUMBERS = (
    select(AUDIT.c.id)
    .where(AUDIT.c.id > bindparam("after"), AUDIT.c.id <= bindparam("last"))
    .order_by(AUDIT.c.id)
    .limit(bindparam("most"))
)
_LINK = _LINKS.where(AUDIT.c.id == bindparam("number"))
_NEWEST = select(func.max(AUDIT.c.id))


@dataclass(frozen=True, slots=True)
class Head:
    """The number and the digest of the newest row."""

    last: int
    hash: str


def head(connection: Connection) -> Head | None:
    """None before anything was recorded."""
    row = connection.execute(_HEAD).one_or_none()
    return Head(row.last, row.hash) if row else None


def newest(connection: Connection) -> int | None:
    """The number of the last row that is there, whatever the head says."""
    found: int | None = connection.scalar(_NEWEST)
    return found


def links(connection: Connection, after: int, last: int, limit: int) -> list[Link]:
    """Rows of the chain by number, from `after` (exclusive) to `last`. Raises when a value is none of its column's."""
    rows = connection.execute(_PAGE, {"after": after, "last": last, "most": limit})
    return [_link(row) for row in rows]


def numbers(connection: Connection, after: int, last: int, limit: int) -> list[int]:
    """Of the same rows, the numbers alone."""
    return list(connection.scalars(_NUMBERS, {"after": after, "last": last, "most": limit}))


def link(connection: Connection, number: int) -> Link | None:
    """One row. Raises when a value is none of its column's."""
    row = connection.execute(_LINK, {"number": number}).one_or_none()
    return _link(row) if row else None


def _link(row: Any) -> Link:
    return Link(row.id, Act(**{name: getattr(row, name) for name in CONTENT}), row.previous, row.hash)
