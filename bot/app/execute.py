"""Commands carried out: one function each, in the caller's transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.app.post import Post
from bot.dialog.facts import Book
from bot.dialog.form import MENU
from bot.dialog.says import Choice, Reference, Say, _
from bot.domain import complaints as rules
from bot.domain.complaints import ADDRESS_WITHIN, AddToComplaint, AnswerComplaint, ChangeStatus, FileComplaint
from bot.domain.errors import NotFound
from bot.domain.people import DeleteMyData, SetLanguage
from storage import attachments, complaints, people
from storage.people import Here


@dataclass(frozen=True, slots=True)
class Context:
    """What a command needs besides itself. `here` is the worker's address; None when an officer acts."""

    connection: Connection
    now: datetime
    book: Book
    post: Post
    here: Here | None = None
    channel: str = ""
    language: str = "km"
    drop_files: Callable[[list[str]], None] = lambda ids: None

    @property
    def worker(self) -> Here:
        if self.here is None:
            raise NotFound
        return self.here


def file_complaint(command: FileComplaint, context: Context) -> None:
    category = context.book.categories.get(command.category)
    complaints.file(
        context.connection,
        command,
        person_id=context.worker.person_id,
        address_id=context.worker.address_id,
        channel=context.channel,
        language=context.language,
        urgency=category.urgency if category else "normal",
        now=context.now,
        due_at=context.now + ADDRESS_WITHIN,
    )
    people.remember(
        context.connection,
        context.worker.person_id,
        name=command.name,
        phone=command.phone,
        country=command.country,
    )


def add_to_complaint(command: AddToComplaint, context: Context) -> None:
    found = complaints.find(context.connection, command.reference, person_id=context.worker.person_id)
    if found is None:
        raise NotFound
    complaints.add_parts(context.connection, found.id, command.parts, author="worker", now=context.now)
    complaints.change(context.connection, found.id, context.now, status=rules.after_addition(found.status))


def answer_complaint(command: AnswerComplaint, context: Context) -> None:
    """Written to the thread, and sent on the channel that the complaint came by, and only there."""
    rules.check_reply(command.text, command.attachments)
    found = complaints.find(context.connection, command.reference)
    if found is None:
        raise NotFound
    if command.once and complaints.written_once(context.connection, command.once):
        return
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
    complaints.change(
        context.connection,
        found.id,
        context.now,
        status=rules.after_reply(found.status),
        first_answer_at=found.first_answer_at or context.now,
    )
    for file in files:
        context.post.file(context.connection, found.address_id, file.id, file.kind, now=context.now)
    if command.text.strip():
        context.post.notice(
            context.connection,
            found.address_id,
            Say(
                _("📩 An officer answered your complaint {reference}:\n\n{words}"),
                {"reference": Reference(command.reference), "words": command.text},
                written_back(command.reference),
            ),
            human=True,
            now=context.now,
        )


def change_status(command: ChangeStatus, context: Context) -> None:
    """The worker is told of every change; the reason goes with it."""
    found = complaints.find(context.connection, command.reference)
    if found is None:
        raise NotFound
    rules.check_status(found.status, command.status, command.reason)
    complaints.add_entry(
        context.connection,
        found.id,
        at=context.now,
        author="officer",
        staff_id=command.staff,
        kind="status",
        body=command.status,
        note=command.reason.strip() or None,
    )
    complaints.change(context.connection, found.id, context.now, status=command.status)
    text = TOLD[command.status]
    params: dict[str, Any] = {"reference": Reference(command.reference)}
    if command.reason.strip():
        told = Say(text, params)
        params = {"told": told, "reason": command.reason.strip()}
        text = _("{told}\nReason: {reason}")
    context.post.notice(
        context.connection,
        found.address_id,
        Say(text, params, written_back(command.reference)),
        human=False,
        now=context.now,
    )


TOLD = {
    "received": _("An officer has opened your complaint {reference}."),
    "in_hand": _("Your complaint {reference} is being handled."),
    "waiting": _("The officer needs something from you for your complaint {reference}."),
    "addressed": _("Your complaint {reference} is marked as answered."),
    "closed": _("Your complaint {reference} is closed. If it is not solved, write back and it opens again."),
}


def written_back(reference: str) -> tuple[Choice, ...]:
    """What a worker can do with a notice; it comes unasked, so its buttons carry no numbers."""
    return (
        Choice(f"follow:add={reference}", _("Write back"), nav=True),
        Choice(f"follow:see={reference}", _("See my complaint"), nav=True),
        MENU,
    )


def set_language(command: SetLanguage, context: Context) -> None:
    people.remember(context.connection, context.worker.person_id, language=command.language)


def delete_my_data(command: DeleteMyData, context: Context) -> None:
    person = context.worker.person_id
    complaints.erase_of(context.connection, person, context.now)
    context.drop_files(attachments.erase_of(context.connection, people.addresses_of(context.connection, person)))
    people.erase(context.connection, person, context.now)


EXECUTE: Mapping[type, Callable[[Any, Context], None]] = {
    FileComplaint: file_complaint,
    AddToComplaint: add_to_complaint,
    AnswerComplaint: answer_complaint,
    ChangeStatus: change_status,
    SetLanguage: set_language,
    DeleteMyData: delete_my_data,
}


def execute(command: Any, context: Context) -> None:
    """Carry out one command; raises DomainError."""
    EXECUTE[type(command)](command, context)
