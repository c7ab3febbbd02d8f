"""The clocks of complaints as rows: they survive restarts, and the next step of each is found by its moment."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlmodel import Field, Index, SQLModel

from bot.domain import clocks as rules
from storage.columns import Identity, Moment, table
from storage.db import insert_rows


class Clock(SQLModel, table=True):
    """One promise running. `kind`: received or addressed; `step`: the number of the next one, due at `next_at`.

    A stopped clock has `stopped_at` and no `next_at`; a reopened complaint gets a new row.
    """

    __table_args__ = (Index("clock_of_complaint", "complaint_id", "kind", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    complaint_id: int = Field(foreign_key="complaint.id", sa_type=Identity)
    kind: str
    started_at: datetime = Field(sa_type=Moment)
    due_at: datetime = Field(sa_type=Moment)
    stopped_at: datetime | None = Field(default=None, sa_type=Moment)
    step: int = 0
    next_at: datetime | None = Field(default=None, sa_type=Moment, index=True)
    breached_at: datetime | None = Field(default=None, sa_type=Moment)


CLOCK = table(Clock)
_STOP = (
    update(CLOCK)
    .where(
        CLOCK.c.complaint_id == bindparam("complaint"),
        CLOCK.c.kind.in_(bindparam("kinds", expanding=True)),
        CLOCK.c.stopped_at.is_(None),
    )
    .values(stopped_at=bindparam("now"), next_at=None)
)


def start(connection: Connection, complaint_id: int, urgency: str, now: datetime, kinds: Collection[str]) -> None:
    rows = []
    for kind in kinds:
        due_at = now + rules.within(kind, urgency)
        rows.append(
            {
                "complaint_id": complaint_id,
                "kind": kind,
                "started_at": now,
                "due_at": due_at,
                "step": 0,
                "next_at": rules.step_at(now, due_at, 0),
            }
        )
    insert_rows(connection, CLOCK, rows)


def stop(connection: Connection, complaint_id: int, now: datetime, kinds: Collection[str] = rules.KINDS) -> None:
    """Stop what still runs; a clock that has stopped keeps its moment."""
    connection.execute(_STOP, {"complaint": complaint_id, "kinds": list(kinds), "now": now})


def of_complaint(connection: Connection, complaint_id: int) -> list[Any]:
    """All clocks of a complaint, oldest first."""
    return list(connection.execute(select(CLOCK).where(CLOCK.c.complaint_id == complaint_id).order_by(CLOCK.c.id)))
