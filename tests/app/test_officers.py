"""Officers' own chats in the engine, on both databases: linking, being told, taking, reading, answering, reach."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, select, update

from bot.app import officers
from bot.app.context import Context
from bot.channels.base import Arrival
from bot.dialog.events import Event, Started, Tapped, Typed
from bot.domain.complaints import AnswerComplaint
from bot.i18n import Catalogues
from handlers.officer import KEPT, NOT_SAFE, NOT_YOURS
from storage import offices, staff
from storage.audit import AUDIT
from storage.complaints import COMPLAINT, ENTRY
from storage.outbox import OUTBOX
from storage.people import ADDRESS
from storage.staff import STAFF
from tests.app.test_engine import Office, office

__all__ = ["office"]
CHAT = "the officer's phone"


async def links(office: Office, staff: int = 1, chat: str = CHAT, written: str = "/link {}") -> str:
    code = await officers.new_link_code(office.service, staff)
    await office.hear(Typed(written.format(code)), who=chat)
    return office.told(chat)[-1]


def hired(connection: Connection, login: str, role: str, now: datetime) -> int:
    """An officer whom no password lets in: they write from their own chat."""
    names = {"name_km": login, "name_en": login.title()}
    return staff.add(connection, login=login, password="-", role=role, created_at=now, **names)


def member(office: Office, login: str, *, role: str = "member", country: str = "KR") -> int:
    """Of an office of their own."""

    def work(connection: Connection) -> int:
        made = hired(connection, login, role, office.now)
        there = offices.add(connection, code=f"demo-{login}", name_km="សាកល្បង", name_en="(demo)", country=country)
        offices.serve(connection, there, made)
        return made

    return office.service.db.write_now(work)


def announced(office: Office, staff: int, what: str = "new", **step: object) -> None:
    """As the desk and the ladder do."""

    def work(connection: Connection) -> None:
        context = Context(connection, office.now, office.service.book, office.engine.post)
        complaint = int(connection.scalar(select(COMPLAINT.c.id).order_by(COMPLAINT.c.id.desc()).limit(1)) or 0)
        if step:
            officers.tell(context, (staff,), complaint, what, **step)  # type: ignore[arg-type]  # kind and percent
        else:
            officers.announce(context, staff, complaint, what)

    office.service.db.write_now(work)


def linked(office: Office, staff: int = 1) -> object:
    return office.one(select(STAFF.c.address_id).where(STAFF.c.id == staff))


def codes(office: Office, chat: str = CHAT) -> Iterator[str]:
    address = office.one(
        select(STAFF.c.address_id).where(STAFF.c.address_id.is_not(None)).order_by(STAFF.c.id).limit(1)
    )
    newest = select(OUTBOX.c.body).where(OUTBOX.c.address_id == address).order_by(OUTBOX.c.id.desc()).limit(1)
    body = office.one(newest)
    assert isinstance(body, dict)
    yield from (button["code"] for row in body["rows"] for button in row)


@pytest.fixture
async def filed(office: Office) -> str:
    return await office.file("ថៅកែដកលិខិតឆ្លងដែនរបស់ខ្ញុំ")


@pytest.mark.parametrize("written", ["/link {}", "{}", " {} "])
async def test_a_code_links_the_chat_once(office: Office, written: str) -> None:
    assert "/unlink" in await links(office, written=written)
    assert linked(office) is not None
    assert office.one(select(STAFF.c.link_code).where(STAFF.c.id == 1)) is None
    await office.hear(Typed("/unlink"), who=CHAT)
    assert linked(office) is None


async def test_a_code_is_void_after_ten_minutes_after_use_and_after_the_next_one(office: Office) -> None:
    first = await officers.new_link_code(office.service, 1)
    second = await officers.new_link_code(office.service, 1)
    await office.hear(Typed(f"/link {first}"), who=CHAT)
    assert linked(office) is None
    office.now += timedelta(minutes=10)
    await office.hear(Typed(f"/link {second}"), who=CHAT)
    assert linked(office) is None
    third = await officers.new_link_code(office.service, 1)
    await office.hear(Typed(f"/link {third}"), who=CHAT)
    first_chat = linked(office)
    await office.hear(Typed(f"/link {third}"), who="another phone")
    assert linked(office) == first_chat is not None


@pytest.mark.parametrize("written", ["/link {}", "{}"])
async def test_after_five_wrong_codes_in_an_hour_even_a_right_one_is_refused(office: Office, written: str) -> None:
    from bot.text import reference

    await office.hear(Started(), who=CHAT)
    for bits in range(5):
        await office.hear(Typed(written.format(reference.make(bits))), who=CHAT)
    await links(office, written=written)
    assert linked(office) is None
    assert "link_chat" not in office.service.db.read_now(lambda c: list(c.scalars(select(AUDIT.c.action))))
    await links(office, chat="another phone")
    assert linked(office) is not None, "counted for each chat by itself"
    office.now += timedelta(hours=1, seconds=1)
    await links(office, written=written)
    assert linked(office) == office.one(select(STAFF.c.address_id).where(STAFF.c.id == 1))


async def test_a_workers_own_reference_and_words_are_no_codes(office: Office, filed: str) -> None:
    await office.hear(Typed(f"{filed[:4]}-{filed[4:]}"))
    assert "refuse_code" not in office.service.db.read_now(lambda c: list(c.scalars(select(AUDIT.c.action))))
    before = office.told()
    await office.hear(Typed("/unlink"))
    assert linked(office) is None
    assert len(office.told()) > len(before)


async def test_told_without_the_story_then_taken_shown_and_answered(office: Office, filed: str) -> None:
    await links(office)
    announced(office, 1)
    told = office.told(CHAT)[-1]
    assert f"{filed[:4]}-{filed[4:]}" in told
    assert "លិខិតឆ្លងដែន" not in told
    assert list(codes(office)) == [f"officer:{one}={filed}" for one in ("take", "answer", "word", "show")]
    await office.hear(Tapped(f"officer:take={filed}"), who=CHAT)
    assert office.one(select(COMPLAINT.c.status)) == "received"
    assert office.one(select(COMPLAINT.c.received_by)) == 1
    await office.hear(Tapped(f"officer:show={filed}"), who=CHAT)
    assert "លិខិតឆ្លងដែន" in office.told(CHAT)[-1]
    shown = office.service.db.read_now(lambda c: list(c.scalars(select(AUDIT.c.action).where(AUDIT.c.staff_id == 1))))
    assert "show_case" in shown
    await office.hear(Tapped(f"officer:word={filed}"), who=CHAT)
    await office.hear(Typed("តើលិខិតឆ្លងដែននៅអ្នកណា?"), who=CHAT)
    assert "តើលិខិតឆ្លងដែននៅអ្នកណា?" in office.told()[-1]
    assert office.one(select(COMPLAINT.c.status)) == "received", "a question is no answer"
    await office.hear(Tapped(f"officer:answer={filed}"), who=CHAT)
    await office.hear(Typed("យើងបានទូរស័ព្ទទៅថៅកែ"), who=CHAT, event_id="the answer")
    await office.hear(Typed("យើងបានទូរស័ព្ទទៅថៅកែ"), who=CHAT, event_id="the answer")
    assert office.one(select(COMPLAINT.c.status)) == "addressed"
    assert sum("យើងបានទូរស័ព្ទ" in text for text in office.told()) == 1
    written = select(ENTRY.c.once).where(ENTRY.c.author == "officer", ENTRY.c.kind == "text")
    assert office.one(written.order_by(ENTRY.c.id.desc()).limit(1)) == "phone:the answer"
    await office.hear(Typed("this is no answer any more"), who=CHAT)
    assert not any("no answer any more" in text for text in office.told())


async def test_answering_by_replying_to_the_notice(office: Office, filed: str) -> None:
    await links(office)
    announced(office, 1)
    newest = select(OUTBOX.c.id).order_by(OUTBOX.c.id.desc()).limit(1)
    row = int(str(office.one(newest)))
    office.service.db.write_now(
        lambda connection: connection.execute(update(OUTBOX).where(OUTBOX.c.id == row).values(platform_id="m77"))
    )

    async def replies(text: str, who: str, to: str) -> None:
        event: tuple[Event, ...] = (Typed(text),)
        await office.engine.receive(Arrival("phone", f"reply-{text}", who, office.now, event, reply_to=to))

    await replies("to nothing of ours", CHAT, "m78")
    await replies("a worker's reply", "dara", "m77")
    assert office.one(select(COMPLAINT.c.status)) == "filed"
    await replies("យើងនឹងជួយ", CHAT, "m77")
    assert office.one(select(COMPLAINT.c.status)) == "addressed"
    assert any("យើងនឹងជួយ" in text for text in office.told())


async def test_only_what_their_reach_allows(office: Office, filed: str) -> None:
    other = member(office, "bopha")
    assert "/unlink" in await links(office, other)
    announced(office, other)
    assert len(office.told(CHAT)) == 1, "not a word of a complaint that is not theirs"
    for action in ("take", "show", "answer"):
        await office.hear(Tapped(f"officer:{action}={filed}"), who=CHAT)
        assert office.told(CHAT)[-1] == Catalogues().words(NOT_YOURS.text, "km")
        await office.hear(Typed("words for somebody else's worker"), who=CHAT)
    assert office.one(select(COMPLAINT.c.status)) == "filed"
    assert not any("លិខិតឆ្លងដែន" in text for text in office.told(CHAT))
    assert not any("somebody else's" in text for text in office.told())


async def test_an_auditor_reads_and_changes_nothing(office: Office, filed: str) -> None:
    auditor = member(office, "audra", role="auditor")
    await links(office, auditor)
    announced(office, auditor)
    assert list(codes(office)) == [f"officer:show={filed}"]
    await office.hear(Tapped(f"officer:show={filed}"), who=CHAT)
    assert "លិខិតឆ្លងដែន" in office.told(CHAT)[-1]
    for event in (Tapped(f"officer:take={filed}"), Tapped(f"officer:answer={filed}"), Typed("an auditor's words")):
        await office.hear(event, who=CHAT)
    assert office.one(select(COMPLAINT.c.status)) == "filed"


async def test_a_worker_and_an_officer_who_left_can_press_nothing(office: Office, filed: str) -> None:
    await office.hear(Tapped(f"officer:show={filed}"), who="a stranger")
    await office.hear(Tapped(f"officer:take={filed}"), who="a stranger")
    await office.hear(Typed("/desk"), who="a stranger")
    assert not any("លិខិតឆ្លងដែន" in text for text in office.told("a stranger"))
    await links(office)
    office.service.db.write_now(lambda connection: connection.execute(update(STAFF).values(active=False)))
    before = len(office.told(CHAT))
    announced(office, 1)
    assert len(office.told(CHAT)) == before
    await office.hear(Tapped(f"officer:show={filed}"), who=CHAT)
    assert not any("លិខិតឆ្លងដែន" in text for text in office.told(CHAT))
    assert office.one(select(COMPLAINT.c.status)) == "filed"


async def test_another_officer_was_faster(office: Office, filed: str) -> None:
    second = office.service.db.write_now(partial(second_of_the_desk, now=office.now))
    await links(office)
    await office.hear(Tapped(f"officer:answer={filed}"), who=CHAT)
    await office.engine.command(AnswerComplaint(filed, "the second officer's words", second))
    await office.hear(Typed("the first officer's words"), who=CHAT)
    assert f"officer:answer={filed}" in codes(office), "they may read it, and answer all the same"
    assert not any("the first officer's words" in text for text in office.told())


def second_of_the_desk(connection: Connection, now: datetime) -> int:
    return hired(connection, "vuthy", "desk", now)


async def test_an_answer_that_is_too_long_changes_nothing_and_can_be_written_again(office: Office, filed: str) -> None:
    await links(office)
    await office.hear(Tapped(f"officer:answer={filed}"), who=CHAT)
    await office.hear(Typed("ក" * 4001), who=CHAT)
    assert office.one(select(COMPLAINT.c.status)) == "filed"
    await office.hear(Typed("shorter"), who=CHAT)
    assert office.one(select(COMPLAINT.c.status)) == "addressed"


async def test_a_step_of_a_clock_and_the_list(office: Office, filed: str) -> None:
    await links(office)
    announced(office, 1)
    announced(office, 1, "step", kind="addressed", percent=90)
    announced(office, 1, "step", kind="received", percent=100)
    texts = office.told(CHAT)[-3:]
    assert len(set(texts)) == 3
    await office.hear(Typed("/desk"), who=CHAT)
    assert f"{filed[:4]}-{filed[4:]}" in office.told(CHAT)[-1]
    assert "លិខិតឆ្លងដែន" not in office.told(CHAT)[-1]


@pytest.mark.parametrize(("what", "then"), [("answer", "addressed"), ("word", "received")])
async def test_where_the_workers_chat_is_not_safe_the_officer_is_told_so(
    office: Office, filed: str, what: str, then: str
) -> None:
    office.service.db.write_now(lambda connection: connection.execute(update(COMPLAINT).values(contact="relative")))
    await links(office)
    announced(office, 1)
    before = len(office.told())
    await office.hear(Tapped(f"officer:{what}={filed}"), who=CHAT)
    asked = office.told(CHAT)[-2:]
    assert asked[0] == Catalogues().words(NOT_SAFE.text, "km")
    await office.hear(Typed("យើងបានទូរស័ព្ទទៅថៅកែ"), who=CHAT)
    assert office.one(select(COMPLAINT.c.status)) == then
    assert office.told(CHAT)[-1] == Catalogues().words(KEPT[what], "km").format(reference=f"{filed[:4]}-{filed[4:]}")
    assert len(office.told()) == before + 1
    held = (
        select(OUTBOX.c.state).join(ADDRESS, ADDRESS.c.id == OUTBOX.c.address_id).where(ADDRESS.c.external_id == "dara")
    )
    assert office.one(held.order_by(OUTBOX.c.id.desc()).limit(1)) == "held"
