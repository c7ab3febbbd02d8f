"""The routing table in words: conditions, test lines and where they go, opening hours, and what is wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.console import labels
from bot.dialog.facts import Book
from bot.dialog.says import Param, Say, Text, Words, _
from bot.domain import hours
from bot.domain.errors import DomainError, NotAllowed
from bot.domain.offices import OwnPlace
from bot.domain.routing import Case, Fault, Line, Office, Routed, complained_of
from bot.domain.routing_csv import NoTable, NotUtf8, TooLarge

NOWHERE: Text = _("no office at all: there is no active national desk")
FAULTS: Mapping[str, Text] = {
    "code": _("A code has small letters, digits and dashes, 2 to 40 of them, such as thailand-2. “{value}” is none."),
    "name_missing": _("The name is missing. It is needed in Khmer and in English."),
    "too_long": _("This is too long: {value}…"),
    "country": _("“{value}” is no country code. Use the two letters, such as TH."),
    "time_zone": _("“{value}” is no time zone. Write one such as Asia/Bangkok."),
    "hours": _("These hours cannot be read: “{value}”. Write them such as: mon-fri 08:00-17:00; sat 08:00-12:00"),
    "holidays": _("“{value}” is no day. Write holidays such as: 2027-01-01, 2027-04-14"),
    "no_office": _("Choose the office that this rule leads to."),
    "category": _("There is no category “{value}”."),
    "about": _("“{value}” is not one of: employer, agency, official, other."),
    "province": _("There is no province “{value}”."),
    "example_partial": _("The test line needs a country, a category and whom it is about."),
    "too_many": _("That is more than {value} lines. Nothing was read."),
    "csv": _("From here on the file cannot be read: a quotation mark is missing or stands in the wrong place."),
    "cells": _("This line has more cells than the first line has columns ({value})."),
    "active": _("“{value}” is neither yes nor no."),
    "twice": _("The code “{value}” is in the file twice."),
    "unknown_office": _("There is no office with this code."),
    "inactive_office": _("This office is not active, so the rule is passed over."),
    "about_itself": _("Every complaint that this rule takes is about its own office, which therefore never gets it."),
    "duplicate": _("This is the same rule as number {by}."),
    "unreachable": _("This rule is never reached: rule {by} takes everything that it would take."),
    "no_example": _("A test line is missing: a complaint that must come to this rule."),
    "example_unlike": _("The conditions of this rule do not fit its own test line."),
    "example_elsewhere": _("The test line does not come here: rule {by} takes it."),
    "example_at_desk": _("The test line does not come here: the national desk takes it."),
}
FILES: Mapping[type[DomainError], Text] = {
    TooLarge: _("The file is larger than such a table can be. Nothing was read."),
    NotUtf8: _("The file is not in UTF-8. In the spreadsheet choose “CSV UTF-8” when saving. Nothing was read."),
    NoTable: _("The first line must name the columns, as in the exported file. Nothing was read."),
    NotAllowed: _("The national desk stays active: whatever no rule takes goes there."),
    OwnPlace: _("Nobody changes their own place in an office. Please ask another administrator."),
}
DAYS: Sequence[Text] = (
    *(_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")),
)


def fault(one: Fault) -> Say:
    what = "example_at_desk" if one.what == "example_elsewhere" and not one.by else one.what
    return Say(FAULTS[what], {"value": one.value, "by": one.by})


def on_line(one: Fault) -> Say:
    """With its line in the file; what is wrong with all of it has none."""
    return Say(_("Line {number}: {what}"), {"number": one.at, "what": fault(one)}) if one.at else fault(one)


def said(text: Text) -> Param:
    """A label as a parameter: a plain string would be taken for somebody's own words."""
    return text if isinstance(text, Words) else Say(text)


def name_of(row: Any | None) -> Text:
    return Words(row.name_km, row.name_en) if row is not None else NOWHERE


def joined(parts: Iterable[Param]) -> Param:
    """With a dot between them; one says of two, so that each language keeps its own words."""
    whole: Param = ""
    for part in parts:
        whole = Say("{first} · {rest}", {"first": whole, "rest": part}) if whole else part
    return whole


def case(one: Case, book: Book) -> Param:
    """A complaint's four facts."""
    category = book.categories.get(one.category)
    return joined(
        [
            *([said(labels.country(one.country))] if one.country else []),
            *([one.province] if one.province else []),
            *([said(category.name if category else one.category)] if one.category else []),
            *([said(labels.ABOUT.get(one.about, one.about))] if one.about else []),
        ]
    )


def conditions(line: Line, book: Book) -> Say:
    told = case(Case(line.country, line.category, line.about, line.province), book)
    return Say("{told}", {"told": told}) if told else Say(_("Every complaint"))


def goes(one: Case, routed: Routed, offices: Sequence[Any], book: Book) -> Say:
    """“A complaint such as … goes to …”."""
    row = next((row for row in offices if row.id == routed.office), None)
    params: dict[str, Param] = {"case": case(one, book), "office": said(name_of(row)), "rule": routed.rule or 0}
    if row is None:
        return Say(_("A complaint such as {case} goes to {office}."), params)
    if routed.rule is None:
        return Say(_("A complaint such as {case} goes to {office}: no rule takes it."), params)
    return Say(_("A complaint such as {case} goes to {office}, by rule {rule}."), params)


def kept_from(one: Case, offices: Sequence[Any]) -> list[Say]:
    """Which offices may not have it because it is about them, and that nobody who serves there sees it."""
    return [
        Say(
            _("It may be about {office}: that office never gets it, and nobody who serves there sees it."),
            {"office": said(name_of(row))},
        )
        for row in offices
        if complained_of(one, Office(row.id, row.kind, row.country, row.active))
    ]


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether an office is open now; `state`: open, closed or unknown."""

    state: str
    words: Say


def opening(row: Any, now: datetime) -> Opening:
    """Hours that cannot be read (they were put there by hand) are taken for unknown."""
    try:
        zone = ZoneInfo(row.time_zone)
        is_open = hours.is_open(now, row.hours, row.holidays, zone)
        opens = hours.next_open(now, row.hours, row.holidays, zone)
    except (DomainError, KeyError, ValueError, OSError):
        is_open, opens = None, None
    if is_open is None:
        return Opening("unknown", Say(_("Hours not known")))
    if is_open:
        return Opening("open", Say(_("Open now")))
    if opens is None:
        return Opening("closed", Say(_("Closed now")))
    return Opening("closed", Say(_("Closed; opens on {moment}"), {"moment": opens}))


def hours_in_words(text: str) -> list[Say]:
    """One say a part; none when they cannot be read."""
    try:
        parts = hours.parse_hours(text)
    except DomainError:
        return []
    return [_part(part) for part in parts]


def _part(part: hours.Part) -> Say:
    days = _days(part.days)
    if (part.start, part.end) == (0, hours.WHOLE_DAY):
        return Say(_("{days}, round the clock"), {"days": days})
    first, last = _clock(part.start), _clock(part.end)
    return Say(_("{days}: {times}"), {"days": days, "times": Say("{first}–{last}", {"first": first, "last": last})})


def _days(days: Sequence[int]) -> Param:
    if len(days) == len(DAYS):
        return Say(_("Every day"))
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return Say(_("{first} to {last}"), {"first": Say(str(DAYS[days[0]])), "last": Say(str(DAYS[days[-1]]))})
    return joined(Say(str(DAYS[day])) for day in days)


def _clock(minutes: int) -> Param:
    """Digit by digit as numbers, so that Khmer has its own."""
    hour, minute = divmod(minutes, 60)
    return Say("{a}{b}:{c}{d}", dict(zip("abcd", (*divmod(hour, 10), *divmod(minute, 10)), strict=True)))


def refusal(error: DomainError) -> Text:
    """What a whole file, or a save, was refused for."""
    return FILES.get(type(error), str(error))
