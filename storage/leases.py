"""Leases: who may do a thing alone (send on a channel, run the schedule), and until when."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel

from storage.columns import Moment, table


class Lease(SQLModel, table=True):
    """One named duty."""

    name: str = Field(primary_key=True)
    holder: str
    until: datetime = Field(sa_type=Moment)


LEASE = table(Lease)
_FIRST = {
    "sqlite": sqlite.insert(LEASE).on_conflict_do_nothing().returning(LEASE.c.name),
    "postgresql": postgresql.insert(LEASE).on_conflict_do_nothing().returning(LEASE.c.name),
}


def acquire(connection: Connection, name: str, holder: str, now: datetime, length: timedelta) -> bool:
    """Take or renew; True when `holder` has it until now + length."""
    until = now + length
    made = connection.execute(_FIRST[connection.dialect.name], {"name": name, "holder": holder, "until": until})
    if made.one_or_none() is not None:
        return True
    renewed = connection.execute(
        update(LEASE)
        .where(LEASE.c.name == name, or_(LEASE.c.holder == holder, LEASE.c.until < now))
        .values(holder=holder, until=until)
    )
    return renewed.rowcount == 1


def release(connection: Connection, name: str, holder: str) -> None:
    connection.execute(delete(LEASE).where(LEASE.c.name == name, LEASE.c.holder == holder))
