"""What is sent → the exact request, seen by the emulator, and what the person then has on the phone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot.channels.base import body_of
from bot.channels.telegram import Telegram
from bot.dialog.events import Typed
from bot.domain.delivery import Refused, Sent
from bot.text.fit import Button, fit
from tests.channels.telegram_bot import PERSON, Chat, chat, parcel, says

pytestmark = pytest.mark.asyncio(loop_scope="module")

REMOVE = {"remove_keyboard": True}
SHARE = "ចែករំលែកទីតាំងរបស់ខ្ញុំ"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x00\x01\x00"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot() -> AsyncIterator[Chat]:
    async with chat(timeout=20) as one:
        yield one


@dataclass
class Layout:
    """Rows of buttons → the keyboard that is asked for."""

    name: str
    rows: list[list[Any]]
    markup: dict[str, Any]

    def __str__(self) -> str:
        return self.name


LAYOUTS = [
    Layout("no buttons", [], REMOVE),
    Layout("only empty rows", [[]], REMOVE),
    Layout(
        "inline",
        [[("complaint:sure=y", "១ បាទ/ចាស"), ("complaint:sure=n", "២ ទេ")], [("go:menu", "ម៉ឺនុយ")]],
        {
            "inline_keyboard": [
                [
                    {"text": "១ បាទ/ចាស", "callback_data": "complaint:sure=y"},
                    {"text": "២ ទេ", "callback_data": "complaint:sure=n"},
                ],
                [{"text": "ម៉ឺនុយ", "callback_data": "go:menu"}],
            ]
        },
    ),
    Layout(
        "a place is asked for",
        [[("c:story=done", "១ រួចរាល់")], [("c:story=?", f"១២ {SHARE}", "location")], [("go:back", "ថយ 1 ជំហាន")]],
        {
            "keyboard": [
                [{"text": "រួចរាល់"}],
                [{"text": SHARE, "request_location": True}],
                [{"text": "ថយ 1 ជំហាន"}],
            ],
            "resize_keyboard": True,
            "one_time_keyboard": True,
        },
    ),
    Layout(
        "a phone is asked for",
        [[("c:phone=?", "1 Share my phone", "contact"), ("go:menu", "Menu")]],
        {
            "keyboard": [[{"text": "Share my phone", "request_contact": True}, {"text": "Menu"}]],
            "resize_keyboard": True,
            "one_time_keyboard": True,
        },
    ),
]


def exactly(asked: dict[str, Any]) -> bytes:
    """The one JSON spelling that we send."""
    return json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("row", LAYOUTS, ids=str)
async def test_a_message_is_one_exact_request(bot: Chat, row: Layout) -> None:
    text = "តើអ្នកប្រាកដទេ? <b>&amp; https://example.org 😀"
    outcome = await bot.channel.send(parcel(says(text, *row.rows)))
    request = bot.tg.requests[-1]
    assert request.method == "sendMessage"
    asked = {
        "chat_id": str(PERSON),
        "text": text,
        "link_preview_options": {"is_disabled": True},
        "reply_markup": row.markup,
    }
    assert request.body == exactly(asked)
    assert bot.person.last.text == text
    assert outcome == Sent(str(bot.person.last.message_id))


async def test_a_full_screen_of_khmer_buttons_is_accepted(bot: Chat) -> None:
    buttons = [Button(f"complaint:category={n}", f"ប្រភេទបណ្តឹងដែលមានឈ្មោះវែងគួរសមទី {n}", number=n + 1) for n in range(30)]
    (bubble,) = fit(
        "តើមានរឿងអ្វីកើតឡើង?", [*buttons, Button("go:back", "ថយ"), Button("go:menu", "ម៉ឺនុយ")], Telegram.limits, "km"
    )
    assert isinstance(await bot.channel.send(parcel(body_of(bubble))), Sent)
    assert bot.person.last.labels == [button.label for row in bubble.buttons for button in row]
    tapped = await bot.person.taps(bubble.buttons[4][0].label)
    (arrival,) = await bot.arrivals()
    assert arrival.tap is not None
    assert arrival.tap.label == bubble.buttons[4][0].label
    for what, body in bot.channel.echo(arrival):
        assert await bot.channel.send(parcel(body, what)) in (Sent(""), Sent(arrival.tap.message))
    assert getattr(tapped, "answer", None) is not None
    assert bot.person.last.buttons == [["✓ " + arrival.tap.label]]
    again = await bot.person.taps(bot.person.last.labels[0])
    (second,) = await bot.arrivals()
    assert (getattr(again, "id", ""), second.tap) != ("", None)
    assert second.tap is not None
    assert second.tap.label == arrival.tap.label, "the mark is not repeated"
    assert await bot.channel.send(parcel(dict(bot.channel.echo(second))["edit"], "edit")) == Sent(""), "not modified"


async def test_a_reply_keyboard_is_typed_back_and_goes_away(bot: Chat) -> None:
    body = says("សូមប្រាប់", [("c:story=done", "១ រួចរាល់")], [("c:story=?", f"២ {SHARE}", "location")])
    await bot.channel.send(parcel(body))
    await bot.person.taps("រួចរាល់")
    (arrival,) = await bot.arrivals()
    assert arrival.events == (Typed("រួចរាល់"),)
    await bot.channel.send(parcel(says("អរគុណ")))
    assert bot.person.keyboard == []


@dataclass
class File:
    """A file to send → the method, the field and the name it goes by."""

    kind: str
    mime: str
    content: bytes
    method: str
    field: str
    filename: str

    def __str__(self) -> str:
        return f"{self.kind} {self.mime}"


FILES = [
    File("photo", "image/png", PNG, "sendPhoto", "photo", "photo.png"),
    File("photo", "image/jpeg", b"\xff\xd8\xff", "sendPhoto", "photo", "photo.jpg"),
    File("photo", "", b"\xff\xd8\xff", "sendPhoto", "photo", "photo.jpg"),
    File("photo", "image/gif", b"GIF89a", "sendDocument", "document", "file.gif"),
    File("photo", "image/png", PNG + bytes(10 << 20), "sendDocument", "document", "file.png"),
    File("voice", "audio/ogg", b"OggS", "sendVoice", "voice", "voice.ogg"),
    File("video", "video/mp4", b"ftyp", "sendVideo", "video", "video.mp4"),
    File("file", "application/pdf", b"%PDF-1.7", "sendDocument", "document", "file.pdf"),
]


@pytest.mark.parametrize("row", FILES, ids=str)
@pytest.mark.parametrize("text", ["", "លិខិត" * 170])
async def test_a_file_goes_with_its_words(bot: Chat, row: File, text: str) -> None:
    body = {**says(text, [("go:menu", "ម៉ឺនុយ")]), "file": "f1", "kind": row.kind}
    outcome = await bot.channel.send(parcel(body, content=row.content, mime=row.mime))
    request = bot.tg.requests[-1]
    assert request.method == row.method
    ((name, sent),) = request.files.items()
    assert sent == (row.filename, row.content)
    keyboard = json.dumps({"inline_keyboard": [[{"text": "ម៉ឺនុយ", "callback_data": "go:menu"}]]})
    wanted = {"chat_id": str(PERSON), row.field: f"attach://{name}", "reply_markup": keyboard}
    assert request.params == {**wanted, **({"caption": text} if text else {})}
    assert outcome == Sent(str(bot.person.last.message_id))
    assert bot.person.last.text == text


ECHOES = [
    ("ack", {"callback": "cb9"}, "answerCallbackQuery", {"callback_query_id": "cb9"}),
    (
        "edit",
        {"message": "12", "label": "២ ទេ", "code": "c:sure=n"},
        "editMessageReplyMarkup",
        {
            "chat_id": str(PERSON),
            "message_id": 12,
            "reply_markup": {"inline_keyboard": [[{"text": "✓ ២ ទេ", "callback_data": "c:sure=n"}]]},
        },
    ),
]


@pytest.mark.parametrize(("what", "body", "method", "asked"), ECHOES)
async def test_an_echo_is_one_exact_request(
    bot: Chat, what: str, body: dict[str, str], method: str, asked: dict[str, Any]
) -> None:
    await bot.channel.send(parcel(body, what))
    assert (bot.tg.requests[-1].method, bot.tg.requests[-1].body) == (method, exactly(asked))


REFUSED_HERE = [
    (parcel({**says(""), "file": "f1", "kind": "photo"}), "the file is missing or empty"),
    (parcel(says(""), content=b""), "the file is missing or empty"),
    (parcel({**says("ក" * 1025), "file": "f1"}, content=b"x"), "the words under a file are too long"),
    (parcel({}, "dance"), "Telegram has no request for 'dance'"),
]


@pytest.mark.parametrize(("given", "why"), REFUSED_HERE)
async def test_what_cannot_be_one_request_is_refused_before_it_is_made(bot: Chat, given: Any, why: str) -> None:
    before = len(bot.tg.requests)
    assert await bot.channel.send(given) == Refused(why)
    assert len(bot.tg.requests) == before
