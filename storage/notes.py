"""Internal notes: between officers, never to a worker."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlmodel import Field, SQLModel

from storage.columns import Identity, Moment, Sealed, table
from storage.complaints import COMPLAINT
from storage.staff import STAFF


class Note(SQLModel, table=True):
    """Between officers; a worker never sees it, which is why it is no entry of the thread."""

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    complaint_id: int = Field(foreign_key="complaint.id", index=True, sa_type=Identity)
    staff_id: int = Field(foreign_key="staff.id", sa_type=Identity)
    at: datetime = Field(sa_type=Moment)
    body: str | None = Field(default=None, sa_type=Sealed)


NOTE = table(Note)


def add(connection: Connection, complaint_id: int, staff_id: int, body: str, now: datetime) -> None:
    connection.execute(insert(NOTE).values(complaint_id=complaint_id, staff_id=staff_id, at=now, body=body))


def newest(connection: Connection, complaint_id: int) -> Any | None:
    """The last note of a complaint: `staff_id` and `body`; None when there is none."""
    mine = select(NOTE.c.staff_id, NOTE.c.body).where(NOTE.c.complaint_id == complaint_id)
    return connection.execute(mine.order_by(NOTE.c.id.desc()).limit(1)).one_or_none()


def of_complaint(connection: Connection, complaint_id: int) -> list[Any]:
    """Oldest first, each with its writer's names; an erased one has no `body`."""
    return list(
        connection.execute(
            select(NOTE, STAFF.c.name_km, STAFF.c.name_en)
            .join(STAFF, STAFF.c.id == NOTE.c.staff_id)
            .where(NOTE.c.complaint_id == complaint_id)
            .order_by(NOTE.c.id)
        )
    )


def erase_of(connection: Connection, person_id: int) -> None:
    """Officers' words about a person go with the person's data."""
    theirs = select(COMPLAINT.c.id).where(COMPLAINT.c.person_id == person_id)
    connection.execute(update(NOTE).where(NOTE.c.complaint_id.in_(theirs)).values(body=None))
