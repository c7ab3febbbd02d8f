"""The engine in this process, on both databases: what a turn stores, what deletion takes away, what comes back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.event import listen, remove

from bot.app.engine import Engine
from bot.app.service import Service, build
from bot.app.staffing import add_staff
from bot.channels.base import Arrival, File, file_id
from bot.channels.phone import Phone
from bot.dialog.events import Event, Sent, Started, Tapped, Typed
from bot.domain.complaints import AnswerComplaint, ChangeStatus
from bot.domain.delivery import Decision
from bot.domain.errors import Empty, NotAllowed, NotFound, ReasonMissing
from bot.settings import Settings
from handlers import ROUTER
from storage import outbox, people, seeding
from storage.attachments import ATTACHMENT
from storage.complaints import COMPLAINT, ENTRY
from storage.inbox import INBOX
from storage.outbox import OUTBOX
from storage.people import ADDRESS, PERSON
from tests.support.busy import busy
from tests.support.service import SECRET_KEYS

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Office:
    """A service with a clock that is moved by hand."""

    def __init__(self, service: Service) -> None:
        self.service, self.engine = service, Engine(service, ROUTER)
        self.now, self.count = NOW, 0

    async def hear(self, *events: Event, who: str = "dara", event_id: str = "", files: tuple[File, ...] = ()) -> bool:
        self.count += 1
        return await self.engine.receive(
            Arrival("phone", event_id or f"e{self.count}", who, self.now, events, files=files)
        )

    async def file(self, *words: str, who: str = "dara") -> str:
        """A message to an officer, filed; returns its reference."""
        await self.hear(Started(), who=who)
        said: list[Event] = [Typed(one) for one in words]
        for event in [Tapped("person:start"), *said, Tapped("person:message=."), Tapped("person:review=send")]:
            await self.hear(event, who=who)
        return str(self.one(select(COMPLAINT.c.reference).order_by(COMPLAINT.c.id.desc()).limit(1)))

    def one(self, statement: object) -> object:
        return self.service.db.read_now(lambda connection: connection.execute(statement).scalar_one())  # type: ignore[call-overload]  # any select

    def count_of(self, table: object) -> int:
        return int(str(self.one(select(func.count()).select_from(table))))  # type: ignore[arg-type]  # any table

    def told(self, who: str = "dara") -> list[str]:
        rows = self.service.db.read_now(
            lambda connection: connection.execute(
                select(OUTBOX.c.body)
                .join(ADDRESS, ADDRESS.c.id == OUTBOX.c.address_id)
                .where(ADDRESS.c.external_id == who)
                .order_by(OUTBOX.c.id)
            ).all()
        )
        return [row.body["text"] for row in rows]


@pytest.fixture
async def office(tmp_path: Path, database_url: str) -> AsyncIterator[Office]:
    settings = Settings(
        database_url=database_url, secret_keys=SECRET_KEYS, files_url=str(tmp_path / "files"), phone=True
    )
    service = build(settings, channels={"phone": Phone()})
    made = Office(service)
    service.clock = lambda: made.now
    service.db.write_now(seeding.load)
    service.db.write_now(lambda connection: add_staff(connection, "sokha", "សុខា", "Sokha", "a password", "desk", NOW))
    await service.refresh_book()
    yield made
    service.close()


async def test_an_event_is_taken_once_even_in_parallel(office: Office) -> None:
    await office.hear(Started())
    taken = await asyncio.gather(*(office.hear(Tapped("help:start"), event_id="twin") for _ in range(5)))
    assert sorted(taken) == [False, False, False, False, True]
    assert office.count_of(INBOX) == 2
    assert len(office.told()) == 2


async def test_twenty_new_people_whose_first_two_messages_come_together(office: Office) -> None:
    await asyncio.gather(
        *(
            office.hear(Typed(f"{word} from a new person"), who=f"new-{one}", event_id=f"{one}-{word}")
            for one in range(20)
            for word in ("first", "second")
        )
    )
    assert office.count_of(ADDRESS) == office.count_of(PERSON) == 20
    assert all(len(office.told(f"new-{one}")) >= 2 for one in range(20))


async def test_the_clock_starts_with_the_complaint(office: Office) -> None:
    reference = await office.file("អត់បានលុយ ៣ខែហើយ")
    assert office.one(select(COMPLAINT.c.due_at)) == NOW + timedelta(hours=48)
    assert "៤៨ ម៉ោង" in office.told()[-1]
    assert f"{reference[:4]}-{reference[4:]}" in office.told()[-1]


async def test_an_officers_answer_goes_where_the_complaint_came_from_and_only_once(office: Office) -> None:
    reference = await office.file("my boss keeps my passport")
    await office.hear(Started(), who="somebody else")
    before = len(office.told("somebody else"))
    office.now += timedelta(hours=5)
    answer = AnswerComplaint(reference, "យើងបានជួយ", staff=1, once="form-1")
    await asyncio.gather(office.engine.command(answer), office.engine.command(answer))
    assert sum("យើងបានជួយ" in text for text in office.told()) == 1
    assert len(office.told("somebody else")) == before
    assert office.one(select(COMPLAINT.c.status)) == "addressed"
    assert office.one(select(COMPLAINT.c.first_answer_at)) == NOW + timedelta(hours=5)


async def test_rules_are_kept_and_a_refused_command_changes_nothing(office: Office) -> None:
    reference = await office.file("a question for the officer")
    for command, error in (
        (AnswerComplaint(reference, "  ", 1), Empty),
        (AnswerComplaint("00000000", "hello", 1), NotFound),
        (ChangeStatus(reference, "closed", " ", 1), ReasonMissing),
        (ChangeStatus(reference, "withdrawn", "x", 1), NotAllowed),
    ):
        before = office.count_of(ENTRY), office.count_of(OUTBOX)
        with pytest.raises(error):
            await office.engine.command(command)
        assert (office.count_of(ENTRY), office.count_of(OUTBOX)) == before
    await office.engine.command(ChangeStatus(reference, "closed", "ដោះស្រាយរួច", 1))
    assert "ដោះស្រាយរួច" in office.told()[-1]


async def test_nobody_can_add_to_anothers_complaint(office: Office) -> None:
    reference = await office.file("a question for the officer")
    entries = office.count_of(ENTRY)
    for code in (f"follow:see={reference}", f"follow:add={reference}", f"follow:done={reference}"):
        await office.hear(Tapped(code), who="a stranger")
        await office.hear(Typed("words of a stranger here"), who="a stranger")
    assert office.count_of(ENTRY) == entries
    assert not any("a question for the officer" in text for text in office.told("a stranger"))


async def test_delete_my_data_erases_and_lets_go_of_the_address(office: Office) -> None:
    photo = file_id("phone", "photo")
    await office.hear(Started())
    await office.hear(Sent("photo", photo, 100), files=(File(photo, "photo", {"stored": True}),), event_id="photo")
    await office.file("my name is Dara and I live in Rayong")
    await office.hear(Tapped("erase:start"))
    await office.hear(Tapped("erase:yes"))
    assert office.one(select(COMPLAINT.c.status)) == "withdrawn"
    assert office.one(select(func.count()).select_from(ENTRY).where(ENTRY.c.body.is_not(None))) == 0
    assert office.one(select(ATTACHMENT.c.state)) == "erased"
    assert office.one(select(ADDRESS.c.session)) is None
    office.now += timedelta(minutes=2)
    assert office.service.db.write_now(lambda connection: people.purge(connection, office.now)) == 0, "a reply waits"
    rows = office.service.db.write_now(lambda connection: outbox.claim(connection, "phone", "me", office.now, 100))
    office.service.db.write_now(
        lambda connection: outbox.record(
            connection, "me", [(row.id, Decision("sent", office.now), "") for row in rows], office.now
        )
    )
    assert office.service.db.write_now(lambda connection: people.purge(connection, office.now)) == 1
    assert office.count_of(ADDRESS) == office.count_of(OUTBOX) == 0
    assert office.count_of(COMPLAINT) == 1, "kept for counting"
    await office.hear(Started())
    assert "Chumnuoy" in office.told()[0], "they begin anew"


async def test_a_person_who_writes_again_before_the_address_is_gone_begins_anew(office: Office) -> None:
    await office.file("a question for the officer")
    await office.hear(Tapped("erase:start"))
    await office.hear(Tapped("erase:yes"))
    await office.hear(Typed("hello again"))
    assert "Which language?" in office.told()[-1]
    assert office.one(select(ADDRESS.c.erased_at)) is None
    office.now += timedelta(days=1)
    assert office.service.db.write_now(lambda connection: people.purge(connection, office.now)) == 0


async def test_arrivals_that_wait_together(office: Office) -> None:
    """Two of one person, one of another twice, and a third whose first complaint it is: each as if it came alone."""
    await office.hear(Started(), who="dara")
    with busy(office.service.db):
        waiting = [
            asyncio.ensure_future(office.hear(*events, who=who, event_id=event))
            for who, event, events in (
                ("dara", "d1", [Tapped("person:start")]),
                ("sokha", "s1", [Started()]),
                ("dara", "d2", [Typed("My boss keeps my passport.")]),
                ("sokha", "s1", [Started()]),
                ("dara", "d3", [Tapped("person:message=.")]),
                ("dara", "d4", [Tapped("person:review=send")]),
                ("sokha", "s2", [Tapped("welcome:language=en")]),
            )
        ]
        await asyncio.sleep(0.05)
    assert await asyncio.gather(*waiting) == [True, True, True, False, True, True, True]
    assert office.count_of(COMPLAINT) == 1
    assert office.one(select(ENTRY.c.body)) == "My boss keeps my passport."
    assert office.count_of(PERSON) == office.count_of(ADDRESS) == 2
    assert office.count_of(INBOX) == 7
    apart = [office.told(who) for who in ("dara", "sokha")]
    await office.hear(Started(), who="vanna")
    for event in (Tapped("person:start"), Typed("My boss keeps my passport.")):
        await office.hear(event, who="vanna")
    await office.hear(Started(), who="bopha")
    await office.hear(Tapped("welcome:language=en"), who="bopha")
    assert apart[0][: len(office.told("vanna"))] == office.told("vanna"), "the same answers, in the same order"
    assert apart[1] == office.told("bopha")


async def test_arrivals_that_wait_together_share_their_statements(office: Office) -> None:
    who = [f"person-{number}" for number in range(12)]
    for one in who:
        await office.hear(Started(), who=one)
    made: list[str] = []

    def counted(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        made.extend({statement.split(maxsplit=1)[0]} - {"BEGIN"})

    listen(office.service.db.engine, "before_cursor_execute", counted)
    with busy(office.service.db):
        waiting = [asyncio.ensure_future(office.hear(Typed("help"), who=one)) for one in who]
        await asyncio.sleep(0.05)
    assert await asyncio.gather(*waiting) == [True] * len(who)
    remove(office.service.db.engine, "before_cursor_execute", counted)
    assert sorted(made) == ["INSERT", "INSERT", "SELECT", "UPDATE"], "the inbox, the addresses twice, the outbox"
