"""Two officers decide that one of them may see who complained, for two hours."""

from bot.app import desk
from bot.app.context import Context
from bot.dialog.says import Reference, Say, _
from bot.domain import complaints as rules
from bot.domain.errors import NotAllowed, NotFound, Overtaken, OwnRequest, TimeOver
from bot.domain.reach import MAY, UNLOCK
from bot.domain.unlocks import (
    APPROVED,
    ASKED,
    OPEN_FOR,
    REFUSED,
    SHOWN_FOR,
    AskUnlock,
    DecideUnlock,
    check_reason,
)
from storage import caseload, complaints, offices, unlocks


def ask_unlock(command: AskUnlock, context: Context) -> None:
    """Asked with a reason; whoever else may decide is told."""
    found = context.complaint(command.reference, command.staff, UNLOCK)
    check_reason(command.reason)
    row = caseload.one(context.connection, caseload.EVERYTHING, command.reference)
    if row is None or row.erased_at or rules.shows_name(row.identity):
        raise NotAllowed
    since = context.now - OPEN_FOR
    if unlocks.is_waiting(context.connection, found.id, command.staff, since, context.now):
        return
    unlocks.ask(context.connection, found.id, command.staff, command.reason.strip(), context.now)
    complaints.change(context.connection, found.id, context.now)  # live pages show it
    deciders = may_decide(context, found.id, but=command.staff)
    if deciders:
        desk.notify(context, found, "unlock", to=deciders)


def decide_unlock(command: DecideUnlock, context: Context) -> None:
    """By another officer, in time, once. The worker is told when the chat is their safe contact."""
    found = context.complaint(command.reference, command.staff, UNLOCK)
    asked = unlocks.one(context.connection, command.unlock, found.id)
    row = caseload.one(context.connection, caseload.EVERYTHING, command.reference)
    if asked is None or row is None:
        raise NotFound
    if asked.asked_by == command.staff:
        raise OwnRequest
    then = APPROVED if command.approve else REFUSED
    if asked.state != ASKED:
        if (asked.state, asked.decided_by) == (then, command.staff):
            return
        raise Overtaken
    if context.now - asked.asked_at >= OPEN_FOR:
        raise TimeOver
    if row.erased_at:
        raise NotAllowed
    until = context.now + SHOWN_FOR if command.approve else None
    unlocks.decide(
        context.connection, asked.id, state=then, decided_by=command.staff, decided_at=context.now, until=until
    )
    complaints.change(context.connection, found.id, context.now)
    told = {"state": then, "asked_by": asked.asked_by}
    context.record("decide", "unlock", str(asked.id), staff=command.staff, after=told)
    desk.notify(context, found, "unlock_approved" if command.approve else "unlock_refused", to=(asked.asked_by,))
    if command.approve and row.contact == rules.CHAT:
        desk.tell(context, found, Say(SEEN, {"reference": Reference(command.reference)}))


def may_decide(context: Context, complaint_id: int, *, but: int) -> list[int]:
    """Officers who may let another look at this complaint."""
    roles = [role for role, may in MAY.items() if UNLOCK in may]
    others = [one for one in unlocks.of_roles(context.connection, roles) if one != but]
    reaches = {one: offices.reach(context.connection, one) for one in others}
    return [one for one in others if caseload.may_see(context.connection, reaches[one], complaint_id)]


SEEN = _(
    "🔓 To help with your complaint {reference}, two officers decided together that one of them may see your name and"
    " number for 2 hours. Nobody else sees them. If you have a question, write to us here."
)
