"""How events travel: handshake, repeats, order, batches, the alert after 15 minutes and the end after an hour."""

from __future__ import annotations

import json

import pytest

from tests.emulators.clock import TestClock
from tests.emulators.messenger import MessengerEmulator
from tests.emulators.messenger.driving import hooked, platform, until

pytestmark = pytest.mark.asyncio

SETTLE = 0.03
QUIET = ["messages", "messaging_postbacks"]


def standing(fb: MessengerEmulator) -> str:
    """How the platform sees the webhook."""
    return "unsubscribed" if fb.unsubscribed else "alerted" if fb.developer_alert else "well"


async def test_handshake() -> None:
    async with platform() as (fb, _), hooked(fb) as hook:
        assert await fb.verifies(hook.url)
        hook.verify_token = "another"
        assert not await fb.verifies(hook.url)
        assert not await fb.verifies("http://127.0.0.1:9/nobody")
        assert fb.webhook_url == hook.url


async def test_delivered_once_and_in_order() -> None:
    async with platform(subscribed_fields=QUIET) as (fb, _), hooked(fb) as hook:
        sok = fb.person()
        mids = [await sok.sends(str(number)) for number in range(30)]
        assert fb.pending == 30
        await fb.settled()
        assert hook.texts == [str(number) for number in range(30)]
        assert list(fb.delivered) == mids
        assert fb.pending == 0
        assert fb.dropped == []


async def test_repeated_at_once_then_with_growing_pauses() -> None:
    clock = TestClock()
    async with platform(clock=clock, subscribed_fields=QUIET) as (fb, _), hooked(fb) as hook:
        hook.statuses.extend([500, 503, 404, 302, 500, 500])
        start = clock.now()
        mid = await fb.person().sends("hello")
        await until(lambda: len(fb.webhook.attempts) == 4)
        assert [attempt.at - start for attempt in fb.webhook.attempts] == [0, 0, 0, 0]
        await clock.passes(120, SETTLE)
        await fb.settled()
        assert [attempt.at - start for attempt in fb.webhook.attempts] == [0, 0, 0, 0, 15, 45, 105]
        assert [attempt.status for attempt in fb.webhook.attempts] == [500, 503, 404, 302, 500, 500, 200]
        assert len(set(hook.bodies)) == 1
        assert fb.delivered[mid] == start + 105


async def test_201_is_not_200() -> None:
    async with platform(subscribed_fields=QUIET) as (fb, _), hooked(fb) as hook:
        hook.statuses.extend([201, 204])
        await fb.person().sends("hello")
        await fb.settled()
        assert [attempt.status for attempt in fb.webhook.attempts] == [201, 204, 200]


async def test_slow_answers_are_failures() -> None:
    clock = TestClock()
    async with platform(clock=clock, subscribed_fields=QUIET) as (fb, _), hooked(fb) as hook:
        hook.slow = 6
        await fb.person().sends("hello")
        await until(lambda: len(hook.bodies) == 1)
        hook.slow = 0
        await clock.passes(5, SETTLE)
        await fb.settled()
        assert [attempt.status for attempt in fb.webhook.attempts] == [None, 200]
        assert len(hook.bodies) == 2


async def test_later_events_overtake_one_that_keeps_failing() -> None:
    clock = TestClock()
    async with platform(clock=clock, subscribed_fields=QUIET) as (fb, _), hooked(fb) as hook:
        hook.statuses.extend([500] * 4)
        sok = fb.person()
        await sok.sends("first")
        await sok.sends("second")
        await until(lambda: hook.texts == ["second"])
        await clock.passes(15, SETTLE)
        await fb.settled()
        assert hook.texts == ["second", "first"]
        stamps = [event["timestamp"] for event in hook.taken]
        assert stamps == sorted(stamps)


async def test_alert_after_15_minutes_and_unsubscribed_after_an_hour() -> None:
    clock = TestClock()
    async with platform(clock=clock) as (fb, graph), hooked(fb) as hook:
        hook.default = 500
        sok = fb.person()
        await sok.sends("lost")
        await until(lambda: len(hook.bodies) == 4)
        await clock.passes(890, SETTLE)
        assert standing(fb) == "well"
        await clock.passes(20, SETTLE)
        assert standing(fb) == "alerted"
        await clock.passes(2680, SETTLE)
        assert standing(fb) == "alerted"
        await clock.passes(20, SETTLE)
        assert standing(fb) == "unsubscribed"
        assert fb.pending == 0
        assert (await graph.call("GET", "me/subscribed_apps"))[1] == {"data": []}
        hook.default = 200
        seen = len(hook.bodies)
        await sok.sends("lost too")
        await fb.settled()
        await clock.passes(3600, SETTLE)
        assert len(hook.bodies) == seen
        assert [event["message"]["text"] for event in fb.dropped] == ["lost", "lost too"]
        answer = await graph.call("POST", "me/subscribed_apps?subscribed_fields=messages,messaging_postbacks")
        assert answer == (200, {"success": True})
        await sok.sends("heard")
        await fb.settled()
        assert hook.texts == ["heard"]
        assert standing(fb) == "well"


async def test_one_success_takes_the_alarm_back() -> None:
    clock = TestClock()
    async with platform(clock=clock, subscribed_fields=QUIET) as (fb, _), hooked(fb) as hook:
        hook.default = 500
        await fb.person().sends("hello")
        await until(lambda: len(hook.bodies) == 4)
        await clock.passes(1000, SETTLE)
        assert standing(fb) == "alerted"
        hook.default = 200
        await clock.passes(300, SETTLE)
        await fb.settled()
        assert standing(fb) == "well"
        await clock.passes(7200, SETTLE)
        assert standing(fb) == "well"
        assert hook.texts == ["hello"]


async def test_one_event_nobody_can_take_is_given_up_alone() -> None:
    clock = TestClock()
    async with platform(clock=clock, subscribed_fields=QUIET) as (fb, _), hooked(fb) as hook:
        sok, dara = fb.person(), fb.person()
        hook.default = 500
        await sok.sends("poison")
        await until(lambda: len(hook.bodies) == 4)
        for _ in range(9):
            hook.default = 200
            await dara.sends("fine")
            await until(lambda: fb.pending == 1)
            hook.default = 500
            await clock.passes(500, SETTLE)
        assert [event["message"]["text"] for event in fb.dropped] == ["poison"]
        assert not fb.unsubscribed


async def test_keeps_trying_while_the_service_is_down() -> None:
    """With the real clock and short pauses, as a test that kills the service would do."""
    async with platform(retry_scale=0.001, subscribed_fields=QUIET) as (fb, _):
        async with hooked(fb):
            pass
        sok = fb.person()
        mids = [await sok.sends(str(number)) for number in range(5)]
        await until(lambda: len(fb.webhook.attempts) > 25)
        assert fb.pending == 5
        async with hooked(fb) as hook:
            await fb.settled()
            assert sorted(hook.texts) == [str(number) for number in range(5)]
            assert set(fb.delivered) == set(mids)


async def test_duplicates() -> None:
    async with platform(subscribed_fields=QUIET) as (fb, _), hooked(fb) as hook:
        fb.duplicate_next()
        sok = fb.person()
        await sok.sends("twice")
        await sok.sends("once")
        await fb.settled()
        assert hook.texts == ["twice", "twice", "once"]
        assert hook.bodies[0] == hook.bodies[1]
        assert len(fb.delivered) == 2


@pytest.mark.parametrize(("order", "wanted"), [("same", "0123"), ("reverse", "3210"), ("shuffle", None)])
async def test_held_events_in_another_order(order: str, wanted: str | None) -> None:
    async with platform(subscribed_fields=QUIET) as (fb, _), hooked(fb) as hook:
        sok = fb.person()
        fb.hold()
        for number in range(4):
            await sok.sends(str(number))
        assert fb.pending == 4
        fb.release(order)
        await fb.settled()
        arrived = "".join(hook.texts)
        assert sorted(arrived) == ["0", "1", "2", "3"]
        assert arrived == wanted if wanted else arrived != "0123"


async def test_shuffle() -> None:
    async with platform(subscribed_fields=QUIET) as (fb, _), hooked(fb) as hook:
        fb.shuffle = True
        sok = fb.person()
        for number in range(20):
            await sok.sends(f"{number:02}")
        await fb.settled()
        assert sorted(hook.texts) == [f"{number:02}" for number in range(20)]
        assert hook.texts != sorted(hook.texts)


async def test_several_entries_in_one_notification() -> None:
    async with platform(subscribed_fields=QUIET) as (fb, _), hooked(fb) as hook:
        fb.batch = 3
        sok, dara = fb.person(), fb.person()
        for number in range(2):
            await sok.sends(f"sok {number}")
            await dara.sends(f"dara {number}")
        await fb.settled()
        assert [len(json.loads(body)["entry"]) for body in hook.bodies] == [3, 1]
        assert sorted(hook.texts) == ["dara 0", "dara 1", "sok 0", "sok 1"]
        assert len(fb.delivered) == 4


async def test_settled_says_what_is_missing() -> None:
    async with platform() as (fb, _), hooked(fb) as hook:
        hook.default = 500
        await fb.person().sends("hello")
        with pytest.raises(TimeoutError, match="1 events are still on their way"):
            await fb.settled(0.1)


async def test_nothing_is_sent_before_a_webhook_is_verified() -> None:
    async with platform() as (fb, _):
        await fb.person().sends("hello")
        assert fb.pending == 0
        assert len(fb.events) == 1


async def test_subscribed_apps() -> None:
    async with platform(subscribed_fields=[]) as (fb, graph), hooked(fb) as hook:
        sok = fb.person()
        await sok.sends("not heard")
        assert (await graph.call("GET", "me/subscribed_apps"))[1] == {"data": []}
        assert (await graph.call("POST", "me/subscribed_apps"))[0] == 400
        assert (await graph.call("POST", "me/subscribed_apps", {"subscribed_fields": ["gossip"]}))[0] == 400
        path = f"{fb.page_id}/subscribed_apps"
        assert (await graph.call("POST", path, {"subscribed_fields": ["messages"]}))[0] == 200
        listed = (await graph.call("GET", path))[1]["data"]
        assert [one["subscribed_fields"] for one in listed] == [["messages"]]
        await sok.sends("heard")
        await fb.settled()
        await graph.call("DELETE", path)
        await sok.sends("not heard either")
        await fb.settled()
        assert hook.texts == ["heard"]
