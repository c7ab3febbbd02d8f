"""The picture a conversation gets: loaded before each turn, in the turn's own transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.app import officers
from bot.dialog.events import Event, Tapped, Typed
from bot.dialog.facts import Book, Complaint, Entry, Facts, Person
from bot.dialog.router import Session
from bot.dialog.says import Words
from bot.domain.clocks import ADDRESSED, RECEIVED
from bot.i18n import Catalogues
from bot.text import reference
from handlers.follow import follow
from handlers.menu import menu
from storage import complaints, waiting
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
    event: str = "",
    reply_to: str = "",
) -> Facts:
    """Threads and clocks are read only for someone who is following a complaint, an officer's only for an officer.

    `event` names what arrived; `reply_to`: the platform's id of our message that it answers.
    """
    held = waiting.hushed(connection, here.address_id) if here.word else 0
    facts = Facts(
        now=now,
        person=Person(session.language, here.name or "", here.phone or "", here.country, here.word or "", held),
        reference=reference.make(secrets.randbits(35)),
        book=book,
        spoken=catalogues.spoken,
        officer=officers.of_chat(connection, here, session, events, event=event, reply_to=reply_to),
    )
    if here.has_complaints:
        rows = complaints.of_person(connection, here.person_id)
        ids = [row.id for row in rows] if any(follows(one, session, facts) for one in events) else []
        facts = replace(facts, complaints=seen(connection, rows, ids))
    return replace(facts, offered=officers.offered(connection, here, events, facts, now))


def follows(event: Event, session: Session, facts: Facts) -> bool:
    """Whether this may lead to a complaint's page: from there, from the menu (by number), or by its words."""
    if session.flow == follow.name:
        return True
    if isinstance(event, Typed):
        return session.flow == menu.name or facts.hears(event.text, *follow.starts_with)
    return isinstance(event, Tapped) and event.code.startswith("follow:")


def seen(connection: Connection, rows: Sequence[Any], ids: Sequence[int]) -> tuple[Complaint, ...]:
    """The person's own complaints; those of `ids` with thread and clocks."""
    threads: dict[int, list[Entry]] = {}
    for row in complaints.threads(connection, ids):
        threads.setdefault(row.complaint_id, []).append(Entry(row.at, row.author, row.body or "", row.kind))
    clocks = {(row.complaint_id, row.kind): row for row in complaints.promises(connection, ids)}
    made = []
    for row in rows:
        receiving, addressing = clocks.get((row.id, RECEIVED)), clocks.get((row.id, ADDRESSED))
        made.append(
            Complaint(
                row.reference,
                row.category,
                row.status,
                row.filed_at,
                addressing.due_at if addressing else row.due_at,
                row.first_answer_at,
                tuple(threads.get(row.id, ())),
                Words(row.office_km, row.office_en) if row.office_km else None,
                row.received_at,
                receiving.due_at if receiving and not receiving.stopped_at else None,
                bool(addressing and addressing.stopped_at),
                row.waiting_since,
                max((one.breached_at for one in (receiving, addressing) if one and one.breached_at), default=None),
                row.reopened,
                row.rating,
            )
        )
    return tuple(made)
