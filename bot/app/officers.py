"""Officers' own chats: the code that links one, what an officer is told there, and what they may do from it."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.app.context import Context
from bot.app.service import Service
from bot.dialog.events import Event, Tapped, Typed
from bot.dialog.facts import Case, Entry, Facts, Offered, Officer
from bot.dialog.router import Session
from bot.dialog.says import Say, Text, _
from bot.domain.clocks import ADDRESSED, RECEIVED
from bot.domain.complaints import may_write_first
from bot.domain.people import LinkOfficer, RefuseCode, ShowCase, UnlinkOfficer
from bot.domain.reach import READ, WORK, Reach
from bot.text import reference
from handlers.officer import code_in, is_about, notice, officer
from storage import audit, complaints, linking, notices, offices
from storage.people import Here

LINK_FOR = timedelta(minutes=10)
WRONG_CODES, WRONG_WITHIN = 5, timedelta(hours=1)
LISTED, LINES_SHOWN = 8, 12
AGAIN = 3
"""Tries of a code that another officer turned out to have."""

WHAT: Mapping[str, Text] = {
    "new": _("A new complaint has come in."),
    "assigned": _("This complaint was given to you."),
    "referred": _("This complaint was referred to your sub-committee."),
    "message": _("The worker has written more."),
    "reopened": _("The worker disagrees with the answer. The complaint is open again."),
    "unlock": _("An officer asks to see who the worker is."),
    "unlock_approved": _("You may now see who the worker is."),
    "unlock_refused": _("Your request to see who the worker is was refused."),
}
LATE: Mapping[str, Text] = {
    RECEIVED: _("Nobody received it in time. An incident was opened."),
    ADDRESSED: _("It was not answered within 48 hours. An incident was opened."),
}
SOON: Mapping[str, Text] = {
    RECEIVED: _("Nobody has received it yet."),
    ADDRESSED: _("It is not answered yet."),
}
OTHERWISE = _("Something changed in this complaint.")


async def new_link_code(service: Service, staff_id: int) -> str:
    """A code for the officer's account page, such as K7Q2-9MXD: good for ten minutes, once; the one before is void."""
    for left in reversed(range(AGAIN)):
        code = reference.make(secrets.randbits(reference.BITS))
        until = service.clock() + LINK_FOR
        try:
            await service.db.write(partial(linking.offer, staff_id=staff_id, code=code, until=until))
            break
        except IntegrityError:
            if not left:
                raise
    return reference.show(code)


def announce(context: Context, staff_id: int, complaint_id: int, what: str) -> None:
    """A notice that belongs to no clock: in the console, and in the officer's own chat."""
    notices.add(context.connection, staff_id, complaint_id, what, context.now)
    tell(context, (staff_id,), complaint_id, what)


def tell(
    context: Context, to: Collection[int], complaint_id: int, what: str, *, kind: str = "", percent: int | None = None
) -> None:
    """In the chats of those who linked one, as far as each may see that complaint."""
    for staff, address in linking.chats(context.connection, to) if to else ():
        reach = offices.reach(context.connection, staff)
        row = linking.case(context.connection, reach, id=complaint_id)
        if row is None:
            continue
        text = (LATE if percent >= 100 else SOON)[kind] if percent else WHAT.get(what, OTHERWISE)
        facts = Facts(now=context.now, book=context.book)
        said = notice(case_of(row, reach), Say(text), facts)
        context.post.notice(context.connection, address, said, human=False, now=context.now)


def case_of(row: Any, reach: Reach, lines: Sequence[Any] = ()) -> Case:
    return Case(
        row.reference,
        row.category,
        row.status,
        row.due_at,
        row.first_answer_at is not None,
        reach.may(WORK),
        may_write_first(row.contact),
        max((one.id for one in lines), default=0),
        tuple(Entry(one.at, one.author, one.body or "", one.kind) for one in lines),
    )


def offered(connection: Connection, here: Here, events: Sequence[Event], facts: Facts, now: datetime) -> Offered | None:
    """A code that was typed, unless it is the reference of a complaint of theirs."""
    typed = next((event.text for event in events if isinstance(event, Typed)), "")
    found = code_in(typed)
    if found is None or facts.complaint(found[0]):
        return None
    code, plainly = found
    chat = {"subject_kind": linking.ADDRESS, "subject": str(here.address_id)}
    if audit.times(connection, linking.REFUSED, now - WRONG_WITHIN, **chat) >= WRONG_CODES:
        return Offered(code, "many", plainly)
    good = bool(code) and linking.by_code(connection, code, now) is not None
    return Offered(code, "good" if good else "wrong", plainly)


def of_chat(
    connection: Connection, here: Here, session: Session, events: Sequence[Event], *, event: str, reply_to: str
) -> Officer | None:
    """The officer whose chat this is, when what arrived may be an officer's."""
    written = linking.written(connection, here.address_id, reply_to) if reply_to else None
    replied = next((about for code in codes(written) if (about := is_about(code))), "")
    typed = {one.text.casefold() for one in events if isinstance(one, Typed)}
    buttons = [about for one in events if isinstance(one, Tapped) and (about := is_about(one.code))]
    named = bool(typed & {"/desk", "/unlink"})
    if not (replied or buttons or named or session.flow == officer.name):
        return None
    staff = linking.officer_of(connection, here.address_id)
    if staff is None:
        return None
    reach = offices.reach(connection, staff)
    state = session.states.get(officer.name) or {}
    wanted = replied or next(iter(buttons), "") or str(state.get("answering") or "")
    row = linking.case(connection, reach, wanted) if wanted else None
    lines = linking.entries(connection, row.id, LINES_SHOWN) if row else ()
    seen = 0 if replied or buttons else int(state.get("newest") or 0)
    return Officer(
        id=staff,
        cases=tuple(case_of(one, reach) for one in linking.told(connection, reach, LISTED)) if reach.may(READ) else (),
        case=case_of(row, reach, lines) if row else None,
        heard="unlink" if "/unlink" in typed else "reply" if replied and not named and typed else "",
        overtaken=bool(row and seen and complaints.answered_since(connection, row.id, seen, staff)),
        event=event,
    )


def codes(body: Any) -> list[str]:
    """The codes of the buttons of a message of ours."""
    rows = body.get("rows") or () if isinstance(body, Mapping) else ()
    return [str(button.get("code", "")) for row in rows for button in row if isinstance(button, Mapping)]


def link_officer(command: LinkOfficer, context: Context) -> None:
    staff = linking.by_code(context.connection, command.code, context.now)
    if staff is not None:
        linking.link(context.connection, staff, context.worker.address_id)
        context.record("link_chat", "staff", str(staff), staff=staff)


def refuse_code(command: RefuseCode, context: Context) -> None:
    context.record(linking.REFUSED, linking.ADDRESS, str(context.worker.address_id))


def unlink_officer(command: UnlinkOfficer, context: Context) -> None:
    linking.unlink(context.connection, command.staff)
    context.record("unlink_chat", "staff", str(command.staff), staff=command.staff)


def show_case(command: ShowCase, context: Context) -> None:
    """What is shown was read with the officer's reach; this only writes it down (see `execute`)."""
    context.complaint(command.reference, command.staff, READ)
