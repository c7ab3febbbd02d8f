"""Officers' own chats: which officer a chat is of, the codes that link them, and what was written there."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from bot.domain.complaints import OPEN
from bot.domain.reach import Reach
from storage import caseload
from storage.complaints import COMPLAINT, ENTRY
from storage.notices import NOTICE
from storage.outbox import OUTBOX
from storage.staff import STAFF

REFUSED = "refuse_code"
ADDRESS = "address"
"""How a wrong code stands in the audit: the action, and the kind of its subject."""


def officer_of(connection: Connection, address_id: int) -> int | None:
    """The active officer whose chat this is."""
    return connection.scalar(select(STAFF.c.id).where(STAFF.c.address_id == address_id, STAFF.c.active))


def by_code(connection: Connection, code: str, now: datetime) -> int | None:
    """The active officer who was given this code, while it holds."""
    held = (STAFF.c.link_code == code, STAFF.c.link_until > now, STAFF.c.active)
    return connection.scalar(select(STAFF.c.id).where(*held))


def link(connection: Connection, staff_id: int, address_id: int) -> None:
    """One chat is one officer's; the code is used up."""
    connection.execute(update(STAFF).where(STAFF.c.address_id == address_id).values(address_id=None))
    linked = {"address_id": address_id, "link_code": None, "link_until": None}
    connection.execute(update(STAFF).where(STAFF.c.id == staff_id).values(**linked))


def unlink(connection: Connection, staff_id: int) -> None:
    """Neither a chat nor a code."""
    free = {"address_id": None, "link_code": None, "link_until": None}
    connection.execute(update(STAFF).where(STAFF.c.id == staff_id).values(**free))


def offer(connection: Connection, staff_id: int, code: str, until: datetime) -> None:
    """A new code takes the place of the one before. Raises IntegrityError when another officer has it."""
    connection.execute(update(STAFF).where(STAFF.c.id == staff_id).values(link_code=code, link_until=until))


def chats(connection: Connection, staff_ids: Collection[int]) -> list[tuple[int, int]]:
    """(officer, address) of those of them who linked a chat."""
    linked = (STAFF.c.id.in_(staff_ids), STAFF.c.address_id.is_not(None), STAFF.c.active)
    rows = connection.execute(select(STAFF.c.id, STAFF.c.address_id).where(*linked).order_by(STAFF.c.id))
    return [(row.id, row.address_id) for row in rows]


def written(connection: Connection, address_id: int, platform_id: str) -> Any | None:
    """The body of our message with that platform's id in that chat."""
    mine = (OUTBOX.c.address_id == address_id, OUTBOX.c.platform_id == platform_id)
    return connection.scalar(select(OUTBOX.c.body).where(*mine).order_by(OUTBOX.c.id.desc()).limit(1))


def case(connection: Connection, reach: Reach, reference: str = "", *, id: int | None = None) -> Any | None:
    """A complaint that these eyes may see, by its reference or id."""
    which = COMPLAINT.c.id == id if id is not None else COMPLAINT.c.reference == reference
    return connection.execute(caseload.visible(reach).where(which)).one_or_none()


def told(connection: Connection, reach: Reach, limit: int) -> list[Any]:
    """Open complaints of this officer's unread notices, newest notice first."""
    unread = (NOTICE.c.staff_id == reach.staff, NOTICE.c.read_at.is_(None))
    newest = select(NOTICE.c.complaint_id, func.max(NOTICE.c.id).label("last")).where(*unread)
    grouped = newest.group_by(NOTICE.c.complaint_id).subquery()
    asked = caseload.visible(reach).join(grouped, grouped.c.complaint_id == COMPLAINT.c.id)
    shown = asked.where(COMPLAINT.c.status.in_(OPEN)).order_by(grouped.c.last.desc()).limit(limit)
    return list(connection.execute(shown))


def entries(connection: Connection, complaint_id: int, limit: int) -> list[Any]:
    """The last lines of the thread, oldest first: id, at, author, kind, body."""
    last = select(ENTRY.c.id, ENTRY.c.at, ENTRY.c.author, ENTRY.c.kind, ENTRY.c.body)
    rows = connection.execute(last.where(ENTRY.c.complaint_id == complaint_id).order_by(ENTRY.c.id.desc()).limit(limit))
    return list(rows)[::-1]
