"""What Telegram tells → what the channel reads, every update through the emulator over HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from bot.channels.base import Arrival, File, Forbidden, Malformed, Tap, file_id
from bot.channels.telegram import SECRET_HEADER
from bot.dialog.events import Contact, Event, Located, Sent, Started, Tapped, Typed, Unreadable
from tests.channels.telegram_bot import NOW, PERSON, Chat, channel_of, chat

pytestmark = pytest.mark.asyncio(loop_scope="module")

DATE = 1_795_299_940
AT = datetime.fromtimestamp(DATE, UTC)
WHO = {"id": PERSON, "is_bot": False, "first_name": "សុខា", "language_code": "km"}
HERE = {"id": PERSON, "first_name": "សុខា", "type": "private"}
GROUP = {"id": -1001, "title": "ក្រុម", "type": "supergroup"}
BOT = {"id": 7, "is_bot": True, "first_name": "ជំនួយ"}
KEYS = {
    "inline_keyboard": [
        [
            {"text": "១ បាទ/ចាស", "callback_data": "complaint:sure=y"},
            {"text": "២ ទេ", "callback_data": "complaint:sure=n"},
        ],
        [{"text": "✓ ថយ", "callback_data": "go:back"}],
    ]
}


@dataclass
class Row:
    """`events` None: nothing is read, and `counted` says as what it was counted."""

    name: str
    update: dict[str, Any]
    events: tuple[Event, ...] | None = None
    source: dict[str, Any] | None = None
    at: datetime = AT
    tap: Tap | None = None
    suppressed: str = ""
    counted: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def message(chat: dict[str, Any] = HERE, **what: Any) -> dict[str, Any]:
    return {"message": {"message_id": 41, "from": WHO, "chat": chat, "date": DATE, **what}}


def media(id: str, size: int | None = 900, **more: Any) -> dict[str, Any]:
    return {"file_id": id, "file_unique_id": "u" + id, **({} if size is None else {"file_size": size}), **more}


def file(kind: Any, id: str, size: int | None = 900, caption: str = "", name: str = "") -> Row:
    """A message with one file; its id stands in for the update's, which is not known yet."""
    content = media(id, size)
    what: dict[str, Any] = {name or kind: content, **({"caption": caption} if caption else {})}
    return Row(name or kind, message(**what), (Sent(kind, "", size, caption),), {"file_id": id, "size": size})


def tap(
    data: str, keyboard: dict[str, Any] | None = KEYS, chat: dict[str, Any] = HERE, date: int = DATE
) -> dict[str, Any]:
    under = {"message_id": 40, "from": BOT, "chat": chat, "date": date, "text": "ប្រាកដទេ?"}
    if keyboard:
        under["reply_markup"] = keyboard
    return {"callback_query": {"id": "cb1", "from": WHO, "message": under, "chat_instance": "1", "data": data}}


def member(status: str, chat: dict[str, Any] = HERE) -> dict[str, Any]:
    was = {"user": BOT, "status": "member"}
    change = {
        "chat": chat,
        "from": WHO,
        "date": DATE,
        "old_chat_member": was,
        "new_chat_member": {**was, "status": status},
    }
    return {"my_chat_member": change}


def contact(**who: Any) -> dict[str, Any]:
    return message(contact={"phone_number": "+85512345678", "first_name": "សុខា", **who})


GIF = media("gif")
WORDS = [
    Row("words", message(text="ថៅកែ\u200bមិន\u200bបើក\u200bប្រាក់ខែ"), (Typed("ថៅកែមិនបើកប្រាក់ខែ"),)),
    Row("words with an entity", message(text="see example.org", entities=[{"type": "url", "offset": 4, "length": 11}]),
        (Typed("see example.org"),)),
    Row("a reply", message(text="បាទ", reply_to_message=message()["message"]), (Typed("បាទ"),)),
    Row("nothing to see", message(text="\u200b\u2060"), (Unreadable("text"),)),
    Row("start", message(text="/start"), (Started(""),)),
    Row("start with a link's word", message(text="/start poster-7_KR"), (Started("poster-7_KR"),)),
    Row("start at this bot", message(text="/Start@chumnuoy_test_bot poster"), (Started("poster"),)),
    Row("start and words", message(text="/start ជួយ ខ្ញុំ\u200bផង"), (Started(""), Typed("ជួយ ខ្ញុំផង"))),
    Row("another command", message(text="/menu"), (Typed("/menu"),)),
    Row("a command at this bot", message(text="/officer@chumnuoy_test_bot ឥឡូវ"), (Typed("/officer ឥឡូវ"),)),
    Row("a slash that is no command", message(text="/ជួយ 24/7"), (Typed("/ជួយ 24/7"),)),
    Row("started is another word", message(text="/started"), (Typed("/started"),)),
]  # fmt: skip
FILES = [
    Row("the largest photo", message(photo=[media("s", 9, width=90, height=60), media("l", 99, width=1280, height=853),
        media("m", 50, width=320, height=213)], caption="វិក្កយបត្រ\u200b"),
        (Sent("photo", "", 99, "វិក្កយបត្រ"),), {"file_id": "l", "size": 99}),
    file("voice", "v1"),
    file("voice", "a1", name="audio"),
    file("video", "w1", caption="កន្លែងធ្វើការ"),
    file("video", "n1", name="video_note"),
    file("file", "d1", None, name="document"),
    Row("an animation, which is also a document", message(animation=GIF, document=GIF), (Sent("video", "", 900),),
        {"file_id": "gif", "size": 900}),
    Row("one of an album", message(photo=[media("p")], media_group_id="77"), (Sent("photo", "", 900),),
        {"file_id": "p", "size": 900}),
]  # fmt: skip
PLACES = [
    Row("a place", message(location={"latitude": 37.5665, "longitude": 126.978, "horizontal_accuracy": 12.0}),
        (Located(37.5665, 126.978),)),
    Row("a venue", message(location={"latitude": 13.7, "longitude": 100.5},
        venue={"location": {"latitude": 13.7, "longitude": 100.5}, "title": "រោងចក្រ", "address": "Bangkok"}),
        (Located(13.7, 100.5),)),
    Row("one's own phone", contact(user_id=PERSON), (Contact("+85512345678", "សុខា", own=True),)),
    Row("another's phone", contact(user_id=99, last_name="ចាន់"), (Contact("+85512345678", "សុខា ចាន់"),)),
    Row("a phone of nobody on Telegram", contact(), (Contact("+85512345678", "សុខា"),)),
]  # fmt: skip
TAPS = [
    Row("a tap", tap("complaint:sure=n"), (Tapped("complaint:sure=n"),), at=NOW,
        tap=Tap("cb1", "40", "២ ទេ", "complaint:sure=n")),
    Row("a tap on what was chosen before", tap("go:back"), (Tapped("go:back"),), at=NOW,
        tap=Tap("cb1", "40", "ថយ", "go:back")),
    Row("a tap on a button that is gone", tap("menu:old=1"), (Tapped("menu:old=1"),), at=NOW,
        tap=Tap("cb1", "40", "", "menu:old=1")),
    Row("a tap on a message too old to see", tap("go:back", None, date=0), (Tapped("go:back"),), at=NOW,
        tap=Tap("cb1", "40", "", "go:back")),
    Row("a tap of a changed app", tap("a\x00\u202eb"), (Tapped("ab"),), at=NOW, tap=Tap("cb1", "40", "", "ab")),
]  # fmt: skip
MEMBERS = [
    Row("blocked", member("kicked"), (), suppressed="blocked"),
    Row("unblocked", member("member"), ()),
]
UNREADABLE = [
    Row(kind, message(**{kind: {"emoji": "🎲"}}), (Unreadable(kind),))
    for kind in ("sticker", "poll", "dice", "game", "story", "paid_media", "checklist")
] + [Row("a kind of the future", message(hologram={"file_id": "h"}), (Unreadable("unknown"),))]
IGNORED = [
    Row("an edit", {"edited_message": message(text="ថ្មី", edit_date=DATE)["message"]}, counted={"edited_message": 1}),
    Row("an inline query", {"inline_query": {"id": "1"}}, counted={"inline_query": 1}),
    Row("an update of the future", {"thought": {"id": "1"}}, counted={"thought": 1}),
    Row("a group's message", message(GROUP, text="សួស្តី"), counted={"not private": 1}),
    Row("a group's tap", tap("go:back", chat=GROUP), counted={"not private": 1}),
    Row("a group's member", member("kicked", GROUP), counted={"not private": 1}),
    Row("a channel's post", {"channel_post": message(GROUP, text="x")["message"]}, counted={"channel_post": 1}),
    Row("another status", member("left"), counted={"my_chat_member": 1}),
    Row("a tap with no code", {"callback_query": {"id": "cb1", "from": WHO, "chat_instance": "1"}},
        counted={"callback_query": 1}),
    Row("a pinned message", message(pinned_message=message(text="x")["message"]), counted={"service": 1}),
    Row("a changed timer", message(message_auto_delete_timer_changed={}), counted={"service": 1}),
    Row("a broken message", message(voice={"file_id": None}), counted={"unread": 1}),
    Row("a place off the Earth", message(location={"latitude": 200, "longitude": 0}), counted={"unread": 1}),
]  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot() -> AsyncIterator[Chat]:
    async with chat() as one:
        yield one


@pytest.mark.parametrize("row", [*WORDS, *FILES, *PLACES, *TAPS, *MEMBERS, *UNREADABLE, *IGNORED], ids=str)
async def test_every_update_is_read(bot: Chat, row: Row) -> None:
    bot.channel.counters.ignored.clear()
    event_id = str(bot.tg.inject(row.update))
    arrivals = await bot.arrivals()
    assert bot.channel.counters.ignored == row.counted
    if row.events is None:
        assert arrivals == []
        return
    id = file_id("telegram", event_id)
    events = tuple(Sent(e.kind, id, e.size, e.caption) if isinstance(e, Sent) else e for e in row.events)
    files = tuple(File(id, e.kind, row.source or {}) for e in events if isinstance(e, Sent))
    answered = row.update.get("message", {}).get("reply_to_message")
    to = str(answered["message_id"]) if answered else ""
    album = row.update.get("message", {}).get("media_group_id", "")
    wanted = Arrival("telegram", event_id, str(PERSON), row.at, events, files, None, row.suppressed, row.tap, album, to)
    assert arrivals == [wanted]


async def test_a_person_is_read_as_the_emulator_shows_them(bot: Chat) -> None:
    """Whole updates as the server makes them, from the first word to the block."""
    person = bot.person
    await person.sends("ខ្ញុំត្រូវការជំនួយ")
    await person.sends_photo(b"\xff\xd8\xff photo", caption="រូប")
    await person.sends_voice(b"OggS voice")
    await person.sends_location(3.139, 101.6869)
    await person.sends_contact("+60123456789")
    await person.blocks()
    await person.unblocks()
    arrivals = await bot.arrivals(7)
    assert [type(one.events[0]) for one in arrivals[:5]] == [Typed, Sent, Sent, Located, Contact]
    assert arrivals[4].events == (Contact("+60123456789", "សុខា", own=True),)
    assert [(one.events, one.suppressed) for one in arrivals[5:]] == [((), "blocked"), ((), "")]
    assert {one.external_id for one in arrivals} == {str(PERSON)}
    assert len({one.event_id for one in arrivals}) == 7


async def test_a_repeated_update_has_the_same_ids(bot: Chat) -> None:
    update = {"update_id": 900_000_001, **message(voice=media("v"))}
    body = json.dumps(update).encode()
    assert bot.channel.parse_trusted(body) == bot.channel.parse_trusted(body)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b'{"a":1}', b'{"update_id":"x"}', b'{"a":' * 9999, b"GET /"]
)
async def test_what_is_no_update_is_malformed(bot: Chat, body: bytes) -> None:
    with pytest.raises(Malformed):
        bot.channel.parse_trusted(body)


async def test_an_unread_update_is_logged_without_its_words(bot: Chat, caplog: pytest.LogCaptureFixture) -> None:
    broken = {"update_id": 1, **message(text=["ពាក្យសម្ងាត់"], voice={"file_id": ["ពាក្យសម្ងាត់"]})}
    with caplog.at_level(logging.DEBUG):
        assert bot.channel.parse_trusted(json.dumps(broken).encode()) == []
        with pytest.raises(Malformed) as caught:
            bot.channel.parse_trusted("{ពាក្យសម្ងាត់".encode())
    assert caplog.messages == ["an update could not be read: message.text; message.voice.file_id"]
    assert str(caught.value) == "not an update"
    assert caught.value.__suppress_context__, "what reads it quotes it"


async def test_only_telegram_may_post() -> None:
    body = json.dumps({"update_id": 5, **message(text="សួស្តី")}).encode()
    guarded = channel_of("http://127.0.0.1:9", "1:a", webhook_secret="s3cret_-")
    assert len(guarded.parse(body, {SECRET_HEADER: "s3cret_-"})) == 1
    for headers in ({}, *({SECRET_HEADER: given} for given in ("", "s3cret_", "s3cret_-x", "កូនសោ", "\udcff"))):
        with pytest.raises(Forbidden):
            guarded.parse(body, headers)
        with pytest.raises(Forbidden):
            guarded.parse(b"{", headers)
    assert len(guarded.parse_trusted(body)) == 1
    assert len(channel_of("http://127.0.0.1:9", "1:a").parse(body, {})) == 1


async def test_a_tap_is_answered_and_only_the_choice_stays() -> None:
    channel = channel_of("http://127.0.0.1:9", "1:a")
    update = json.dumps({"update_id": 5, **tap("complaint:sure=n")}).encode()
    (arrival,) = channel.parse_trusted(update)
    assert channel.echo(arrival) == (
        ("ack", {"callback": "cb1"}),
        ("edit", {"message": "40", "label": "២ ទេ", "code": "complaint:sure=n"}),
    )
    (old,) = channel.parse_trusted(json.dumps({"update_id": 6, **tap("go:back", None)}).encode())
    assert channel.echo(old) == (("ack", {"callback": "cb1"}),)
    (typed,) = channel.parse_trusted(json.dumps({"update_id": 7, **message(text="ក")}).encode())
    assert channel.echo(typed) == ()
