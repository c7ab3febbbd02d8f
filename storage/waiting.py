"""What in the outbox waits for the person: hushed until they write their word; an album's answer, for a moment."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update

from bot.domain.delivery import LIVE
from storage.outbox import HELD, HUSHED, OUTBOX, QUEUED

_HUSHED = (OUTBOX.c.address_id == bindparam("here"), OUTBOX.c.state == HUSHED)
_COUNT = select(func.count()).select_from(OUTBOX).where(*_HUSHED)
_AT = select(OUTBOX.c.id).where(*_HUSHED, OUTBOX.c.created_at == bindparam("now")).limit(1)
_SHOW = update(OUTBOX).where(*_HUSHED).values(state=QUEUED, not_before=bindparam("now"))


def hushed(connection: Connection, address_id: int) -> int:
    """How many messages wait for the person's word."""
    return connection.scalar(_COUNT, {"here": address_id}) or 0


def hushed_at(connection: Connection, address_id: int, now: datetime) -> bool:
    """Whether something was hushed at this very moment: one neutral line is enough for an answer with its files."""
    return connection.scalar(_AT, {"here": address_id, "now": now}) is not None


def show(connection: Connection, address_id: int, now: datetime) -> None:
    """The person wrote their word: what waited goes out, once, in its order."""
    connection.execute(_SHOW, {"here": address_id, "now": now})


def forget(connection: Connection, address_ids: Collection[int]) -> None:
    """What was hushed or held there is read by nobody any more."""
    connection.execute(delete(OUTBOX).where(OUTBOX.c.address_id.in_(address_ids), OUTBOX.c.state.in_((HUSHED, HELD))))


_DELAYED = (
    OUTBOX.c.address_id == bindparam("here"),
    *(OUTBOX.c.state == QUEUED, OUTBOX.c.lane == LIVE, OUTBOX.c.tries == 0, OUTBOX.c.why == ""),
    OUTBOX.c.not_before > bindparam("now"),
)
_SUPERSEDE = delete(OUTBOX).where(*_DELAYED)
_HURRY = update(OUTBOX).where(*_DELAYED).values(not_before=bindparam("now"))


def supersede(connection: Connection, address_id: int, now: datetime) -> None:
    """Drop a delayed answer that has not gone yet: the next one stands for both."""
    connection.execute(_SUPERSEDE, {"here": address_id, "now": now})


def hurry(connection: Connection, address_id: int, now: datetime) -> None:
    """Let a delayed answer go now: something else follows it."""
    connection.execute(_HURRY, {"here": address_id, "now": now})
