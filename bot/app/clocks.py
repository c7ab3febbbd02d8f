"""The promise keeps itself: clocks that are due climb their ladder, officers are told, a broken promise has an heir."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection

from bot.app import officers
from bot.app.context import Context
from bot.app.desk import to_worker, written_back
from bot.app.post import Post
from bot.app.service import Service
from bot.dialog.facts import Book, Facts
from bot.dialog.says import Reference, Say, Words, _
from bot.domain import clocks as rules
from bot.domain import hours
from bot.domain.clocks import ADDRESSED, ASSIGNEE, EMERGENCY, RECEIVED, Circle, CloseIncident, Holder, Sees
from bot.domain.errors import DomainError, NotFound, Overtaken
from bot.domain.reach import INCIDENTS, Reach
from bot.domain.routing import Case, Office, complained_of
from handlers.emergency import IN_DANGER, SOS_HERE, numbers
from storage import caseload, clocks, complaints, incidents, ladder, notices
from storage.complaints import Found

log = logging.getLogger(__name__)

EVERY = 15
"""Seconds between two ticks."""
AT_ONCE = 32
"""Clocks that may share a transaction: officers' commands wait for no more than these."""

BROKEN = {
    RECEIVED: _(
        "Your complaint {reference} has waited too long: no officer has received it yet. We are sorry. "
        "It is now with: {holder}."
    ),
    ADDRESSED: _(
        "We promised you an answer to your complaint {reference} within 48 hours. We did not keep that promise, and "
        "we are sorry. It is now with: {holder}. It stays open until you have an answer."
    ),
}


async def tick(service: Service) -> int:
    """Every clock that is due takes its step, oldest first; returns how many did.

    Each is a transaction of its own that the writer commits together with its neighbours, so one that fails holds up
    none; what failed is tried again at the next tick. Raises what a whole round failed with: the database is away.
    """
    post, now = Post(service.catalogues, service.channels), service.clock()
    last: tuple[datetime, int] | None = None
    moved = 0
    while due := await service.db.read(partial(clocks.due, now=now, limit=AT_ONCE, after=last)):
        works = [partial(rise, clock_id=id, now=now, book=service.book, post=post) for id, _moment in due]
        ended = await asyncio.gather(*map(service.db.write, works), return_exceptions=True)
        errors = [one for one in ended if isinstance(one, BaseException)]
        if len(errors) == len(due):
            raise errors[0]
        for error in errors:
            log.error("a clock waits for the next tick", extra={"why": repr(error)[:200]})
        moved += ended.count(True)
        if len(due) < AT_ONCE:
            break
        last = (due[-1][1], due[-1][0])
    if moved:
        for channel in service.channels:
            service.nudge(channel)
    return moved


def rise(connection: Connection, clock_id: int, now: datetime, book: Book, post: Post) -> bool:
    """One clock's step: who is to know is told, and the clock goes on. False when somebody else was there first."""
    clock = ladder.claim(connection, clock_id, now)
    found = complaints.find(connection, clock.reference) if clock else None
    if clock is None or found is None:
        return False
    context = Context(connection, now, book, post)
    reached = rules.climb(clock.started_at, clock.due_at, clock.step, now)
    breached = reached.told is not None and reached.told.is_breach
    clocks.move(
        connection,
        clock.id,
        step=reached.step,
        next_at=None if clock.stopped_at else reached.next_at,
        breached_at=now if breached else None,
    )
    circle, sees = around(context, found)
    if reached.told is not None and clock.stopped_at is None:
        to = rules.told(reached.told.told, circle, sees)
        percent = reached.told.percent
        notices.tell(connection, to, found.id, now, clock_id=clock.id, kind=clock.kind, percent=percent)
        officers.tell(context, to, found.id, "step", kind=clock.kind, percent=percent)
    if breached:
        breach(context, found, clock, circle, sees)
    return True


def breach(context: Context, found: Found, clock: Any, circle: Circle, sees: Sees) -> None:
    """An incident, another holder and a word to the worker; of a clock that stopped late, only the incident."""
    incidents.begin(
        context.connection, found.id, clock_id=clock.id, kind=clock.kind, office_id=found.office_id, now=context.now
    )
    before = Holder(found.office_id, found.officer_id)
    then = rules.heir(circle, sees) if clock.stopped_at is None else before
    if then != before:
        complaints.change(context.connection, found.id, context.now, office_id=then.office, officer_id=then.officer)
    moved = then != before
    context.record(
        "breach_clock",
        "complaint",
        found.reference,
        before={"office_id": before.office, "officer_id": before.officer} if moved else None,
        after={
            "clock": clock.kind,
            "started_at": clock.started_at.isoformat(),
            "due_at": clock.due_at.isoformat(),
            **({"office_id": then.office, "officer_id": then.officer} if moved else {}),
        },
    )
    both_broken = clock.kind == RECEIVED and clock.started_at + rules.ADDRESS_WITHIN <= context.now
    if clock.stopped_at is None and not both_broken:
        to_worker(context, found, broken(context, found, clock.kind, then.office, headed=then.officer in circle.heads))


def broken(context: Context, found: Found, kind: str, holder: int | None, *, headed: bool) -> Say:
    """What the worker reads: that the time was broken, and which office has it now, or (`headed`) its head."""
    office, _national = ladder.office(context.connection, holder)
    who: Say | Words = Words(office.name_km, office.name_en) if office else Say(_("the officers of this service"))
    if office and headed:
        who = Say(_("the head of {office}"), {"office": who})
    choices = written_back(found.reference)
    said = Say(BROKEN[kind], {"reference": Reference(found.reference), "holder": who}, choices)
    if found.urgency != EMERGENCY:
        return said
    called = numbers(found.country, Facts(now=context.now, book=context.book))
    told = Say("{told}\n{called}", {"told": said, "called": called})
    return Say(IN_DANGER, {"told": told}, (SOS_HERE, *choices))


def announce(context: Context, reference: str) -> None:
    """The first notice: whoever may take a complaint that was just filed hears of it."""
    found = complaints.find(context.connection, reference)
    if found is not None:
        to = rules.told((ASSIGNEE,), *around(context, found))
        notices.add_all(context.connection, to, found.id, "new", context.now)
        officers.tell(context, to, found.id, "new")


def around(context: Context, found: Found) -> tuple[Circle, Sees]:
    """Who may be told of it and who may have it next; and whether an officer may see it, asked once for equal eyes."""
    connection = context.connection
    colleagues = ladder.colleagues(connection, found.office_id, found.officer_id)
    office, national = ladder.office(connection, found.office_id)
    case = Case(found.country, found.category, found.about, about_office=found.about_office_id)
    barred = national is not None and complained_of(case, Office(national.id, national.kind, national.country))
    circle = ladder.circle(colleagues, national.id if national else None, found.office_id, found.officer_id)
    reaches = ladder.reaches(colleagues)
    known: dict[Reach, bool] = {}

    def sees(staff: int) -> bool:
        eyes = caseload.eyes(reaches[staff])
        if eyes not in known:
            known[eyes] = caseload.may_see(connection, eyes, found.id)
        return known[eyes]

    return replace(
        circle,
        national=None if barred else circle.national,
        alone=found.urgency == EMERGENCY and office is not None and closed(office, context.now),
    ), sees


def closed(office: Any, now: datetime) -> bool:
    """Whether it is sure that nobody is there: hours that are not known, or cannot be read, tell nothing."""
    try:
        return hours.is_open(now, office.hours, office.holidays, ZoneInfo(office.time_zone)) is False
    except (DomainError, ZoneInfoNotFoundError, ValueError):
        return False


def close_incident(command: CloseIncident, context: Context) -> None:
    """With what was found; it cannot be closed twice. Raises NotYours, NotFound, Empty, TooLong or Overtaken."""
    rules.check_finding(command.reason)
    reach = context.reach(command.staff, INCIDENTS)
    incident = incidents.one(context.connection, command.incident)
    if incident is None or not caseload.may_see(context.connection, reach, incident.complaint_id):
        raise NotFound
    if not incidents.close(
        context.connection, incident.id, staff_id=command.staff, reason=command.reason.strip(), now=context.now
    ):
        raise Overtaken
    context.record(
        "close_incident",
        "complaint",
        incident.reference,
        staff=command.staff,
        after={"incident": incident.id, "clock": incident.kind},
    )
