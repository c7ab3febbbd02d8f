"""The events a service receives, byte for byte: golden bodies written by hand from the platform's documents."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.emulators.clock import TestClock
from tests.emulators.messenger import MessengerEmulator, Person
from tests.emulators.messenger.driving import Graph, hooked, platform

pytestmark = pytest.mark.asyncio

START = 1_795_300_000.0
AT = 1_795_300_000_000
PAGE, PSID = "104500000000001", "7001"
Act = Callable[[MessengerEmulator, Graph, Person], Awaitable[Any]]
BUTTON = {"type": "postback", "title": "Complaint", "payload": "complaint"}
TEMPLATE = {
    "attachment": {"type": "template", "payload": {"template_type": "button", "text": "?", "buttons": [BUTTON]}}
}
REPLY = {"text": "?", "quick_replies": [{"content_type": "text", "title": "បាទ", "payload": "a:b=yes"}]}


def by_person(**what: Any) -> dict[str, Any]:
    return {"sender": {"id": PSID}, "recipient": {"id": PAGE}, "timestamp": AT, **what}


def by_page(**what: Any) -> dict[str, Any]:
    return {"sender": {"id": PAGE}, "recipient": {"id": PSID}, "timestamp": AT, **what}


def attachment(kind: str, payload: dict[str, Any]) -> dict[str, Any]:
    return by_person(message={"mid": "MID", "attachments": [{"type": kind, "payload": payload}]})


async def taps_quick_reply(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    await graph.send(PSID, REPLY)
    await sok.taps("បាទ")


async def taps_button(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    await graph.send(PSID, TEMPLATE)
    await sok.taps("Complaint")


async def starts(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    await graph.call("POST", "me/messenger_profile", {"get_started": {"payload": "start"}})
    await sok.gets_started()


async def starts_by_link(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    await sok.gets_started("poster-7", payload="start")


async def starts_after_link(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    sok.last_at = None
    assert await sok.opens_link("poster-7") == ""
    assert fb.pending == 0
    await sok.gets_started(payload="start")


async def reacts(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    await graph.text(PSID)
    await sok.reacts(sok.chat[-1].mid, "love")


async def takes_reaction_back(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    await graph.text(PSID)
    await sok.unreacts(sok.chat[-1].mid, "🙏")


async def answers_page(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    await graph.text(PSID)
    await sok.sends("អរគុណ", reply_to=sok.chat[-1].mid)


async def in_standby(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    await graph.send(PSID, TEMPLATE)
    fb.takes_thread(sok)
    await sok.taps("Complaint")


async def echoed(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    fb.webhook.fields = {"message_echoes"}
    await graph.send(PSID, {"text": "សួស្តី", "metadata": "row 7"})


async def inbox_echoed(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    fb.webhook.fields = {"message_echoes"}
    fb.page_inbox_sends(sok, "I will help")


async def delivered(fb: MessengerEmulator, graph: Graph, sok: Person) -> None:
    fb.webhook.fields = {"message_deliveries"}
    await graph.text(PSID)


YES = {"mid": "MID", "text": "បាទ", "quick_reply": {"payload": "a:b=yes"}}
LINK = {"ref": "poster-7", "source": "SHORTLINK", "type": "OPEN_THREAD"}
START_BACK = {"mid": "MID", "title": "Get Started", "payload": "start"}
ECHO = {"is_echo": True, "app_id": 960000000000001, "mid": "MID", "metadata": "row 7", "text": "សួស្តី"}
INBOX = {"is_echo": True, "app_id": 26390203743090, "mid": "MID", "text": "I will help"}
LOVE = {"reaction": "love", "emoji": "\u2764", "action": "react", "mid": "MID"}
OTHER = {"reaction": "other", "emoji": "🙏", "action": "unreact", "mid": "MID"}
BACK = {"mid": "MID", "text": "អរគុណ", "reply_to": {"mid": "MID", "is_self_reply": False}}

GOLDEN: dict[str, tuple[Act, str, dict[str, Any]]] = {
    "text": (lambda f, g, p: p.sends("សួស្តី"), "messaging", by_person(message={"mid": "MID", "text": "សួស្តី"})),
    "answer to a message": (answers_page, "messaging", by_person(message=BACK)),
    "quick reply": (taps_quick_reply, "messaging", by_person(message=YES)),
    "image": (lambda f, g, p: p.sends_image(b"jpeg"), "messaging", attachment("image", {"url": "URL"})),
    "audio": (lambda f, g, p: p.sends_audio(b"m4a"), "messaging", attachment("audio", {"url": "URL"})),
    "video": (lambda f, g, p: p.sends_video(b"mp4"), "messaging", attachment("video", {"url": "URL"})),
    "file": (lambda f, g, p: p.sends_file(b"%PDF"), "messaging", attachment("file", {"url": "URL"})),
    "sticker": (
        lambda f, g, p: p.sends_sticker(),
        "messaging",
        attachment("sticker", {"url": "URL", "sticker_id": 369239263222822}),
    ),
    "location": (
        lambda f, g, p: p.sends_location(13.75, 100.5),
        "messaging",
        attachment("location", {"coordinates": {"lat": 13.75, "long": 100.5}}),
    ),
    "postback": (
        taps_button,
        "messaging",
        by_person(postback={"mid": "MID", "title": "Complaint", "payload": "complaint"}),
    ),
    "get started": (starts, "messaging", by_person(postback=START_BACK)),
    "get started with a ref": (starts_by_link, "messaging", by_person(postback={**START_BACK, "referral": LINK})),
    "link in a new thread": (starts_after_link, "messaging", by_person(postback={**START_BACK, "referral": LINK})),
    "link in an old thread": (lambda f, g, p: p.opens_link("poster-7"), "messaging", by_person(referral=LINK)),
    "advertisement": (
        lambda f, g, p: p.opens_link("poster-7", ad_id="9"),
        "messaging",
        by_person(referral={**LINK, "source": "ADS", "ad_id": "9"}),
    ),
    "reaction": (reacts, "messaging", by_person(reaction=LOVE)),
    "reaction taken back": (takes_reaction_back, "messaging", by_person(reaction=OTHER)),
    "delivery": (delivered, "messaging", by_person(delivery={"mids": ["MID"], "watermark": AT})),
    "read": (lambda f, g, p: p.reads(), "messaging", by_person(read={"watermark": AT})),
    "opt-in": (
        lambda f, g, p: p.opts_in("jobs", "u-1"),
        "messaging",
        by_person(optin={"ref": "jobs", "user_ref": "u-1"}),
    ),
    "echo": (echoed, "messaging", by_page(message=ECHO)),
    "echo of the Page inbox": (inbox_echoed, "messaging", by_page(message=INBOX)),
    "standby": (in_standby, "standby", by_person(postback={"mid": "MID", "title": "Complaint"})),
}


def masked(value: Any) -> Any:
    """Ids and addresses that differ each time become MID and URL."""
    if isinstance(value, dict):
        return {key: masked(one) for key, one in value.items()}
    if isinstance(value, list):
        return [masked(one) for one in value]
    if isinstance(value, str) and value.startswith("m_"):
        return "MID"
    return "URL" if isinstance(value, str) and "/cdn/" in value else value


@pytest.mark.parametrize("name", GOLDEN)
async def test_body(name: str) -> None:
    act, where, wanted = GOLDEN[name]
    fields = {"messages", "messaging_postbacks", "messaging_referrals", "messaging_optins", "message_reactions"}
    more = {"message_reads", "standby"}
    async with platform(clock=TestClock(START), subscribed_fields=fields | more) as (fb, graph), hooked(fb) as hook:
        sok = fb.person(PSID, wrote_ago=60)
        await act(fb, graph, sok)
        await fb.settled()
        body = json.loads(hook.bodies[-1])
        assert masked(body) == {"object": "page", "entry": [{"id": PAGE, "time": AT, where: [wanted]}]}
        assert len(hook.bodies) == 1


async def test_signature_is_over_the_escaped_body() -> None:
    async with platform(clock=TestClock(START)) as (fb, _), hooked(fb) as hook:
        await fb.person(PSID).sends("សួស្តី 🙏 https://a/b")
        await fb.settled()
        body, signature = hook.bodies[0], hook.signatures[0]
        words = rb"\u179f\u17bd\u179f\u17d2\u178f\u17b8 \ud83d\ude4f https:\/\/a\/b"
        assert words in body
        assert body.isascii()
        assert signature == "sha256=" + hmac.new(b"app-secret", body, hashlib.sha256).hexdigest()
        assert signature == fb.sign(body)
        again = json.dumps(json.loads(body), ensure_ascii=False).encode()
        assert fb.sign(again) != signature


async def test_fields_not_subscribed_are_not_sent() -> None:
    async with platform(subscribed_fields=["messages"]) as (fb, graph), hooked(fb) as hook:
        sok = fb.person(PSID, wrote_ago=60)
        await graph.send(PSID, TEMPLATE)
        await sok.taps("Complaint")
        await sok.reads()
        await sok.sends("hello")
        await fb.settled()
        assert hook.texts == ["hello"]
        assert len(hook.taken) == 1
        assert fb.dropped == []


async def test_one_time_token_and_template_status_events() -> None:
    async with platform(clock=TestClock(START)) as (fb, graph), hooked(fb) as hook:
        fb.switches.template_review_takes = 5
        body = {"type": "BODY", "text": "Your case is closed."}
        given = {"name": "case", "language": "km", "category": "UTILITY", "components": [body]}
        await graph.call("POST", "me/message_templates", given)
        assert isinstance(fb.clock, TestClock)
        await fb.clock.passes(5, 0.03)
        await fb.settled()
        entry = json.loads(hook.bodies[0])["entry"][0]
        value = {
            "event": "APPROVED",
            "message_template_id": "7000000",
            "message_template_name": "case",
            "message_template_language": "km",
            "reason": "NONE",
        }
        assert entry["changes"] == [{"field": "message_template_status_update", "value": value}]


async def test_injected_and_raw_bodies() -> None:
    async with platform() as (fb, _), hooked(fb) as hook:
        event = {"sender": {"id": "1"}, "recipient": {"id": PAGE}, "message": {"mid": "x", "is_deleted": True}}
        fb.inject(event)
        await fb.settled()
        assert hook.taken == [event]
        assert "x" in fb.delivered
        assert await fb.post_raw(b'{"object":"page","entry":[]}', {"X-Hub-Signature-256": "sha256=bad"}) == (200, "")
        assert hook.signatures[-1] == "sha256=bad"
