"""What must be sent: one row is one platform request, and its state is never guessed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlmodel import Field, Index, SQLModel

from bot.domain.delivery import Decision
from storage.columns import Identity, Moment, SealedJson, table
from storage.db import insert_rows
from storage.people import ADDRESS, PERSON

QUEUED, FLYING, SENT, HELD, DEAD = "queued", "flying", "sent", "held", "dead"
HUSHED = "hushed"
UNASKED = "unasked"
"""Why it is held: the worker asked us not to write first."""


class Outbox(SQLModel, table=True):
    """`body` is a bubble (see `bot.channels.base.Parcel`). `human`: a person wrote it. `what`: message, ack or edit.

    `state`: queued, flying (a request is under way), sent, held (until the person writes), dead (`why` says),
    hushed (until they write the word they chose for discreet messages).
    """

    __table_args__ = (
        Index("outbox_due", "channel", "state", "lane", "id"),
        Index("outbox_address", "address_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    address_id: int = Field(foreign_key="address.id", sa_type=Identity)
    channel: str
    lane: int
    what: str = "message"
    human: bool = False
    body: Any = Field(default=None, sa_type=SealedJson, nullable=True)
    state: str = QUEUED
    why: str = ""
    tries: int = 0
    not_before: datetime = Field(sa_type=Moment)
    created_at: datetime = Field(sa_type=Moment)
    sent_at: datetime | None = Field(default=None, sa_type=Moment)
    holder: str = ""
    platform_id: str = ""


OUTBOX = table(Outbox)


@dataclass(frozen=True, slots=True)
class Row:
    """One request to make. Times are aware UTC."""

    id: int
    address_id: int
    external_id: str
    lane: int
    what: str
    human: bool
    body: Mapping[str, Any]
    tries: int
    created_at: datetime
    window_until: datetime | None
    seen_at: datetime
    suppressed: str


def rows_of(
    *,
    address_id: int,
    channel: str,
    lane: int,
    now: datetime,
    bodies: Sequence[Mapping[str, Any]],
    what: str = "message",
    human: bool = False,
    first: Sequence[tuple[str, Mapping[str, Any]]] = (),
    state: str = QUEUED,
    why: str = "",
    not_before: datetime | None = None,
) -> list[dict[str, Any]]:
    """Requests to queue, in order; `first` are of other kinds and go before them: (what, body)."""
    return [
        {
            "address_id": address_id,
            "channel": channel,
            "lane": lane,
            "what": kind,
            "human": human,
            "body": dict(body),
            "state": state,
            "why": why,
            "tries": 0,
            "not_before": not_before or now,
            "created_at": now,
            "holder": "",
            "platform_id": "",
        }
        for kind, body in (*first, *((what, body) for body in bodies))
    ]


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Queue them, in order."""
    insert_rows(connection, OUTBOX, rows)


_DUE = (
    select(
        OUTBOX.c.id,
        OUTBOX.c.address_id,
        ADDRESS.c.external_id,
        OUTBOX.c.lane,
        OUTBOX.c.what,
        OUTBOX.c.human,
        OUTBOX.c.body,
        OUTBOX.c.tries,
        OUTBOX.c.created_at,
        ADDRESS.c.window_until,
        ADDRESS.c.seen_at,
        ADDRESS.c.suppressed,
    )
    .join(ADDRESS, ADDRESS.c.id == OUTBOX.c.address_id)
    .where(
        OUTBOX.c.channel == bindparam("channel"),
        OUTBOX.c.state == QUEUED,
        OUTBOX.c.not_before <= bindparam("now"),
        OUTBOX.c.lane <= bindparam("lane"),
    )
    .order_by(OUTBOX.c.lane, OUTBOX.c.id)
    .limit(bindparam("most"))
)
_FLY = (
    update(OUTBOX)
    .where(OUTBOX.c.id.in_(bindparam("rows", expanding=True)), OUTBOX.c.state == QUEUED)
    .values(state=FLYING, holder=bindparam("by"), tries=OUTBOX.c.tries + 1)
)


def claim(connection: Connection, channel: str, holder: str, now: datetime, limit: int, lane: int = 3) -> list[Row]:
    """The next rows up to `lane`, marked in flight: most urgent first, then oldest. For the lease's holder only."""
    due = {"channel": channel, "now": now, "most": limit, "lane": lane}
    found = [Row(*row) for row in list[Any](connection.execute(_DUE, due))]
    if found:
        connection.execute(_FLY, {"rows": [row.id for row in found], "by": holder})
    return found


_RECORD = (
    update(OUTBOX)
    .where(OUTBOX.c.id == bindparam("row"), OUTBOX.c.state == FLYING, OUTBOX.c.holder == bindparam("by"))
    .values(
        state=bindparam("to"),
        why=bindparam("because"),
        not_before=bindparam("after"),
        sent_at=bindparam("sent"),
        platform_id=bindparam("their_id"),
        tries=OUTBOX.c.tries - bindparam("untried"),
    )
)


def record(
    connection: Connection,
    holder: str,
    results: Iterable[tuple[int, Decision, str]],
    now: datetime,
    untried: Iterable[int] = (),
) -> None:
    """What became of rows in flight: (row id, decision, platform's message id). `untried` rows were never sent."""
    given_back = set(untried)
    rows = [
        {
            "row": row,
            "by": holder,
            "to": decision.state,
            "because": decision.why[:200],
            "after": decision.not_before,
            "sent": now if decision.state == SENT else None,
            "their_id": platform_id,
            "untried": int(row in given_back),
        }
        for row, decision, platform_id in results
    ]
    if rows:
        connection.execute(_RECORD, rows)


@dataclass(frozen=True, slots=True)
class Lost:
    """A row that was in flight when its sender died."""

    id: int
    lane: int
    tries: int


def lost(connection: Connection, channel: str, holder: str) -> list[Lost]:
    """Take over rows in flight of any sender; the answer to each is unknown."""
    connection.execute(
        update(OUTBOX).where(OUTBOX.c.channel == channel, OUTBOX.c.state == FLYING).values(holder=holder)
    )
    rows = connection.execute(
        select(OUTBOX.c.id, OUTBOX.c.lane, OUTBOX.c.tries).where(
            OUTBOX.c.channel == channel, OUTBOX.c.state == FLYING, OUTBOX.c.holder == holder
        )
    )
    return [Lost(*row) for row in rows]


def hold(connection: Connection, address_id: int, why: str, now: datetime) -> None:
    """Everything still queued for an address waits until the person writes again."""
    connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.address_id == address_id, OUTBOX.c.state == QUEUED)
        .values(state=HELD, why=why, not_before=now)
    )


_RELEASE = (
    update(OUTBOX)
    .where(OUTBOX.c.address_id == bindparam("here"), OUTBOX.c.state == HELD)
    .values(state=QUEUED, not_before=bindparam("now"), why="")
)
_RELEASE_SOME = _RELEASE.where(OUTBOX.c.why != UNASKED)


def release(connection: Connection, address_id: int, now: datetime, *, wrote: bool = True) -> None:
    """The person is there again: what was held may go, in its old order; what waits for their words, if they wrote."""
    connection.execute(_RELEASE if wrote else _RELEASE_SOME, {"here": address_id, "now": now})


def depth(connection: Connection) -> list[tuple[str, str, int]]:
    """(channel, state, count) of what is not sent, for the metrics."""
    rows = connection.execute(
        select(OUTBOX.c.channel, OUTBOX.c.state, func.count())
        .where(OUTBOX.c.state != SENT)
        .group_by(OUTBOX.c.channel, OUTBOX.c.state)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def forget_sent_before(connection: Connection, moment: datetime) -> int:
    return connection.execute(delete(OUTBOX).where(OUTBOX.c.state == SENT, OUTBOX.c.sent_at < moment)).rowcount


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that was delivered. `language` is the person's now; `human`: an officer wrote it."""

    id: int
    body: Mapping[str, Any]
    human: bool
    sent_at: datetime
    language: str


_TO = (
    select(OUTBOX.c.id, OUTBOX.c.body, OUTBOX.c.human, OUTBOX.c.sent_at, PERSON.c.language)
    .join(ADDRESS, ADDRESS.c.id == OUTBOX.c.address_id)
    .join(PERSON, PERSON.c.id == ADDRESS.c.person_id)
    .where(
        ADDRESS.c.channel == bindparam("channel"),
        ADDRESS.c.external_id == bindparam("external_id"),
        OUTBOX.c.state == SENT,
    )
)
_NEWS = (
    _TO.where(OUTBOX.c.sent_at >= bindparam("since"), OUTBOX.c.id.not_in(bindparam("known", expanding=True)))
    .order_by(OUTBOX.c.sent_at, OUTBOX.c.id)
    .limit(bindparam("most"))
)
_WHEN = (
    select(OUTBOX.c.sent_at)
    .join(ADDRESS, ADDRESS.c.id == OUTBOX.c.address_id)
    .where(
        ADDRESS.c.channel == bindparam("channel"),
        ADDRESS.c.external_id == bindparam("external_id"),
        OUTBOX.c.id == bindparam("row"),
        OUTBOX.c.state == SENT,
    )
)


def news(
    connection: Connection,
    channel: str,
    external_id: str,
    since: datetime,
    known: Collection[int] = (),
    limit: int = 200,
) -> list[Delivered]:
    """What was delivered to an address at `since` or later and is not `known`, in the order it was delivered.

    Ids do not tell that order: an urgent lane overtakes, and two transactions may commit the other way round.
    """
    asked = {"channel": channel, "external_id": external_id, "since": since, "known": list(known), "most": limit}
    return [Delivered(*row) for row in connection.execute(_NEWS, asked)]


def delivered_at(connection: Connection, channel: str, external_id: str, row: int) -> datetime | None:
    """When that row was delivered to that address; None when it was not, or is gone."""
    return connection.scalar(_WHEN, {"channel": channel, "external_id": external_id, "row": row})


def delivered_file(connection: Connection, channel: str, external_id: str, file: str) -> bool:
    """Whether that file was delivered to that address; bodies are sealed, so each is read."""
    rows = connection.execute(_TO, {"channel": channel, "external_id": external_id})
    return any(row.body and row.body.get("file") == file for row in rows)
