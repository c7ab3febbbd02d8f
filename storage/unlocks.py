"""Looks at what a worker wanted hidden: two officers, a reason, a time."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlmodel import Field, SQLModel

from bot.domain.unlocks import APPROVED, ASKED
from storage.columns import Identity, Moment, Sealed, table
from storage.complaints import COMPLAINT
from storage.people import PERSON
from storage.staff import STAFF


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
_ASKER, _DECIDER = STAFF.alias("asker"), STAFF.alias("decider")


def ask(connection: Connection, complaint_id: int, staff_id: int, reason: str, now: datetime) -> int:
    """Returns the request's id."""
    made = insert(UNLOCK).values(complaint_id=complaint_id, asked_by=staff_id, asked_at=now, reason=reason, state=ASKED)
    return int(connection.execute(made.returning(UNLOCK.c.id)).scalar_one())


def one(connection: Connection, unlock_id: int, complaint_id: int) -> Any | None:
    """A request of that complaint; lock the complaint first."""
    mine = (UNLOCK.c.id == unlock_id, UNLOCK.c.complaint_id == complaint_id)
    return connection.execute(select(UNLOCK).where(*mine)).one_or_none()


def decide(connection: Connection, unlock_id: int, **values: Any) -> None:
    connection.execute(update(UNLOCK).where(UNLOCK.c.id == unlock_id).values(**values))


def is_waiting(connection: Connection, complaint_id: int, staff_id: int, since: datetime, now: datetime) -> bool:
    """Whether the officer has asked after `since` and waits, or is looking now."""
    mine = (UNLOCK.c.complaint_id == complaint_id, UNLOCK.c.asked_by == staff_id)
    waits = (UNLOCK.c.state == ASKED) & (UNLOCK.c.asked_at > since)
    looks = (UNLOCK.c.state == APPROVED) & (UNLOCK.c.until > now)
    return connection.scalar(select(UNLOCK.c.id).where(*mine, waits | looks).limit(1)) is not None


def of_complaint(connection: Connection, complaint_id: int) -> list[Any]:
    """Newest first, with the names of who asked (`asker_km`, `asker_en`) and who decided."""
    return list(
        connection.execute(
            select(
                UNLOCK,
                _ASKER.c.name_km.label("asker_km"),
                _ASKER.c.name_en.label("asker_en"),
                _DECIDER.c.name_km.label("decider_km"),
                _DECIDER.c.name_en.label("decider_en"),
            )
            .join(_ASKER, _ASKER.c.id == UNLOCK.c.asked_by)
            .outerjoin(_DECIDER, _DECIDER.c.id == UNLOCK.c.decided_by)
            .where(UNLOCK.c.complaint_id == complaint_id)
            .order_by(UNLOCK.c.id.desc())
            .limit(20)
        )
    )


def revealed(connection: Connection, complaint_id: int, staff_id: int, now: datetime) -> Any | None:
    """Who complained (`name`, `phone`, `until`), for the officer who may look now; None for any other."""
    open_now = (UNLOCK.c.asked_by == staff_id, UNLOCK.c.state == APPROVED, UNLOCK.c.until > now)
    return connection.execute(
        select(
            COMPLAINT.c.name,
            COMPLAINT.c.phone,
            PERSON.c.name.label("person_name"),
            PERSON.c.phone.label("person_phone"),
            UNLOCK.c.until,
        )
        .join(COMPLAINT, COMPLAINT.c.id == UNLOCK.c.complaint_id)
        .join(PERSON, PERSON.c.id == COMPLAINT.c.person_id)
        .where(UNLOCK.c.complaint_id == complaint_id, COMPLAINT.c.erased_at.is_(None), *open_now)
        .order_by(UNLOCK.c.until.desc())
        .limit(1)
    ).one_or_none()


def of_roles(connection: Connection, roles: Collection[str]) -> list[int]:
    """Active officers of these roles."""
    return list(connection.scalars(select(STAFF.c.id).where(STAFF.c.active, STAFF.c.role.in_(roles))))


def erase_of(connection: Connection, person_id: int) -> None:
    """Reasons tell about a person: they go with the person's data, and nobody looks any more."""
    theirs = UNLOCK.c.complaint_id.in_(select(COMPLAINT.c.id).where(COMPLAINT.c.person_id == person_id))
    connection.execute(update(UNLOCK).where(theirs).values(reason=None, until=None))
