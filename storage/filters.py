"""Saved filters: lists an officer comes back to."""

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlmodel import Field, SQLModel

from storage.columns import Identity, Sealed, table


class SavedFilter(SQLModel, table=True):
    """A list's address (its query string) under an officer's own name for it. Either may hold a worker's words."""

    __tablename__ = "saved_filter"

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    staff_id: int = Field(foreign_key="staff.id", index=True, sa_type=Identity)
    name: str = Field(sa_type=Sealed)
    query: str = Field(sa_type=Sealed)


SAVED = table(SavedFilter)


def of_officer(connection: Connection, staff_id: int) -> list[Any]:
    """Id, name and query of each, oldest first."""
    mine = select(SAVED.c.id, SAVED.c.name, SAVED.c.query).where(SAVED.c.staff_id == staff_id)
    return list(connection.execute(mine.order_by(SAVED.c.id)))


def add(connection: Connection, staff_id: int, name: str, query: str) -> int:
    """One more; its id."""
    made = insert(SAVED).values(staff_id=staff_id, name=name, query=query).returning(SAVED.c.id)
    return int(connection.execute(made).scalar_one())


def rename(connection: Connection, staff_id: int, id: int, name: str) -> bool:
    """False when the officer has no such filter."""
    mine = (SAVED.c.id == id, SAVED.c.staff_id == staff_id)
    return bool(connection.execute(update(SAVED).where(*mine).values(name=name)).rowcount)


def drop(connection: Connection, staff_id: int, id: int) -> bool:
    """False when the officer has no such filter."""
    mine = (SAVED.c.id == id, SAVED.c.staff_id == staff_id)
    return bool(connection.execute(delete(SAVED).where(*mine)).rowcount)
