"""Notices to officers: one row a notice, never two for one step of a clock."""

from datetime import datetime

from sqlalchemy import Connection, insert
from sqlmodel import Field, SQLModel, UniqueConstraint

from storage.columns import Identity, Moment, table


class Notice(SQLModel, table=True):
    """`what`: step, assigned, message, reopened, unlock, incident …; `percent` and `kind` belong to a clock's step."""

    __table_args__ = (UniqueConstraint("clock_id", "percent", "staff_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    staff_id: int = Field(foreign_key="staff.id", index=True, sa_type=Identity)
    complaint_id: int = Field(foreign_key="complaint.id", index=True, sa_type=Identity)
    what: str
    at: datetime = Field(sa_type=Moment)
    clock_id: int | None = Field(default=None, sa_type=Identity)
    kind: str = ""
    percent: int | None = None
    read_at: datetime | None = Field(default=None, sa_type=Moment)


NOTICE = table(Notice)


def add(connection: Connection, staff_id: int, complaint_id: int, what: str, now: datetime) -> None:
    """One that belongs to no clock."""
    connection.execute(insert(NOTICE).values(staff_id=staff_id, complaint_id=complaint_id, what=what, at=now))
