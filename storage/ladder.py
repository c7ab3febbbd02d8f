"""A due clock taken together with its complaint, and who there is to be told of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from bot.domain.clocks import Circle
from bot.domain.reach import DESK, WORK, Reach, may
from bot.domain.routing import NATIONAL
from storage.clocks import CLOCK
from storage.complaints import COMPLAINT
from storage.offices import MEMBERSHIP, OFFICE, reach_of
from storage.staff import STAFF

_CLAIM = (
    select(
        CLOCK.c.id,
        CLOCK.c.kind,
        CLOCK.c.started_at,
        CLOCK.c.due_at,
        CLOCK.c.stopped_at,
        CLOCK.c.step,
        COMPLAINT.c.reference,
    )
    .join(COMPLAINT, COMPLAINT.c.id == CLOCK.c.complaint_id)
    .where(CLOCK.c.id == bindparam("clock"), CLOCK.c.next_at <= bindparam("now"))
)
_CLAIM_LOCKED = _CLAIM.with_for_update(of=[CLOCK, COMPLAINT], skip_locked=True)
_SERVES, _WHERE = MEMBERSHIP.alias(), OFFICE.alias()
_COLLEAGUES = (
    select(
        STAFF.c.id.label("staff"),
        STAFF.c.role,
        OFFICE.c.id.label("office"),
        MEMBERSHIP.c.head,
        OFFICE.c.kind,
        OFFICE.c.country,
    )
    .outerjoin(MEMBERSHIP, MEMBERSHIP.c.staff_id == STAFF.c.id)
    .outerjoin(OFFICE, OFFICE.c.id == MEMBERSHIP.c.office_id)
    .where(
        STAFF.c.active,
        or_(
            STAFF.c.role == DESK,
            STAFF.c.id.in_(
                select(_SERVES.c.staff_id)
                .join(_WHERE, _WHERE.c.id == _SERVES.c.office_id)
                .where(or_(_WHERE.c.id == bindparam("office"), _WHERE.c.kind == NATIONAL))
            ),
            STAFF.c.id == bindparam("officer"),
        ),
    )
    .order_by(STAFF.c.id)
)
_OFFICES = (
    select(
        *(OFFICE.c.id, OFFICE.c.kind, OFFICE.c.active, OFFICE.c.country, OFFICE.c.name_km, OFFICE.c.name_en),
        *(OFFICE.c.hours, OFFICE.c.holidays, OFFICE.c.time_zone),
    )
    .where(or_(OFFICE.c.id == bindparam("office"), OFFICE.c.kind == NATIONAL))
    .order_by(OFFICE.c.id)
)


def claim(connection: Connection, clock_id: int, now: datetime) -> Any | None:
    """The clock with what is needed of its complaint, both locked; None when another process has or had it.

    Nobody is waited for: who holds the complaint now may be about to stop the clock, and the next look finds out.
    """
    statement = _CLAIM_LOCKED if connection.dialect.name == "postgresql" else _CLAIM
    return connection.execute(statement, {"clock": clock_id, "now": now}).one_or_none()


def colleagues(connection: Connection, office_id: int | None, officer: int | None) -> list[Any]:
    """Active officers of that office and of the national desk, with each of their offices anywhere.

    Rows of staff, role, office, head, kind, country.
    """
    return list(connection.execute(_COLLEAGUES, {"office": office_id, "officer": officer}))


def reaches(rows: Sequence[Any]) -> dict[int, Reach]:
    """Of these colleagues at once."""
    theirs: dict[int, list[Any]] = {}
    for row in rows:
        theirs.setdefault(row.staff, []).append(row)
    return {staff: reach_of(staff, served) for staff, served in theirs.items()}


def circle(rows: Sequence[Any], national: int | None, office: int | None, officer: int | None) -> Circle:
    """Those of the colleagues who may work on complaints, as far as they matter for one of that office."""
    workers = [row for row in rows if may(row.role, WORK)]

    def of(wanted: int | None, *, heads: bool = False) -> tuple[int, ...]:
        return tuple(row.staff for row in workers if row.office == wanted is not None and (row.head or not heads))

    return Circle(
        office=office,
        officer=officer if any(row.staff == officer for row in workers) else None,
        members=of(office),
        heads=of(office, heads=True),
        national=national,
        desk=of(national),
        desk_heads=of(national, heads=True),
        desk_role=tuple(dict.fromkeys(row.staff for row in workers if row.role == DESK)),
    )


def office(connection: Connection, office_id: int | None) -> tuple[Any | None, Any | None]:
    """What matters here of an office, and of the national desk: their names and hours, and where they sit."""
    rows = list(connection.execute(_OFFICES, {"office": office_id}))
    national = next((row for row in rows if row.kind == NATIONAL and row.active), None)
    return next((row for row in rows if row.id == office_id), None), national
