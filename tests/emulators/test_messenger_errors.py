"""Every refusal of the Send API that does not depend on the message itself: one request per row, its exact answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.emulators.clock import TestClock
from tests.emulators.messenger import MessengerEmulator, Person, appsecret_proof
from tests.emulators.messenger.driving import Graph, code, platform

pytestmark = pytest.mark.asyncio

DAY = 86400
Json = dict[str, Any]
WINDOW = (
    "(#10) This message is sent outside of allowed window. Learn more about the new policy here: "
    "https://developers.facebook.com/docs/messenger-platform/policy-overview"
)


def text(words: str = "hello", **more: Any) -> Json:
    return {"messaging_type": "RESPONSE", "message": {"text": words}, **more}


def nothing(fb: MessengerEmulator, person: Person) -> None:
    """No preparation."""


def silent(days: float) -> Callable[[MessengerEmulator, Person], None]:
    def prepare(fb: MessengerEmulator, person: Person) -> None:
        person.last_at = fb.clock.now() - days * DAY

    return prepare


def blocked(fb: MessengerEmulator, person: Person) -> None:
    person.blocked = True


def unavailable(fb: MessengerEmulator, person: Person) -> None:
    person.unavailable = True


def not_live(fb: MessengerEmulator, person: Person) -> None:
    fb.app_live = False


def not_ours(fb: MessengerEmulator, person: Person) -> None:
    fb.takes_thread(person)


def no_human_agent(fb: MessengerEmulator, person: Person) -> None:
    fb.features.discard("human_agent")


@dataclass
class Row:
    body: Json
    code: int
    subcode: int | None
    text: str
    prepare: Callable[[MessengerEmulator, Person], None] = nothing
    status: int = 400
    recipient: Json = field(default_factory=dict)


TAG = {"messaging_type": "MESSAGE_TAG"}
UTILITY = {"messaging_type": "UTILITY", "message": {"template": {"name": "case", "language": {"code": "km"}}}}
MUST_RECIPIENT = "(#100) Param recipient must contain exactly one of id, user_ref"
ROWS: dict[str, Row] = {
    "unknown person": Row(text(), 100, 2018001, "(#100) No matching user found", recipient={"id": "999"}),
    "unknown user_ref": Row(text(), 100, 2018001, "(#100) No matching user found", recipient={"user_ref": "x"}),
    "no recipient": Row(text(), 100, None, MUST_RECIPIENT, recipient={"name": "Sok"}),
    "two recipients": Row(text(), 100, None, MUST_RECIPIENT, recipient={"id": "1", "user_ref": "x"}),
    "phone number": Row(text(), 100, None, MUST_RECIPIENT, recipient={"phone_number": "+855"}),
    "RESPONSE after 24 h": Row(text(), 10, 2018278, WINDOW, silent(1.01)),
    "UPDATE after 24 h": Row(text(messaging_type="UPDATE"), 10, 2018278, WINDOW, silent(1.01)),
    "never wrote": Row(text(), 10, 2018278, WINDOW, lambda fb, person: setattr(person, "last_at", None)),
    "dead tag 1": Row(text(**TAG, tag="CONFIRMED_EVENT_UPDATE"), 100, 1893061, "Invalid parameter"),
    "dead tag 2": Row(text(**TAG, tag="ACCOUNT_UPDATE"), 100, 1893061, "Invalid parameter"),
    "dead tag 3": Row(text(**TAG, tag="POST_PURCHASE_UPDATE"), 100, 1893061, "Invalid parameter"),
    "HUMAN_AGENT after 7 d": Row(text(**TAG, tag="HUMAN_AGENT"), 10, 2018278, WINDOW, silent(7.01)),
    "HUMAN_AGENT not granted": Row(text(**TAG, tag="HUMAN_AGENT"), 10, 2018278, WINDOW, no_human_agent),
    "CUSTOMER_FEEDBACK on text": Row(
        text(**TAG, tag="CUSTOMER_FEEDBACK"),
        100,
        None,
        "(#100) Tag CUSTOMER_FEEDBACK can only be used with the customer feedback template",
    ),
    "tag without MESSAGE_TAG": Row(
        text(tag="HUMAN_AGENT"),
        100,
        None,
        "(#100) Param tag must be one of {HUMAN_AGENT, CUSTOMER_FEEDBACK}, with messaging_type MESSAGE_TAG",
    ),
    "MESSAGE_TAG without tag": Row(text(**TAG), 100, None, "(#100) The parameter tag is required"),
    "no messaging_type": Row({"message": {"text": "x"}}, 100, None, "(#100) The parameter messaging_type is required"),
    "wrong messaging_type": Row(
        text(messaging_type="PROMOTION"),
        100,
        None,
        "(#100) Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG, UTILITY}",
    ),
    "blocked": Row(text(), 551, 1545041, "(#551) This person isn't available right now.", blocked),
    "cannot receive": Row(text(), 10, 2018108, "(#10) They can't receive your messages right now.", unavailable),
    "app not live": Row(
        text(),
        200,
        2018028,
        "(#200) Cannot message users who are not admins, developers or testers of the app until pages_messaging "
        "permission is reviewed and the app is live.",
        not_live,
    ),
    "thread of another app": Row(
        text(),
        10,
        2018300,
        "(#10) Message failed to send because another app is controlling this thread now.",
        not_ours,
    ),
    "message and action": Row(
        text(sender_action="typing_on"), 100, 2018014, "(#100) Cannot send both message and state at the same time."
    ),
    "neither message nor action": Row({}, 100, 2018015, "(#100) Must send either message or state"),
    "unknown action": Row(
        {"sender_action": "dance"},
        100,
        None,
        "(#100) Param sender_action must be one of {typing_on, typing_off, mark_seen, react, unreact}",
    ),
    "unknown parameter": Row(text(colour="red"), 100, None, '(#100) Unexpected key "colour" on param "body".'),
    "utility without template": Row(UTILITY, 100, None, "(#100) template cannot be found"),
    "utility with plain text": Row(
        text(messaging_type="UTILITY"),
        100,
        None,
        "(#100) messaging_type UTILITY and a utility message template require each other",
    ),
}


@pytest.mark.parametrize("name", ROWS)
async def test_refusal(name: str) -> None:
    row = ROWS[name]
    async with platform(clock=TestClock()) as (fb, graph):
        person = fb.person(wrote_ago=60)
        row.prepare(fb, person)
        body = {"recipient": row.recipient or {"id": person.psid}, **row.body}
        status, answer = await graph.call("POST", "me/messages", body)
        trace = answer["error"].pop("fbtrace_id")
        wanted: Json = {"message": row.text, "type": "OAuthException", "code": row.code}
        if row.subcode is not None:
            wanted["error_subcode"] = row.subcode
        assert (status, answer) == (row.status, {"error": wanted})
        assert trace.startswith("A")
        assert person.chat == []
        assert fb.sent() == []
        assert [request.status for request in fb.requests] == [status]


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_token(token: str | None) -> None:
    async with platform() as (_fb, graph):
        status, answer = await graph.call("POST", "me/messages", text(), token=token)
        answer["error"].pop("fbtrace_id")
        wanted = {"message": "Invalid OAuth access token.", "type": "OAuthException", "code": 190}
        assert (status, answer) == (400, {"error": wanted})


async def test_token_in_query_form_and_header() -> None:
    async with platform() as (fb, graph):
        person = fb.person(wrote_ago=1)
        body = {"recipient": {"id": person.psid}, **text()}
        path = f"{fb.page_id}/messages?access_token={fb.page_token}"
        assert (await graph.call("POST", path, body, token=None))[0] == 200
        form = {
            "access_token": fb.page_token,
            "recipient": f'{{"id":"{person.psid}"}}',
            "message": '{"text":"x"}',
            "messaging_type": "RESPONSE",
        }
        assert (await graph.call("POST", "me/messages", token=None, data=form))[0] == 200
        assert (await graph.call("POST", "me/messages", body))[0] == 200
        in_body = {**body, "access_token": fb.page_token}
        assert (await graph.call("POST", "me/messages", in_body, token=None))[0] == 200


async def test_appsecret_proof() -> None:
    async with platform(require_appsecret_proof=True) as (fb, graph):
        person = fb.person(wrote_ago=1)
        assert await graph.error(person.psid) == (100, None)
        _, answer = await graph.text(person.psid, appsecret_proof="0" * 64)
        assert answer["error"]["message"] == "Invalid appsecret_proof provided in the API argument"
        good = appsecret_proof(fb.app_secret, fb.page_token)
        assert (await graph.text(person.psid, appsecret_proof=good))[0] == 200
        fb.require_appsecret_proof = False
        assert await graph.error(person.psid) == (0, None)
        assert await graph.error(person.psid, appsecret_proof="wrong") == (100, None)


@pytest.mark.parametrize("path", ["v20.0/me/messages", "v28.0/me/messages", "me/messages", "v26.0/me/nonsense"])
async def test_paths_that_are_none(path: str) -> None:
    async with platform() as (fb, graph):
        _, answer = await graph.call("POST", f"{fb.url}/{path}", text())
        assert code(answer) == (2500, None)


@pytest.mark.parametrize("path", ["12345/messages", "12345"])
async def test_other_pages_and_people(path: str) -> None:
    async with platform() as (_, graph):
        _, answer = await graph.call("POST" if "/" in path else "GET", path)
        assert code(answer) == (100, 33)
        assert answer["error"]["type"] == "GraphMethodException"


async def test_role_may_receive_before_the_app_is_live() -> None:
    async with platform(app_live=False) as (fb, graph):
        assert await graph.error(fb.person(wrote_ago=1).psid) == (200, 2018028)
        assert await graph.error(fb.person(wrote_ago=1, has_role=True).psid) == (0, None)


def broken(graph: Graph) -> dict[str, Any]:
    return {"data": b"{not json", "headers": {"Content-Type": "application/json"}}


async def test_body_that_is_not_json() -> None:
    async with platform() as (fb, graph):
        url = f"{fb.url}/v26.0/me/messages?access_token={fb.page_token}"
        async with fb.http.post(url, **broken(graph)) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]["code"] == 100
        async with fb.http.post(url, data=b'{"recipient":{}}', headers={"Content-Type": "text/plain"}) as answer:
            assert (await answer.json())["error"]["message"] == "(#100) The parameter recipient is required"
