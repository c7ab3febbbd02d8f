"""The list of complaints: its views, their order, and going on from any place in it, within what an officer may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
    tuple_,
)

from bot.domain.clocks import EMERGENCY, RECEIVED
from bot.domain.complaints import OPEN, TAKEABLE
from bot.domain.reach import Reach
from storage import offices, search, staff
from storage.caseload import within
from storage.clocks import CLOCK
from storage.columns import Moment, Sealed
from storage.complaints import COMPLAINT
from storage.offices import MEMBERSHIP, OFFICE
from storage.search import TOKEN
from storage.staff import STAFF

NEEDY = (*OPEN, "referred")
"""Somebody has still to do something: what was referred is to be received by its new office."""
ALL, OPENED, OVERDUE, UNTAKEN = "all", "open", "overdue", "receiving"
MINE, UNASSIGNED, WAITING = "mine", "unassigned", "waiting"
VIEWS = (OPENED, OVERDUE, UNTAKEN, UNASSIGNED, MINE, WAITING, ALL)

Key = tuple[int, ...]
"""A place in the list: the values it is ordered by, as whole numbers (moments as microseconds)."""
JOINED = 4
"""Words that PostgreSQL may join in an order of its own; it takes long to choose one for many, and the rest are few."""
_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_LATEST = (datetime.max.replace(tzinfo=UTC) - timedelta(days=1) - _BEGAN) // _TICK

_SHOWN = [column for column in COMPLAINT.c if not isinstance(column.type, Sealed)]
"""What a list shows of a complaint: nothing that must be unsealed."""
_WAITED = func.coalesce(COMPLAINT.c.waiting_since, COMPLAINT.c.filed_at, type_=Moment)
_RANK = case((COMPLAINT.c.urgency == EMERGENCY, 0), else_=2) + case((COMPLAINT.c.first_answer_at.is_(None), 0), else_=1)
"""Emergencies on top; what was answered once, and is in hand again, after what waits for its first answer."""
_UNTAKEN = exists().where(
    CLOCK.c.complaint_id == COMPLAINT.c.id,
    CLOCK.c.kind == RECEIVED,
    CLOCK.c.stopped_at.is_(None),
    CLOCK.c.due_at < bindparam("now", type_=Moment),
)
_UNMERGED = func.coalesce(COMPLAINT.c.merged_into_id, 0) == 0
"""So written, since SQLite takes an index on a column that is nearly always empty for the best of all."""
_LATE = and_(COMPLAINT.c.due_at < bindparam("now", type_=Moment), COMPLAINT.c.first_answer_at.is_(None))


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; empty means any. `view` is one of VIEWS or a status; `words` are tokens, all of them wanted.

    `about`: the key of an employer or agency. `office`: its id.
    """

    view: str = OPENED
    category: str = ""
    country: str = ""
    channel: str = ""
    office: int | None = None
    words: tuple[int, ...] = ()
    about: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list. `newer` and `older` are the places to go on from; None where the list ends."""

    rows: list[Any]
    newer: Key | None = None
    older: Key | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """Columns that make a place in the list unique, each with whether it is a moment."""

    columns: tuple[tuple[ColumnElement[Any], bool], ...]
    descending: bool = False

    def key(self, row: Any) -> Key:
        """Of a row that came with the columns `key_0`, `key_1`, …"""
        values = [getattr(row, f"key_{index}") for index in range(len(self.columns))]
        return tuple(
            (value - _BEGAN) // _TICK if moment else int(value)
            for value, (_column, moment) in zip(values, self.columns, strict=True)
        )

    def beyond(self, key: Key, back: bool) -> ColumnElement[bool]:
        """What comes after that place; before it with `back`."""
        columns = tuple_(*(column for column, _moment in self.columns))
        values = tuple_(
            *(
                literal(_BEGAN + value * _TICK, Moment) if moment else literal(value)
                for value, (_column, moment) in zip(key, self.columns, strict=True)
            )
        )
        return columns < values if self.descending != back else columns > values

    def reads(self, key: Key) -> bool:
        """Whether that can be a place in this order: an address may hold one of another list, or of none."""
        return len(key) == len(self.columns) and all(
            0 <= value <= (_LATEST if moment else 2**62)
            for value, (_column, moment) in zip(key, self.columns, strict=True)
        )


FIRST_NEEDED = Order(((_RANK, False), (COMPLAINT.c.due_at, True), (COMPLAINT.c.id, False)))
NEWEST = Order(((COMPLAINT.c.id, False),), descending=True)
NEWEST_WITH_WORD = Order(((TOKEN.c.complaint_id, False),), descending=True)
"""The same along a rare word in the index, which has it in this order already. A common one is met soon in the list."""
LONGEST_WAITING = Order(((_WAITED, True), (COMPLAINT.c.id, False)))


def order(view: str) -> Order:
    """What needs somebody first, who has waited longest, or the newest."""
    if view == WAITING:
        return LONGEST_WAITING
    return FIRST_NEEDED if view in VIEWS and view != ALL else NEWEST


def viewed(view: str, reach: Reach | None) -> list[ColumnElement[bool]]:
    """Which complaints a view holds."""
    if view == ALL:
        return []
    if view == WAITING or view not in VIEWS:
        found = [COMPLAINT.c.status == view]
        return [*found, _UNMERGED] if view in NEEDY else found
    needy: list[ColumnElement[bool]] = [COMPLAINT.c.status.in_(NEEDY), _UNMERGED]
    me = reach.staff if reach else None
    views: dict[str, list[ColumnElement[bool]]] = {
        OPENED: needy,
        OVERDUE: [COMPLAINT.c.status.in_(OPEN), needy[1], _LATE],
        UNTAKEN: [COMPLAINT.c.status.in_(TAKEABLE), needy[1], _UNTAKEN],
        MINE: [*needy, COMPLAINT.c.officer_id == me],
        UNASSIGNED: [*needy, COMPLAINT.c.officer_id.is_(None)],
    }
    return views[view]


def listed(
    connection: Connection,
    reach: Reach | None,
    wanted: Filter,
    now: datetime,
    *,
    place: Key | None = None,
    back: bool = False,
    limit: int = 50,
) -> Page:
    """A page of the list after `place`, or before it with `back`; a place of another order is as good as none."""
    by = order(wanted.view)
    if place is not None and not by.reads(place):
        place, back = None, False
    words = search.rarest_first(connection, wanted.words)
    statement = narrowed(connection, reach, wanted)
    if words and words[0][1] < search.MANY:
        statement = statement.join(TOKEN, TOKEN.c.complaint_id == COMPLAINT.c.id)
        statement = statement.where(TOKEN.c.token == words.pop(0)[0])
        by = NEWEST_WITH_WORD if by is NEWEST else by
    statement = saying(statement, [word for word, _often in words])
    if place is not None:
        statement = statement.where(by.beyond(place, back))
    turned = by.descending != back
    columns = [column for column, _moment in by.columns]
    statement = statement.add_columns(*(column.label(f"key_{index}") for index, column in enumerate(columns)))
    statement = statement.order_by(*(column.desc() if turned else column for column in columns)).limit(limit + 1)
    rows = list(connection.execute(statement, {"now": now}))
    more = len(rows) > limit
    rows = rows[:limit][::-1] if back else rows[:limit]
    if not rows:
        return Page([])
    first, last = by.key(rows[0]), by.key(rows[-1])
    if back:
        return Page(rows, newer=first if more else None, older=last)
    return Page(rows, newer=first if place is not None else None, older=last if more else None)


def narrowed(connection: Connection, reach: Reach | None, wanted: Filter) -> Select[Any]:
    """The statement of a list, without its words and its order. `now` is to be bound."""
    # Without statistics SQLite believes that an office has ten complaints, and sorts them all; along the ids it has the
    # newest at once; going through a hundred thousand took 0.05 s.
    along_ids = wanted.view == ALL and connection.dialect.name == "sqlite"
    office: ColumnElement[int | None] = COMPLAINT.c.office_id + 0 if along_ids else COMPLAINT.c.office_id
    statement = select(*_SHOWN).where(within(reach, office), *viewed(wanted.view, reach))
    for column, value in (
        (COMPLAINT.c.category, wanted.category),
        (COMPLAINT.c.country, wanted.country),
        (COMPLAINT.c.channel, wanted.channel),
        (office, wanted.office),
        (COMPLAINT.c.about_key, wanted.about),
    ):
        if value not in ("", None):
            statement = statement.where(column == value)
    return statement


def saying(statement: Select[Any], words: Sequence[int]) -> Select[Any]:
    """With all of these words; the rarest come first."""
    for number, word in enumerate(words):
        also = TOKEN.alias()
        has = (also.c.token == word, also.c.complaint_id == COMPLAINT.c.id)
        if number < JOINED:
            statement = statement.where(exists().where(*has))
        else:
            statement = statement.where(select(literal(1)).where(*has).scalar_subquery() == 1)
    return statement


def counts(connection: Connection, reach: Reach | None, now: datetime) -> dict[str, int]:
    """For the head of the list; of what somebody has still to do something about, never of all there ever was."""
    me = reach.staff if reach else None
    is_open = COMPLAINT.c.status.in_(OPEN)
    row = connection.execute(
        select(
            func.count(),
            func.count().filter(_LATE, is_open),
            func.count().filter(COMPLAINT.c.status.in_(TAKEABLE), _UNTAKEN),
            func.count().filter(COMPLAINT.c.officer_id.is_(None)),
            func.count().filter(COMPLAINT.c.officer_id == me),
            func.count().filter(COMPLAINT.c.status == WAITING),
        ).where(within(reach), *viewed(OPENED, reach)),
        {"now": now},
    ).one()
    return dict(zip(VIEWS, row, strict=False))


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside complaints in a list, by id: offices, officers (rows), clocks of receiving by complaint."""

    offices: Mapping[int, Any]
    officers: Mapping[int, Any]
    receiving: Mapping[int, Any]


_CLOCKS = (
    select(CLOCK.c.complaint_id, CLOCK.c.due_at, CLOCK.c.stopped_at, CLOCK.c.started_at)
    .where(CLOCK.c.complaint_id.in_(bindparam("ids", expanding=True)), CLOCK.c.kind == RECEIVED)
    .order_by(CLOCK.c.id)
)


def beside(connection: Connection, rows: Sequence[Any]) -> Beside:
    """For one page of a list; of several clocks of receiving the newest."""
    if not rows:
        return Beside({}, {}, {})
    return Beside(
        offices.names(connection, {row.office_id for row in rows} - {None}),
        staff.names(connection, {row.officer_id for row in rows} - {None}),
        {row.complaint_id: row for row in connection.execute(_CLOCKS, {"ids": [row.id for row in rows]})},
    )


_COLLEAGUES = (
    select(
        STAFF.c.id,
        STAFF.c.name_km,
        STAFF.c.name_en,
        OFFICE.c.id.label("office_id"),
        OFFICE.c.name_km.label("office_km"),
        OFFICE.c.name_en.label("office_en"),
    )
    .join(MEMBERSHIP, MEMBERSHIP.c.staff_id == STAFF.c.id)
    .join(OFFICE, OFFICE.c.id == MEMBERSHIP.c.office_id)
    .where(STAFF.c.active, OFFICE.c.active)
    .order_by(OFFICE.c.kind, OFFICE.c.country, OFFICE.c.id, MEMBERSHIP.c.head.desc(), STAFF.c.id)
)


def colleagues(connection: Connection, reach: Reach) -> list[Any]:
    """To whom complaints can be given: active officers with their office, one row for each office they serve in."""
    statement = _COLLEAGUES if reach.everywhere else _COLLEAGUES.where(OFFICE.c.id.in_(reach.offices))
    return list(connection.execute(statement))


def states(connection: Connection, reach: Reach | None, references: Sequence[str]) -> dict[str, Any]:
    """How these complaints stand now (`status`, `officer_id`), by reference; only those within reach."""
    found = select(COMPLAINT.c.reference, COMPLAINT.c.status, COMPLAINT.c.officer_id).where(
        COMPLAINT.c.reference.in_(references), within(reach)
    )
    return {row.reference: row for row in connection.execute(found)}
