"""Complaints and their threads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, column, insert, or_, select, update
from sqlalchemy import table as lightly
from sqlmodel import Field, Index, SQLModel

from bot.domain.complaints import OPEN, FileComplaint
from storage import search
from storage.columns import Identity, Moment, Sealed, table
from storage.db import insert_rows


class Complaint(SQLModel, table=True):
    """One complaint. What identifies people is sealed; `reference` is eight Crockford characters, no dash.

    `office_id` has it and `officer_id` works on it; `about_office_id` is complained of, once somebody said which.
    `about_key`: whom it is about, as a keyed digest (see `storage.search`). `reopened`: how often the worker disagreed.
    """

    __table_args__ = (
        Index("complaint_listed", "status", "id"),
        Index("complaint_of_office", "office_id", "status", "id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    reference: str = Field(unique=True)
    person_id: int = Field(foreign_key="person.id", index=True, sa_type=Identity)
    address_id: int | None = Field(default=None, foreign_key="address.id", sa_type=Identity)
    channel: str
    language: str
    category: str
    urgency: str
    country: str
    country_name: str = ""
    about: str
    about_name: str | None = Field(default=None, sa_type=Sealed)
    behalf: str
    identity: str
    name: str | None = Field(default=None, sa_type=Sealed)
    contact: str
    phone: str | None = Field(default=None, sa_type=Sealed)
    safe: str = ""
    status: str
    filed_at: datetime = Field(sa_type=Moment)
    due_at: datetime = Field(sa_type=Moment, index=True)
    first_answer_at: datetime | None = Field(default=None, sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment, index=True)
    erased_at: datetime | None = Field(default=None, sa_type=Moment)
    is_demo: bool = False
    province: str = ""
    office_id: int | None = Field(default=None, foreign_key="office.id", sa_type=Identity)
    officer_id: int | None = Field(default=None, foreign_key="staff.id", index=True, sa_type=Identity)
    about_office_id: int | None = Field(default=None, foreign_key="office.id", sa_type=Identity)
    about_key: int | None = Field(default=None, index=True, sa_type=BigInteger)
    received_at: datetime | None = Field(default=None, sa_type=Moment)
    received_by: int | None = Field(default=None, foreign_key="staff.id", sa_type=Identity)
    waiting_since: datetime | None = Field(default=None, sa_type=Moment)
    reopened: int = 0
    rating: int | None = None
    rated_at: datetime | None = Field(default=None, sa_type=Moment)
    merged_into_id: int | None = Field(default=None, foreign_key="complaint.id", index=True, sa_type=Identity)
    unindexed: bool = Field(default=True, index=True)


class Entry(SQLModel, table=True):
    """One line of a thread: words, a file, a place, or a change of status (with its reason).

    `author`: worker, officer or system. `kind`: text, photo, voice, video, file, place, status.
    `body`: the words; a place as `latitude,longitude`; a status as its code. `once` makes a repeated form one entry.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    complaint_id: int = Field(foreign_key="complaint.id", index=True, sa_type=Identity)
    at: datetime = Field(sa_type=Moment)
    author: str
    staff_id: int | None = Field(default=None, sa_type=Identity)
    kind: str
    body: str | None = Field(default=None, sa_type=Sealed)
    note: str | None = Field(default=None, sa_type=Sealed)
    attachment_id: str | None = Field(default=None, foreign_key="attachment.id", index=True)
    once: str | None = Field(default=None, unique=True)


COMPLAINT, ENTRY = table(Complaint), table(Entry)
_FILE = insert(COMPLAINT).returning(COMPLAINT.c.id)


def file(
    connection: Connection,
    command: FileComplaint,
    *,
    person_id: int,
    address_id: int,
    channel: str,
    language: str,
    urgency: str,
    now: datetime,
    due_at: datetime,
    office_id: int | None = None,
    is_demo: bool = False,
) -> int:
    """Store a complaint with its words and files; returns its id. Raises IntegrityError when the reference is taken."""
    complaint_id = connection.execute(
        _FILE,
        {
            "reference": command.reference,
            "person_id": person_id,
            "address_id": address_id,
            "channel": channel,
            "language": language,
            "category": command.category,
            "urgency": urgency,
            "country": command.country,
            "country_name": command.country_name,
            "about": command.about,
            "about_name": command.about_name or None,
            "behalf": command.behalf,
            "identity": command.identity,
            "name": command.name or None,
            "contact": command.contact,
            "phone": command.phone or None,
            "safe": command.safe,
            "status": "filed",
            "filed_at": now,
            "due_at": due_at,
            "changed_at": now,
            "is_demo": is_demo,
            "office_id": office_id,
        },
    ).scalar_one()
    add_parts(connection, complaint_id, (*command.parts, *command.evidence), author="worker", now=now)
    return int(complaint_id)


def add_parts(
    connection: Connection, complaint_id: int, parts: Sequence[Mapping[str, Any]], *, author: str, now: datetime
) -> None:
    """Append what a conversation collected (see `bot.dialog.questions.Part`)."""
    rows = [
        {
            "complaint_id": complaint_id,
            "at": now,
            "author": author,
            "staff_id": None,
            "kind": "text" if "text" in part else "place" if "place" in part else part["kind"],
            "body": part.get("text") or (",".join(map(str, part["place"])) if "place" in part else None),
            "note": None,
            "attachment_id": part.get("file"),
            "once": None,
        }
        for part in parts
    ]
    insert_rows(connection, ENTRY, rows)


def add_entry(connection: Connection, complaint_id: int, **values: Any) -> None:
    """Append one entry."""
    connection.execute(insert(ENTRY).values(complaint_id=complaint_id, **values))


def written_once(connection: Connection, once: str) -> bool:
    """Whether a form with this key was already taken."""
    return connection.scalar(select(ENTRY.c.id).where(ENTRY.c.once == once)) is not None


# Not imported: clocks and offices may know complaints, not the reverse.
_OFFICE = lightly("office", column("id"), column("name_km"), column("name_en"))
_CLOCK = lightly(
    *("clock", column("id"), column("complaint_id"), column("kind")),
    *(column("due_at", Moment), column("stopped_at", Moment), column("breached_at", Moment)),
)
_MINE = (
    select(
        COMPLAINT.c.id,
        COMPLAINT.c.reference,
        COMPLAINT.c.category,
        COMPLAINT.c.status,
        COMPLAINT.c.filed_at,
        COMPLAINT.c.due_at,
        COMPLAINT.c.first_answer_at,
        COMPLAINT.c.received_at,
        COMPLAINT.c.waiting_since,
        COMPLAINT.c.reopened,
        COMPLAINT.c.rating,
        _OFFICE.c.name_km.label("office_km"),
        _OFFICE.c.name_en.label("office_en"),
    )
    .outerjoin(_OFFICE, _OFFICE.c.id == COMPLAINT.c.office_id)
    .where(COMPLAINT.c.person_id == bindparam("person"), COMPLAINT.c.erased_at.is_(None))
    .order_by(COMPLAINT.c.id.desc())
    .limit(20)
)
_THREADS = (
    select(ENTRY.c.complaint_id, ENTRY.c.at, ENTRY.c.author, ENTRY.c.kind, ENTRY.c.body)
    .where(ENTRY.c.complaint_id.in_(bindparam("ids", expanding=True)))
    .order_by(ENTRY.c.id)
)
_CLOCKS = (
    select(_CLOCK.c.complaint_id, _CLOCK.c.kind, _CLOCK.c.due_at, _CLOCK.c.stopped_at, _CLOCK.c.breached_at)
    .where(_CLOCK.c.complaint_id.in_(bindparam("ids", expanding=True)))
    .order_by(_CLOCK.c.id)
)


def of_person(connection: Connection, person_id: int) -> list[Any]:
    """A person's own complaints, newest first: id, reference, category, status, times and the office that has it."""
    return list(connection.execute(_MINE, {"person": person_id}))


def threads(connection: Connection, complaint_ids: Sequence[int]) -> list[Any]:
    """Entries of these complaints, oldest first, as their worker may see them (no officers' names, no reasons)."""
    return list(connection.execute(_THREADS, {"ids": list(complaint_ids)})) if complaint_ids else []


def promises(connection: Connection, complaint_ids: Sequence[int]) -> list[Any]:
    """The clocks of these complaints, oldest first: of each kind, the last row counts."""
    return list(connection.execute(_CLOCKS, {"ids": list(complaint_ids)})) if complaint_ids else []


@dataclass(frozen=True, slots=True)
class Found:
    """What a command needs of a complaint it changes."""

    id: int
    reference: str
    person_id: int
    address_id: int | None
    status: str
    first_answer_at: datetime | None
    urgency: str
    country: str
    category: str
    about: str
    about_office_id: int | None
    office_id: int | None
    officer_id: int | None
    received_at: datetime | None
    reopened: int
    contact: str


_FIND = select(*(COMPLAINT.c[one.name] for one in fields(Found))).where(COMPLAINT.c.reference == bindparam("reference"))


def find(connection: Connection, reference: str, *, person_id: int | None = None) -> Found | None:
    """One complaint, locked for this transaction where the database can; `person_id` restricts it to its owner."""
    statement = _FIND if person_id is None else _FIND.where(COMPLAINT.c.person_id == person_id)
    if connection.dialect.name == "postgresql":
        statement = statement.with_for_update()
    row = connection.execute(statement, {"reference": reference}).one_or_none()
    return Found(*row) if row else None


RECORDED = ("status", "office_id", "officer_id", "about_office_id", "province", "reopened", "rating", "merged_into_id")
"""What of a complaint is written to the audit when it changes: codes and ids."""
_STATE = select(*(COMPLAINT.c[name] for name in RECORDED)).where(COMPLAINT.c.reference == bindparam("reference"))


def state(connection: Connection, reference: str) -> dict[str, Any]:
    """What the audit compares; empty when there is no such complaint."""
    row = connection.execute(_STATE, {"reference": reference}).one_or_none()
    return dict(row._mapping) if row else {}


def answered_since(connection: Connection, complaint_id: int, entry: int, staff: int) -> bool:
    """Whether another officer wrote to the worker after that line of the thread."""
    newer = (ENTRY.c.complaint_id == complaint_id, ENTRY.c.id > entry, ENTRY.c.author == "officer")
    words = select(ENTRY.c.id).where(*newer, ENTRY.c.kind != "status", ENTRY.c.staff_id != staff)
    return connection.scalar(words.limit(1)) is not None


def open_of(connection: Connection, person_id: int) -> list[int]:
    """The ids of a person's open complaints."""
    return list(
        connection.scalars(
            select(COMPLAINT.c.id).where(COMPLAINT.c.person_id == person_id, COMPLAINT.c.status.in_(OPEN))
        )
    )


def change(connection: Connection, complaint_id: int, now: datetime, **values: Any) -> None:
    """Set columns; `changed_at` follows."""
    connection.execute(update(COMPLAINT).where(COMPLAINT.c.id == complaint_id).values(changed_at=now, **values))


def erase_of(connection: Connection, person_id: int, now: datetime) -> None:
    """Keep the kind, country and dates for counting; erase words, names and numbers."""
    mine = COMPLAINT.c.person_id == person_id
    connection.execute(
        update(ENTRY)
        .where(ENTRY.c.complaint_id.in_(select(COMPLAINT.c.id).where(mine)), ENTRY.c.kind != "status")
        .values(body=None, note=None)
    )
    connection.execute(
        update(COMPLAINT)
        .where(mine)
        .values(
            about_name=None,
            name=None,
            phone=None,
            country_name="",
            address_id=None,
            erased_at=now,
            changed_at=now,
            about_key=None,
            unindexed=False,
        )
    )
    connection.execute(
        update(COMPLAINT).where(mine, or_(*(COMPLAINT.c.status == one for one in OPEN))).values(status="withdrawn")
    )
    search.forget(connection, select(COMPLAINT.c.id).where(mine))


def file_changed(connection: Connection, attachment_id: str, now: datetime) -> None:
    """A file of a thread was kept or refused: live pages show it."""
    touched = select(ENTRY.c.complaint_id).where(ENTRY.c.attachment_id == attachment_id)
    connection.execute(update(COMPLAINT).where(COMPLAINT.c.id.in_(touched)).values(changed_at=now))
