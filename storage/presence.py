"""Who has a complaint open, and who is writing: so that two do not answer."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.columns import Identity, Moment, table


class Presence(SQLModel, table=True):
    """An officer has a complaint's page open; `writing`: is answering."""

    complaint_id: int = Field(primary_key=True, foreign_key="complaint.id", sa_type=Identity)
    staff_id: int = Field(primary_key=True, foreign_key="staff.id", sa_type=Identity)
    seen_at: datetime = Field(sa_type=Moment, index=True)
    writing: bool = False


PRESENCE = table(Presence)
