"""Complaints of one case: which points to which."""

from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from storage.complaints import COMPLAINT, ENTRY

_INTO = select(COMPLAINT.c.merged_into_id).where(COMPLAINT.c.id == bindparam("one"))
_HAS = select(COMPLAINT.c.id).where(COMPLAINT.c.merged_into_id == bindparam("one")).limit(1)


def into(connection: Connection, complaint_id: int) -> int | None:
    """The id of the complaint it was merged into."""
    found: int | None = connection.scalar(_INTO, {"one": complaint_id})
    return found


def has_others(connection: Connection, complaint_id: int) -> bool:
    """Whether others were merged into it."""
    return connection.scalar(_HAS, {"one": complaint_id}) is not None


def near(connection: Connection, complaint_id: int, main_id: int | None) -> list[Any]:
    """The one it was merged into and those merged into it: id, reference, status, erased_at, merged_into_id."""
    newest = select(func.max(ENTRY.c.id)).where(ENTRY.c.complaint_id == COMPLAINT.c.id).scalar_subquery()
    return list(
        connection.execute(
            select(
                COMPLAINT.c.id,
                COMPLAINT.c.reference,
                COMPLAINT.c.status,
                COMPLAINT.c.erased_at,
                COMPLAINT.c.merged_into_id,
                newest.label("newest"),
            )
            .where((COMPLAINT.c.merged_into_id == complaint_id) | (COMPLAINT.c.id == main_id))
            .order_by(COMPLAINT.c.id)
        )
    )
