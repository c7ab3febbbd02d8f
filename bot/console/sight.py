"""Everything that one complaint's page shows, read in one transaction with the eyes of one officer."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.app import desk
from bot.console.live import version
from bot.domain.reach import ASSIGN, READ, REFER, UNLOCK, WORK, Reach
from storage import canned, caseload, clocks, history, merging, notes, offices, presence, staff, unlocks

STALE = timedelta(seconds=40)
"""After this long without a sign of life an officer has gone."""


@dataclass(frozen=True, slots=True)
class Near:
    """A complaint of the same case, which this officer may see too."""

    id: int
    reference: str
    status: str
    erased: bool
    newest: int


@dataclass(frozen=True, slots=True)
class Sight:
    """Rows, not yet made for showing. `serves`: the officer is of the office that has it."""

    row: Any
    version: str
    thread: list[Any]
    clocks: list[Any]
    notes: list[Any]
    others: list[Any]
    history: list[Any]
    unlocks: list[Any]
    ready: list[Any]
    office: Any | None = None
    members: list[Any] = field(default_factory=list)
    targets: list[tuple[Any, list[Any]]] = field(default_factory=list)
    names: dict[int, Any] = field(default_factory=dict)
    places: dict[int, Any] = field(default_factory=dict)
    revealed: Any | None = None
    main: Near | None = None
    merged: list[Near] = field(default_factory=list)
    hidden_near: bool = False
    serves: bool = False

    @property
    def newest(self) -> int:
        return int(self.thread[-1].id) if self.thread else 0


def see(connection: Connection, reach: Reach, reference: str, now: datetime) -> Sight | None:
    """None when there is none that this officer may see."""
    row = caseload.one(connection, reach, reference)
    if row is None:
        return None
    near, main, hidden = _near(connection, reach, row)
    told = history.of_complaint(connection, row.reference)
    staff_ids, office_ids = history.ids(told)
    staff_ids |= {one for one in (row.officer_id, row.received_by) if one is not None}
    return Sight(
        row=row,
        version=version(connection),
        thread=caseload.thread(connection, row.id),
        clocks=clocks.of_complaint(connection, row.id),
        notes=notes.of_complaint(connection, row.id),
        others=presence.others(connection, row.id, reach.staff, now - STALE),
        history=told,
        unlocks=unlocks.of_complaint(connection, row.id) if reach.may(UNLOCK) or not reach.may(WORK) else [],
        ready=canned.offered(connection) if reach.may(WORK) else [],
        office=offices.one(connection, row.office_id) if row.office_id is not None else None,
        members=offices.members(connection, row.office_id) if row.office_id is not None and reach.may(ASSIGN) else [],
        targets=_targets(connection, row) if reach.may(REFER) else [],
        names=staff.names(connection, staff_ids),
        places=offices.names(connection, office_ids),
        revealed=unlocks.revealed(connection, row.id, reach.staff, now) if reach.may(UNLOCK) else None,
        main=main,
        merged=near,
        hidden_near=hidden,
        serves=row.office_id is not None and row.office_id in reach.offices,
    )


def _near(connection: Connection, reach: Reach, row: Any) -> tuple[list[Near], Near | None, bool]:
    """Those merged into it, the one it was merged into, and whether there are some that the officer may not see."""
    merged, main, hidden = list[Near](), None, False
    for one in merging.near(connection, row.id, row.merged_into_id):
        if not reach.may(READ) or not caseload.may_see(connection, reach, one.id):
            hidden = True
            continue
        found = Near(one.id, one.reference, one.status, bool(one.erased_at), one.newest or 0)
        if one.id == row.merged_into_id:
            main = found
        else:
            merged.append(found)
    return merged, main, hidden


def _targets(connection: Connection, row: Any) -> list[tuple[Any, list[Any]]]:
    """Offices that may have it, each with its officers."""
    serving = offices.serving(connection)
    return [(office, serving.get(office.id, [])) for office in offices.every(connection) if desk.may_have(row, office)]
