"""Offices, their members and the routing table as they are changed: commands, and what is refused."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bot.domain.errors import DomainError
from bot.domain.hours import HolidayUnreadable, HoursUnreadable, parse_holidays, parse_hours
from bot.domain.routing import (
    ABOUTS,
    MISCONDUCT,
    MOST_RULES,
    NOTE_LIMIT,
    PROVINCE_LIMIT,
    Case,
    Fault,
    Line,
    Verdict,
)

NAME_LIMIT = 200
"""Code points."""
MOST_OFFICES = 500
RESERVED = ("new", "rules", "import", "export")
"""Words that are addresses of the console's own pages."""
_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])")
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class SaveOffice:
    """A new office, or an old one's new facts. The code stays for ever: tables and addresses name the office by it.

    `seen`: the fingerprint of what was on the page; empty: there was no such office; None: nobody looked.
    """

    code: str
    name_km: str
    name_en: str
    country: str
    time_zone: str
    hours: str = ""
    holidays: str = ""
    active: bool = True
    staff: int | None = None
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class SaveOffices:
    """Several at once, or none of them; an office that is not among them stays as it is. `seen`: of all offices."""

    offices: tuple[SaveOffice, ...]
    staff: int | None = None
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class SaveMembers:
    """All who serve in an office from now on: pairs of an officer's id and whether they lead it."""

    code: str
    members: tuple[tuple[int, bool], ...]
    staff: int | None = None
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class SaveRules:
    """The whole table anew. `seen`: the fingerprint of the table on the page; None does not ask."""

    lines: tuple[Line, ...]
    staff: int | None = None
    seen: str | None = None


class FaultyOffice(DomainError):
    """Something about this office is not right; nothing was saved."""

    def __init__(self, faults: Collection[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)


class FaultyRules(DomainError):
    """A rule of this table is not right; nothing was saved."""

    def __init__(self, faults: Collection[Fault], verdicts: Collection[Verdict] = ()) -> None:
        super().__init__()
        self.faults, self.verdicts = tuple(faults), tuple(verdicts)


class OwnPlace(DomainError):
    """Nobody changes their own place in an office: that would show or hide complaints to themselves."""


def office_faults(office: SaveOffice, zones: Collection[str], at: int = 0) -> tuple[Fault, ...]:
    """What is wrong with what was typed. `zones`: the names of time zones that there are."""
    return tuple(_office_faults(office, zones, at))


def _office_faults(office: SaveOffice, zones: Collection[str], at: int) -> Iterator[Fault]:
    if not _CODE.fullmatch(office.code) or office.code in RESERVED:
        yield Fault("code", at, field="code", value=office.code)
    for field in ("name_km", "name_en"):
        name: str = getattr(office, field)
        if not name.strip():
            yield Fault("name_missing", at, field=field)
        elif len(name) > NAME_LIMIT:
            yield Fault("too_long", at, field=field, value=name[:20])
    if not _COUNTRY.fullmatch(office.country):
        yield Fault("country", at, field="country", value=office.country)
    if office.time_zone not in zones:
        yield Fault("time_zone", at, field="time_zone", value=office.time_zone)
    try:
        parse_hours(office.hours)
    except HoursUnreadable as error:
        yield Fault("hours", at, field="hours", value=error.part)
    try:
        parse_holidays(office.holidays)
    except HolidayUnreadable as error:
        yield Fault("holidays", at, field="holidays", value=error.part)


def line_faults(line: Line, categories: Collection[str], at: int = 0) -> tuple[Fault, ...]:
    """Conditions, and a test line, that no complaint can have. A province may have any name."""
    return tuple(_line_faults(line, categories, at))


def _line_faults(line: Line, categories: Collection[str], at: int) -> Iterator[Fault]:
    if len(line.note) > NOTE_LIMIT:
        yield Fault("too_long", at, field="note", value=line.note[:20])
    if not line.office:
        yield Fault("no_office", at, field="office")
    asked: tuple[tuple[str, Line | Case], ...] = (("", line), *((("example_", line.example),) if line.example else ()))
    for prefix, one in asked:
        if one.country and not _COUNTRY.fullmatch(one.country):
            yield Fault("country", at, field=f"{prefix}country", value=one.country[:20])
        if one.category and one.category not in (*categories, MISCONDUCT):
            yield Fault("category", at, field=f"{prefix}category", value=one.category[:40])
        if one.about and one.about not in ABOUTS:
            yield Fault("about", at, field=f"{prefix}about", value=one.about[:20])
        if len(one.province) > PROVINCE_LIMIT:
            yield Fault("province", at, field=f"{prefix}province", value=one.province[:20])
    case = line.example
    if case is not None and not (case.country and case.category and case.about):
        yield Fault("example_partial", at, field="example")


def table_faults(lines: Collection[Line], categories: Collection[str]) -> tuple[Fault, ...]:
    """What can be seen without the offices; a line's number counts from 1."""
    if len(lines) > MOST_RULES:
        return (Fault("too_many", value=str(MOST_RULES)),)
    return tuple(fault for at, line in enumerate(lines, 1) for fault in line_faults(line, categories, at=at))
