"""Files people send: where each comes from, and what became of it. The bytes live outside the database, sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlmodel import Field, SQLModel

from storage.columns import Identity, Moment, SealedJson, table

WAITING, KEPT, REFUSED, ERASED = "waiting", "kept", "refused", "erased"


class Attachment(SQLModel, table=True):
    """`source` is the channel's way to fetch it; `mime` is what we sniffed, never what was claimed.

    `state`: waiting (to be fetched), kept, refused (`reason`: too_big, kind, gone, host), erased.
    """

    id: str = Field(primary_key=True)
    address_id: int | None = Field(default=None, foreign_key="address.id", index=True, sa_type=Identity)
    channel: str
    kind: str
    source: Any = Field(default=None, sa_type=SealedJson, nullable=True)
    state: str = Field(default=WAITING, index=True)
    reason: str = ""
    mime: str = ""
    size: int = 0
    digest: str = ""
    tries: int = 0
    not_before: datetime = Field(sa_type=Moment)
    created_at: datetime = Field(sa_type=Moment)


ATTACHMENT = table(Attachment)
_ADD = insert(ATTACHMENT)
_ONE = select(ATTACHMENT).where(ATTACHMENT.c.id == bindparam("one"))


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as the rest of the service sees it."""

    id: str
    kind: str
    state: str
    reason: str
    mime: str
    size: int
    address_id: int | None
    channel: str
    source: Any
    tries: int


def add(
    connection: Connection, *, id: str, address_id: int | None, channel: str, kind: str, source: Any, now: datetime
) -> None:
    """A file to be fetched."""
    connection.execute(
        _ADD,
        {
            "id": id,
            "address_id": address_id,
            "channel": channel,
            "kind": kind,
            "source": source,
            "state": WAITING,
            "reason": "",
            "mime": "",
            "size": 0,
            "digest": "",
            "tries": 0,
            "not_before": now,
            "created_at": now,
        },
    )


def get(connection: Connection, id: str) -> Kept | None:
    row = connection.execute(_ONE, {"one": id}).one_or_none()
    return _kept(row) if row else None


def waiting(connection: Connection, now: datetime, limit: int) -> list[Kept]:
    """The oldest files that are due to be fetched."""
    rows = connection.execute(
        select(ATTACHMENT)
        .where(ATTACHMENT.c.state == WAITING, ATTACHMENT.c.not_before <= now)
        .order_by(ATTACHMENT.c.created_at)
        .limit(limit)
    )
    return [_kept(row) for row in rows]


def settle(connection: Connection, id: str, *, mime: str, size: int, digest: str) -> None:
    """It was fetched, sniffed and stored."""
    _set(connection, id, state=KEPT, mime=mime, size=size, digest=digest, source=None)


def refuse(connection: Connection, id: str, reason: str) -> None:
    _set(connection, id, state=REFUSED, reason=reason, source=None)


def later(connection: Connection, id: str, tries: int, not_before: datetime) -> None:
    _set(connection, id, tries=tries, not_before=not_before)


def _set(connection: Connection, id: str, **values: Any) -> None:
    connection.execute(update(ATTACHMENT).where(ATTACHMENT.c.id == id).values(**values))


def erase_of(connection: Connection, addresses: Sequence[int]) -> list[str]:
    """Mark a person's files erased; returns the ids whose bytes must go."""
    mine = ATTACHMENT.c.address_id.in_(addresses)
    ids = list(connection.scalars(select(ATTACHMENT.c.id).where(mine)))
    connection.execute(
        update(ATTACHMENT).where(mine).values(state=ERASED, source=None, mime="", digest="", size=0, address_id=None)
    )
    return ids


def _kept(row: Any) -> Kept:
    return Kept(
        row.id,
        row.kind,
        row.state,
        row.reason,
        row.mime,
        row.size,
        row.address_id,
        row.channel,
        row.source,
        row.tries,
    )


def add_kept(
    connection: Connection,
    *,
    id: str,
    address_id: int | None,
    channel: str,
    kind: str,
    mime: str,
    size: int,
    digest: str,
    now: datetime,
) -> None:
    """A file that is stored already: an officer's. Raises IntegrityError when the id is taken."""
    add(connection, id=id, address_id=address_id, channel=channel, kind=kind, source=None, now=now)
    settle(connection, id, mime=mime, size=size, digest=digest)
