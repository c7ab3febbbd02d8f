"""The picture a conversation gets: loaded before each turn, in the turn's own transaction."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.dialog.events import Event, Tapped
from bot.dialog.facts import Book, Complaint, Entry, Facts, Person
from bot.dialog.router import Session
from bot.i18n import Catalogues
from bot.text import reference
from storage import complaints
from storage.people import Here


def load(
    connection: Connection,
    here: Here,
    session: Session,
    events: Sequence[Event],
    *,
    now: datetime,
    book: Book,
    catalogues: Catalogues,
) -> Facts:
    """Threads are read only for someone who is following a complaint."""
    rows = complaints.of_person(connection, here.person_id) if here.has_complaints else []
    threads: dict[int, list[Entry]] = {}
    if rows and (session.flow == "follow" or any(_follows(event) for event in events)):
        for row in complaints.threads(connection, [row.id for row in rows]):
            threads.setdefault(row.complaint_id, []).append(Entry(row.at, row.author, row.body or "", row.kind))
    return Facts(
        now=now,
        person=Person(session.language, here.name or "", here.phone or "", here.country),
        reference=reference.make(secrets.randbits(35)),
        complaints=tuple(
            Complaint(
                row.reference,
                row.category,
                row.status,
                row.filed_at,
                row.due_at,
                row.first_answer_at,
                tuple(threads.get(row.id, ())),
            )
            for row in rows
        ),
        book=book,
        spoken=catalogues.spoken,
    )


def _follows(event: Event) -> bool:
    return isinstance(event, Tapped) and event.code.startswith("follow:")
