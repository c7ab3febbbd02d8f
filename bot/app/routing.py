"""Offices, members and the routing table: what is there, and the commands that change it, each recorded."""

import zoneinfo
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.app.context import Context
from bot.domain.errors import NotAllowed, NotFound, Overtaken
from bot.domain.fingerprint import fingerprint
from bot.domain.hours import tidy
from bot.domain.offices import (
    FaultyOffice,
    FaultyRules,
    OwnPlace,
    SaveMembers,
    SaveOffice,
    SaveOffices,
    SaveRules,
    line_faults,
    office_faults,
    table_faults,
)
from bot.domain.reach import ROUTING
from bot.domain.routing import (
    NATIONAL,
    SUBCOMMITTEE,
    ExampleUnreadable,
    Fault,
    Line,
    Office,
    Rule,
    Verdict,
    check_rules,
    read_example,
    write_example,
)
from bot.domain.routing_csv import OFFICES, RULES, Sheet, write_offices, write_rules
from storage import offices

KEPT = ("name_km", "name_en", "country", "time_zone", "hours", "holidays", "active")
"""What may be changed of an office."""
RECORDED = ("country", "time_zone", "hours", "holidays", "active")
"""What of it goes into the audit as it is: codes; a name only as the fact that it changed."""


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of time zones that can be used here."""
    return frozenset(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))


@dataclass(frozen=True, slots=True)
class Table:
    """The rules as they are saved, all offices (whole rows), and the fingerprint of the rules."""

    lines: tuple[Line, ...]
    offices: tuple[Any, ...]

    @property
    def version(self) -> str:
        return fingerprint(self.lines)

    def by_code(self) -> dict[str, Any]:
        return {row.code: row for row in self.offices}


def table(connection: Connection) -> Table:
    """What is saved. A test line that cannot be read is shown as none."""
    rows = offices.every(connection)
    codes = {row.id: row.code for row in rows}
    return Table(tuple(_line(row, codes) for row in offices.rules(connection)), tuple(rows))


def _line(row: Any, codes: Mapping[int, str]) -> Line:
    try:
        example = read_example(row.example)
    except ExampleUnreadable:
        example = None
    return Line(codes.get(row.office_id, ""), row.country, row.province, row.category, row.about, row.note, example)


def as_rules(lines: Sequence[Line], rows: Sequence[Any]) -> list[Rule]:
    """Numbered from 1 in their order; an office that there is none of has the id 0."""
    ids = {row.code: row.id for row in rows}
    return [
        Rule(number, ids.get(one.office, 0), one.country, one.province, one.category, one.about, one.example)
        for number, one in enumerate(lines, 1)
    ]


def in_order(rows: Sequence[Any]) -> list[Any]:
    """The order in which a complaint looks for the national desk."""
    return sorted(rows, key=lambda row: int(row.id))


def as_offices(rows: Sequence[Any]) -> list[Office]:
    return [Office(row.id, row.kind, row.country, row.active) for row in in_order(rows)]


def verdicts(lines: Sequence[Line], rows: Sequence[Any]) -> list[Verdict]:
    return check_rules(as_rules(lines, rows), as_offices(rows))


def facts(row: Any) -> SaveOffice:
    """An office's row as the command that would leave it as it is."""
    return SaveOffice(row.code, **{name: getattr(row, name) for name in KEPT})


def office_version(row: Any) -> str:
    return fingerprint([facts(row)])


def offices_version(rows: Sequence[Any]) -> str:
    return fingerprint([facts(row) for row in sorted(rows, key=lambda row: str(row.code))])


def members_version(members: Sequence[tuple[int, bool]]) -> str:
    return fingerprint([list(one) for one in sorted(members)])


def sheet_faults(sheet: Sheet, rows: Sequence[Any], categories: Collection[str]) -> list[Fault]:
    """What is wrong with the lines of a file, by their numbers in it, before anybody looks at what they would do."""
    if sheet.kind == OFFICES:
        numbered = zip(sheet.numbers, sheet.offices, strict=True)
        return [fault for at, office in numbered for fault in office_faults(office, zones(), at)]
    codes, found = {row.code for row in rows}, list[Fault]()
    for at, line in zip(sheet.numbers, sheet.lines, strict=True):
        found += line_faults(line, categories, at=at)
        if line.office and line.office not in codes:
            found.append(Fault("unknown_office", at, field="office", value=line.office))
    return found


def exported(there: Table, what: str) -> str:
    """As CSV: `rules` or `offices`."""
    return write_rules(there.lines) if what == RULES else write_offices(facts(row) for row in there.offices)


def save_office(command: SaveOffice, context: Context) -> None:
    """Raises NotYours, FaultyOffice, Overtaken (it was changed in between), NotAllowed (the last national desk).

    OwnPlace: the country of an office decides what those who serve there may not see, so none of them changes it.
    """
    context.reach(command.staff, ROUTING)
    offices.lock(context.connection)
    row = offices.by_code(context.connection, command.code)
    if command.seen is not None and command.seen != (office_version(row) if row else ""):
        raise Overtaken
    _put(command, row, context)


def save_offices(command: SaveOffices, context: Context) -> None:
    """All of them or none; raises as `save_office` does."""
    context.reach(command.staff, ROUTING)
    offices.lock(context.connection)
    rows = offices.every(context.connection)
    if command.seen is not None and command.seen != offices_version(rows):
        raise Overtaken
    known = {row.code: row for row in rows}
    for one in command.offices:
        _put(replace(one, staff=command.staff), known.get(one.code), context)


def _put(command: SaveOffice, row: Any | None, context: Context) -> None:
    command = replace(command, hours=tidy(command.hours), holidays=tidy(command.holidays))
    if faults := office_faults(command, zones()):
        raise FaultyOffice(faults)
    values = {name: value for name, value in asdict(command).items() if name in KEPT}
    if row is None:
        try:
            offices.add(context.connection, code=command.code, kind=SUBCOMMITTEE, **values)
        except IntegrityError:  # another process added it while this one looked
            raise Overtaken from None
        _record_office(context, command, {}, values)
        return
    before = {name: getattr(row, name) for name in KEPT}
    if before == values:
        return
    if row.kind == NATIONAL and not command.active:
        raise NotAllowed
    moved = row.kind != NATIONAL and row.country != command.country
    if moved and command.staff is not None and row.id in offices.of_staff(context.connection, command.staff):
        raise OwnPlace
    offices.change(context.connection, row.id, **values)
    _record_office(context, command, before, values)


def _record_office(context: Context, command: SaveOffice, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    changed = [name for name in KEPT if before.get(name) != after[name]]
    shown = [name for name in RECORDED if name in changed]
    context.record(
        "save_office",
        "office",
        command.code,
        staff=command.staff,
        before={name: before[name] for name in shown if name in before},
        after={name: after[name] for name in shown} | {"changed": changed},
    )


def save_members(command: SaveMembers, context: Context) -> None:
    """Whoever leaves hands their open complaints back to the office. Raises NotYours, NotFound, Overtaken, OwnPlace."""
    context.reach(command.staff, ROUTING)
    offices.lock(context.connection)
    row = offices.by_code(context.connection, command.code)
    if row is None:
        raise NotFound
    before = offices.all_members(context.connection, row.id)
    if command.seen is not None and command.seen != members_version(before):
        raise Overtaken
    then, now = dict(before), dict(command.members)
    if then == now:
        return
    if command.staff is not None and then.get(command.staff) != now.get(command.staff):
        raise OwnPlace
    handed_back = 0
    for gone in sorted(then.keys() - now.keys()):
        offices.leave(context.connection, row.id, gone)
        handed_back += offices.hand_back(context.connection, row.id, gone, context.now)
    for staff, head in now.items():
        if then.get(staff) != head:
            offices.serve(context.connection, row.id, staff, head=head)
    changed = sorted(one for one in then.keys() | now.keys() if then.get(one) != now.get(one))
    context.record(
        "save_members",
        "office",
        command.code,
        staff=command.staff,
        before={str(one): _place(then[one]) for one in changed if one in then},
        after={str(one): _place(now[one]) if one in now else "" for one in changed} | {"handed_back": handed_back},
    )


def _place(head: bool) -> str:
    return "head" if head else "member"


def save_rules(command: SaveRules, context: Context) -> None:
    """The whole table, or nothing of it. Raises NotYours, Overtaken, FaultyRules."""
    context.reach(command.staff, ROUTING)
    offices.lock(context.connection)
    there = table(context.connection)
    if command.seen is not None and command.seen != there.version:
        raise Overtaken
    if command.lines == there.lines:
        return
    if faults := table_faults(command.lines, context.book.categories):
        raise FaultyRules(faults)
    found = verdicts(command.lines, there.offices)
    if faults := tuple(fault for one in found for fault in one.faults):
        raise FaultyRules(faults, found)
    ids = {row.code: row.id for row in there.offices}
    offices.put_rules(context.connection, [_row(one, ids) for one in command.lines])
    context.record(
        "save_rules",
        "routing",
        "rules",
        staff=command.staff,
        before={"version": there.version, "rules": _coded(there.lines)},
        after={"version": fingerprint(command.lines), "rules": _coded(command.lines)},
    )


def _row(line: Line, ids: Mapping[str, int]) -> dict[str, Any]:
    conditions = {name: getattr(line, name) for name in ("country", "province", "category", "about", "note")}
    return {"office_id": ids[line.office], "example": write_example(line.example), **conditions}


def _coded(lines: Sequence[Line]) -> list[list[str]]:
    """For the audit: conditions and offices, without notes."""
    return [[one.country, one.province, one.category, one.about, one.office] for one in lines]
