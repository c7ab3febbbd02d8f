"""Notes between officers, and the ready answers they share."""

from typing import Any

from bot.app.context import Context
from bot.domain import canned as ready
from bot.domain import complaints as rules
from bot.domain.canned import SaveCanned, SwitchCanned
from bot.domain.complaints import AddNote
from bot.domain.errors import NotFound, Overtaken
from bot.domain.fingerprint import fingerprint
from bot.domain.reach import CANNED, WORK
from storage import canned, complaints, notes, unlocks


def add_note(command: AddNote, context: Context) -> None:
    """Kept beside the complaint, never sent; the same form pressed twice is one note."""
    rules.check_note(command.text)
    found = context.complaint(command.reference, command.staff, WORK)
    last = notes.newest(context.connection, found.id)
    if last is not None and (last.staff_id, last.body) == (command.staff, command.text):
        return
    notes.add(context.connection, found.id, command.staff, command.text, context.now)
    complaints.change(context.connection, found.id, context.now)  # live pages show it


def forget(context: Context, person: int) -> None:
    """What officers wrote about a person, and why they wanted to see who it is, goes with the person's data."""
    notes.erase_of(context.connection, person)
    unlocks.erase_of(context.connection, person)


def save_canned(command: SaveCanned, context: Context) -> None:
    """A new ready answer, or one changed; raises Overtaken when another officer changed it since it was shown."""
    context.reach(command.staff, CANNED)
    ready.check(command)
    texts = {name: getattr(command, name).strip() for name in ("title_km", "title_en", "body_km", "body_en")}
    if command.canned is None:
        id = canned.add(context.connection, **texts, active=True)
    else:
        row = canned.one(context.connection, command.canned)
        if row is None:
            raise NotFound
        if {name: row._mapping[name] for name in texts} == texts:
            return
        if command.seen != version(row):
            raise Overtaken
        id = command.canned
        canned.change(context.connection, id, **texts)
    context.record("save_canned", "canned", str(id), staff=command.staff)


def switch_canned(command: SwitchCanned, context: Context) -> None:
    """On or off; what it is already, it stays."""
    context.reach(command.staff, CANNED)
    row = canned.one(context.connection, command.canned)
    if row is None:
        raise NotFound
    if row.active == command.active:
        return
    canned.change(context.connection, row.id, active=command.active)
    told = {"before": {"active": row.active}, "after": {"active": command.active}}
    context.record("switch_canned", "canned", str(row.id), staff=command.staff, **told)


def version(row: Any) -> str:
    """Changes with any of a ready answer's words."""
    return fingerprint([row.title_km, row.title_en, row.body_km, row.body_en])
