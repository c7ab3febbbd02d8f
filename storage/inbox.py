"""Events that were taken: an event id goes in once, so a redelivery changes nothing."""

from collections.abc import Collection
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
Arrived = tuple[str, str]
"""A channel and an event's id there."""
_TAKE = {
    name: dialect.insert(INBOX).on_conflict_do_nothing().returning(INBOX.c.channel, INBOX.c.event_id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


def take(connection: Connection, events: Collection[Arrived], now: datetime) -> set[Arrived]:
    """Those that came for the first time; on PostgreSQL a parallel twin waits here until the first commits."""
    rows = [{"channel": channel, "event_id": event_id, "received_at": now} for channel, event_id in sorted(set(events))]
    return {(row.channel, row.event_id) for row in connection.execute(_TAKE[connection.dialect.name], rows)}


def forget_before(connection: Connection, moment: datetime) -> int:
    return connection.execute(delete(INBOX).where(INBOX.c.received_at < moment)).rowcount
