"""Many people at once, each of whom files one complaint in four messages, and what must be true afterwards."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection, func, select

from bot.text import reference
from storage.complaints import COMPLAINT
from storage.db import Database
from storage.inbox import INBOX
from storage.leases import LEASE
from storage.outbox import FLYING, OUTBOX, SENT
from storage.people import ADDRESS
from tests.app.trip import Trip
from tests.emulators.messenger import Person as FbPerson
from tests.emulators.messenger import Seen
from tests.emulators.telegram import Person as TgPerson
from tests.emulators.telegram import SeenMessage

PATIENT = 200.0
DONE, SEND = "person:message=.", "person:review=send"
CONFIRMED = "follow:see="


@dataclass
class Crowd:
    """`filed`: how many have read that their complaint was sent."""

    trip: Trip
    size: int
    telegram: list[TgPerson] = field(default_factory=list)
    messenger: list[FbPerson] = field(default_factory=list)
    filed: int = 0
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _pairs: Iterator[tuple[TgPerson, FbPerson]] = field(default_factory=lambda: iter(()))

    def __post_init__(self) -> None:
        self.telegram = [self.trip.tg.person(10_000 + number) for number in range(self.size // 2)]
        self.messenger = [self.trip.fb.person(str(6_000_000 + number)) for number in range(self.size // 2)]

        self._pairs = iter(zip(self.telegram, self.messenger, strict=True))

    async def file_all(self, at_once: int) -> None:
        """Everybody who has not begun, in pairs of one on each platform, `at_once` pairs at a time."""
        async with asyncio.TaskGroup() as group:
            for _one in range(at_once):
                group.create_task(self._file())

    async def _file(self) -> None:
        for one, other in self._pairs:
            await asyncio.gather(self._on_telegram(one), self._on_messenger(other))

    async def filed_by(self, count: int) -> None:
        """Wait until so many have filed."""
        while self.filed < count:
            self._moved.clear()
            await self._moved.wait()

    def _read_it(self) -> None:
        self.filed += 1
        self._moved.set()

    async def _on_telegram(self, person: TgPerson) -> None:
        await person.sends(words(str(person.id)))
        await person.sees("Which language", PATIENT)
        await person.sends("/officer")
        for code in (DONE, SEND):
            await person.sees(partial(has_button, code), PATIENT)
            await person.taps(code)
        await person.sees(lambda message: CONFIRMED in json.dumps(message.inline_keyboard), PATIENT)
        self._read_it()

    async def _on_messenger(self, person: FbPerson) -> None:
        await person.sends(words(person.psid))
        await person.sees("Which language", PATIENT)
        await person.sends("/officer")
        for code in (DONE, SEND):
            await person.sees(partial(offers, code), PATIENT)
            # A message that came twice may have taken the buttons away; a number does as well.
            offered = any(reply.payload == code for reply in person.quick_replies)
            await (person.taps(code) if offered else person.sends("1"))
        await person.sees(partial(offers, CONFIRMED), PATIENT)
        self._read_it()


def words(who: str) -> str:
    return f"ថៅកែមិនទាន់បើកប្រាក់ខែឱ្យខ្ញុំពីរខែហើយ {who}"


def has_button(code: str, message: SeenMessage) -> bool:
    return message.button(code) is not None


def offers(code: str, seen: Seen) -> bool:
    return any(str(reply.get("payload", "")).startswith(code) for reply in seen.message.get("quick_replies", ()))


@contextmanager
def looking(url: str) -> Iterator[Database]:
    """The service's database, beside it."""
    database = Database(url, pool=1)
    try:
        yield database
    finally:
        database.close()


def flying(url: str) -> int:
    """Rows in flight now."""
    with looking(url) as database:
        statement = select(func.count()).where(OUTBOX.c.state == FLYING)
        return database.read_now(lambda connection: connection.scalar(statement) or 0)


def unsent(url: str) -> int:
    """Rows that are not sent."""
    with looking(url) as database:
        statement = select(func.count()).where(OUTBOX.c.state != SENT)
        return database.read_now(lambda connection: connection.scalar(statement) or 0)


def check(crowd: Crowd, taken: Iterable[tuple[str, str]], most_twice: int) -> int:
    """What must be true once all have filed and nothing is on its way; returns how many messages came twice.

    `taken`: (channel, event id) of everything that was answered with 200.
    """
    with looking(crowd.trip.database_url) as database:
        twice: int = database.read_now(lambda connection: _check(connection, crowd, set(taken)))
    assert twice <= most_twice
    return twice


def _check(connection: Connection, crowd: Crowd, taken: set[tuple[str, str]]) -> int:
    inbox = [(row.channel, row.event_id) for row in connection.execute(select(INBOX))]
    assert len(inbox) == len(set(inbox))
    assert taken == set(inbox)  # neither lost nor invented
    filed = list(
        connection.execute(
            select(ADDRESS.c.external_id, COMPLAINT.c.reference).join(ADDRESS, ADDRESS.c.id == COMPLAINT.c.address_id)
        )
    )
    assert len(filed) == len({row.reference for row in filed}) == len({row.external_id for row in filed}) == crowd.size
    assert set(connection.scalars(select(OUTBOX.c.state).distinct())) == {SENT}
    references = {row.external_id: reference.show(row.reference) for row in filed}
    heard = {str(one.id): [seen.text for seen in one.heard] for one in crowd.telegram}
    heard |= {one.psid: [seen.text or "" for seen in one.chat] for one in crowd.messenger}
    silent = [who for who, shown in references.items() if not any(shown in text for text in heard[who])]
    assert silent == []
    meant = connection.scalar(select(func.count()).where(OUTBOX.c.what == "message")) or 0
    return sum(map(len, heard.values())) - meant


def taken_by(trip: Trip) -> set[tuple[str, str]]:
    """What both platforms saw answered with 200, as our inbox names it."""
    return {("telegram", str(one)) for one in trip.tg.delivered} | {("messenger", one) for one in trip.fb.delivered}


def nothing_stuck(url: str) -> None:
    """Anybody may write at once: no transaction is left open, and every lease is somebody's who lives."""
    with looking(url) as database:
        now = datetime.now(UTC)
        leases = database.read_now(lambda connection: list(connection.execute(select(LEASE))))
        assert all(lease.until > now for lease in leases)
        if database.is_sqlite:
            database.write_now(lambda connection: connection.exec_driver_sql("UPDATE lease SET holder = holder"))
        else:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            assert database.read_now(lambda connection: connection.exec_driver_sql(waiting).scalar()) == 0
