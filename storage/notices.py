"""Notices to officers: one row a notice, never two for one step of a clock."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel, UniqueConstraint

from bot.domain.reach import Reach
from storage import caseload
from storage.clocks import CLOCK
from storage.columns import Identity, Moment, table
from storage.complaints import COMPLAINT
from storage.db import insert_rows


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
_STEP = {
    "sqlite": sqlite.insert(NOTICE).on_conflict_do_nothing(index_elements=["clock_id", "percent", "staff_id"]),
    "postgresql": postgresql.insert(NOTICE).on_conflict_do_nothing(index_elements=["clock_id", "percent", "staff_id"]),
}
_UNREAD = select(func.count()).where(NOTICE.c.staff_id == bindparam("staff"), NOTICE.c.read_at.is_(None))
_NEWEST = select(func.max(NOTICE.c.id))


def add(connection: Connection, staff_id: int, complaint_id: int, what: str, now: datetime) -> None:
    """One that belongs to no clock."""
    connection.execute(insert(NOTICE).values(staff_id=staff_id, complaint_id=complaint_id, what=what, at=now))


def add_all(connection: Connection, to: Collection[int], complaint_id: int, what: str, now: datetime) -> None:
    """The same to each of these."""
    insert_rows(
        connection,
        NOTICE,
        [{"staff_id": one, "complaint_id": complaint_id, "what": what, "at": now, "kind": ""} for one in to],
    )


def tell(
    connection: Connection,
    to: Collection[int],
    complaint_id: int,
    now: datetime,
    *,
    clock_id: int,
    kind: str,
    percent: int,
) -> None:
    """A clock's step, told to each of these once, however often it is told."""
    shared = {"complaint_id": complaint_id, "at": now, "clock_id": clock_id, "kind": kind, "percent": percent}
    rows = [{"staff_id": one, "what": "step", **shared} for one in to]
    if rows:
        connection.execute(_STEP[connection.dialect.name], rows)


def unread(connection: Connection, staff_id: int) -> int:
    return int(connection.scalar(_UNREAD, {"staff": staff_id}) or 0)


def newest(connection: Connection) -> int:
    """The id of the newest of all: what live pages watch."""
    return int(connection.scalar(_NEWEST) or 0)


def is_of(connection: Connection, staff_id: int, notice_id: int) -> bool:
    mine = select(NOTICE.c.id).where(NOTICE.c.id == notice_id, NOTICE.c.staff_id == staff_id)
    return connection.scalar(mine) is not None


def read(connection: Connection, staff_id: int, now: datetime, *, only: int | None = None, upto: int = 0) -> None:
    """Mark as read: one of theirs, or all of theirs up to that id (what came since was not seen)."""
    which = NOTICE.c.id == only if only is not None else NOTICE.c.id <= upto
    mine = update(NOTICE).where(NOTICE.c.staff_id == staff_id, NOTICE.c.read_at.is_(None), which)
    connection.execute(mine.values(read_at=now))


def listed(
    connection: Connection, reach: Reach, *, only_unread: bool = False, before: int | None = None, limit: int = 50
) -> list[Any]:
    """An officer's own, newest first, paged by id. What is of the complaint is None when it is no longer theirs to see.

    `due_at` and `stopped_at` are the clock's.
    """
    shown = (
        select(
            COMPLAINT.c.id,
            COMPLAINT.c.reference,
            COMPLAINT.c.category,
            COMPLAINT.c.urgency,
            COMPLAINT.c.country,
            COMPLAINT.c.country_name,
            COMPLAINT.c.status,
            COMPLAINT.c.waiting_since,
            COMPLAINT.c.is_demo,
        )
        .where(caseload.within(reach))
        .subquery()
    )
    asked = (
        select(
            NOTICE,
            CLOCK.c.due_at,
            CLOCK.c.stopped_at,
            *(column for column in shown.c if column.name != "id"),
        )
        .outerjoin(shown, shown.c.id == NOTICE.c.complaint_id)
        .outerjoin(CLOCK, CLOCK.c.id == NOTICE.c.clock_id)
        .where(NOTICE.c.staff_id == reach.staff)
    )
    if only_unread:
        asked = asked.where(NOTICE.c.read_at.is_(None))
    if before is not None:
        asked = asked.where(NOTICE.c.id < before)
    return list(connection.execute(asked.order_by(NOTICE.c.id.desc()).limit(limit)))
