"""Broken promises: each opens an incident that somebody must close with a reason."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.columns import Identity, Moment, Sealed, table


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
