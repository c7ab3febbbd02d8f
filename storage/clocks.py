"""The clocks of complaints as rows: they survive restarts, and the next step of each is found by its moment."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, null, select, tuple_, update
from sqlmodel import Field, Index, SQLModel

from bot.domain import clocks as rules
from storage.columns import Identity, Moment, table
from storage.db import insert_rows


class Clock(SQLModel, table=True):
    """One promise running. `kind`: received or addressed; `step`: the number of the next one, due at `next_at`.

    A stopped clock has `stopped_at` and no `next_at`, but for one that stopped late before anybody noticed: its breach
    is still to be recorded. `breached_at`: when it was. A reopened complaint gets a new row.
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
    .values(
        stopped_at=bindparam("now"),
        next_at=case(
            (and_(CLOCK.c.due_at < bindparam("now"), CLOCK.c.breached_at.is_(None)), CLOCK.c.due_at), else_=null()
        ),
    )
)
_DUE = (
    select(CLOCK.c.id, CLOCK.c.next_at)
    .where(CLOCK.c.next_at <= bindparam("now"))
    .order_by(CLOCK.c.next_at, CLOCK.c.id)
    .limit(bindparam("limit"))
)
_DUE_AFTER = _DUE.where(tuple_(CLOCK.c.next_at, CLOCK.c.id) > tuple_(bindparam("after"), bindparam("last")))
_MOVE = (
    update(CLOCK)
    .where(CLOCK.c.id == bindparam("clock"))
    .values(step=bindparam("step"), next_at=bindparam("next_at"), breached_at=bindparam("breached_at"))
)


def start(connection: Connection, complaint_id: int, urgency: str, now: datetime, kinds: Collection[str]) -> None:
    """One of a kind runs at a time: what still ran of these is stopped."""
    stop(connection, complaint_id, now, kinds)
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


def due(
    connection: Connection, now: datetime, limit: int, after: tuple[datetime, int] | None = None
) -> list[tuple[int, datetime]]:
    """Clocks whose next moment has come, oldest first: (id, moment); `after` goes on from the last of a list."""
    if after is None:
        return [(row.id, row.next_at) for row in connection.execute(_DUE, {"now": now, "limit": limit})]
    more = {"now": now, "limit": limit, "after": after[0], "last": after[1]}
    return [(row.id, row.next_at) for row in connection.execute(_DUE_AFTER, more)]


def move(
    connection: Connection, clock_id: int, *, step: int, next_at: datetime | None, breached_at: datetime | None
) -> None:
    """To its next step; the caller has claimed it (see `storage.ladder`)."""
    connection.execute(_MOVE, {"clock": clock_id, "step": step, "next_at": next_at, "breached_at": breached_at})
