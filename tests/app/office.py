"""Senders in this process, with a real database between them and the two emulated platforms."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from bot import clock as clocks
from bot.app import service as root
from bot.app.deliver import Sender
from bot.channels.base import Channel
from bot.channels.messenger import Messenger
from bot.channels.telegram import Telegram
from bot.domain.delivery import NOTICE
from bot.settings import Settings
from storage import outbox, people
from storage.outbox import OUTBOX
from storage.people import ADDRESS
from tests.emulators.messenger import MessengerEmulator
from tests.emulators.messenger import Person as FbPerson
from tests.emulators.telegram import Person as TgPerson
from tests.emulators.telegram import TelegramEmulator
from tests.support.service import SECRET_KEYS

TELEGRAM, MESSENGER = "telegram", "messenger"


@dataclass
class Office:
    """The platforms, a database, and as many replicas of the sender as a test starts."""

    tg: TelegramEmulator
    fb: MessengerEmulator
    settings: Settings
    rate: int
    service: root.Service
    replicas: list[root.Service] = field(default_factory=list)
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    def replica(self) -> root.Service:
        """One more process, as far as the database can tell."""
        made = make_service(self.settings, self.tg, self.fb, self.rate)
        self.replicas.append(made)
        return made

    def start(self, channel: str = TELEGRAM, service: root.Service | None = None) -> "asyncio.Task[None]":
        service = service or self.service
        task = asyncio.create_task(Sender(service, service.channels[channel]).run())
        self.tasks.append(task)
        return task

    def queue(
        self, person: TgPerson | FbPerson, *texts: str, lane: int = NOTICE, what: str = "message", human: bool = False
    ) -> None:
        """Put messages into the outbox; whoever sends finds them."""
        self.queue_all([(person, texts)], lane=lane, what=what, human=human)

    def queue_all(
        self, wanted: Sequence[tuple[TgPerson | FbPerson, Sequence[str]]], lane: int = NOTICE, **more: Any
    ) -> None:
        """All of it in one transaction."""
        now = self.service.clock()

        def work(connection: Connection) -> None:
            for person, texts in wanted:
                channel, external = address(person)
                here = people.enter(connection, channel, external, now)
                bodies = [{"text": text, "rows": []} for text in texts]
                rows = outbox.rows_of(
                    address_id=here.address_id, channel=channel, lane=lane, now=now, bodies=bodies, **more
                )
                outbox.add(connection, rows)

        self.service.db.write_now(work)
        for name in self.service.channels:
            self.service.nudge(name)

    def rows(self, person: TgPerson | FbPerson | None = None) -> list[Any]:
        """The outbox, by id: state, why, tries, lane, holder, platform_id, sent_at."""
        statement = select(OUTBOX).join(ADDRESS, ADDRESS.c.id == OUTBOX.c.address_id).order_by(OUTBOX.c.id)
        if person is not None:
            channel, external = address(person)
            statement = statement.where(ADDRESS.c.channel == channel, ADDRESS.c.external_id == external)
        return self.service.db.read_now(lambda connection: list(connection.execute(statement)))

    def count(self, state: str) -> int:
        statement = select(func.count()).where(OUTBOX.c.state == state)
        return self.service.db.read_now(lambda connection: connection.scalar(statement) or 0)

    def suppressed(self, person: TgPerson | FbPerson) -> str:
        channel, external = address(person)
        statement = select(ADDRESS.c.suppressed).where(ADDRESS.c.channel == channel, ADDRESS.c.external_id == external)
        return self.service.db.read_now(lambda connection: connection.scalar(statement) or "")

    async def until(self, condition: Callable[[], Any], seconds: float = 20.0) -> None:
        """Wait until it is so; the outbox is told when it never is."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():  # noqa: ASYNC110 - what is awaited is seen from outside
                    await asyncio.sleep(0.02)
        except TimeoutError:
            rows = [(row.id, row.lane, row.state, row.why, row.tries) for row in self.rows()[:40]]
            raise TimeoutError(f"not so after {seconds} s; the outbox is {rows}") from None

    async def all_sent(self, seconds: float = 20.0) -> None:
        await self.until(lambda: all(row.state == "sent" for row in self.rows()), seconds)


def address(person: TgPerson | FbPerson) -> tuple[str, str]:
    return (TELEGRAM, str(person.id)) if isinstance(person, TgPerson) else (MESSENGER, person.psid)


def newcomers(there: Office, first: int, count: int) -> list[TgPerson]:
    """So many people who have pressed Start."""
    found = [there.tg.person(one) for one in range(first, first + count)]
    for person in found:
        person.started = True
    return found


def make_service(settings: Settings, tg: TelegramEmulator, fb: MessengerEmulator, rate: int) -> root.Service:
    channels: dict[str, Channel] = {
        TELEGRAM: Telegram(
            token=tg.token, clock=clocks.now, texts=lambda text, language: text, api_url=tg.url, rate=rate, timeout=5
        ),
        MESSENGER: Messenger(
            page_id=fb.page_id,
            page_token=fb.page_token,
            app_secret=fb.app_secret,
            verify_token=fb.verify_token,
            api_url=fb.url,
            clock=clocks.now,
            texts=lambda text, language: text,
        ),
    }
    return root.build(settings, channels=channels)


@asynccontextmanager
async def office(folder: Path, database_url: str, *, rate: int = 1000, **telegram: Any) -> AsyncIterator[Office]:
    """`rate`: what the Telegram channel is told; `telegram`: arguments of its emulator."""
    settings = Settings(database_url=database_url, secret_keys=SECRET_KEYS, files_url=str(folder / "files"))
    async with TelegramEmulator(**{"limits_on": False, **telegram}) as tg, MessengerEmulator() as fb:
        there = Office(tg, fb, settings, rate, make_service(settings, tg, fb, rate))
        try:
            yield there
        finally:
            for task in there.tasks:
                task.cancel()
            for task in there.tasks:
                with suppress(asyncio.CancelledError):
                    await task
            for service in (there.service, *there.replicas):
                for channel in service.channels.values():
                    await channel.close()
                service.close()
