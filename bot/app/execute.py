"""Commands carried out: one function each, in the caller's transaction, and each into the audit."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.app import clocks as ladder
from bot.app import desk, merging, notes, officers, receipts, routing, unlocks
from bot.app.context import Context
from bot.domain import complaints as rules
from bot.domain.canned import SaveCanned, SwitchCanned
from bot.domain.clocks import ADDRESS_WITHIN, KINDS, CloseIncident
from bot.domain.complaints import (
    AcknowledgeComplaint,
    AddNote,
    AddToComplaint,
    AnswerComplaint,
    AssignComplaint,
    ChangeStatus,
    FileComplaint,
    MergeComplaint,
    RateComplaint,
    ReferComplaint,
    ReopenComplaint,
    UnmergeComplaint,
    WriteToWorker,
)
from bot.domain.errors import AlreadyReopened, NotAllowed, NotFound
from bot.domain.offices import SaveMembers, SaveOffice, SaveOffices, SaveRules
from bot.domain.people import (
    ClearWord,
    DeleteMyData,
    LinkOfficer,
    RefuseCode,
    SetLanguage,
    SetWord,
    ShowCase,
    ShowHeld,
    UnlinkOfficer,
)
from bot.domain.receipts import SendReceipt
from bot.domain.routing import Case
from bot.domain.unlocks import AskUnlock, DecideUnlock
from storage import attachments, clocks, complaints, offices, people, waiting


def file_complaint(command: FileComplaint, context: Context) -> None:
    """Kept, routed, and both clocks running, in one transaction."""
    category = context.book.categories.get(command.category)
    urgency = category.urgency if category else "normal"
    routed = offices.route(context.connection, Case(command.country, command.category, command.about))
    filed = complaints.file(
        context.connection,
        command,
        person_id=context.worker.person_id,
        address_id=context.worker.address_id,
        channel=context.channel,
        language=context.language,
        urgency=urgency,
        now=context.now,
        due_at=context.now + ADDRESS_WITHIN,
        office_id=routed.office,
    )
    clocks.start(context.connection, filed, urgency, context.now, KINDS)
    ladder.announce(context, command.reference)
    people.remember(
        context.connection,
        context.worker.person_id,
        name=command.name,
        phone=command.phone,
        country=command.country,
    )


def add_to_complaint(command: AddToComplaint, context: Context) -> None:
    found = mine(command.reference, context)
    complaints.add_parts(context.connection, found.id, command.parts, author="worker", now=context.now)
    then = rules.after_addition(found.status)
    desk.settle(context, found, then, None, unindexed=True)
    desk.notify(context, found, "message")


def reopen_complaint(command: ReopenComplaint, context: Context) -> None:
    """The clock of addressing runs anew, and the heads are told: it has climbed a rung."""
    found = mine(command.reference, context)
    if found.reopened:
        raise AlreadyReopened
    if found.status not in rules.DISAGREEABLE:
        raise NotAllowed
    complaints.add_parts(context.connection, found.id, command.parts, author="worker", now=context.now)
    complaints.add_entry(context.connection, found.id, at=context.now, author="worker", kind="status", body="reopened")
    complaints.change(
        context.connection,
        found.id,
        context.now,
        status="reopened",
        reopened=found.reopened + 1,
        due_at=context.now + ADDRESS_WITHIN,
        first_answer_at=None,
        rating=None,
        rated_at=None,
        unindexed=True,
    )
    clocks.start(context.connection, found.id, found.urgency, context.now, KINDS)
    desk.notify(context, found, "reopened", heads=True)


def rate_complaint(command: RateComplaint, context: Context) -> None:
    found = mine(command.reference, context)
    if command.rating not in rules.RATINGS or found.status not in rules.RATEABLE:
        raise NotAllowed
    complaints.change(context.connection, found.id, context.now, rating=command.rating, rated_at=context.now)


def mine(reference: str, context: Context) -> complaints.Found:
    found = complaints.find(context.connection, reference, person_id=context.worker.person_id)
    if found is None:
        raise NotFound
    return found


def set_language(command: SetLanguage, context: Context) -> None:
    people.remember(context.connection, context.worker.person_id, language=command.language)


def set_word(command: SetWord, context: Context) -> None:
    people.set_word(context.connection, context.worker.person_id, command.word)


def clear_word(command: ClearWord, context: Context) -> None:
    people.set_word(context.connection, context.worker.person_id, None)
    waiting.show(context.connection, context.worker.address_id, context.now)


def show_held(command: ShowHeld, context: Context) -> None:
    waiting.show(context.connection, context.worker.address_id, context.now)


def delete_my_data(command: DeleteMyData, context: Context) -> None:
    person = context.worker.person_id
    for id in complaints.open_of(context.connection, person):
        clocks.stop(context.connection, id, context.now)
    complaints.erase_of(context.connection, person, context.now)
    notes.forget(context, person)
    addresses = people.addresses_of(context.connection, person)
    waiting.forget(context.connection, addresses)
    context.drop_files(attachments.erase_of(context.connection, addresses))
    people.erase(context.connection, person, context.now)
    context.record("delete_my_data", "person", str(person))


EXECUTE: Mapping[type, Callable[[Any, Context], None]] = {
    FileComplaint: file_complaint,
    AddToComplaint: add_to_complaint,
    ReopenComplaint: reopen_complaint,
    RateComplaint: rate_complaint,
    AcknowledgeComplaint: desk.acknowledge,
    AnswerComplaint: desk.answer,
    WriteToWorker: desk.write_to_worker,
    ChangeStatus: desk.change_status,
    AssignComplaint: desk.assign,
    ReferComplaint: desk.refer,
    AddNote: notes.add_note,
    AskUnlock: unlocks.ask_unlock,
    DecideUnlock: unlocks.decide_unlock,
    MergeComplaint: merging.merge,
    UnmergeComplaint: merging.unmerge,
    SaveCanned: notes.save_canned,
    SwitchCanned: notes.switch_canned,
    SaveOffice: routing.save_office,
    SaveOffices: routing.save_offices,
    SaveMembers: routing.save_members,
    SaveRules: routing.save_rules,
    CloseIncident: ladder.close_incident,
    SetLanguage: set_language,
    SetWord: set_word,
    ClearWord: clear_word,
    ShowHeld: show_held,
    LinkOfficer: officers.link_officer,
    RefuseCode: officers.refuse_code,
    UnlinkOfficer: officers.unlink_officer,
    ShowCase: officers.show_case,
    DeleteMyData: delete_my_data,
    SendReceipt: receipts.send_receipt,
}


def execute(command: Any, context: Context) -> None:
    """Carry out one command; raises DomainError. What it did to a complaint is recorded here, whatever it was."""
    reference = getattr(command, "reference", "")
    if not reference:
        EXECUTE[type(command)](command, context)
        return
    before = complaints.state(context.connection, reference)
    EXECUTE[type(command)](command, context)
    after = complaints.state(context.connection, reference)
    changed = {key for key in after if before.get(key) != after[key]}
    context.record(
        action_of(command),
        "complaint",
        reference,
        staff=getattr(command, "staff", None),
        before={key: before[key] for key in changed if key in before},
        after={key: after[key] for key in changed},
    )


def action_of(command: object) -> str:
    """`AnswerComplaint` is recorded as `answer_complaint`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(command).__name__).lower()
