"""The keys that sign receipts: made once, kept sealed, never thrown away while a receipt may be shown."""

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, text
from sqlmodel import Field, SQLModel

from bot.domain.receipts import KEY_BYTES, make_key
from storage.columns import Moment, Sealed, table
from storage.complaints import COMPLAINT


class SigningKey(SQLModel, table=True):
    """An Ed25519 key: `id` names it in a receipt; `public` is base64 of 32 bytes; the newest one signs."""

    __tablename__ = "signing_key"

    id: str = Field(primary_key=True)
    public: str
    private: str = Field(sa_type=Sealed)
    made_at: datetime = Field(sa_type=Moment)


SIGNING_KEY = table(SigningKey)
_NEWEST = select(SIGNING_KEY).order_by(SIGNING_KEY.c.made_at.desc(), SIGNING_KEY.c.id).limit(1)
_PUBLIC = select(SIGNING_KEY.c.id, SIGNING_KEY.c.public, SIGNING_KEY.c.made_at).order_by(
    SIGNING_KEY.c.made_at.desc(), SIGNING_KEY.c.id
)
_ALL = select(SIGNING_KEY).order_by(SIGNING_KEY.c.made_at.desc(), SIGNING_KEY.c.id)
_ADD = insert(SIGNING_KEY)
_ALONE = text("LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE")
_FILED = select(COMPLAINT.c.reference, COMPLAINT.c.category, COMPLAINT.c.filed_at, COMPLAINT.c.is_demo).where(
    COMPLAINT.c.reference == bindparam("reference")
)


@dataclass(frozen=True, slots=True)
class Filed:
    """A row of `filed`."""

    reference: str
    category: str
    filed_at: datetime
    is_demo: bool


NOBODYS = Filed("00000000", "OTHER", datetime(2026, 1, 1, tzinfo=UTC), False)
"""Worked on instead of a complaint that there is not, so that the same work is done."""


def newest(connection: Connection) -> Any | None:
    """The key that signs: id, public, private, made_at; None as long as there is none."""
    return connection.execute(_NEWEST).one_or_none()


def make(connection: Connection, now: datetime) -> Any:
    """A new key that signs from now on; the older ones stay, so that what they signed is still checked."""
    last = newest(connection)
    # A clock that went back must not leave the old key signing.
    made_at = max(now, last.made_at + timedelta(milliseconds=1)) if last else now
    connection.execute(_ADD, {**asdict(make_key(secrets.token_bytes(KEY_BYTES))), "made_at": made_at})
    return newest(connection)


def make_first(connection: Connection, now: datetime) -> Any | None:
    """The first key, or None when there is one; only in a transaction that writes.

    Of two that do it at once one is kept: the second waits until the first has committed, and finds it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE)  # SQLite lets one write at a time anyway
    return make(connection, now) if newest(connection) is None else None


def public_keys(connection: Connection) -> list[Any]:
    """Every key's id, public and made_at, the newest first."""
    return list(connection.execute(_PUBLIC))


def keys(connection: Connection) -> list[Any]:
    """Every key with its private half, the newest first."""
    return list(connection.execute(_ALL))


def filed(connection: Connection, reference: str) -> Filed | None:
    """What a receipt tells of a complaint; nothing that is sealed is opened. None when there is no such complaint."""
    row = connection.execute(_FILED, {"reference": reference}).one_or_none()
    return Filed(*row) if row else None
