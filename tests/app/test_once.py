"""One update delivered five times, in parallel, out of order: one effect, on both databases and platforms."""

import asyncio
import random
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from tests.app.by_hand import SEND, TO_THE_REVIEW, TO_THE_STORY, Hand, MessengerHand, does, hand
from tests.app.look import ADDRESS, COMPLAINT, INBOX, PERSON, Look
from tests.app.trip import Json, Trip, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
platforms = pytest.mark.parametrize("channel", ["telegram", "messenger"])
HELLO = "សួស្តី ខ្ញុំត្រូវការជំនួយ"


def words_kept(look: Look, by: Hand, who: str) -> list[str]:
    """What a person said before any question asked for it, in the order it was taken."""
    session = look.address(by.channel, who).session
    return [part["text"] for part in session["loose"] if "text" in part]


def inbox(look: Look) -> int:
    return int(look.rows(select(func.count()).select_from(INBOX))[0][0])


def people(look: Look) -> tuple[int, int]:
    """Persons and addresses there are."""
    return (
        int(look.rows(select(func.count()).select_from(PERSON))[0][0]),
        int(look.rows(select(func.count()).select_from(ADDRESS))[0][0]),
    )


async def all_sent(look: Look, by: Hand, who: str) -> list[str]:
    """Once nothing waits for this person any more: the texts of what was sent, and it is what they heard."""
    await until(lambda: {row.state for row in look.outbox(by.channel, who)} == {"sent"}, "everything is sent")
    texts = [row.body["text"] for row in look.outbox(by.channel, who) if row.what == "message"]
    await until(lambda: len(by.heard(who)) >= len(texts), "everything is heard")
    assert list(by.heard(who)) == texts
    return texts


async def at_once(by: Hand, bodies: Sequence[Json]) -> None:
    assert set(await asyncio.gather(*(by.post(body) for body in bodies))) == {200}


@platforms
async def test_one_update_five_times_in_parallel(town: Trip, channel: str) -> None:
    by = hand(town, channel)
    with Look(town.database_url) as look:
        once, often = by.newcomer(), by.newcomer()
        await at_once(by, [by.text(once, HELLO)])
        before, (persons, addresses) = inbox(look), people(look)
        await at_once(by, [by.text(often, HELLO)] * 5)
        assert inbox(look) == before + 1
        assert people(look) == (persons + 1, addresses + 1)
        assert words_kept(look, by, often) == [HELLO]
        assert await all_sent(look, by, often) == await all_sent(look, by, once)


@platforms
async def test_updates_out_of_order_and_each_twice(town: Trip, channel: str) -> None:
    by, shuffled = hand(town, channel), random.Random(11)
    who = by.newcomer()
    sentences = [f"រឿងទី {number} ដែលខ្ញុំចង់ប្រាប់" for number in range(1, 11)]
    bodies = [by.text(who, sentence) for sentence in sentences] * 2
    shuffled.shuffle(bodies)
    with Look(town.database_url) as look:
        before = inbox(look)
        for start in range(0, len(bodies), 5):
            await at_once(by, bodies[start : start + 5])
        assert inbox(look) == before + len(sentences)
        assert sorted(words_kept(look, by, who)) == sorted(sentences)


@platforms
async def test_two_first_messages_of_twenty_new_people_at_once(town: Trip, channel: str) -> None:
    by = hand(town, channel)
    newcomers = [by.newcomer() for _ in range(20)]
    texts = ("នេះជាសារទីមួយរបស់ខ្ញុំ", "នេះជាសារទីពីររបស់ខ្ញុំ")
    with Look(town.database_url) as look:
        before, (persons, addresses) = inbox(look), people(look)
        await at_once(by, [by.text(who, text) for who in newcomers for text in texts])
        assert inbox(look) == before + 40
        assert people(look) == (persons + 20, addresses + 20)
        for who in newcomers:
            assert sorted(words_kept(look, by, who)) == sorted(texts)
            queued = [row.body["text"] for row in look.outbox(channel, who)]
            assert len([text for text in queued if "ជម្រាបសួរ!" in text]) == 1, queued


@platforms
async def test_send_tapped_twice_files_one_complaint(town: Trip, channel: str) -> None:
    by = hand(town, channel)
    who = by.newcomer()
    await does(by, who, *TO_THE_STORY, HELLO + " ខ្ញុំអត់បានប្រាក់ខែ", *TO_THE_REVIEW)
    first, second = by.tap(who, SEND[1:]), by.tap(who, SEND[1:])
    await at_once(by, [first, second, first, second, first])
    with Look(town.database_url) as look:
        (complaint,) = look.complaints(channel, who)
        texts = [row.body.get("text", "") for row in look.outbox(channel, who)]
        shown = f"{complaint.reference[:4]}-{complaint.reference[4:]}"
        assert len([text for text in texts if "✅" in text and shown in text]) == 1
        assert [entry.kind for entry in look.thread(complaint.reference)] == ["text"]


async def test_a_button_of_a_sent_form_files_nothing_later(town: Trip) -> None:
    by = hand(town, "telegram")
    who = by.newcomer()
    await does(by, who, *TO_THE_STORY, HELLO + " ខ្ញុំអត់បានប្រាក់ខែ", *TO_THE_REVIEW, SEND)
    await does(by, who, ":go:menu", SEND, SEND)
    with Look(town.database_url) as look:
        assert len(look.complaints("telegram", who)) == 1


async def test_one_notification_of_messenger_with_many_entries(town: Trip) -> None:
    by = MessengerHand(town)
    one, two, three = (by.newcomer() for _ in range(3))
    ordered = [by.text(one, f"ពាក្យទី {number} របស់មនុស្សម្នាក់") for number in range(6)]
    for number, body in enumerate(ordered):
        body["entry"][0]["messaging"][0]["timestamp"] += number
    mixed = [*reversed(ordered), by.text(two, HELLO), by.text(three, HELLO), by.tap(three, "language:set=en")]
    mixed[-1]["entry"][0]["messaging"][0]["timestamp"] += 1
    body = by.together(mixed)
    with Look(town.database_url) as look:
        before = inbox(look)
        await at_once(by, [body] * 3)
        assert await by.post(body) == 200
        assert inbox(look) == before + len(mixed)
        assert words_kept(look, by, one) == [f"ពាក្យទី {number} របស់មនុស្សម្នាក់" for number in range(6)]
        assert words_kept(look, by, two) == [HELLO]
        assert look.address("messenger", three).session["language"] == "en"
        assert not look.rows(select(COMPLAINT.c.id).where(COMPLAINT.c.status == "?"))
        for who in (two, three):
            await all_sent(look, by, who)
