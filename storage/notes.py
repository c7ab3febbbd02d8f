"""Internal notes: between officers, never to a worker."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.columns import Identity, Moment, Sealed, table


class Note(SQLModel, table=True):
    """Between officers; a worker never sees it, which is why it is no entry of the thread."""

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    complaint_id: int = Field(foreign_key="complaint.id", index=True, sa_type=Identity)
    staff_id: int = Field(foreign_key="staff.id", sa_type=Identity)
    at: datetime = Field(sa_type=Moment)
    body: str | None = Field(default=None, sa_type=Sealed)


NOTE = table(Note)
