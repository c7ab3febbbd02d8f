"""What the platform posts to the webhook → what the channel reads, every body through the emulator over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.channels.base import Arrival, File, file_id
from bot.dialog.events import Contact, Event, Located, Sent, Started, Tapped, Typed, Unreadable
from tests.channels.messenger_page import PSID, Page, page
from tests.emulators.messenger import Switches

PAGE = "104500000000001"
AT = 1_795_299_940_000
MOMENT = datetime(2026, 11, 21, 22, 25, 40, tzinfo=UTC)
MID = "m_7Qh-Zk_x"
URL = "https://scontent.xx.fbcdn.net/v/t1.15752-9/1_n.jpg?_nc_cat=1&oh=03_Q7c%2FD&oe=6A"
REF = {"ref": "poster-7", "source": "SHORTLINK", "type": "OPEN_THREAD"}


@dataclass
class Row:
    """`item` is what lies in `messaging`; `events` None: nothing is read, and `counted` says why."""

    name: str
    item: dict[str, Any]
    events: tuple[Event, ...] | None = None
    event_id: str = MID
    files: tuple[File, ...] = ()
    opens: bool = True
    at: datetime = MOMENT
    counted: dict[str, int] = field(default_factory=dict)
    where: str = "messaging"
    reply_to: str = ""

    def __str__(self) -> str:
        return self.name


def item(**what: Any) -> dict[str, Any]:
    return {"sender": {"id": PSID}, "recipient": {"id": PAGE}, "timestamp": AT, **what}


def message(**what: Any) -> dict[str, Any]:
    return item(message={"mid": MID, **what})


def attached(*attachments: dict[str, Any], **what: Any) -> dict[str, Any]:
    return message(attachments=list(attachments), **what)


def media(kind: str, **payload: Any) -> dict[str, Any]:
    return {"type": kind, "payload": {"url": URL, **payload}}


def place(lat: Any, long: Any) -> dict[str, Any]:
    return {"type": "location", "payload": {"coordinates": {"lat": lat, "long": long}}}


def quick(payload: str, text: str = "១ បាទ") -> dict[str, Any]:
    return message(text=text, quick_reply={"payload": payload})


def postback(**what: Any) -> dict[str, Any]:
    return item(postback={"title": "Get Started", **what})


def file(kind: Any, index: int = 0) -> File:
    return File(file_id("messenger", MID, index), kind, {"url": URL})


def sent(kind: Any, index: int = 0, caption: str = "") -> Sent:
    return Sent(kind, file_id("messenger", MID, index), None, caption)


def reaction(action: str) -> dict[str, Any]:
    return item(reaction={"reaction": "love", "emoji": "❤", "action": action, "mid": "m_9"})


ECHO = message(is_echo=True, app_id=26390203743090, text="from the inbox")
BY_PAGE = {"sender": {"id": PAGE}, "recipient": {"id": PSID}, "timestamp": AT, "message": {"mid": MID, "text": "x"}}
REACTED = f"reaction:m_9:{PSID}:{AT}:"

ROWS = [
    Row("text", message(text="សួស្តី\u200b 🇰🇭 / hello"), (Typed("សួស្តី 🇰🇭 / hello"),)),
    Row("text in reply", message(text="ok", reply_to={"mid": "m_1", "is_self_reply": False}), (Typed("ok"),),
        reply_to="m_1"),
    Row("half a surrogate pair", message(text="a\ud83db"), (Typed("ab"),)),
    Row("text nobody can see", message(text="\u200b \u2060"), (Unreadable("message"),)),
    Row("a message with nothing", message(), (Unreadable("message"),)),
    Row("quick reply", quick("complaint:category=wages"), (Tapped("complaint:category=wages"),)),
    Row("quick reply that is not ours", quick("OTHER APP"), (Typed("១ បាទ"),)),
    Row("quick reply with a space", quick("c:q=a b"), (Typed("១ បាទ"),)),
    Row("quick reply in Khmer", quick("c:q=បាទ"), (Typed("១ បាទ"),)),
    Row("quick reply that is nothing", quick("?", ""), (Unreadable("quick_reply"),)),
    Row("phone number", quick("+85512345678", "+85512345678"), (Contact("+85512345678", own=True),)),
    Row("phone number, spaced", quick("012 345 678", "012 345 678"), (Contact("012 345 678", own=True),)),
    Row("photo", attached(media("image")), (sent("photo"),), files=(file("photo"),)),
    Row("voice", attached(media("audio")), (sent("voice"),), files=(file("voice"),)),
    Row("video", attached(media("video")), (sent("video"),), files=(file("video"),)),
    Row("file", attached(media("file")), (sent("file"),), files=(file("file"),)),
    Row(
        "photo with words", attached(media("image"), text="ផ្ទះ"), (sent("photo", 0, "ផ្ទះ"),), files=(file("photo"),)
    ),
    Row(
        "several files and words are one arrival",
        attached(media("fallback"), media("image"), media("audio"), text="see"),
        (sent("photo", 1, "see"), sent("voice", 2)),
        files=(file("photo", 1), file("voice", 2)),
    ),
    Row("photo without an address", attached({"type": "image", "payload": {}}), (Unreadable("image"),)),
    Row("place", attached(place(11.55, 104.92)), (Located(11.55, 104.92),)),
    Row("place with words", attached(place(1, -1), text="here"), (Located(1, -1), Typed("here"))),
    Row("place off the earth", attached(place(91, 0)), (Unreadable("location"),)),
    Row("sticker", attached(media("sticker", sticker_id=369239263222822)), (Unreadable("sticker"),)),
    Row("sticker as an image", attached(media("image", sticker_id=369239263222822)), (Unreadable("sticker"),)),
    Row("a link with its preview", attached(media("fallback"), text="https://x.kh"), (Typed("https://x.kh"),)),
    Row("preview alone", attached({"type": "fallback", "payload": None}), (Unreadable("fallback"),)),
    Row("reel", attached(media("ig_reel")), (Unreadable("ig_reel"),)),
    Row("get started", postback(mid=MID, payload="GET_STARTED"), (Started(""),)),
    Row("get started by a link", postback(mid=MID, payload="GET_STARTED", referral=REF), (Started("poster-7"),)),
    Row("another start by a link", postback(mid=MID, payload="ICE", referral=REF), (Started("poster-7"),)),
    Row("menu", postback(mid=MID, payload="sos:start"), (Tapped("sos:start"),)),
    Row("postback without mid", postback(payload="go:menu"), (Tapped("go:menu"),), f"postback:{PSID}:{AT}"),
    Row("postback that is not ours", postback(mid=MID, payload="BUY NOW"), (Unreadable("postback"),)),
    Row("link into a known thread", item(referral=REF), (Started("poster-7"),), f"referral:{PSID}:{AT}"),
    Row("advertisement", item(referral={"source": "ADS", "ad_id": "6"}), (Started(""),), f"referral:{PSID}:{AT}"),
    Row("opt-in", item(optin={"ref": "box", "type": "x"}), (Started("box"),), f"optin:{PSID}:{AT}", opens=False),
    Row("reaction", reaction("react"), (), REACTED + "react"),
    Row("reaction taken back", reaction("unreact"), (), REACTED + "unreact", opens=False),
    Row("a time in the far future", item(timestamp=AT * 2, message={"mid": MID, "text": "a"}), (Typed("a"),),
        at=MOMENT + timedelta(seconds=60)),
    Row("a time a little ahead", item(timestamp=AT + 90_000, message={"mid": MID, "text": "a"}), (Typed("a"),),
        at=MOMENT + timedelta(seconds=90)),
    Row("echo", ECHO, counted={"echo": 1}),
    Row("by the Page itself", BY_PAGE, counted={"echo": 1}),
    Row("deleted", message(is_deleted=True), counted={"deleted": 1}),
    Row("delivery", item(delivery={"mids": [MID], "watermark": AT}), counted={"delivery": 1}),
    Row("delivery without mids", item(delivery={"watermark": AT}), counted={"delivery": 1}),
    Row("read", item(read={"watermark": AT}), counted={"read": 1}),
    Row("another app owns the thread", message(text="hi"), counted={"standby": 1}, where="standby"),
    Row("a change", {"field": "feed", "value": {}}, counted={"changes": 1}, where="changes"),
    Row("a visitor of a web page", {**item(optin={"ref": "b", "user_ref": "u"}), "sender": {}}, counted={"optin": 1}),
    Row("a kind we do not know", item(pass_thread_control={}), counted={"other": 1}),
    Row("a message without mid", item(message={"text": "a"}), counted={"unreadable": 1}),
    Row("a postback that is a word", item(postback="a"), counted={"unreadable": 1}),
    Row("text that is a number", message(text=7), counted={"unreadable": 1}),
    Row("no time", {"sender": {"id": PSID}, "message": {"mid": MID, "text": "a"}}, counted={"unreadable": 1}),
    Row("attachments that are words", message(attachments=["a"]), counted={"unreadable": 1}),
    Row("a place without numbers", attached(place("a", None)), counted={"unreadable": 1}),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_each_body_is_read(row: Row) -> None:
    async with page() as here:
        here.fb.inject(row.item, row.where)
        await here.fb.settled()
        expected = []
        if row.events is not None:
            until = row.at + timedelta(hours=24) if row.opens else None
            given = (row.event_id, PSID, row.at, row.events, row.files, until)
            expected = [Arrival("messenger", *given, reply_to=row.reply_to)]
        assert (here.arrivals, here.channel.counters.ignored, here.answers) == (expected, row.counted, [200])
        assert [here.channel.echo(one) for one in here.arrivals] == [()] * len(here.arrivals)


async def test_a_person_at_a_telephone() -> None:
    """What the emulator's people do, in its own words: the same kinds as in the table."""
    async with page(switches=Switches(echoes=True)) as here:
        await here.channel.open()
        person = here.fb.person(PSID)
        buttons = [[{"code": "go:menu", "label": "ម៉ឺនុយ", "ask": ""}, {"code": "x:y", "label": "z", "ask": "contact"}]]
        await here.channel.send(here.parcel({"text": "សួស្តី", "rows": buttons}))
        seen = await person.sees("សួស្តី")
        mids = [await person.taps("ម៉ឺនុយ")]
        await here.channel.send(here.parcel({"text": "again", "rows": buttons}))
        mids += [
            await person.taps("user_phone_number"),
            await person.sends("ខ្ញុំត្រូវការជំនួយ"),
            await person.sends_image(b"\xff\xd8 picture"),
            await person.sends_location(11.55, 104.92),
            await person.sends_sticker(),
            await person.gets_started("poster-7"),
            await person.taps_menu("My complaints"),
        ]
        await person.reacts(seen.mid)
        await here.fb.settled()
        assert [one.event_id for one in here.arrivals[:-1]] == mids
        assert here.arrivals[-1].event_id.startswith(f"reaction:{seen.mid}:{PSID}:")
        read = [event for one in here.arrivals for event in one.events]
        assert read == [
            Tapped("go:menu"),
            Contact(person.phone, own=True),
            Typed("ខ្ញុំត្រូវការជំនួយ"),
            Sent("photo", file_id("messenger", mids[3])),
            Located(11.55, 104.92),
            Unreadable("sticker"),
            Started("poster-7"),
            Tapped("follow:start"),
        ]
        assert all(one.window_until == here.now + timedelta(hours=24) for one in here.arrivals)


async def test_many_entries_and_items_at_once_and_a_bad_one_spoils_nothing() -> None:
    async with page() as here:
        texts = [item(message={"mid": f"m_{n}", "text": str(n)}) for n in range(4)]
        entries = [
            {"id": PAGE, "time": AT, "messaging": [texts[0], {"message": 1}, texts[1]]},
            {"id": PAGE, "time": AT, "standby": [texts[2]], "messaging": []},
            {"id": "104500000000002", "time": AT, "messaging": [texts[2]]},
            {"id": PAGE, "time": AT, "messaging": [texts[3]]},
        ]
        assert await signed(here, json.dumps({"object": "page", "entry": entries}).encode()) == 200
        assert [one.event_id for one in here.arrivals] == ["m_0", "m_1", "m_3"]
        assert here.channel.counters.ignored == {"message": 1, "standby": 1, "other_page": 1}


async def signed(here: Page, body: bytes) -> int:
    status, _ = await here.fb.post_raw(body, {"X-Hub-Signature-256": here.fb.sign(body)})
    return status


def spelled(space: str = " ") -> bytes:
    r"""A notification as no serialiser would write it again: \u, \/, spaces, its own order of keys, 1.0."""
    return (
        b'{"entry":[{"messaging":[{"timestamp":1795299940000,' + space.encode() + b'"message":{"text":'
        rb'"\u179f\u17bd\u179f\u17d2\u178f\u17b8 \/ \u0041","nlp":1.0,"mid":"m_7Qh-Zk_x"},"recipient":{"id":'
        b'"104500000000001"},"sender":{"id":"6000000000000001"}}],"id":"104500000000001"}],"object":"page"}'
    )


async def test_the_signature_is_over_the_bytes_as_they_came() -> None:
    async with page() as here:
        body = spelled()
        again = json.dumps(json.loads(body), separators=(",", ":")).encode()
        assert here.fb.sign(again) != here.fb.sign(body)
        assert await signed(here, body) == 200
        assert [one.events for one in here.arrivals] == [(Typed("សួស្តី / A"),)]
        # What the emulator itself signs is spelled the platform's way.
        await here.fb.person(PSID).sends("ភ្នំពេញ/៥")
        await here.fb.settled()
        assert rb"\u1797\u17d2\u1793\u17c6" in here.fb.webhook.attempts[-1].body
        assert here.arrivals[-1].events == (Typed("ភ្នំពេញ/៥"),)


@pytest.mark.parametrize(
    "signature",
    ["", "sha256=", "sha256=" + "0" * 64, "sha1={hex}", "{hex}", "sha256={HEX}", "sha256={hex} ", "sha256=é", None],
)
async def test_an_unsigned_or_wrongly_signed_body_is_forbidden(signature: str | None) -> None:
    async with page() as here:
        digest = here.fb.sign(spelled()).removeprefix("sha256=")
        given = {} if signature is None else {"x-hub-signature-256": signature.format(hex=digest, HEX=digest.upper())}
        with pytest.raises(Exception) as refusal:  # noqa: PT011 - its class is what is asserted
            here.channel.parse(spelled(), given)
        assert type(refusal.value).__name__ == "Forbidden"
        # Another body under a good signature: one space more.
        assert await here.fb.post_raw(spelled("  "), {"X-Hub-Signature-256": here.fb.sign(spelled())}) == (403, "")
        assert here.arrivals == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not JSON", 400),
        (b"\xff\xfe\x00", 400),
        (b"[" * 100_000, 400),
        (b'"page"', 400),
        (b"[]", 400),
        (b'{"object":"page","entry":{}}', 400),
        (b'{"object":"page","entry":[1]}', 400),
        (b'{"object":"page","entry":[{"messaging":"a"}]}', 400),
        (b'{"object":"page","entry":[{"messaging":[null]}]}', 400),
        (b'{"object":"page"}', 200),
        (b'{"object":"page","entry":[]}', 200),
        (b'{"object":"instagram","entry":[{"messaging":"a"}]}', 200),
        (b'{"entry":[]}', 200),
    ],
)
async def test_what_is_no_notification(body: bytes, status: int) -> None:
    async with page() as here:
        assert await signed(here, body) == status
        assert here.arrivals == []


@pytest.mark.parametrize(
    ("params", "answer"),
    [
        ({"hub.mode": "subscribe", "hub.verify_token": "verify-token", "hub.challenge": "1158"}, "1158"),
        ({"hub.mode": "subscribe", "hub.verify_token": "wrong", "hub.challenge": "1158"}, None),
        ({"hub.mode": "subscribe", "hub.verify_token": "ឈ្មោះ", "hub.challenge": "1158"}, None),
        ({"hub.mode": "unsubscribe", "hub.verify_token": "verify-token", "hub.challenge": "1158"}, None),
        ({"hub.verify_token": "verify-token", "hub.challenge": "1158"}, None),
        ({"hub.mode": "subscribe", "hub.verify_token": "verify-token"}, None),
        ({}, None),
    ],
)
async def test_the_handshake(params: dict[str, str], answer: str | None) -> None:
    async with page() as here:
        assert here.channel.verify(params) == answer
        async with here.fb.http.get(here.url, params=params) as given:
            assert (given.status, await given.text()) == ((403, "") if answer is None else (200, answer))


async def test_the_data_deletion_callback_names_whom_it_is_about() -> None:
    async with page() as here:
        good = here.fb.deletion_request("10999")
        signature, _, payload = good.partition(".")
        other = here.fb.deletion_request("10998").partition(".")[2]
        assert here.channel.deletion(good) == "10999"
        for bad in ("", ".", payload, f"{signature}.{other}", f"{signature[:-3]}AAA.{payload}", f".{payload}", "é.é"):
            assert here.channel.deletion(bad) is None
