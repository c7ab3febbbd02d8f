"""Who has a complaint open, and who is writing: so that two do not answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel

from storage.columns import Identity, Moment, table
from storage.staff import STAFF


class Presence(SQLModel, table=True):
    """An officer has a complaint's page open; `writing`: is answering."""

    complaint_id: int = Field(primary_key=True, foreign_key="complaint.id", sa_type=Identity)
    staff_id: int = Field(primary_key=True, foreign_key="staff.id", sa_type=Identity)
    seen_at: datetime = Field(sa_type=Moment, index=True)
    writing: bool = False


PRESENCE = table(Presence)
_HERE = {
    name: made.on_conflict_do_update(
        index_elements=["complaint_id", "staff_id"],
        set_={"seen_at": made.excluded.seen_at, "writing": made.excluded.writing},
    )
    for name, made in (("sqlite", sqlite.insert(PRESENCE)), ("postgresql", postgresql.insert(PRESENCE)))
}
_LEFT = delete(PRESENCE).where(
    PRESENCE.c.complaint_id == bindparam("complaint"), PRESENCE.c.staff_id == bindparam("staff")
)
_STALE = delete(PRESENCE).where(PRESENCE.c.seen_at < bindparam("moment"))
_OTHERS = (
    select(STAFF.c.name_km, STAFF.c.name_en, PRESENCE.c.writing)
    .join(STAFF, STAFF.c.id == PRESENCE.c.staff_id)
    .where(
        PRESENCE.c.complaint_id == bindparam("complaint"),
        PRESENCE.c.staff_id != bindparam("staff"),
        PRESENCE.c.seen_at > bindparam("moment"),
    )
    .order_by(PRESENCE.c.writing.desc(), STAFF.c.id)
)


def here(connection: Connection, complaint_id: int, staff_id: int, now: datetime, *, writing: bool) -> None:
    """The officer has the page open now."""
    row = {"complaint_id": complaint_id, "staff_id": staff_id, "seen_at": now, "writing": writing}
    connection.execute(_HERE[connection.dialect.name], row)


def left(connection: Connection, complaint_id: int, staff_id: int) -> None:
    connection.execute(_LEFT, {"complaint": complaint_id, "staff": staff_id})


def forget_before(connection: Connection, moment: datetime) -> None:
    connection.execute(_STALE, {"moment": moment})


def others(connection: Connection, complaint_id: int, staff_id: int, since: datetime) -> list[Any]:
    """Other officers seen there after that moment: their names, and whether they write."""
    asked = {"complaint": complaint_id, "staff": staff_id, "moment": since}
    return list(connection.execute(_OTHERS, asked))
