"""Events that were taken: an event id goes in once, so a redelivery changes nothing."""

from datetime import datetime

from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel

from storage.columns import Moment, table


class Inbox(SQLModel, table=True):
    """`event_id` is unique for each channel (and credential)."""

    channel: str = Field(primary_key=True)
    event_id: str = Field(primary_key=True)
    received_at: datetime = Field(sa_type=Moment, index=True)


INBOX = table(Inbox)
# What came back tells whether it went in: SQLAlchemy keeps no row count of an INSERT on PostgreSQL.
_TAKE = {
    "sqlite": sqlite.insert(INBOX).on_conflict_do_nothing().returning(INBOX.c.event_id),
    "postgresql": postgresql.insert(INBOX).on_conflict_do_nothing().returning(INBOX.c.event_id),
}


def take(connection: Connection, channel: str, event_id: str, now: datetime) -> bool:
    """True the first time; on PostgreSQL a parallel twin waits here until the first commits."""
    result = connection.execute(
        _TAKE[connection.dialect.name], {"channel": channel, "event_id": event_id, "received_at": now}
    )
    return result.one_or_none() is not None


def forget_before(connection: Connection, moment: datetime) -> int:
    return connection.execute(delete(INBOX).where(INBOX.c.received_at < moment)).rowcount
