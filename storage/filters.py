"""Saved filters: lists an officer comes back to."""

from sqlmodel import Field, SQLModel

from storage.columns import Identity, table


class SavedFilter(SQLModel, table=True):
    """A list's address (its query string) under an officer's own name for it."""

    __tablename__ = "saved_filter"

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    staff_id: int = Field(foreign_key="staff.id", index=True, sa_type=Identity)
    name: str
    query: str


SAVED = table(SavedFilter)
