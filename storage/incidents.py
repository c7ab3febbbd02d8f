"""Broken promises: each opens an incident that somebody must close with a reason."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel

from bot.domain.reach import Reach
from storage import caseload
from storage.clocks import CLOCK
from storage.columns import Identity, Moment, Sealed, table
from storage.complaints import COMPLAINT
from storage.offices import OFFICE
from storage.staff import STAFF


class Incident(SQLModel, table=True):
    """`office_id`: whose clock it was. `reason`: what whoever closed it found."""

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    complaint_id: int = Field(foreign_key="complaint.id", index=True, sa_type=Identity)
    clock_id: int = Field(foreign_key="clock.id", unique=True, sa_type=Identity)
    kind: str
    office_id: int | None = Field(default=None, foreign_key="office.id", sa_type=Identity)
    opened_at: datetime = Field(sa_type=Moment, index=True)
    closed_at: datetime | None = Field(default=None, sa_type=Moment)
    closed_by: int | None = Field(default=None, foreign_key="staff.id", sa_type=Identity)
    reason: str | None = Field(default=None, sa_type=Sealed)


INCIDENT = table(Incident)
_OPEN = {
    "sqlite": sqlite.insert(INCIDENT).on_conflict_do_nothing(index_elements=["clock_id"]),
    "postgresql": postgresql.insert(INCIDENT).on_conflict_do_nothing(index_elements=["clock_id"]),
}


def begin(
    connection: Connection, complaint_id: int, *, clock_id: int, kind: str, office_id: int | None, now: datetime
) -> None:
    """One a clock, however often it begins."""
    values = {"complaint_id": complaint_id, "clock_id": clock_id, "kind": kind, "office_id": office_id}
    connection.execute(_OPEN[connection.dialect.name], {**values, "opened_at": now})


def one(connection: Connection, incident_id: int) -> Any | None:
    """With its complaint's reference."""
    asked = select(INCIDENT, COMPLAINT.c.reference).join(COMPLAINT, COMPLAINT.c.id == INCIDENT.c.complaint_id)
    return connection.execute(asked.where(INCIDENT.c.id == incident_id)).one_or_none()


def close(connection: Connection, incident_id: int, *, staff_id: int, reason: str, now: datetime) -> bool:
    """False when it was closed already."""
    still = update(INCIDENT).where(INCIDENT.c.id == incident_id, INCIDENT.c.closed_at.is_(None))
    return connection.execute(still.values(closed_at=now, closed_by=staff_id, reason=reason)).rowcount == 1


def listed(
    connection: Connection, reach: Reach, *, closed: bool, before: int | None = None, limit: int = 50
) -> list[Any]:
    """Within reach, newest first, paged by id: with the complaint's row, its clock, whose it was and who closed it."""
    asked = (
        select(
            INCIDENT,
            CLOCK.c.started_at,
            CLOCK.c.due_at.label("clock_due_at"),
            CLOCK.c.stopped_at,
            COMPLAINT.c.reference,
            COMPLAINT.c.category,
            COMPLAINT.c.urgency,
            COMPLAINT.c.country,
            COMPLAINT.c.country_name,
            COMPLAINT.c.status,
            COMPLAINT.c.waiting_since,
            COMPLAINT.c.is_demo,
            OFFICE.c.name_km.label("office_km"),
            OFFICE.c.name_en.label("office_en"),
            STAFF.c.name_km.label("closer_km"),
            STAFF.c.name_en.label("closer_en"),
        )
        .join(COMPLAINT, COMPLAINT.c.id == INCIDENT.c.complaint_id)
        .join(CLOCK, CLOCK.c.id == INCIDENT.c.clock_id)
        .outerjoin(OFFICE, OFFICE.c.id == INCIDENT.c.office_id)
        .outerjoin(STAFF, STAFF.c.id == INCIDENT.c.closed_by)
        .where(caseload.within(reach), INCIDENT.c.closed_at.is_not(None) if closed else INCIDENT.c.closed_at.is_(None))
    )
    if before is not None:
        asked = asked.where(INCIDENT.c.id < before)
    return list(connection.execute(asked.order_by(INCIDENT.c.id.desc()).limit(limit)))


def counts(connection: Connection, reach: Reach) -> tuple[int, int]:
    """Open and closed, within reach."""
    asked = (
        select(
            func.count().filter(INCIDENT.c.closed_at.is_(None)), func.count().filter(INCIDENT.c.closed_at.is_not(None))
        )
        .select_from(INCIDENT)
        .join(COMPLAINT, COMPLAINT.c.id == INCIDENT.c.complaint_id)
        .where(caseload.within(reach))
    )
    row = connection.execute(asked).one()
    return row[0], row[1]
