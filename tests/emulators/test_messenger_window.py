"""When the Page may write, and how often: the 24-hour window, HUMAN_AGENT, every rate limit, on a test clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.emulators.clock import TestClock
from tests.emulators.messenger import Limits, MessengerEmulator, Person
from tests.emulators.messenger.driving import Graph, code, platform

pytestmark = pytest.mark.asyncio

HOUR, DAY = 3600.0, 86400.0
CLOSED = (10, 2018278)
OPEN = (0, None)


async def by_reaction(fb: MessengerEmulator, sok: Person) -> None:
    mid = fb.page_inbox_sends(sok, "hello")
    await sok.reacts(mid)


async def by_button(fb: MessengerEmulator, sok: Person) -> None:
    sok.last_at = fb.clock.now()
    button = {"type": "postback", "title": "Go", "payload": "go"}
    payload = {"template_type": "button", "text": "?", "buttons": [button]}
    await Graph(fb).send(sok.psid, {"attachment": {"type": "template", "payload": payload}})
    sok.last_at = None
    await sok.taps("Go")


async def by_menu(fb: MessengerEmulator, sok: Person) -> None:
    items = [{"type": "postback", "title": "Menu", "payload": "menu"}]
    menu = [{"locale": "default", "call_to_actions": items}]
    given = {"get_started": {"payload": "start"}, "persistent_menu": menu}
    assert (await Graph(fb).call("POST", "me/messenger_profile", given))[0] == 200
    await sok.taps_menu("menu")


async def by_link_into_an_old_thread(fb: MessengerEmulator, sok: Person) -> None:
    sok.last_at = fb.clock.now() - 30 * DAY
    await sok.opens_link("poster")


OPENERS: dict[str, Callable[[MessengerEmulator, Person], Awaitable[Any]]] = {
    "message": lambda fb, sok: sok.sends("hello"),
    "sticker": lambda fb, sok: sok.sends_sticker(),
    "get started": lambda fb, sok: sok.gets_started(payload="start"),
    "postback": by_button,
    "persistent menu": by_menu,
    "link into an old thread": by_link_into_an_old_thread,
    "reaction": by_reaction,
}


@pytest.mark.parametrize("name", OPENERS)
async def test_opens_for_24_hours(name: str) -> None:
    clock = TestClock()
    async with platform(clock=clock) as (fb, graph):
        sok = fb.person()
        assert await graph.error(sok.psid) == CLOSED
        await OPENERS[name](fb, sok)
        assert await graph.error(sok.psid) == OPEN
        clock.advance(24 * HOUR - 1)
        assert await graph.error(sok.psid, kind="UPDATE") == OPEN
        clock.advance(2)
        assert await graph.error(sok.psid) == CLOSED


async def test_what_does_not_open_it() -> None:
    async with platform(clock=TestClock()) as (fb, graph):
        sok = fb.person()
        await sok.reads()
        await sok.opens_link("poster")
        await graph.call("POST", "me/messages", {"recipient": {"id": sok.psid}, "sender_action": "typing_on"})
        assert await graph.error(sok.psid) == CLOSED


async def test_our_own_messages_do_not_prolong_it() -> None:
    clock = TestClock()
    async with platform(clock=clock) as (fb, graph):
        sok = fb.person(wrote_ago=0)
        clock.advance(23 * HOUR)
        assert await graph.error(sok.psid) == OPEN
        clock.advance(2 * HOUR)
        assert await graph.error(sok.psid) == CLOSED


async def test_human_agent_for_7_days() -> None:
    clock = TestClock()
    async with platform(clock=clock) as (fb, graph):
        sok = fb.person(wrote_ago=0)
        clock.advance(7 * DAY - 1)
        assert await graph.error(sok.psid) == CLOSED
        assert await graph.error(sok.psid, kind="MESSAGE_TAG", tag="HUMAN_AGENT") == OPEN
        clock.advance(2)
        assert await graph.error(sok.psid, kind="MESSAGE_TAG", tag="HUMAN_AGENT") == CLOSED


async def test_300_calls_a_second() -> None:
    clock = TestClock()
    async with platform(clock=clock, limits=Limits(high_volume_per_second=None)) as (fb, graph):
        fb.person("1", wrote_ago=0)
        fb.person("2", wrote_ago=0)
        answers = [await graph.error("1") for _ in range(302)]
        assert answers == [OPEN] * 300 + [(613, 2534040)] * 2
        clock.advance(0.99)
        assert await graph.error("2") == (613, 2534040)
        clock.advance(0.02)
        assert await graph.error("2") == OPEN


async def test_10_voice_messages_a_second() -> None:
    clock = TestClock()
    async with platform(clock=clock) as (fb, graph):
        sok = fb.person(wrote_ago=0)
        kept = fb.media.store("audio", b"m4a", "audio/mp4", "a.m4a")
        voice = {"attachment": {"type": "audio", "payload": {"attachment_id": kept.id}}}
        answers = [code((await graph.send(sok.psid, voice))[1]) for _ in range(11)]
        assert answers == [OPEN] * 10 + [(613, 2534040)]
        assert await graph.error(sok.psid) == OPEN
        clock.advance(1.01)
        assert code((await graph.send(sok.psid, voice))[1]) == OPEN


async def test_more_than_40_a_second_for_long_restricts_the_page() -> None:
    clock = TestClock()
    async with platform(clock=clock) as (fb, graph):
        sok = fb.person(wrote_ago=0)
        fb.person(wrote_ago=0)
        fb.person(wrote_ago=0)
        answers = []
        for _ in range(9):
            answers += [await graph.error(sok.psid) for _ in range(45)]
            clock.advance(1)
        assert answers == [OPEN] * 400 + [(10, 1893063)] * 5
        clock.advance(0.5)
        assert await graph.error(sok.psid) == (10, 1893063)
        clock.advance(10)
        assert await graph.error(sok.psid) == OPEN


async def test_35_a_second_is_never_refused() -> None:
    clock = TestClock()
    async with platform(clock=clock) as (fb, graph):
        people = [fb.person(wrote_ago=0).psid for _ in range(10)]
        for _ in range(20):
            for number in range(35):
                assert await graph.error(people[number % 10]) == OPEN
            clock.advance(1)


async def test_200_per_engaged_person_in_24_hours() -> None:
    clock = TestClock()
    async with platform(clock=clock, limits=Limits(high_volume_per_second=None, daily_per_engaged=5)) as (fb, graph):
        sok, dara = fb.person(), fb.person()
        await sok.sends("hello")
        answers = []
        for _ in range(7):
            answers.append(await graph.error(sok.psid))
            clock.advance(60)
        assert answers == [OPEN] * 5 + [(4, None)] * 2
        await dara.sends("hello")
        assert await graph.error(sok.psid) == OPEN
        clock.advance(24 * HOUR)
        await sok.sends("hello")
        assert [await graph.error(sok.psid) for _ in range(11)] == [OPEN] * 10 + [(4, None)]


async def test_usage_headers() -> None:
    async with platform(limits=Limits(daily_per_engaged=4)) as (fb, graph):
        sok = fb.person(wrote_ago=0)
        await graph.text(sok.psid)
        url = f"{fb.url}/v26.0/{sok.psid}?fields=first_name&access_token={fb.page_token}"
        async with fb.http.get(url) as answer:
            assert answer.headers["X-App-Usage"] == '{"call_count":25,"total_cputime":0,"total_time":0}'
            assert answer.headers["X-Page-Usage"] == answer.headers["X-App-Usage"]


async def test_messenger_profile_10_calls_in_10_minutes() -> None:
    clock = TestClock()
    async with platform(clock=clock) as (_, graph):
        answers = []
        for _ in range(11):
            _, answer = await graph.call("GET", "me/messenger_profile?fields=greeting")
            answers.append(code(answer))
        assert answers == [OPEN] * 10 + [(613, None)]
        clock.advance(600)
        assert (await graph.call("GET", "me/messenger_profile?fields=greeting"))[0] == 200
