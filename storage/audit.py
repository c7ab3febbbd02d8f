"""What was done, by whom, when and from where: append-only, each row bound to the one before it."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import BigInteger, Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Index, SQLModel

from bot.domain.audit import BEGINNING, Act, digest
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
