"""Looks at what a worker wanted hidden: two officers, a reason, a time."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.columns import Identity, Moment, Sealed, table


class Unlock(SQLModel, table=True):
    """A look at what a worker wanted hidden: asked for by one officer, decided by another, for a time."""

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    complaint_id: int = Field(foreign_key="complaint.id", index=True, sa_type=Identity)
    asked_by: int = Field(foreign_key="staff.id", sa_type=Identity)
    asked_at: datetime = Field(sa_type=Moment)
    reason: str | None = Field(default=None, sa_type=Sealed)
    state: str = "asked"
    decided_by: int | None = Field(default=None, foreign_key="staff.id", sa_type=Identity)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    until: datetime | None = Field(default=None, sa_type=Moment)


UNLOCK = table(Unlock)
