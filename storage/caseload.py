"""What staff may see of complaints: every list and page of the console goes through one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, not_, or_, select, true

from bot.domain.complaints import OPEN
from bot.domain.reach import READ, Reach
from bot.domain.routing import ABOUT_OFFICIAL, MISCONDUCT
from storage.attachments import ATTACHMENT
from storage.complaints import COMPLAINT, ENTRY
from storage.staff import STAFF

EVERYTHING = None
"""Instead of a reach, for the service itself: exports from the command line, jobs."""


def within(reach: Reach | None) -> ColumnElement[bool]:
    """Which complaints these eyes may see: their own office's, and never one about a post where they serve."""
    if reach is EVERYTHING:
        return true()
    if not reach.may(READ):
        return false()
    about_us = or_(
        COMPLAINT.c.about_office_id.in_(reach.offices),
        and_(
            COMPLAINT.c.about_office_id.is_(None),
            or_(COMPLAINT.c.about == ABOUT_OFFICIAL, COMPLAINT.c.category == MISCONDUCT),
            COMPLAINT.c.country.in_(reach.posts),
        ),
    )
    mine = true() if reach.everywhere else COMPLAINT.c.office_id.in_(reach.offices)
    return and_(mine, not_(func.coalesce(about_us, false()))) if reach.offices else mine


def visible(reach: Reach | None) -> Select[Any]:
    """Complaints as this officer sees them."""
    return select(COMPLAINT).where(within(reach))


def may_see(connection: Connection, reach: Reach | None, complaint_id: int) -> bool:
    """Whether that complaint is one of those."""
    asked = select(COMPLAINT.c.id).where(COMPLAINT.c.id == complaint_id, within(reach))
    return connection.scalar(asked) is not None


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


def listed(connection: Connection, reach: Reach | None, wanted: Filter, limit: int = 50) -> list[Any]:
    """Newest first, paged by key."""
    statement = visible(reach)
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


def one(connection: Connection, reach: Reach | None, reference: str) -> Any | None:
    return connection.execute(visible(reach).where(COMPLAINT.c.reference == reference)).one_or_none()


def thread(connection: Connection, complaint_id: int) -> list[Any]:
    """Every entry with its file's state and who wrote it."""
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


def complaint_of_file(connection: Connection, reach: Reach | None, attachment_id: str) -> int | None:
    """The complaint whose thread holds a file: staff may open a file only through one they may see."""
    shown = visible(reach).with_only_columns(COMPLAINT.c.id)
    return connection.scalar(
        select(ENTRY.c.complaint_id).where(ENTRY.c.attachment_id == attachment_id, ENTRY.c.complaint_id.in_(shown))
    )


def counts(connection: Connection, reach: Reach | None, now: datetime) -> dict[str, int]:
    """Open, overdue and all, for the head of the list."""
    seen = visible(reach).subquery()
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


def every(connection: Connection, reach: Reach | None, after: int, limit: int = 500) -> list[Any]:
    """For the export: by id."""
    return list(connection.execute(visible(reach).where(COMPLAINT.c.id > after).order_by(COMPLAINT.c.id).limit(limit)))


def entries_of(connection: Connection, complaint_ids: Sequence[int]) -> list[Any]:
    """Whole entries of these complaints, oldest first, for the export."""
    return list(connection.execute(select(ENTRY).where(ENTRY.c.complaint_id.in_(complaint_ids)).order_by(ENTRY.c.id)))
