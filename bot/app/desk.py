"""What officers do with a complaint: take it, answer it, move it, hand it over, refer it."""

from collections.abc import Collection
from typing import Any

from bot.app import officers
from bot.app.context import Context
from bot.dialog.form import MENU
from bot.dialog.says import Choice, Param, Reference, Say, Words, _
from bot.domain import complaints as rules
from bot.domain.clocks import ADDRESS_WITHIN, ADDRESSED, KINDS, RECEIVED, STOPS
from bot.domain.complaints import (
    AcknowledgeComplaint,
    AnswerComplaint,
    AssignComplaint,
    ChangeStatus,
    ReferComplaint,
    WriteToWorker,
)
from bot.domain.errors import NotAllowed, NotFound, NotServing, Overtaken
from bot.domain.reach import ASSIGN, REFER, WORK
from bot.domain.routing import Case, complained_of
from bot.domain.routing import Office as RoutingOffice
from storage import attachments, clocks, complaints, offices
from storage.complaints import Found


def acknowledge(command: AcknowledgeComplaint, context: Context) -> None:
    """A named officer has it. Nothing more happens to one that somebody has already."""
    found = context.complaint(command.reference, command.staff, WORK)
    if found.status not in rules.TAKEABLE:
        return
    to_status(context, found, "received", command.staff)
    tell(context, found, Say(TOLD["received"], {"reference": Reference(command.reference)}))


def answer(command: AnswerComplaint, context: Context) -> None:
    """Written to the worker; it addresses an open complaint."""
    found = write(command, context, ANSWERS)
    if found is not None:
        first, then = found.first_answer_at or context.now, rules.after_reply(found.status)
        settle(context, found, then, command.staff, first_answer_at=first, unindexed=True)


def write_to_worker(command: WriteToWorker, context: Context) -> None:
    """Words that are no answer yet."""
    found = write(command, context, WRITES)
    if found is not None:
        settle(context, found, rules.after_words(found.status), command.staff, unindexed=True)


def write(command: AnswerComplaint, context: Context, opening: str) -> Found | None:
    """Into the thread, and to the worker on the channel that the complaint came by, and only there.

    None when this form was written before.
    """
    rules.check_reply(command.text, command.attachments)
    found = context.complaint(command.reference, command.staff, WORK)
    if command.once and complaints.written_once(context.connection, command.once):
        return None
    if found.address_id is None:  # erased: there is nobody to read it
        raise NotFound
    if command.seen is not None and complaints.answered_since(
        context.connection, found.id, command.seen, command.staff
    ):
        raise Overtaken
    files = [one for one in (attachments.get(context.connection, id) for id in command.attachments) if one]
    words = [{"kind": "text", "body": command.text}] if command.text.strip() else []
    once = command.once or None
    for entry in (*words, *({"kind": file.kind, "attachment_id": file.id} for file in files)):
        complaints.add_entry(
            context.connection,
            found.id,
            at=context.now,
            author="officer",
            staff_id=command.staff,
            once=once,
            **entry,
        )
        once = None
    at_once = rules.may_write_first(found.contact)
    for file in files:
        context.post.file(context.connection, found.address_id, file.id, file.kind, now=context.now, at_once=at_once)
    if words:
        params: dict[str, Param] = {"reference": Reference(command.reference), "words": command.text}
        to_worker(context, found, Say(opening, params, written_back(command.reference)), human=True)
    return found


def change_status(command: ChangeStatus, context: Context) -> None:
    """The worker is told of every change; the reason goes with it."""
    found = context.complaint(command.reference, command.staff, WORK)
    rules.check_status(found.status, command.status, command.reason)
    to_status(context, found, command.status, command.staff, command.reason.strip())
    params: dict[str, Any] = {"reference": Reference(command.reference)}
    said = Say(TOLD["closed_again" if command.status == "closed" and found.reopened else command.status], params)
    if command.reason.strip():
        said = Say(_("{told}\nReason: {reason}"), {"told": said, "reason": command.reason.strip()})
    tell(context, found, said, *(once_closed(found) if command.status == "closed" else ()))


def assign(command: AssignComplaint, context: Context) -> None:
    """A member may take what nobody has; giving it to another, or taking it from one, is a head's.

    Raises Overtaken when somebody else has it by now.
    """
    found = context.complaint(command.reference, command.staff, WORK if command.officer == command.staff else ASSIGN)
    if found.officer_id == command.officer:
        return
    if found.officer_id != command.seen:
        raise Overtaken
    if found.officer_id is not None:
        context.reach(command.staff, ASSIGN)
    if command.officer is not None and not serves(context, command.officer, found.office_id):
        raise NotServing
    complaints.change(context.connection, found.id, context.now, officer_id=command.officer)
    if command.officer is not None and command.officer != command.staff:
        notify(context, found, "assigned", to=(command.officer,))


def refer(command: ReferComplaint, context: Context) -> None:
    """To another office, never to the one complained of; there it is to be received anew. The worker is told where."""
    found = context.complaint(command.reference, command.staff, REFER)
    office = offices.one(context.connection, command.office)
    rules.check_reason(command.reason)
    if office is None or found.status not in rules.REFERABLE or not may_have(found, office):
        raise NotAllowed
    heads = [one.id for one in offices.members(context.connection, office.id) if one.head]
    owner = command.owner or next(iter(heads), None)
    if owner is not None and not serves(context, owner, office.id):
        raise NotServing
    to_status(context, found, "referred", command.staff, command.reason.strip())
    complaints.change(context.connection, found.id, context.now, office_id=office.id, officer_id=owner)
    clocks.start(context.connection, found.id, found.urgency, context.now, (RECEIVED,))
    notify(context, found, "referred", to=(owner,) if owner else heads)
    where = Words(office.name_km, office.name_en)
    said = Say(TOLD["referred"], {"reference": Reference(command.reference), "office": where})
    tell(context, found, Say(_("{told}\nReason: {reason}"), {"told": said, "reason": command.reason.strip()}))


def may_have(row: Any, office: Any) -> bool:
    """Whether a complaint may be referred to that office: an active one, another one, never the one complained of."""
    case = Case(row.country, row.category, row.about, about_office=row.about_office_id)
    place = RoutingOffice(office.id, office.kind, office.country)
    return bool(office.active and office.id != row.office_id and not complained_of(case, place))


def to_status(context: Context, found: Found, then: str, staff: int | None, reason: str = "") -> None:
    """Into the thread, with its reason, and what follows from it."""
    complaints.add_entry(
        context.connection,
        found.id,
        at=context.now,
        author="officer" if staff is not None else "system",
        staff_id=staff,
        kind="status",
        body=then,
        note=reason or None,
    )
    settle(context, found, then, staff)


def settle(context: Context, found: Found, then: str, staff: int | None, **changed: Any) -> None:
    """The new state, its clocks, and who has it: whoever works on what nobody had, has it."""
    if then != "filed" and found.received_at is None and staff is not None:
        changed |= {"received_at": context.now, "received_by": staff}
    if found.officer_id is None and staff is not None and serves(context, staff, found.office_id):
        changed["officer_id"] = staff
    if then != found.status:
        changed["waiting_since"] = context.now if then == "waiting" else None
    anew = then in rules.OPEN and found.status in STOPS[ADDRESSED] and found.first_answer_at is None
    if anew:
        changed["due_at"] = context.now + ADDRESS_WITHIN
    complaints.change(context.connection, found.id, context.now, status=then, **changed)
    clocks.stop(context.connection, found.id, context.now, [kind for kind in KINDS if then in STOPS[kind]])
    if anew:
        clocks.start(context.connection, found.id, found.urgency, context.now, (ADDRESSED,))


def serves(context: Context, officer: int, office: int | None) -> bool:
    return office is not None and office in offices.reach(context.connection, officer).offices


def notify(context: Context, found: Found, what: str, *, to: Collection[int] = (), heads: bool = False) -> None:
    """Officers are told: those named, or whoever has it and, with `heads` or when nobody has, its office's heads."""
    if not to:
        named = {found.officer_id} if found.officer_id is not None else set()
        if found.office_id is not None and (heads or not named):
            members = offices.members(context.connection, found.office_id)
            named |= {one.id for one in members if one.head} or {one.id for one in members}
        to = sorted(named)
    for staff in to:
        officers.announce(context, staff, found.id, what)


def tell(context: Context, found: Found, say: Say, *first: Choice) -> None:
    """The worker reads it where they wrote; `first`: what they may do besides writing back."""
    said = Say(say.text, say.params, (*first, *written_back(found.reference)))
    to_worker(context, found, said)


def to_worker(context: Context, found: Found, said: Say, *, human: bool = False) -> None:
    """To where the worker wrote from; once they write again, when that is not their safe contact."""
    at_once = rules.may_write_first(found.contact)
    context.post.notice(context.connection, found.address_id, said, human=human, now=context.now, at_once=at_once)


ANSWERS = _("📩 An officer answered your complaint {reference}:\n\n{words}")
WRITES = _("💬 An officer writes about your complaint {reference}:\n\n{words}")
TOLD = {
    "received": _("An officer has received your complaint {reference}."),
    "in_hand": _("Your complaint {reference} is being handled."),
    "waiting": _("The officer needs something from you for your complaint {reference}."),
    "addressed": _("Your complaint {reference} is marked as answered."),
    "referred": _("Your complaint {reference} was handed to: {office}."),
    "closed": _("Your complaint {reference} is closed. If it is not solved, press “I do not agree”: it opens again."),
    "closed_again": _("Your complaint {reference} is closed. You can still write back; what you write is read."),
}


def once_closed(found: Found) -> tuple[Choice, ...]:
    """What is asked once, with the closing notice: whether the worker agrees, and how it helped."""
    agreed = () if found.reopened else (Choice(f"follow:disagree={found.reference}", _("I do not agree"), nav=True),)
    return (*agreed, Choice(f"follow:rate={found.reference}", _("How did it help?"), nav=True))


def written_back(reference: str) -> tuple[Choice, ...]:
    """What a worker can do with a notice; it comes unasked, so its buttons carry no numbers."""
    return (
        Choice(f"follow:add={reference}", _("Write back"), nav=True),
        Choice(f"follow:see={reference}", _("See my complaint"), nav=True),
        MENU,
    )
