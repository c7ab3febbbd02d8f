"""Labour sub-committees, who serves in them, and the rules that bring complaints to them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlmodel import Field, SQLModel, UniqueConstraint

from bot.domain import routing
from bot.domain.complaints import OPEN
from bot.domain.reach import Reach
from storage.columns import Identity, table
from storage.complaints import COMPLAINT
from storage.staff import STAFF


class Office(SQLModel, table=True):
    """A sub-committee, or the national desk (`kind`, see `bot.domain.routing`). `country`: where it sits.

    `hours`: such as "mon-fri 08:00-17:00" in `time_zone` (an IANA name); `holidays`: ISO days with commas.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    code: str = Field(unique=True)
    kind: str = routing.SUBCOMMITTEE
    name_km: str
    name_en: str
    country: str
    time_zone: str = "Asia/Phnom_Penh"
    hours: str = ""
    holidays: str = ""
    active: bool = True
    is_demo: bool = False


class Membership(SQLModel, table=True):
    """An officer serves in an office; `head` leads it."""

    office_id: int = Field(primary_key=True, foreign_key="office.id", sa_type=Identity)
    staff_id: int = Field(primary_key=True, foreign_key="staff.id", index=True, sa_type=Identity)
    head: bool = False


class RoutingRule(SQLModel, table=True):
    """Empty conditions mean any. `example` is the test line: a case as JSON that this rule must take."""

    __tablename__ = "routing_rule"
    __table_args__ = (UniqueConstraint("position"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    position: int
    office_id: int = Field(foreign_key="office.id", sa_type=Identity)
    country: str = ""
    province: str = ""
    category: str = ""
    about: str = ""
    note: str = ""
    example: str = ""


OFFICE, MEMBERSHIP, RULE = table(Office), table(Membership), table(RoutingRule)
_OFFICES = select(OFFICE).order_by(OFFICE.c.kind, OFFICE.c.country, OFFICE.c.id)
_RULES = select(RULE).order_by(RULE.c.position)
_TAKING = select(OFFICE.c.id, OFFICE.c.kind, OFFICE.c.country, OFFICE.c.active).order_by(OFFICE.c.id)
_REACHES = (
    select(STAFF.c.role, OFFICE.c.id.label("office"), OFFICE.c.kind, OFFICE.c.country)
    .outerjoin(MEMBERSHIP, MEMBERSHIP.c.staff_id == STAFF.c.id)
    .outerjoin(OFFICE, OFFICE.c.id == MEMBERSHIP.c.office_id)
)
_NAMES = select(OFFICE.c.id, OFFICE.c.name_km, OFFICE.c.name_en, OFFICE.c.kind).where(
    OFFICE.c.id.in_(bindparam("ids", expanding=True))
)
_BY_CODE = select(OFFICE).where(OFFICE.c.code == bindparam("code"))
_LOCK = select(OFFICE.c.id).order_by(OFFICE.c.id).with_for_update(key_share=True)
"""Not against complaints that name an office: those only need its key to stay."""
_OPEN = (
    select(COMPLAINT.c.office_id, func.count())
    .where(COMPLAINT.c.status.in_(OPEN), COMPLAINT.c.office_id.is_not(None))
    .group_by(COMPLAINT.c.office_id)
)
_NATIONAL = select(OFFICE.c.id).where(OFFICE.c.kind == routing.NATIONAL)
_WITH_NATIONAL = select(func.count()).where(
    COMPLAINT.c.office_id.in_(_NATIONAL), COMPLAINT.c.filed_at >= bindparam("since")
)
_NOWHERE = select(func.count()).where(COMPLAINT.c.office_id.is_(None), COMPLAINT.c.status.in_(OPEN))


def every(connection: Connection) -> list[Any]:
    """All offices, whole rows."""
    return list(connection.execute(_OFFICES))


def one(connection: Connection, office_id: int) -> Any | None:
    return connection.execute(select(OFFICE).where(OFFICE.c.id == office_id)).one_or_none()


def by_code(connection: Connection, code: str) -> Any | None:
    return connection.execute(_BY_CODE, {"code": code}).one_or_none()


def lock(connection: Connection) -> None:
    """Until the transaction ends nobody else changes offices, members or rules; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK).all()


def add(connection: Connection, **values: Any) -> int:
    """Raises IntegrityError when the code is taken."""
    return int(connection.execute(insert(OFFICE).values(**values).returning(OFFICE.c.id)).scalar_one())


def change(connection: Connection, office_id: int, **values: Any) -> None:
    connection.execute(update(OFFICE).where(OFFICE.c.id == office_id).values(**values))


def rules(connection: Connection) -> list[Any]:
    """In their order, whole rows."""
    return list(connection.execute(_RULES))


def put_rules(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """All rules anew, in this order; a row has the columns of RoutingRule but `id` and `position`."""
    connection.execute(delete(RULE))
    for position, row in enumerate(rows, 1):
        connection.execute(insert(RULE).values(position=position, **row))


def route(connection: Connection, case: routing.Case) -> routing.Routed:
    """Where a complaint goes by today's rules."""
    offices = [routing.Office(*row) for row in connection.execute(_TAKING)]
    asked = [
        routing.Rule(row.id, row.office_id, row.country, row.province, row.category, row.about)
        for row in rules(connection)
    ]
    return routing.route(case, asked, offices)


def serve(connection: Connection, office_id: int, staff_id: int, *, head: bool = False) -> None:
    """Take an officer into an office, or change their place in it."""
    leave(connection, office_id, staff_id)
    connection.execute(insert(MEMBERSHIP).values(office_id=office_id, staff_id=staff_id, head=head))


def leave(connection: Connection, office_id: int, staff_id: int) -> None:
    mine = (MEMBERSHIP.c.office_id == office_id, MEMBERSHIP.c.staff_id == staff_id)
    connection.execute(delete(MEMBERSHIP).where(*mine))


_SERVING = (
    select(
        MEMBERSHIP.c.office_id,
        *(STAFF.c.id, STAFF.c.login, STAFF.c.name_km, STAFF.c.name_en, STAFF.c.role),
        MEMBERSHIP.c.head,
    )
    .join(STAFF, STAFF.c.id == MEMBERSHIP.c.staff_id)
    .where(STAFF.c.active)
    .order_by(MEMBERSHIP.c.office_id, MEMBERSHIP.c.head.desc(), STAFF.c.id)
)


def members(connection: Connection, office_id: int) -> list[Any]:
    """Active officers of an office: id, login, names, role, head; heads first."""
    return list(connection.execute(_SERVING.where(MEMBERSHIP.c.office_id == office_id)))


def serving(connection: Connection) -> dict[int, list[Any]]:
    """The same of every office that has any, by its id."""
    found: dict[int, list[Any]] = {}
    for row in connection.execute(_SERVING):
        found.setdefault(row.office_id, []).append(row)
    return found


def hand_back(connection: Connection, office_id: int, staff_id: int, now: datetime) -> int:
    """Open complaints of the office that an officer who leaves it had are nobody's again; returns how many."""
    theirs = (COMPLAINT.c.office_id == office_id, COMPLAINT.c.officer_id == staff_id, COMPLAINT.c.status.in_(OPEN))
    return connection.execute(update(COMPLAINT).where(*theirs).values(officer_id=None, changed_at=now)).rowcount


def all_members(connection: Connection, office_id: int) -> list[tuple[int, bool]]:
    """Ids of all who serve there, officers who no longer work included, with their head flag, by id."""
    found = select(MEMBERSHIP.c.staff_id, MEMBERSHIP.c.head).where(MEMBERSHIP.c.office_id == office_id)
    return [(row.staff_id, row.head) for row in connection.execute(found.order_by(MEMBERSHIP.c.staff_id))]


def of_staff(connection: Connection, staff_id: int) -> list[int]:
    """Ids of the offices where an officer serves."""
    return list(connection.scalars(select(MEMBERSHIP.c.office_id).where(MEMBERSHIP.c.staff_id == staff_id)))


def open_counts(connection: Connection) -> dict[int, int]:
    """Open complaints by office."""
    return {row[0]: row[1] for row in connection.execute(_OPEN)}


def with_national(connection: Connection, since: datetime) -> int:
    """Complaints filed since then that are with the national desk."""
    return connection.scalar(_WITH_NATIONAL, {"since": since}) or 0


def nowhere(connection: Connection) -> int:
    """Open complaints that no office has, not even the national desk."""
    return connection.scalar(_NOWHERE) or 0


def reach(connection: Connection, staff_id: int) -> Reach:
    """Whose complaints an officer may see; an unknown or inactive officer reaches nothing."""
    return reach_of(staff_id, list(connection.execute(_REACHES.where(STAFF.c.id == staff_id, STAFF.c.active))))


def reach_of(staff_id: int, rows: Sequence[Any]) -> Reach:
    """From a row for each office they serve in (`role`, `office`, `kind`, `country`), or one without an office."""
    served = [row for row in rows if row.office is not None]
    posts = {row.country for row in served if row.kind != routing.NATIONAL}
    role = rows[0].role if rows else ""
    return Reach(staff_id, role, tuple(sorted(row.office for row in served)), tuple(sorted(posts)))


def names(connection: Connection, ids: Collection[int]) -> dict[int, Any]:
    """`name_km`, `name_en` and `kind` of these offices, by id."""
    return {row.id: row for row in connection.execute(_NAMES, {"ids": list(ids)})}
