"""Complaints whose words are not in the index yet, and their way into it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, true, update

from storage import search
from storage.complaints import COMPLAINT, ENTRY

SPOKEN = ("text",)
"""Kinds of entries whose words are found: the worker's story, and what officers answered."""


@dataclass(frozen=True, slots=True)
class Unindexed:
    """A complaint as it was read. `seen`: when it had last changed; `name`: whom it is about."""

    id: int
    seen: datetime
    name: str
    texts: tuple[str, ...]


_WAITING = (
    select(COMPLAINT.c.id, COMPLAINT.c.changed_at, COMPLAINT.c.about_name)
    .where(COMPLAINT.c.unindexed == true())
    .order_by(COMPLAINT.c.id)
    .limit(bindparam("most"))
)
_TEXTS = (
    select(ENTRY.c.complaint_id, ENTRY.c.body)
    .where(ENTRY.c.complaint_id.in_(bindparam("ids", expanding=True)), ENTRY.c.kind.in_(SPOKEN))
    .order_by(ENTRY.c.id)
)
_SETTLE = (
    update(COMPLAINT)
    .where(COMPLAINT.c.id == bindparam("complaint"), COMPLAINT.c.changed_at == bindparam("seen"))
    .values(unindexed=False, about_key=bindparam("whom"))
)


def waiting(connection: Connection, most: int) -> list[Unindexed]:
    """The oldest of those that wait, with everything that was said in them."""
    rows = list(connection.execute(_WAITING, {"most": most}))
    said: dict[int, list[str]] = {row.id: [] for row in rows}
    if rows:
        for id, body in connection.execute(_TEXTS, {"ids": list(said)}):
            said[id].append(body or "")
    return [Unindexed(row.id, row.changed_at, row.about_name or "", tuple(said[row.id])) for row in rows]


def settle(connection: Connection, read: Unindexed, name: int | None, words: Collection[int]) -> bool:
    """Into the index. False, and nothing done, when the complaint changed or was erased since it was read."""
    told = {"complaint": read.id, "seen": read.seen, "whom": name}
    if not connection.execute(_SETTLE, told).rowcount:
        return False
    search.put(connection, read.id, words)
    return True


def mark(connection: Connection, after: int, most: int) -> int | None:
    """Some that are to be indexed anew, by id; the last one's id, None when there are no more."""
    ids: Sequence[int] = list(
        connection.scalars(select(COMPLAINT.c.id).where(COMPLAINT.c.id > after).order_by(COMPLAINT.c.id).limit(most))
    )
    if not ids:
        return None
    connection.execute(update(COMPLAINT).where(COMPLAINT.c.id.in_(ids)).values(unindexed=True))
    return ids[-1]
