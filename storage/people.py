"""People, the addresses they write from, and where each conversation stands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, column, delete, exists, insert, select, update
from sqlalchemy import table as lightly
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel, UniqueConstraint

from storage.columns import Identity, Moment, Sealed, SealedJson, table


class Person(SQLModel, table=True):
    """A worker, or whoever writes for one. `word`: once chosen, notices say nothing until they write it."""

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    language: str = "km"
    country: str = ""
    name: str | None = Field(default=None, sa_type=Sealed)
    phone: str | None = Field(default=None, sa_type=Sealed)
    created_at: datetime = Field(sa_type=Moment)
    word: str | None = Field(default=None, sa_type=Sealed)


class Address(SQLModel, table=True):
    """Where a person writes from: a channel and that channel's own id for them.

    `window_until`: until when the platform lets us write (Messenger). `suppressed`: why nothing may be sent
    until they write again. `seen_at`: the last thing they did.
    """

    __table_args__ = (UniqueConstraint("channel", "external_id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=Identity)
    person_id: int = Field(foreign_key="person.id", index=True, sa_type=Identity)
    channel: str
    external_id: str
    session: Any = Field(default=None, sa_type=SealedJson, nullable=True)
    created_at: datetime = Field(sa_type=Moment)
    seen_at: datetime = Field(sa_type=Moment)
    window_until: datetime | None = Field(default=None, sa_type=Moment)
    suppressed: str = ""
    erased_at: datetime | None = Field(default=None, sa_type=Moment, index=True)


PERSON, ADDRESS = table(Person), table(Address)
Where = tuple[str, str]
"""A channel and somebody's id there."""


@dataclass(frozen=True, slots=True)
class Here:
    """One address, locked for this transaction, with its person."""

    address_id: int
    person_id: int
    session: Mapping[str, Any] | None
    suppressed: str
    language: str
    country: str
    name: str | None
    phone: str | None
    window_until: datetime | None = None
    has_complaints: bool = False
    word: str | None = None

    def window(self, until: datetime | None) -> datetime | None:
        """The later of what is known and what an event says: events come late and out of order."""
        return max(filter(None, (self.window_until, until)), default=None)


_COMPLAINT = lightly("complaint", column("person_id"))  # not imported: complaints know people, not the reverse
_HERE = (
    select(
        ADDRESS.c.external_id,
        ADDRESS.c.id,
        ADDRESS.c.person_id,
        ADDRESS.c.session,
        ADDRESS.c.suppressed,
        ADDRESS.c.erased_at,
        ADDRESS.c.window_until,
        PERSON.c.language,
        PERSON.c.country,
        PERSON.c.name,
        PERSON.c.phone,
        PERSON.c.word,
        exists().where(_COMPLAINT.c.person_id == PERSON.c.id).label("has_complaints"),
    )
    .join(PERSON, PERSON.c.id == ADDRESS.c.person_id)
    .where(ADDRESS.c.channel == bindparam("channel"), ADDRESS.c.external_id.in_(bindparam("those", expanding=True)))
    .order_by(ADDRESS.c.id)
)
_HERE_LOCKED = _HERE.with_for_update(of=ADDRESS)
_NEW_PERSON = insert(PERSON).returning(PERSON.c.id)
_NEW_ADDRESS = {
    "sqlite": sqlite.insert(ADDRESS).on_conflict_do_nothing().returning(ADDRESS.c.id),
    "postgresql": postgresql.insert(ADDRESS).on_conflict_do_nothing().returning(ADDRESS.c.id),
}
_DROP_PERSON = delete(PERSON).where(PERSON.c.id == bindparam("gone"))
_SAVE = (
    update(ADDRESS)
    .where(ADDRESS.c.id == bindparam("here"))
    .values(
        session=bindparam("session"),
        seen_at=bindparam("seen_at"),
        window_until=bindparam("window_until"),
        suppressed="",
        erased_at=None,
    )
)
_SEEN = (
    update(ADDRESS)
    .where(ADDRESS.c.id == bindparam("here"))
    .values(seen_at=bindparam("seen_at"), window_until=bindparam("window_until"), suppressed=bindparam("why"))
)


def enter(connection: Connection, channel: str, external_id: str, now: datetime) -> Here:
    """Upsert the address, then lock its row: one turn at a time per person."""
    return enter_all(connection, [(channel, external_id)], now)[channel, external_id]


def enter_all(connection: Connection, who: Collection[Where], now: datetime) -> dict[Where, Here]:
    """The same for several; in one order everywhere, so that two processes do not wait for each other here."""
    found = _locked(connection, who)
    new = sorted(one for one in who if one not in found)
    for channel, external_id in new:
        _make(connection, channel, external_id, now)
    found |= _locked(connection, new)
    return {one: _here(found[one]) for one in who}


def _make(connection: Connection, channel: str, external_id: str, now: datetime) -> None:
    """A person and their address, unless another first message of the same person was faster."""
    person_id = connection.execute(_NEW_PERSON, {"created_at": now, "language": "km", "country": ""}).scalar_one()
    address = {
        "person_id": person_id,
        "channel": channel,
        "external_id": external_id,
        "created_at": now,
        "seen_at": now,
        "suppressed": "",
    }
    if connection.execute(_NEW_ADDRESS[connection.dialect.name], address).scalar_one_or_none() is None:
        connection.execute(_DROP_PERSON, {"gone": person_id})


def _locked(connection: Connection, who: Collection[Where]) -> dict[Where, Any]:
    statement = _HERE_LOCKED if connection.dialect.name == "postgresql" else _HERE
    found = {}
    for channel in sorted({channel for channel, _external_id in who}):
        those = [external_id for one, external_id in who if one == channel]
        for row in connection.execute(statement, {"channel": channel, "those": those}):
            found[channel, row.external_id] = row
    return found


def _here(row: Any) -> Here:
    return Here(
        address_id=row.id,
        person_id=row.person_id,
        session=None if row.erased_at else row.session,
        suppressed=row.suppressed,
        language=row.language,
        country=row.country,
        name=row.name,
        phone=row.phone,
        window_until=row.window_until,
        has_complaints=row.has_complaints,
        word=row.word,
    )


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a conversation stands after a turn."""

    address_id: int
    session: Mapping[str, Any]
    window_until: datetime | None


def save(connection: Connection, stands: Collection[Stand], now: datetime) -> None:
    """Where these conversations stand now; writing again lifts a suppression."""
    rows = [
        {"here": one.address_id, "session": one.session, "seen_at": now, "window_until": one.window_until}
        for one in stands
    ]
    if rows:
        connection.execute(_SAVE, rows)


def seen(
    connection: Connection, address_id: int, seen_at: datetime, window_until: datetime | None, suppressed: str
) -> None:
    """The person did something that is no turn: a reaction, a block."""
    connection.execute(_SEEN, {"here": address_id, "seen_at": seen_at, "window_until": window_until, "why": suppressed})


def suppress(connection: Connection, address_id: int, why: str, seen_at: datetime) -> bool:
    """Nothing more is sent there until they write again; False when they wrote after `seen_at`."""
    silent = update(ADDRESS).where(ADDRESS.c.id == address_id, ADDRESS.c.seen_at <= seen_at).values(suppressed=why)
    return connection.execute(silent).rowcount == 1


def remember(connection: Connection, person_id: int, **what: Any) -> None:
    """Set `language`, `country`, `name` or `phone`; empty values change nothing."""
    values = {key: value for key, value in what.items() if value}
    if values:
        connection.execute(update(PERSON).where(PERSON.c.id == person_id).values(**values))


def set_word(connection: Connection, person_id: int, word: str | None) -> None:
    """Until they write that word, this person's notices say nothing; None turns it off."""
    connection.execute(update(PERSON).where(PERSON.c.id == person_id).values(word=word))


def erase(connection: Connection, person_id: int, now: datetime) -> None:
    """Forget who this is. The addresses follow once the last reply has left; see `purge`."""
    connection.execute(
        update(PERSON)
        .where(PERSON.c.id == person_id)
        .values(name=None, phone=None, word=None, country="", language="km")
    )
    connection.execute(update(ADDRESS).where(ADDRESS.c.person_id == person_id).values(session=None, erased_at=now))


@dataclass(frozen=True, slots=True)
class Destination:
    """Where and in which language to write to a person; `discreet`: they chose a word."""

    address_id: int
    channel: str
    language: str
    country: str
    discreet: bool = False


def destination(connection: Connection, address_id: int) -> Destination | None:
    row = connection.execute(
        select(ADDRESS.c.id, ADDRESS.c.channel, PERSON.c.language, PERSON.c.country, PERSON.c.word.is_not(None))
        .join(PERSON, PERSON.c.id == ADDRESS.c.person_id)
        .where(ADDRESS.c.id == address_id, ADDRESS.c.erased_at.is_(None))
    ).one_or_none()
    return Destination(*row) if row else None


def addresses_of(connection: Connection, person_id: int) -> list[int]:
    return list(connection.scalars(select(ADDRESS.c.id).where(ADDRESS.c.person_id == person_id)))


def purge(connection: Connection, now: datetime) -> int:
    """Drop addresses of erased people, once nothing more has to be said to them; returns how many."""
    from storage.attachments import ATTACHMENT
    from storage.complaints import COMPLAINT
    from storage.outbox import FLYING, OUTBOX, QUEUED
    from storage.staff import STAFF

    erased = select(ADDRESS.c.id).where(ADDRESS.c.erased_at < now)
    busy = select(OUTBOX.c.address_id).where(OUTBOX.c.address_id.in_(erased), OUTBOX.c.state.in_((QUEUED, FLYING)))
    gone = list(connection.scalars(erased.where(ADDRESS.c.id.not_in(busy))))
    if gone:
        connection.execute(delete(OUTBOX).where(OUTBOX.c.address_id.in_(gone)))
        connection.execute(update(ATTACHMENT).where(ATTACHMENT.c.address_id.in_(gone)).values(address_id=None))
        connection.execute(update(COMPLAINT).where(COMPLAINT.c.address_id.in_(gone)).values(address_id=None))
        connection.execute(update(STAFF).where(STAFF.c.address_id.in_(gone)).values(address_id=None))
        connection.execute(delete(ADDRESS).where(ADDRESS.c.id.in_(gone)))
    return len(gone)


def address_of(connection: Connection, channel: str, external_id: str) -> int | None:
    """The address of whoever writes from there; None when nobody has."""
    return connection.scalar(
        select(ADDRESS.c.id).where(ADDRESS.c.channel == channel, ADDRESS.c.external_id == external_id)
    )


def open_newest_session(connection: Connection) -> None:
    """Raises cryptography's InvalidToken when no key opens what was sealed last."""
    connection.execute(select(ADDRESS.c.session).order_by(ADDRESS.c.id.desc()).limit(1)).all()
