"""A complaint's row made into what a page shows: the clock, the facts that may be seen, the thread."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.console import labels
from bot.dialog.facts import Book
from bot.dialog.says import Text, Words, _
from bot.domain.complaints import OPEN, may_write_first, shows_name, shows_phone
from storage.attachments import ERASED, KEPT, REFUSED

SOON = 0.25
"""Of the time, what is left when the clock turns amber."""
SHOWN_IN_PAGE = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif")
UNPLAYABLE = ("audio/amr", "video/3gpp", "video/x-matroska")
"""What browsers do not play: offered as a download."""

ClockState = Literal["left", "soon", "late", "answered", "answered_late", "stopped"]


@dataclass(frozen=True, slots=True)
class Clock:
    """The 48 hours. `length`: left, late by, or until the answer. `share`: percent of the time that is left."""

    state: ClockState
    length: timedelta
    share: int
    due_at: datetime
    answered_at: datetime | None = None


def clock(row: Any, now: datetime) -> Clock:
    if row.first_answer_at:
        in_time = row.first_answer_at <= row.due_at
        took = row.first_answer_at - row.filed_at
        return Clock("answered" if in_time else "answered_late", took, 0, row.due_at, row.first_answer_at)
    if row.status not in OPEN:
        return Clock("stopped", timedelta(0), 0, row.due_at)
    return Clock(*running(row.filed_at, row.due_at, now), row.due_at)


def running(began: datetime, due_at: datetime, now: datetime) -> tuple[Literal["left", "soon", "late"], timedelta, int]:
    """State, what is left or late by, and the percent that is left."""
    left, whole = due_at - now, due_at - began
    if left < timedelta(0):
        return "late", -left, 0
    share = left / whole if whole else 0.0
    return ("soon" if share < SOON else "left"), left, min(100, math.ceil(share * 100))


@dataclass(frozen=True, slots=True)
class Line:
    """A complaint in the list, and the head of its page."""

    id: int
    reference: str
    category: Text
    short: Text
    country: Text
    channel: Text
    status: str
    status_label: Text
    urgency: str
    unsafe: bool
    filed_at: datetime
    clock: Clock
    is_demo: bool


def line(row: Any, book: Book, now: datetime) -> Line:
    category = book.categories.get(row.category)
    return Line(
        id=row.id,
        reference=row.reference,
        category=category.name if category else row.category,
        short=category.short if category else row.category,
        country=labels.country(row.country, row.country_name),
        channel=labels.CHANNELS.get(row.channel, row.channel),
        status=row.status,
        status_label=labels.STATUS.get(row.status, row.status),
        urgency=row.urgency,
        unsafe=row.safe == "no",
        filed_at=row.filed_at,
        clock=clock(row, now),
        is_demo=row.is_demo,
    )


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing told about a complaint. `raw`: the worker's own words, in whatever language they are."""

    label: Text
    value: Text
    kind: Literal["plain", "raw", "hidden", "alarm", "phone"] = "plain"


def facts(row: Any, revealed: Any = None) -> list[Fact]:
    """What may be seen: a name only when the worker allows it, a phone only when it was given to be called.

    `revealed`: who it is, for the officer whom another let look (see `storage.unlocks.revealed`).
    """
    about = labels.ABOUT.get(row.about, row.about)
    found = [
        Fact(_("Urgency"), labels.URGENCY.get(row.urgency, row.urgency)),
        Fact(_("Complaint about"), about),
        *([Fact(_("Named as"), row.about_name, "raw")] if row.about_name else []),
        Fact(_("Filed for"), labels.BEHALF.get(row.behalf, row.behalf)),
    ]
    if row.safe:
        found.append(Fact(_("Safety"), labels.SAFE.get(row.safe, row.safe), "alarm" if row.safe == "no" else "plain"))
    if row.erased_at:
        found.append(Fact(_("Name"), _("Deleted at the worker's wish"), "hidden"))
    elif revealed is not None:
        name = revealed.name or revealed.person_name
        found.append(Fact(_("Name"), name or _("Not known"), "raw" if name else "plain"))
    elif shows_name(row.identity) and row.name:
        found.append(Fact(_("Name"), row.name, "raw"))
    else:
        found.append(Fact(_("Name"), _("Hidden by the worker's wish"), "hidden"))
    found.append(
        Fact(
            _("Safe contact"),
            labels.CONTACT.get(row.contact, row.contact),
            "plain" if may_write_first(row.contact) else "alarm",
        )
    )
    if revealed is not None:
        number = revealed.phone or revealed.person_phone
        found.append(Fact(_("Phone number"), number or _("Not known"), "phone" if number else "plain"))
    elif row.phone and shows_phone(row.contact):
        found.append(Fact(_("Phone number"), row.phone, "phone"))
    elif row.phone and not shows_name(row.identity):
        found.append(Fact(_("Phone number"), _("Given, and hidden with the name"), "hidden"))
    found.append(Fact(_("Channel"), labels.CHANNELS.get(row.channel, row.channel)))
    found.append(Fact(_("Worker's language"), labels.LANGUAGES.get(row.language, row.language)))
    return found


Look = Literal["text", "status", "place", "image", "audio", "video", "download", "waiting", "refused", "erased"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the thread. `look`: how it is shown; `note`: a reason; `size` in bytes; `code`: of a status."""

    id: int
    at: datetime
    author: str
    who: Text
    look: Look
    text: Text = ""
    note: str = ""
    file: str = ""
    kind: Text = ""
    size: int = 0
    place: tuple[float, float] | None = None
    code: str = ""


def entry(row: Any) -> Entry:
    officer = Words(row.staff_name_km, row.staff_name_en) if row.staff_name_km else _("Officer")
    who = {"worker": _("Worker"), "officer": officer}.get(row.author, _("Chumnuoy"))
    shared = {"id": row.id, "at": row.at, "author": row.author, "who": who, "note": row.note or ""}
    if row.kind == "status":
        return Entry(
            **shared, look="status", text=labels.STATUS.get(row.body or "", row.body or ""), code=row.body or ""
        )
    if row.kind in ("text", "place") and not row.body:
        return Entry(**shared, look="erased")
    if row.kind == "place":
        return Entry(**shared, look="place", text=row.body, place=_degrees(row.body))
    if row.kind == "text":
        return Entry(**shared, look="text", text=row.body)
    look, text = _file_look(row)
    return Entry(
        **shared,
        look=look,
        text=text,
        file=row.attachment_id or "",
        kind=labels.KINDS.get(row.kind, labels.KINDS["file"]),
        size=row.file_size or 0,
    )


def _file_look(row: Any) -> tuple[Look, Text]:
    if row.file_state == ERASED or not row.attachment_id:
        return "erased", ""
    if row.file_state == REFUSED:
        return "refused", labels.REFUSED.get(row.file_reason, labels.REFUSED["gone"])
    if row.file_state != KEPT:
        return "waiting", ""
    if row.file_mime in SHOWN_IN_PAGE:
        return "image", ""
    family = row.file_mime.partition("/")[0]
    if family in ("audio", "video") and row.file_mime not in UNPLAYABLE:
        return family, ""
    return "download", ""


def _degrees(body: str) -> tuple[float, float] | None:
    """`latitude,longitude`; None for what is no place on Earth."""
    try:
        latitude, longitude = (float(part) for part in body.split(","))
    except ValueError:
        return None
    inside = -90 <= latitude <= 90 and -180 <= longitude <= 180
    return (latitude, longitude) if inside else None
