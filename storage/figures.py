"""What the figures are computed from: every clock within reach as whole seconds, open ages, ratings, breaches."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Integer, cast, extract, func, select, true
from sqlalchemy.sql.elements import Cast

from bot.domain.complaints import OPEN
from bot.domain.figures import Promise
from bot.domain.reach import FIGURES, READ, Reach
from storage.caseload import within
from storage.clocks import CLOCK
from storage.complaints import COMPLAINT
from storage.incidents import INCIDENT


def _seconds(connection: Connection, column: ColumnElement[Any]) -> Cast[Any] | ColumnElement[Any]:
    """A moment as whole seconds, by the database: making a hundred thousand datetimes takes longer than all else."""
    if connection.dialect.name == "sqlite":
        return func.unixepoch(column, type_=Integer)
    return cast(func.floor(extract("epoch", column)), BigInteger)


def counted(reach: Reach | None) -> ColumnElement[bool]:
    """What figures count: what one may see; for who has figures and reads no complaint, all, as numbers alone."""
    return true() if reach is not None and reach.may(FIGURES) and not reach.may(READ) else within(reach)


def promises(connection: Connection, reach: Reach | None, since: datetime, until: datetime) -> list[Promise]:
    """Clocks started from `since` to before `until`; those of withdrawn complaints are nobody's promise any more."""
    started, due, stopped = (
        _seconds(connection, column) for column in (CLOCK.c.started_at, CLOCK.c.due_at, CLOCK.c.stopped_at)
    )
    statement = (
        select(CLOCK.c.kind, started, due, stopped, COMPLAINT.c.country, COMPLAINT.c.office_id, COMPLAINT.c.category)
        .join(COMPLAINT, COMPLAINT.c.id == CLOCK.c.complaint_id)
        .where(
            counted(reach), CLOCK.c.started_at >= since, CLOCK.c.started_at < until, COMPLAINT.c.status != "withdrawn"
        )
    )
    return [Promise._make(row) for row in connection.execute(statement)]


def open_ages(connection: Connection, reach: Reach | None, now: datetime) -> list[int]:
    """Seconds since each open complaint was filed."""
    filed = _seconds(connection, COMPLAINT.c.filed_at)
    open_ones = select(filed).where(counted(reach), COMPLAINT.c.status.in_(OPEN), COMPLAINT.c.merged_into_id.is_(None))
    return [int(now.timestamp()) - moment for moment in connection.scalars(open_ones)]


def ratings(connection: Connection, reach: Reach | None, since: datetime, until: datetime) -> dict[int, int]:
    """How often each rating was given to complaints filed then."""
    given = (
        select(COMPLAINT.c.rating, func.count())
        .where(
            counted(reach), COMPLAINT.c.filed_at >= since, COMPLAINT.c.filed_at < until, COMPLAINT.c.rating.is_not(None)
        )
        .group_by(COMPLAINT.c.rating)
    )
    return {row[0]: row[1] for row in connection.execute(given)}


def breaches(
    connection: Connection, reach: Reach | None, since: datetime, until: datetime, limit: int = 50
) -> list[Any]:
    """The newest incidents with what was found: reference, kind, office, opened_at, closed_at, reason."""
    newest = (
        select(
            COMPLAINT.c.reference,
            INCIDENT.c.kind,
            INCIDENT.c.office_id,
            INCIDENT.c.opened_at,
            INCIDENT.c.closed_at,
            INCIDENT.c.reason,
        )
        .join(COMPLAINT, COMPLAINT.c.id == INCIDENT.c.complaint_id)
        .where(within(reach), INCIDENT.c.opened_at >= since, INCIDENT.c.opened_at < until)
        .order_by(INCIDENT.c.opened_at.desc(), INCIDENT.c.id.desc())
        .limit(limit)
    )
    return list(connection.execute(newest))
