"""Every switch in both positions; a switch without a test fails here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.emulators.clock import TestClock
from tests.emulators.messenger import Limits, MessengerEmulator, PersonError, Switches
from tests.emulators.messenger.driving import Graph, code, hooked, platform, until

pytestmark = pytest.mark.asyncio

Probe = Callable[[MessengerEmulator, Graph], Awaitable[Any]]
TESTED: dict[str, tuple[Probe, dict[Any, Any]]] = {}


def switch(name: str, wanted: dict[Any, Any]) -> Callable[[Probe], Probe]:
    """The probe shows these answers, by position of the switch."""

    def register(probe: Probe) -> Probe:
        TESTED[name] = (probe, wanted)
        return probe

    return register


def limited(fb: MessengerEmulator, **limits: Any) -> None:
    fb.rates.limits = dataclasses.replace(Limits.none(), **limits)


async def said(fb: MessengerEmulator, graph: Graph, message: Any = None, kind: str = "RESPONSE", **more: Any) -> str:
    """The text of the refusal, "" if accepted."""
    sok = fb.person("1")
    _, answer = await graph.send(sok.psid, message if message is not None else {"text": "x"}, kind, **more)
    return str(answer.get("error", {}).get("message", ""))


@switch("v27_exists", {False: 400, True: 200})
async def v27(fb: MessengerEmulator, graph: Graph) -> Any:
    return (await graph.call("GET", f"{fb.url}/v27.0/me"))[0]


@switch("batch_counts_each", {True: [200, 200, 400], False: [200, 200, 200]})
async def batch_counts(fb: MessengerEmulator, graph: Graph) -> Any:
    limited(fb, calls_per_second=2)
    body = 'recipient={"id":"1"}&message={"text":"x"}&messaging_type=RESPONSE'
    call = {"method": "POST", "relative_url": "me/messages", "body": body}
    _, answers = await graph.call("POST", f"{fb.url}/", {"batch": [call] * 3})
    return [answer["code"] for answer in answers]


@switch("status_190", {400: 400, 401: 401})
async def status_190(fb: MessengerEmulator, graph: Graph) -> Any:
    return (await graph.call("GET", "me", token="wrong"))[0]


@switch("status_rate", {400: 400, 429: 429})
async def status_rate(fb: MessengerEmulator, graph: Graph) -> Any:
    limited(fb, calls_per_second=0)
    return (await graph.text("1"))[0]


@switch("status_10", {400: 400, 403: 403})
async def status_10(fb: MessengerEmulator, graph: Graph) -> Any:
    fb.person("1").last_at = None
    return (await graph.text("1"))[0]


@switch("temporary_failure_code", {2: (2, None), 1200: (1200, None)})
async def temporary(fb: MessengerEmulator, graph: Graph) -> Any:
    fb.stumble_next()
    return await graph.error("1")


@switch("appsecret_proof_text", {"A": "A", "B": "B"})
async def proof_text(fb: MessengerEmulator, graph: Graph) -> Any:
    return await said(fb, graph, appsecret_proof="bad")


@switch("page_inbox_app_id", {26390203743090: 26390203743090, 263902037430900: 263902037430900})
async def inbox(fb: MessengerEmulator, graph: Graph) -> Any:
    fb.page_inbox_sends(fb.person("1"), "hello")
    return fb.events[-1]["message"]["app_id"]


BLOCKED = {"551/1545041": (551, 1545041), "551": (551, None), "200/1545041": (200, 1545041), "2": (2, None)}


@switch("blocked_as", BLOCKED)
async def blocked(fb: MessengerEmulator, graph: Graph) -> Any:
    await fb.person("1").blocks()
    return await graph.error("1")


@switch("closed_window_as", {"10/2018278": (10, 2018278), "551/1545041": (551, 1545041)})
async def window(fb: MessengerEmulator, graph: Graph) -> Any:
    fb.person("1").last_at = None
    return await graph.error("1")


@switch("human_agent_not_granted_as", {"10/2018278": (10, 2018278), "10": (10, None)})
async def human_agent(fb: MessengerEmulator, graph: Graph) -> Any:
    fb.features.discard("human_agent")
    return await graph.error("1", kind="MESSAGE_TAG", tag="HUMAN_AGENT")


@switch("thread_owner_as", {"10/2018300": (10, 2018300), "2018300": (2018300, None)})
async def owner(fb: MessengerEmulator, graph: Graph) -> Any:
    fb.takes_thread(fb.person("1"))
    return await graph.error("1")


RATES = {"613/2534040": (613, 2534040), "613": (613, None), "4": (4, None)}


@switch("rate_as", RATES)
async def rate(fb: MessengerEmulator, graph: Graph) -> Any:
    limited(fb, per_thread_per_second=1)
    await graph.text("1")
    return await graph.error("1")


@switch("quota_as", RATES)
async def quota(fb: MessengerEmulator, graph: Graph) -> Any:
    limited(fb, daily_per_engaged=0)
    return await graph.error("1")


@switch("high_volume_as", {"10/1893063": (10, 1893063), "613": (613, None)})
async def volume(fb: MessengerEmulator, graph: Graph) -> Any:
    limited(fb, high_volume_per_second=1, high_volume_seconds=2.0)
    return [await graph.error("1") for _ in range(3)][-1]


@switch("profile_rate_as", {"613": (613, None), "4": (4, None), "32": (32, None)})
async def profile_rate(fb: MessengerEmulator, graph: Graph) -> Any:
    limited(fb, profile_calls=0)
    return code((await graph.call("GET", "me/messenger_profile?fields=greeting"))[1])


NAMED = "(#100) Length of param name_placeholder[text] must be less than or equal to 640"


@switch("limit_text", {"named": NAMED, "bare": "(#100) Invalid parameter"})
async def limit_text(fb: MessengerEmulator, graph: Graph) -> Any:
    payload = {"template_type": "button", "text": "x" * 641, "buttons": []}
    return await said(fb, graph, {"attachment": {"type": "template", "payload": payload}})


@switch("long_quick_reply_title", {"reject": [], "truncate": ["x" * 20]})
async def long_title(fb: MessengerEmulator, graph: Graph) -> Any:
    reply = {"content_type": "text", "title": "x" * 25, "payload": "x"}
    await graph.send("1", {"text": "?", "quick_replies": [reply]})
    return [reply.title for reply in fb.person("1").quick_replies]


@switch("empty_message_text", {"A": "A", "B": "B"})
async def empty(fb: MessengerEmulator, graph: Graph) -> Any:
    return await said(fb, graph, {})


@switch("text_and_attachment_text", {"A": "A", "B": "B"})
async def both(fb: MessengerEmulator, graph: Graph) -> Any:
    return await said(fb, graph, {"text": "x", "attachment": {"type": "image", "payload": {"url": "http://x/"}}})


@switch("messaging_type_required", {True: (100, None), False: (0, None)})
async def type_required(fb: MessengerEmulator, graph: Graph) -> Any:
    return await graph.error("1", kind=None)


@switch("phone_only_code", {100: (100, 2018218), 10: (10, 2018218)})
async def phone_only(fb: MessengerEmulator, graph: Graph) -> Any:
    fb.person("5", phone_only=True)
    return code((await graph.call("GET", "5?fields=first_name"))[1])


@switch("one_time_notification", {False: (100, None), True: (0, None)})
async def one_time(fb: MessengerEmulator, graph: Graph) -> Any:
    sok = fb.person("1")
    payload = {"template_type": "one_time_notif_req", "title": "When it reopens?", "payload": "reopened"}
    _, answer = await graph.send("1", {"attachment": {"type": "template", "payload": payload}})
    if "error" in answer:
        return code(answer)
    await sok.taps("Notify Me")
    sok.last_at = None
    token = fb.events[-1]["optin"]["one_time_notif_token"]
    body = {"recipient": {"one_time_notif_token": token}, "message": {"text": "x"}, "messaging_type": "UPDATE"}
    first = code((await graph.call("POST", "me/messages", body))[1])
    assert code((await graph.call("POST", "me/messages", body))[1]) == (100, 2018001)
    return first


TEMPLATE = {"name": "case", "language": "km", "category": "UTILITY", "components": [{"type": "BODY", "text": "Done."}]}
CASE = {"name": "case", "language": {"code": "km"}, "components": []}


@switch("utility_eligible", {True: [200, 200], False: [400, 400]})
async def utility(fb: MessengerEmulator, graph: Graph) -> Any:
    created, _ = await graph.call("POST", "me/message_templates", TEMPLATE)
    sent, _ = await graph.send("1", {"template": CASE}, "UTILITY")
    return [created, sent]


@switch("utility_shape", {"both": [200, 200], "template": [200, 400], "attachment": [400, 200]})
async def utility_shape(fb: MessengerEmulator, graph: Graph) -> Any:
    await graph.call("POST", "me/message_templates", TEMPLATE)
    attachment = {"type": "template", "payload": {"template_type": "utility_messages", **CASE}}
    ways = ({"template": CASE}, {"attachment": attachment})
    return [(await graph.send("1", way, "UTILITY"))[0] for way in ways]


@switch("km_kh_locale", {False: 400, True: 200})
async def khmer(fb: MessengerEmulator, graph: Graph) -> Any:
    greeting = [{"locale": "default", "text": "Hello"}, {"locale": "km_KH", "text": "សួស្តី"}]
    return (await graph.call("POST", "me/messenger_profile", {"greeting": greeting}))[0]


@switch("ad_window_days", {1: (10, 2018278), 7: (0, None)})
async def ad_window(fb: MessengerEmulator, graph: Graph) -> Any:
    assert isinstance(fb.clock, TestClock)
    await fb.person("1").opens_link("jobs", ad_id="77")
    fb.clock.advance(6.9 * 86400)
    return await graph.error("1")


@switch("menu_change_takes", {0.0: "shown", 3600.0: "later"})
async def menu(fb: MessengerEmulator, graph: Graph) -> Any:
    assert isinstance(fb.clock, TestClock)
    items = [{"type": "postback", "title": "Menu", "payload": "menu"}]
    entry = {"locale": "default", "call_to_actions": items}
    await graph.call("POST", "me/messenger_profile", {"get_started": {"payload": "s"}, "persistent_menu": [entry]})
    try:
        await fb.person("1").taps_menu("menu")
    except PersonError:
        fb.clock.advance(3600)
        await fb.person("1").taps_menu("menu")
        return "later"
    return "shown"


@switch("template_review_takes", {0.0: "APPROVED", 5.0: "PENDING"})
async def review(fb: MessengerEmulator, graph: Graph) -> Any:
    assert isinstance(fb.clock, TestClock)
    first = (await graph.call("POST", "me/message_templates", TEMPLATE))[1]["status"]
    assert (await graph.send("1", {"template": CASE}, "UTILITY"))[0] == (200 if first == "APPROVED" else 400)
    fb.clock.advance(5)
    assert (await graph.send("1", {"template": CASE}, "UTILITY"))[0] == 200
    return first


@switch("webhook_budget", {5.0: [None, 200], 20.0: [200]})
async def budget(fb: MessengerEmulator, graph: Graph) -> Any:
    assert isinstance(fb.clock, TestClock)
    async with hooked(fb) as hook:
        hook.slow = 10
        await fb.person("1").sends("hello")
        await until(lambda: len(hook.bodies) == 1)
        hook.slow = 0
        await fb.clock.passes(10, 0.03)
        await fb.settled()
        return [attempt.status for attempt in fb.webhook.attempts]


@switch("escape_slashes", {True: True, False: False})
async def slashes(fb: MessengerEmulator, graph: Graph) -> Any:
    async with hooked(fb) as hook:
        await fb.person("1").sends("a/b")
        await fb.settled()
        assert hook.signatures == [fb.sign(hook.bodies[0])]
        return rb"a\/b" in hook.bodies[0]


@switch("delivery_mids", {"always": [True, True], "sometimes": [True, False], "never": [False, False]})
async def mids(fb: MessengerEmulator, graph: Graph) -> Any:
    async with hooked(fb) as hook:
        await graph.text("1")
        await graph.text("1")
        await fb.settled()
        return ["mids" in event["delivery"] for event in hook.taken if "delivery" in event]


@switch("echoes", {True: 1, False: 0})
async def echoes(fb: MessengerEmulator, graph: Graph) -> Any:
    async with hooked(fb) as hook:
        await graph.text("1")
        await fb.settled()
        return sum("is_echo" in event.get("message", {}) for event in hook.taken)


@pytest.mark.parametrize(
    ("name", "position"), [(name, position) for name, (_, wanted) in TESTED.items() for position in wanted]
)
async def test_position(name: str, position: Any) -> None:
    probe, wanted = TESTED[name]
    switches = Switches(**{name: position})
    async with platform(clock=TestClock(), switches=switches, limits=Limits.none()) as (fb, graph):
        fb.person("1", wrote_ago=1)
        assert await probe(fb, graph) == wanted[position]


async def test_every_switch_is_tested_at_its_default_and_elsewhere() -> None:
    texts = {"appsecret_proof_text", "empty_message_text", "text_and_attachment_text"}
    for field in dataclasses.fields(Switches):
        assert field.name in TESTED, json.dumps(field.name)
        positions = TESTED[field.name][1]
        assert len(positions) >= 2
        assert field.name in texts or field.default in positions
