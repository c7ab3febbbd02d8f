"""A person's side, and what a test can do to the platform: taps, screens, attachments, faults, journal, door."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sys

import aiohttp
import pytest

from tests.emulators.clock import TestClock
from tests.emulators.messenger import MessengerEmulator, PersonError, Seen
from tests.emulators.messenger.driving import code, hooked, platform

pytestmark = pytest.mark.asyncio


def replies(*titles: str) -> dict[str, object]:
    given = [{"content_type": "text", "title": title, "payload": f"p:{title}"} for title in titles]
    return {"text": "Choose", "quick_replies": given}


async def test_quick_replies_only_under_the_last_message() -> None:
    async with platform() as (fb, graph):
        sok = fb.person(wrote_ago=1)
        await graph.send(sok.psid, replies("Yes", "No"))
        assert [reply.title for reply in sok.quick_replies] == ["Yes", "No"]
        await graph.text(sok.psid, "more")
        assert sok.quick_replies == ()
        assert sok.chat[0].quick_replies == ()
        with pytest.raises(PersonError, match="nothing to tap called 'Yes'"):
            await sok.taps("Yes")
        await graph.send(sok.psid, replies("Yes", "No"))
        await sok.taps("p:No")
        assert sok.said == ["No"]
        assert sok.quick_replies == ()


async def test_phone_number_quick_reply() -> None:
    async with platform() as (fb, graph):
        sok = fb.person(wrote_ago=1, phone="+66812345678")
        await graph.send(sok.psid, {"text": "?", "quick_replies": [{"content_type": "user_phone_number"}]})
        await sok.taps("user_phone_number")
        message = fb.events[-1]["message"]
        assert (message["text"], message["quick_reply"]) == ("+66812345678", {"payload": "+66812345678"})


async def test_buttons_stay_and_links_open() -> None:
    async with platform() as (fb, graph):
        sok = fb.person(wrote_ago=1)
        link = {"type": "web_url", "title": "Read", "url": "https://example.org/a"}
        go = {"type": "postback", "title": "Go", "payload": "go"}
        element = {"title": "Card", "buttons": [link, go]}
        payload = {"template_type": "generic", "elements": [element]}
        await graph.send(sok.psid, {"attachment": {"type": "template", "payload": payload}})
        await graph.text(sok.psid)
        await sok.taps("Go")
        await sok.taps("Go")
        assert [event["postback"]["payload"] for event in fb.events if "postback" in event] == ["go", "go"]
        assert await sok.taps("Read") == ""
        assert sok.opened == ["https://example.org/a"]
        assert sok.chat[0].cards[0].title == "Card"


async def test_sees() -> None:
    async with platform() as (fb, graph):
        sok = fb.person(wrote_ago=1)

        async def soon() -> None:
            for text in ("one", "two", "three"):
                await asyncio.sleep(0.01)
                await graph.text(sok.psid, text)

        task = asyncio.create_task(soon())
        assert (await sok.sees("tw")).text == "two"
        assert (await sok.sees(3)).text == "three"

        def short(seen: Seen) -> bool:
            return seen.text == "one"

        assert (await sok.sees(short)).text == "one"
        assert (await sok.sees(1, since=2)).text == "three"
        await task
        with pytest.raises(TimeoutError, match="did not see 'four'"):
            await sok.sees("four", timeout=0.02)


async def test_blocks_and_unblocks() -> None:
    async with platform() as (fb, graph):
        sok = fb.person(wrote_ago=1)
        await sok.blocks()
        assert await graph.error(sok.psid) == (551, 1545041)
        with pytest.raises(PersonError):
            await sok.sends("hello")
        await sok.unblocks()
        assert await graph.error(sok.psid) == (0, None)


async def test_typing_and_seen() -> None:
    clock = TestClock()
    async with platform(clock=clock) as (fb, graph):
        sok = fb.person(wrote_ago=1)
        body = {"recipient": {"id": sok.psid}}
        answer = await graph.call("POST", "me/messages", {**body, "sender_action": "typing_on"})
        assert answer == (200, {"recipient_id": sok.psid})
        before = sok.typing
        clock.advance(20)
        assert (before, sok.typing) == (True, False)
        await graph.call("POST", "me/messages", {**body, "sender_action": "mark_seen"})
        assert sok.seen_by_page


async def test_what_is_not_on_the_screen_cannot_be_used() -> None:
    async with platform() as (fb, _):
        sok = fb.person()
        for act in (
            sok.gets_started(),
            sok.taps_menu("x"),
            sok.taps_ice_breaker("x"),
            sok.reacts("m_none"),
            sok.taps("x"),
        ):
            with pytest.raises(PersonError):
                await act
        with pytest.raises(ValueError, match="A-Z"):
            await sok.opens_link("ខ្មែរ")


async def test_checkbox_plugin_answers_without_recipient_id() -> None:
    async with platform() as (fb, graph):
        sok = fb.person(wrote_ago=1)
        await sok.opts_in("jobs", "box-1")
        body = {"recipient": {"user_ref": "box-1"}, "message": {"text": "hello"}, "messaging_type": "UPDATE"}
        assert await graph.call("POST", "me/messages", body) == (200, {"message_id": sok.chat[0].mid})


async def test_profile_of_a_person() -> None:
    async with platform() as (fb, graph):
        sok = fb.person("77", first_name="សុខ", last_name="តារា", locale="km_KH", timezone=7)
        fields = "77?fields=first_name,last_name,locale,timezone"
        wanted = {"first_name": "សុខ", "last_name": "តារា", "locale": "km_KH", "timezone": 7, "id": "77"}
        assert await graph.call("GET", fields) == (200, wanted)
        fb.features.discard("user_locale")
        assert "locale" not in (await graph.call("GET", fields))[1]
        fb.features.clear()
        assert await graph.call("GET", fields) == (200, {})
        assert (await graph.call("GET", "77?fields=shoe_size"))[0] == 400
        sok.phone_only = True
        assert code((await graph.call("GET", fields))[1]) == (100, 2018218)


async def test_scripted_faults() -> None:
    async with platform() as (fb, graph):
        sok = fb.person(wrote_ago=1)
        fb.fail_next(613, 2018338, times=2)
        fb.fail_next(190, message="Session has expired", status=401, on="person")
        assert await graph.error(sok.psid) == (613, 2018338)
        assert (await graph.call("POST", "me/messages", {"recipient": {"id": sok.psid}, "sender_action": "typing_on"}))[
            0
        ] == 200
        assert await graph.error(sok.psid) == (613, 2018338)
        assert await graph.error(sok.psid) == (0, None)
        status, answer = await graph.call("GET", sok.psid)
        assert (status, answer["error"]["message"]) == (401, "Session has expired")
        assert [request.status for request in fb.requests] == [400, 200, 400, 200, 401]


async def test_lost_answer_takes_effect_and_down_does_not() -> None:
    async with platform() as (fb, graph):
        sok = fb.person(wrote_ago=1)
        fb.drop_answer_next()
        with pytest.raises(aiohttp.ClientError):
            await graph.text(sok.psid, "lost answer")
        assert [seen.text for seen in sok.chat] == ["lost answer"]
        assert fb.requests[-1].status == 0
        fb.down = True
        with pytest.raises(aiohttp.ClientError):
            await graph.text(sok.psid, "down")
        assert len(sok.chat) == 1
        fb.down = False
        assert (await graph.text(sok.psid))[0] == 200


async def test_delay_is_on_the_clock() -> None:
    clock = TestClock()
    async with platform(clock=clock) as (fb, graph):
        fb.person("1", wrote_ago=1)
        fb.delay(30)
        task = asyncio.create_task(graph.text("1"))
        await asyncio.sleep(0.05)
        assert not task.done()
        clock.advance(30)
        assert (await task)[0] == 200


async def test_journal_keeps_the_bytes() -> None:
    async with platform() as (fb, _):
        sok = fb.person(wrote_ago=1)
        text = "សួស្តី"
        body = json.dumps(
            {"recipient": {"id": sok.psid}, "messaging_type": "UPDATE", "message": {"text": text}}
        ).encode()
        headers = {"Content-Type": "application/json"}
        url = f"{fb.url}/v26.0/me/messages?access_token={fb.page_token}"
        async with fb.http.post(url, data=body, headers=headers) as answer:
            mid = (await answer.json())["message_id"]
        request = fb.requests[0]
        assert (request.method, request.path, request.body) == ("POST", "/v26.0/me/messages", body)
        assert request.query == {"access_token": fb.page_token}
        assert request.json["message"]["text"] == text
        sent = fb.sent(sok.psid)[0]
        assert (sent.mid, sent.text, sent.messaging_type, sent.tag) == (mid, text, "UPDATE", None)


async def test_deletion_request() -> None:
    async with platform(clock=TestClock()) as (fb, _):
        sok = fb.person("42")
        signature, payload = fb.deletion_request(sok.asid).split(".")
        assert sok.asid != sok.psid
        assert "=" not in signature + payload
        wanted = hmac.new(b"app-secret", payload.encode(), hashlib.sha256).digest()
        assert base64.urlsafe_b64decode(signature + "=") == wanted
        given = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert given == {"user_id": sok.asid, "algorithm": "HMAC-SHA256", "issued_at": int(fb.clock.now())}


async def test_two_emulators_never_give_the_same_mid() -> None:
    async with MessengerEmulator() as one, MessengerEmulator() as two:
        assert await one.person("1").sends("x") != await two.person("1").sends("x")


async def test_door_for_another_process() -> None:
    async with platform(subscribed_fields=["messages"]) as (fb, graph), hooked(fb) as hook:
        door = f"{fb.url}/emulator"
        assert await graph.call("POST", f"{door}/webhook", {"url": hook.url}) == (200, {"verified": True})
        await graph.call("POST", f"{door}/persons/5", {"first_name": "Sok", "wrote_ago": 5})
        status, answer = await graph.call("POST", f"{door}/persons/5/sends", {"text": "hello"})
        assert (status, answer["mid"][:2]) == (200, "m_")
        picture = base64.b64encode(b"jpeg").decode()
        assert (await graph.call("POST", f"{door}/persons/5/sends_image", {"data": picture}))[0] == 200
        await graph.send("5", replies("Yes"))
        assert (await graph.call("POST", f"{door}/persons/5/taps", {"what": "Yes"}))[0] == 200
        await fb.settled()
        _, screen = await graph.call("GET", f"{door}/persons/5")
        assert screen["chat"][0]["text"] == "Choose"
        _, state = await graph.call("GET", f"{door}/state")
        assert (state["sent"], state["pending"], state["disabled"]) == (1, 0, False)
        assert (await graph.call("POST", f"{door}/persons/5/taps", {"what": "No"}))[0] == 400
        assert (await graph.call("POST", f"{door}/persons/5/receives", {}))[0] == 400
        assert (await graph.call("GET", f"{door}/nothing"))[0] == 404
        assert hook.texts == ["hello", "Yes"]


async def test_started_by_hand() -> None:
    command = [sys.executable, "-m", "tests.emulators.messenger", "--port", "0", "--page-token", "T", "--page-id", "9"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        address = line.split()[-1]
        assert address.endswith("/v26.0/9/messages")
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{address.removesuffix('/messages')}?access_token=T") as answer,
        ):
            assert await answer.json() == {"name": "Chumnuoy", "id": "9"}
    finally:
        process.terminate()
        await process.wait()
