"""Parcel → the exact bytes asked of the platform, inside the window and outside it, over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.delivery import Refused, Sent, Unreachable
from tests.channels.messenger_page import PSID, Page, page
from tests.emulators.messenger import Switches, appsecret_proof
from tests.emulators.messenger.calls import multipart

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TO = f'{{"recipient":{{"id":"{PSID}"}},'
LIVE = TO + '"messaging_type":"RESPONSE","message":'
BY_HAND = TO + '"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":'


@pytest.fixture
async def here() -> AsyncIterator[Page]:
    async with page() as one:
        yield one


def button(code: str, label: str, ask: str = "") -> dict[str, str]:
    return {"code": code, "label": label, "ask": ask}


YES_NO = [[button("c:ok=yes", "១ បាទ"), button("c:ok=no", "២ ទេ")], [button("go:menu", "ម៉ឺនុយ")]]
ASKED = [[button("p:phone", "លេខទូរសព្ទ", "contact"), button("p:place", "ទីតាំង", "location")], [button("go:back", "ថយ")]]
THIRTEEN = [[button(f"c:q={n}", f"{n} " + "ក" * 17)] for n in range(13)]

REQUESTS: list[tuple[str, dict[str, Any], str]] = [
    ("Khmer", {"text": "សួស្តី\nអ្នក 🇰🇭"}, LIVE + '{"text":"សួស្តី\\nអ្នក 🇰🇭"}}'),
    ("no buttons", {"text": "a", "rows": []}, LIVE + '{"text":"a"}}'),
    ("half a surrogate pair", {"text": "a\ud83d"}, LIVE + '{"text":"a?"}}'),
    (
        "rows of buttons become one row, in order",
        {"text": "?", "rows": YES_NO},
        LIVE + '{"text":"?","quick_replies":['
        '{"content_type":"text","title":"១ បាទ","payload":"c:ok=yes"},'
        '{"content_type":"text","title":"២ ទេ","payload":"c:ok=no"},'
        '{"content_type":"text","title":"ម៉ឺនុយ","payload":"go:menu"}]}}',
    ),
    (
        "the phone number is asked for, the place is not",
        {"text": "?", "rows": ASKED},
        LIVE + '{"text":"?","quick_replies":[{"content_type":"user_phone_number"},'
        '{"content_type":"text","title":"ថយ","payload":"go:back"}]}}',
    ),
    ("a place alone leaves no buttons", {"text": "?", "rows": [[ASKED[0][1]]]}, LIVE + '{"text":"?"}}'),
    ("as much as fits", {"text": "ក" * 2000, "rows": THIRTEEN}, ""),
]


@pytest.mark.parametrize(("name", "body", "expected"), REQUESTS)
async def test_the_request_is_exactly_this(here: Page, name: str, body: dict[str, Any], expected: str) -> None:
    outcome = await here.channel.send(here.parcel(body))
    (asked,) = here.asked
    assert outcome == Sent(here.fb.sends[0].mid)
    assert expected in ("", asked.body.decode()), name
    assert asked.path == f"/v26.0/{here.fb.page_id}/messages"
    assert asked.query == {"appsecret_proof": appsecret_proof(here.fb.app_secret, here.fb.page_token)}
    assert (await here.fb.person(PSID).sees()).text == json.loads(asked.body)["message"]["text"]


FILES = [
    # kind, mime, shown as, name
    ("photo", "image/jpeg", "image", "photo.jpg"),
    ("voice", "audio/mp4", "audio", None),
    ("voice", "audio/ogg; codecs=opus", "audio", None),
    ("video", "video/mp4", "video", "video.mp4"),
    ("file", "application/pdf", "file", "file.pdf"),
    ("photo", "application/pdf", "file", "photo.pdf"),
    ("file", "", "file", "file.bin"),
]


@pytest.mark.parametrize(("kind", "mime", "shown", "name"), FILES)
async def test_a_file_is_one_multipart_request(here: Page, kind: str, mime: str, shown: str, name: str | None) -> None:
    content = b"\xff\xd8\r\n--bytes\x00" * 99
    outcome = await here.channel.send(
        here.parcel({"text": "", "rows": [], "file": "f1", "kind": kind}, content=content, mime=mime)
    )
    (asked,) = here.asked
    assert outcome == Sent(here.fb.sends[0].mid)
    boundary = asked.body[2 : asked.body.index(b"\r\n")].decode()
    fields, files = multipart(asked.body, f"multipart/form-data; boundary={boundary}")
    assert fields == {
        "recipient": f'{{"id":"{PSID}"}}',
        "messaging_type": "RESPONSE",
        "message": f'{{"attachment":{{"type":"{shown}","payload":{{"is_reusable":false}}}}}}',
    }
    assert files["filedata"].mime == (mime.partition(";")[0] or "application/octet-stream")
    assert name in (None, files["filedata"].name)
    (attachment,) = (await here.fb.person(PSID).sees()).attachments
    assert (attachment.type, attachment.data) == (shown, content)


WINDOW = Unreachable("window")

# --- the window -------------------------------------------------------------------------------------------------------

MENU = [[button("go:menu", "ម៉ឺនុយ")]]
PDF: dict[str, Any] = {"content": b"%PDF", "mime": "application/pdf"}
SAYS: dict[str, Any] = {"text": "a", "rows": []}
SHOWS: dict[str, Any] = {"file": "f1", "kind": "file"}

WINDOWS: list[tuple[str, timedelta, dict[str, Any], dict[str, Any], str | None]] = [
    # name, how long ago they wrote, body, more of the parcel, what is asked (None: nothing, the window is closed)
    ("inside", 23 * HOUR, SAYS, {}, LIVE),
    ("inside, by a person", 23 * HOUR, SAYS, {"human": True}, LIVE),
    ("inside, never told until when", 23 * HOUR, SAYS, {"window_until": None}, LIVE),
    ("outside", 24 * HOUR, SAYS, {}, None),
    ("outside, never told until when", 24 * HOUR, SAYS, {"window_until": None}, None),
    ("outside, by a person", 24 * HOUR, SAYS, {"human": True}, BY_HAND),
    ("outside, by a person, nearly a week", 7 * DAY - HOUR, SAYS, {"human": True}, BY_HAND),
    ("outside, by a person, a week", 7 * DAY, SAYS, {"human": True}, None),
    ("outside, buttons go from a person's words", 25 * HOUR, {"text": "a", "rows": MENU}, {"human": True}, BY_HAND),
    ("outside, a person's file", 25 * HOUR, SHOWS, {"human": True, **PDF}, "HUMAN_AGENT"),
    ("outside, the bot's file", 25 * HOUR, SHOWS, PDF, None),
]


@pytest.mark.parametrize(("name", "ago", "body", "more", "asked"), WINDOWS)
async def test_the_window(
    here: Page, name: str, ago: timedelta, body: dict[str, Any], more: dict[str, Any], asked: str | None
) -> None:
    here.fb.person(PSID, wrote_ago=ago.total_seconds())
    outcome = await here.channel.send(here.parcel(body, ago=ago, **more))
    if asked is None:
        assert (outcome, here.asked) == (WINDOW, []), name
    else:
        assert isinstance(outcome, Sent), name
        assert asked in here.asked[0].body.decode(), name
        assert here.fb.sends[0].tag == ("HUMAN_AGENT" if asked != LIVE else None)


@pytest.mark.parametrize("switch", ["10/2018278", "10"])
async def test_human_agent_not_granted_closes_one_window_and_stops_nobody_else(
    switch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with page(features=(), switches=Switches(human_agent_not_granted_as=switch)) as here:
        here.fb.person(PSID, wrote_ago=90_000)
        assert await here.channel.send(here.parcel(ago=timedelta(seconds=90_000), human=True)) == WINDOW
        assert ("a person's answer was not allowed" in caplog.text) == (switch == "10")


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"text": "a", "file": "f1", "kind": "file"}, PDF, "text beside a file"),
    ({"file": "f1", "kind": "file"}, {}, "a file without its bytes"),
    ({"file": "f1", "kind": "file"}, {"content": b""}, "a file without its bytes"),
    ({"text": "a"}, {"what": "ack"}, "there is no ack on Messenger"),
    ({"text": "a"}, {"what": "edit"}, "there is no edit on Messenger"),
]


@pytest.mark.parametrize(("body", "more", "why"), REFUSED)
async def test_what_is_never_asked(here: Page, body: dict[str, Any], more: dict[str, Any], why: str) -> None:
    assert await here.channel.send(here.parcel(body, **more)) == Refused(why)
    assert here.asked == []
