"""What staff may see of complaints: every list and page of the console goes through one statement."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, false, func, not_, or_, select, true

from bot.domain.reach import READ, Reach
from bot.domain.routing import ABOUT_OFFICIAL, MISCONDUCT
from storage.attachments import ATTACHMENT
from storage.complaints import COMPLAINT, ENTRY
from storage.staff import STAFF

EVERYTHING = None
"""Instead of a reach, for the service itself: exports from the command line, jobs."""


def within(reach: Reach | None, office: ColumnElement[int | None] = COMPLAINT.c.office_id) -> ColumnElement[bool]:
    """Which complaints these eyes may see: their own office's, and never one about a post where they serve.

    `office`: the column, or an expression that is equal to it and that no index knows.
    """
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
    mine = true() if reach.everywhere else office.in_(reach.offices)
    return and_(mine, not_(func.coalesce(about_us, false()))) if reach.offices else mine


def visible(reach: Reach | None) -> Select[Any]:
    """Complaints as this officer sees them."""
    return select(COMPLAINT).where(within(reach))


def eyes(reach: Reach) -> Reach:
    """The same for all who see the same: what one of an office may see, every other of that role there may."""
    return replace(reach, staff=0)


@lru_cache(maxsize=4096)
def _seen(reach: Reach | None) -> Select[Any]:
    """Made once for equal eyes: every command asks it, and the ladder all the time."""
    return select(COMPLAINT.c.id).where(COMPLAINT.c.id == bindparam("complaint"), within(reach))


def may_see(connection: Connection, reach: Reach | None, complaint_id: int) -> bool:
    """Whether that complaint is one of those."""
    return connection.scalar(_seen(eyes(reach) if reach else reach), {"complaint": complaint_id}) is not None


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


def complaint_of_file(connection: Connection, reach: Reach | None, attachment_id: str) -> str | None:
    """Reference of the complaint whose thread holds a file: staff may open a file only through one they may see."""
    found: str | None = connection.scalar(
        select(COMPLAINT.c.reference)
        .join(ENTRY, ENTRY.c.complaint_id == COMPLAINT.c.id)
        .where(ENTRY.c.attachment_id == attachment_id, within(reach))
        .limit(1)
    )
    return found


def same_about(connection: Connection, reach: Reach | None, row: Any) -> int:
    """How many other complaints are about the employer or agency of this one (a row with `id` and `about_key`)."""
    if row.about_key is None:
        return 0
    others = (COMPLAINT.c.about_key == row.about_key, COMPLAINT.c.id != row.id)
    return connection.scalar(select(func.count()).select_from(COMPLAINT).where(*others, within(reach))) or 0


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
