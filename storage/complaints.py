"""Complaints and their threads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, or_, select, update
from sqlmodel import Field, Index, SQLModel

from bot.domain.complaints import OPEN, FileComplaint
from storage.columns import Identity, Moment, Sealed, table
from storage.db import insert_rows


class Complaint(SQLModel, table=True):
    """One complaint. What identifies people is sealed; `reference` is eight Crockford characters, no dash."""

    __table_args__ = (Index("complaint_listed", "status", "id"),)

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


_MINE = (
    select(
        COMPLAINT.c.id,
        COMPLAINT.c.reference,
        COMPLAINT.c.category,
        COMPLAINT.c.status,
        COMPLAINT.c.filed_at,
        COMPLAINT.c.due_at,
        COMPLAINT.c.first_answer_at,
    )
    .where(COMPLAINT.c.person_id == bindparam("person"), COMPLAINT.c.erased_at.is_(None))
    .order_by(COMPLAINT.c.id.desc())
    .limit(20)
)
_THREADS = (
    select(ENTRY.c.complaint_id, ENTRY.c.at, ENTRY.c.author, ENTRY.c.kind, ENTRY.c.body)
    .where(ENTRY.c.complaint_id.in_(bindparam("ids", expanding=True)))
    .order_by(ENTRY.c.id)
)


def of_person(connection: Connection, person_id: int) -> list[Any]:
    """A person's own complaints, newest first: id, reference, category, status and times."""
    return list(connection.execute(_MINE, {"person": person_id}))


def threads(connection: Connection, complaint_ids: Sequence[int]) -> list[Any]:
    """Entries of these complaints, oldest first, as their worker may see them (no officers' names, no reasons)."""
    return list(connection.execute(_THREADS, {"ids": list(complaint_ids)})) if complaint_ids else []


@dataclass(frozen=True, slots=True)
class Found:
    """What a command needs of a complaint it changes."""

    id: int
    person_id: int
    address_id: int | None
    status: str
    first_answer_at: datetime | None


def find(connection: Connection, reference: str, *, person_id: int | None = None) -> Found | None:
    """One complaint, locked for this transaction where the database can; `person_id` restricts it to its owner."""
    statement = select(
        COMPLAINT.c.id,
        COMPLAINT.c.person_id,
        COMPLAINT.c.address_id,
        COMPLAINT.c.status,
        COMPLAINT.c.first_answer_at,
    ).where(COMPLAINT.c.reference == reference)
    if person_id is not None:
        statement = statement.where(COMPLAINT.c.person_id == person_id)
    if connection.dialect.name == "postgresql":
        statement = statement.with_for_update()
    row = connection.execute(statement).one_or_none()
    return Found(*row) if row else None


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
        )
    )
    connection.execute(
        update(COMPLAINT).where(mine, or_(*(COMPLAINT.c.status == one for one in OPEN))).values(status="withdrawn")
    )


# What staff may see: every list and page of the console goes through this one statement.


def visible() -> Select[Any]:
    """Complaints as staff see them. Reach by sub-committee is added here when roles arrive."""
    return select(COMPLAINT)


@dataclass(frozen=True, slots=True)
class Filter:
    """A list's filters; empty means any. `before` is the key to go on from, in the list's order."""

    status: str = ""
    category: str = ""
    country: str = ""
    channel: str = ""
    reference: str = ""
    late_at: datetime | None = None
    before: int | None = None


def listed(connection: Connection, wanted: Filter, limit: int = 50) -> list[Any]:
    """Newest first, paged by key."""
    statement = visible()
    if wanted.status == "open":
        statement = statement.where(COMPLAINT.c.status.in_(OPEN))
    elif wanted.status:
        statement = statement.where(COMPLAINT.c.status == wanted.status)
    for column, value in (
        (COMPLAINT.c.category, wanted.category),
        (COMPLAINT.c.country, wanted.country),
        (COMPLAINT.c.channel, wanted.channel),
        (COMPLAINT.c.reference, wanted.reference),
    ):
        if value:
            statement = statement.where(column == value)
    if wanted.late_at:
        statement = statement.where(COMPLAINT.c.due_at < wanted.late_at, COMPLAINT.c.first_answer_at.is_(None))
    if wanted.before:
        statement = statement.where(COMPLAINT.c.id < wanted.before)
    return list(connection.execute(statement.order_by(COMPLAINT.c.id.desc()).limit(limit)))


def seen_by_staff(connection: Connection, reference: str) -> Any | None:
    return connection.execute(visible().where(COMPLAINT.c.reference == reference)).one_or_none()


def thread_for_staff(connection: Connection, complaint_id: int) -> list[Any]:
    """Every entry with its file's state and who wrote it."""
    from storage.attachments import ATTACHMENT
    from storage.staff import STAFF

    return list(
        connection.execute(
            select(
                ENTRY,
                ATTACHMENT.c.state.label("file_state"),
                ATTACHMENT.c.reason.label("file_reason"),
                ATTACHMENT.c.mime.label("file_mime"),
                ATTACHMENT.c.size.label("file_size"),
                STAFF.c.name_km.label("staff_name_km"),
                STAFF.c.name_en.label("staff_name_en"),
            )
            .outerjoin(ATTACHMENT, ATTACHMENT.c.id == ENTRY.c.attachment_id)
            .outerjoin(STAFF, STAFF.c.id == ENTRY.c.staff_id)
            .where(ENTRY.c.complaint_id == complaint_id)
            .order_by(ENTRY.c.id)
        )
    )


def complaint_of_file(connection: Connection, attachment_id: str) -> int | None:
    """The complaint whose thread holds a file: staff may open a file only through one they may see."""
    shown = select(visible().subquery().c.id)
    return connection.scalar(
        select(ENTRY.c.complaint_id).where(ENTRY.c.attachment_id == attachment_id, ENTRY.c.complaint_id.in_(shown))
    )


def counts(connection: Connection, now: datetime) -> dict[str, int]:
    """Open, overdue and all, for the head of the list."""
    seen = visible().subquery()
    row = connection.execute(
        select(
            func.count().filter(seen.c.status.in_(OPEN)),
            func.count().filter(seen.c.due_at < now, seen.c.first_answer_at.is_(None), seen.c.status.in_(OPEN)),
            func.count(),
        ).select_from(seen)
    ).one()
    return {"open": row[0], "overdue": row[1], "all": row[2]}


def latest_change(connection: Connection) -> datetime | None:
    """When anything in the list last changed: what live pages watch."""
    latest: datetime | None = connection.scalar(select(func.max(COMPLAINT.c.changed_at)))
    return latest


def every(connection: Connection, after: int, limit: int = 500) -> list[Any]:
    """For the export: by id."""
    return list(connection.execute(visible().where(COMPLAINT.c.id > after).order_by(COMPLAINT.c.id).limit(limit)))


def file_changed(connection: Connection, attachment_id: str, now: datetime) -> None:
    """A file of a thread was kept or refused: live pages show it."""
    touched = select(ENTRY.c.complaint_id).where(ENTRY.c.attachment_id == attachment_id)
    connection.execute(update(COMPLAINT).where(COMPLAINT.c.id.in_(touched)).values(changed_at=now))


def entries_of(connection: Connection, complaint_ids: Sequence[int]) -> list[Any]:
    """Whole entries of these complaints, oldest first, for the export."""
    return list(connection.execute(select(ENTRY).where(ENTRY.c.complaint_id.in_(complaint_ids)).order_by(ENTRY.c.id)))
