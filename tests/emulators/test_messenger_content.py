"""Every refusal of the `message` of a send, one request per row with its exact answer; and the largest that passes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.messenger import Limits
from tests.emulators.messenger.driving import platform

pytestmark = pytest.mark.asyncio

Json = dict[str, Any]
Row = tuple[Json, int, int | None, str]
NAME = "name_placeholder"
FETCH = (
    "(#100) Failed to fetch the file from the url. Check that the URL is valid, with a valid SSL certificate, "
    "valid file size, and that the server is responding fast enough to avoid timeouts."
)


def text(words: str = "hello", **more: Any) -> Json:
    return {"messaging_type": "RESPONSE", "message": {"text": words}, **more}


def message(given: Json, **more: Any) -> Json:
    return {"messaging_type": "RESPONSE", "message": given, **more}


def replies(count: int = 1, **changed: Any) -> Json:
    one = {"content_type": "text", "title": "Yes", "payload": "YES", **changed}
    return message({"text": "?", "quick_replies": [{k: v for k, v in one.items() if v is not None}] * count})


def template(**payload: Any) -> Json:
    return message({"attachment": {"type": "template", "payload": payload}})


def buttons(words: str = "Choose", count: int = 1, **changed: Any) -> Json:
    one = {"type": "postback", "title": "Yes", "payload": "YES", **changed}
    given = [{k: v for k, v in one.items() if v is not None}] * count
    return template(template_type="button", text=words, buttons=given)


def cards(count: int = 1, **changed: Any) -> Json:
    one = {"title": "Card", "subtitle": "About", **changed}
    given = [{k: v for k, v in one.items() if v is not None}] * count
    return template(template_type="generic", elements=given)


def too_long(param: str, limit: int) -> str:
    return f"(#100) Length of param {param} must be less than or equal to {limit}"


ROWS: dict[str, Row] = {
    "unknown key": (
        message({"text": "x", "parse_mode": "HTML"}),
        100,
        None,
        '(#100) Unexpected key "parse_mode" on param "message".',
    ),
    "text of 2001": (text("ក" * 2001), 100, None, too_long("message[text]", 2000)),
    "metadata of 1001": (
        message({"text": "x", "metadata": "x" * 1001}),
        100,
        None,
        too_long("message[metadata]", 1000),
    ),
    "neither text nor attachment": (
        message({}),
        100,
        None,
        "(#100) Message cannot be empty, must provide valid attachment or text",
    ),
    "text of spaces": (text("  "), 100, None, "(#100) Message cannot be empty, must provide valid attachment or text"),
    "text and attachment": (
        message({"text": "x", "attachment": {"type": "image", "payload": {"url": "http://x/"}}}),
        100,
        None,
        "(#100) Cannot send both text and attachment in one message",
    ),
    "14 quick replies": (replies(14), 100, None, "(#100) param message[quick_replies] has too many elements."),
    "no quick replies": (replies(0), 194, None, "(#194) param message[quick_replies] has too few elements."),
    "quick reply title of 21": (replies(title="x" * 21), 100, None, too_long("message[quick_replies][0][title]", 20)),
    "quick reply payload of 1001": (
        replies(payload="x" * 1001),
        100,
        None,
        too_long("message[quick_replies][0][payload]", 1000),
    ),
    "quick reply without title": (
        replies(title=None),
        100,
        2018098,
        "(#100) Title is required for this quick reply content type",
    ),
    "quick reply without payload": (
        replies(payload=None),
        100,
        2018099,
        "(#100) Payload is required for this quick reply content type",
    ),
    "quick reply without type": (
        replies(content_type=None),
        100,
        None,
        "(#100) The parameter message[quick_replies][0][content_type] is required",
    ),
    "location quick reply": (
        replies(content_type="location"),
        100,
        None,
        "(#100) Param message[quick_replies][0][content_type] must be one of {TEXT, USER_PHONE_NUMBER, USER_EMAIL}",
    ),
    "button text of 641": (buttons("x" * 641), 100, None, too_long(f"{NAME}[text]", 640)),
    "4 buttons": (buttons(count=4), 100, None, f"(#100) param {NAME}[buttons] has too many elements."),
    "no buttons": (buttons(count=0), 194, None, f"(#194) param {NAME}[buttons] has too few elements."),
    "button title of 21": (buttons(title="x" * 21), 100, None, too_long(f"{NAME}[buttons][0][title]", 20)),
    "button payload of 1001": (buttons(payload="x" * 1001), 100, None, too_long(f"{NAME}[buttons][0][payload]", 1000)),
    "button without title": (buttons(title=None), 100, 2018053, "(#100) Element button title cannot be empty."),
    "button without payload": (
        buttons(payload=None),
        100,
        2018040,
        "(#100) Payload cannot be empty for postback type button",
    ),
    "link button without link": (
        buttons(type="web_url", payload=None),
        100,
        2018041,
        "(#100) Web url cannot be empty for url type button",
    ),
    "link button with a bad link": (
        buttons(type="web_url", payload=None, url="x"),
        100,
        None,
        f"(#100) {NAME}[buttons][0][url] should represent a valid URL",
    ),
    "button without type": (
        buttons(type=None),
        100,
        None,
        f"(#100) The parameter {NAME}[buttons][0][type] is required",
    ),
    "11 cards": (cards(11), 100, None, f"(#100) param {NAME}[elements] has too many elements."),
    "card title of 81": (cards(title="x" * 81), 100, None, too_long(f"{NAME}[elements][0][title]", 80)),
    "card subtitle of 81": (cards(subtitle="x" * 81), 100, None, too_long(f"{NAME}[elements][0][subtitle]", 80)),
    "card with a title only": (
        cards(subtitle=None),
        100,
        2018035,
        (
            "(#100) Incomplete element data: title and at least one other field (image url, subtitle or buttons) is "
            "required with non-empty value"
        ),
    ),
    "unknown template": (template(template_type="airline"), 100, None, "(#100) Invalid template type"),
    "attachment without type": (
        message({"attachment": {"payload": {}}}),
        100,
        None,
        "(#100) The parameter message[attachment][type] is required",
    ),
    "attachment without payload": (
        message({"attachment": {"type": "image"}}),
        100,
        None,
        "(#100) The parameter message[attachment][payload] is required",
    ),
    "unknown attachment_id": (
        message({"attachment": {"type": "image", "payload": {"attachment_id": "1"}}}),
        100,
        2018074,
        "(#100) Possible invalid ID or you do not own the attachment.",
    ),
    "address that is none": (
        message({"attachment": {"type": "image", "payload": {"url": "ftp://x"}}}),
        100,
        2018008,
        FETCH,
    ),
}


@pytest.mark.parametrize("name", ROWS)
async def test_refusal(name: str) -> None:
    body, number, subcode, words = ROWS[name]
    async with platform() as (fb, graph):
        person = fb.person(wrote_ago=60)
        status, answer = await graph.call("POST", "me/messages", {"recipient": {"id": person.psid}, **body})
        answer["error"].pop("fbtrace_id")
        wanted: Json = {"message": words, "type": "OAuthException", "code": number}
        if subcode is not None:
            wanted["error_subcode"] = subcode
        assert (status, answer) == (400, {"error": wanted})
        assert person.chat == []


async def test_what_is_just_allowed() -> None:
    """The largest of everything passes."""
    async with platform(limits=Limits.none()) as (fb, graph):
        person = fb.person(wrote_ago=1)
        for body in (
            text("ក" * 2000),
            replies(13, title="x" * 20, payload="x" * 1000),
            buttons("x" * 640, 3, title="x" * 20, payload="x" * 1000),
            buttons(type="web_url", payload=None, url="https://example.org/"),
            buttons(type="phone_number", payload="+85512345678"),
            cards(10, title="x" * 80, subtitle="x" * 80),
            text(messaging_type="UPDATE"),
            text(messaging_type="MESSAGE_TAG", tag="HUMAN_AGENT"),
            {"sender_action": "typing_on"},
        ):
            _, answer = await graph.call("POST", "me/messages", {"recipient": {"id": person.psid}, **body})
            assert answer["recipient_id"] == person.psid, answer
