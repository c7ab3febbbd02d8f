"""What nobody should send us: refused, ignored or told, but never lost and never the end of the conversation."""

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select, update

from bot.app.jobs import NOT_TAKEN
from bot.clock import now
from bot.console.labels import REFUSED
from bot.dialog.questions import TOO_BIG
from bot.dialog.says import Text
from bot.i18n import Catalogues
from bot.text import khmer
from tests.app.by_hand import (
    SEND,
    SHORT_WAY_TO_THE_STORY,
    TO_THE_REVIEW,
    Hand,
    MessengerHand,
    TelegramHand,
    does,
    hand,
)
from tests.app.look import ATTACHMENT, INBOX, Look
from tests.app.officer import officer
from tests.app.trip import Trip, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLATFORMS = ("telegram", "messenger")
platforms = pytest.mark.parametrize("channel", PLATFORMS)
CATALOGUES = Catalogues()
STORY = "ថៅកែមិនបើកប្រាក់ខែឲ្យខ្ញុំ"
EXECUTABLE = {"telegram": b"MZ\x90\0\3\0\0\0" + b"\0" * 600, "messenger": b"\x7fELF\2\1\1\0" + b"\0" * 600}
MIB = 1024 * 1024


def in_khmer(text: Text) -> str:
    """As a worker or officer reads it; it is Khmer."""
    shown = CATALOGUES.words(text, "km")
    assert re.search("[ក-ឳ]", shown), text
    return shown


async def told(by: Hand, who: str, words: str) -> str:
    """Wait until this person was told something with these words."""
    found = await until(lambda: next((text for text in by.heard(who) if words in text), ""), f"{words} on {by.channel}")
    return str(found)


async def sends_file(there: Trip, by: Hand, who: str, kind: str, content: bytes, name: str) -> None:
    """A file from the platform's own app: a "photo" or a "file"."""
    if isinstance(by, TelegramHand):
        person = there.tg.person(int(who))
        await person.sends_document(content, name, "image/jpeg" if kind == "photo" else "application/pdf")
    else:
        other = there.fb.person(who)
        await (other.sends_image(content) if kind == "photo" else other.sends_file(content, name=name))


async def settled(there: Trip, channel: str) -> None:
    await (there.tg.settled(60) if channel == "telegram" else there.fb.settled(60))


def stored(look: Look) -> int:
    return int(look.rows(select(func.count()).select_from(INBOX))[0][0])


@platforms
async def test_unsigned_and_wrongly_signed_calls_change_nothing(village: Trip, channel: str) -> None:
    by = hand(village, channel)
    who = by.newcomer()
    body = json.dumps(by.text(who, STORY)).encode()
    with Look(village.database_url) as look:
        before = stored(look)
        if channel == "telegram":
            statuses = [await village.post_telegram(body, secret) for secret in (None, "", "another", "ទេ")]
        else:
            right = village.fb.sign(body)
            wrong = (
                None,
                "sha256=",
                right[:-1] + "x",
                right.upper(),
                "sha1=" + right[7:],
                village.fb.sign(body + b" "),
            )
            statuses = [await village.post_messenger(body, signature) for signature in wrong]
        assert set(statuses) <= {401, 403}
        assert stored(look) == before
        assert await by.post(body) == 200
        assert stored(look) == before + 1


@platforms
async def test_a_body_over_one_mebibyte(village: Trip, channel: str) -> None:
    by = hand(village, channel)
    with Look(village.database_url) as look:
        before = stored(look)
        assert (
            await by.post(json.dumps(by.text(by.newcomer(), "ក" * (MIB // 3 + 1000)), ensure_ascii=False).encode())
            == 413
        )
        assert stored(look) == before
    async with village.http.post(f"{village.service.url}/webhooks/{channel}", data=_pieces()) as answer:
        assert answer.status == 413


async def _pieces() -> AsyncIterator[bytes]:
    for _ in range(20):
        yield b" " * 65536


@platforms
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000, b"null"], ids=repr)
async def test_broken_json(village: Trip, channel: str, body: bytes) -> None:
    with Look(village.database_url) as look:
        before = stored(look)
        assert await hand(village, channel).post(body) == 400
        assert stored(look) == before


async def test_kinds_we_do_not_use_are_counted(village: Trip) -> None:
    tg, fb = TelegramHand(village), MessengerHand(village)
    who, psid = tg.newcomer(), fb.newcomer()
    odd = fb.text(psid, "?")
    item = odd["entry"][0]["messaging"][0]
    unused = [
        {**odd, "entry": [{**odd["entry"][0], "messaging": [{**item, "message": {"is_echo": True, "mid": "m_1"}}]}]},
        {"object": "instagram", "entry": []},
        {"object": "page", "entry": [{"id": village.fb.page_id, "time": 1, "changes": [{"field": "feed"}]}]},
        fb.together([{"entry": [{**odd["entry"][0], "messaging": [_without_message(item) | {"from_2030": {}}]}]}]),
        fb.together([{"entry": [{**odd["entry"][0], "messaging": [{"message": 5, "sender": {"id": psid}}]}]}]),
    ]
    with Look(village.database_url) as look:
        before = stored(look)
        for kind in ("poll", "edited_message", "chat_join_request", "from_2030"):
            assert await tg.post(tg.update(kind, {"id": "1", "chat": {"id": int(who), "type": "private"}})) == 200
        assert await tg.post(tg.update("message", {"chat": "not a chat"})) == 200
        for body in unused:
            assert await fb.post(body) == 200, body
        assert stored(look) == before
    counted = await village.metrics()
    for name, kinds in (
        ("telegram", ("poll", "edited_message", "chat_join_request", "from_2030", "unread")),
        ("messenger", ("echo", "object", "changes", "other", "unreadable")),
    ):
        for kind in kinds:
            assert counted[f'chumnuoy_ignored_updates{{channel="{name}",kind="{kind}"}}'] == 1, kind


def _without_message(item: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in item.items() if name != "message"}


async def test_files_that_cannot_be_kept(village: Trip) -> None:
    await asyncio.gather(*(files_that_cannot_be_kept(village, channel) for channel in PLATFORMS))


async def files_that_cannot_be_kept(village: Trip, channel: str) -> None:
    """50 MB, an executable named .jpg, a foreign host: each is told, the thread shows it, the complaint goes on."""
    by = hand(village, channel)
    who = by.newcomer()
    await does(by, who, *SHORT_WAY_TO_THE_STORY, STORY)
    huge = b"%PDF-1.7" + b"\0" * (50 * MIB if channel == "messenger" else 0)
    expected = {("file", "too_big"), ("photo" if channel == "messenger" else "file", "kind")}
    if isinstance(by, MessengerHand):
        await sends_file(village, by, who, "file", huge, "all.pdf")
        for url in ("http://files.example.org/a.jpg", "https://a.fbcdn.net.example.org/a.jpg", "file:///etc/passwd"):
            assert await by.post(by.attachment(who, "image", url)) == 200
        expected |= {("photo", "host")}
    else:
        assert isinstance(by, TelegramHand)
        await village.tg.person(int(who)).sends_document(huge, "all.pdf", "application/pdf", size=50 * MIB)
        await settled(village, channel)
        await told(by, who, in_khmer(TOO_BIG.text))  # at once, as Telegram tells the size
        file = village.tg.files.new_id(village.tg.files.add("document", huge, "b.pdf", "application/pdf", 50 * MIB))
        assert await by.post(by.document(who, file)) == 200  # and when it does not
    await sends_file(village, by, who, "photo", EXECUTABLE[channel], "photo.jpg")
    await settled(village, channel)
    with Look(village.database_url) as look:
        await until(
            lambda: expected <= {(one.kind, one.reason) for one in look.files(channel, who)}, "all files are refused"
        )
        await does(by, who, *TO_THE_REVIEW, SEND)
        (complaint,) = look.complaints(channel, who)
        thread = look.thread(complaint.reference)
        assert thread[0].body == STORY
        assert len([entry for entry in thread if entry.attachment_id]) == (5 if channel == "messenger" else 2)
        assert {one.state for one in look.files(channel, who)} <= {"refused", "waiting"}
    await told(by, who, "✅")
    for reason in ("too_big", "kind"):
        await told(by, who, in_khmer(NOT_TAKEN[reason]))
    async with officer(village, f"officer-{channel}") as dara:
        page = await dara.page(f"/complaints/{complaint.reference}")
        for words in (in_khmer(REFUSED["too_big"]), in_khmer(REFUSED["kind"]), STORY):
            assert words in page


async def test_a_file_that_is_gone_is_told(village: Trip) -> None:
    await asyncio.gather(*(a_file_that_is_gone_is_told(village, channel) for channel in PLATFORMS))


async def a_file_that_is_gone_is_told(village: Trip, channel: str) -> None:
    by = hand(village, channel)
    who = by.newcomer()
    await does(by, who, "សួស្តី")
    if isinstance(by, MessengerHand):
        assert await by.post(by.attachment(who, "image", f"{village.fb.url}/cdn/1?oh=of-another-file")) == 200
    else:
        assert isinstance(by, TelegramHand)
        assert await by.post(by.document(who, "BQACAgUAAx-nobody-has-this")) == 200
    with Look(village.database_url) as look:
        await until(lambda: [one.reason for one in look.files(channel, who)] == ["gone"], "the file is given up")
    await told(by, who, in_khmer(NOT_TAKEN["gone"]))


async def test_a_platform_that_never_answers_is_given_up_after_its_last_try(village: Trip) -> None:
    by = MessengerHand(village)
    who = by.newcomer()
    await does(by, who, "សួស្តី")
    with Look(village.database_url) as look:
        village.fb.down = True
        try:
            assert await by.post(by.attachment(who, "image", f"{village.fb.url}/cdn/1?oh=x")) == 200
            await until(lambda: look.files("messenger", who)[0].tries == 1, "a first try")
            mine = ATTACHMENT.c.id == look.files("messenger", who)[0].id
            look.change(update(ATTACHMENT).where(mine).values(tries=6, not_before=now()))  # two hours later
            await until(lambda: look.files("messenger", who)[0].reason == "gone", "the file is given up")
        finally:
            village.fb.down = False
    await told(by, who, in_khmer(NOT_TAKEN["gone"]))


async def test_long_texts_are_kept_whole(village: Trip) -> None:
    await asyncio.gather(*(long_texts_are_kept_whole(village, channel) for channel in PLATFORMS))


async def long_texts_are_kept_whole(village: Trip, channel: str) -> None:
    """As much as the platform lets through at once, and 10,000 characters that came by the webhook all the same."""
    by = hand(village, channel)
    who = by.newcomer()
    most = 4096 if channel == "telegram" else 2000
    sentence = "ខ្ញុំធ្វើការបីខែហើយ មិនបានប្រាក់ខែ។ "
    long, longest = (sentence * 400)[:most].strip(), (sentence * 400)[:10_000].strip()
    await does(by, who, *SHORT_WAY_TO_THE_STORY, longest)
    if channel == "telegram":
        await village.tg.person(int(who)).sends(long)
    else:
        await village.fb.person(who).sends(long)
    await settled(village, channel)
    await does(by, who, *TO_THE_REVIEW, SEND)
    with Look(village.database_url) as look:
        (complaint,) = look.complaints(channel, who)
        words = "".join(entry.body for entry in look.thread(complaint.reference))
        assert "✅" in look.outbox(channel, who)[-1].body["text"]
    assert re.sub(r"\s", "", words) == re.sub(r"\s", "", longest + long)


ODD = {
    "zero width": "ខ្ញុំ\u200b\u200b\u200b" * 500 + "សុំជំនួយ",
    "only zero width": "\u200b\u2060\ufeff" * 1000,
    "combining": "ក" + "\u17d2ក" * 3000 + " a" + "\u0301" * 5000 + " សុំជំនួយផង",
    "emoji": "🆘👨‍👩‍👧‍👦🇰🇭🏴󠁧󠁢󠁥󠁮󠁧󠁿" * 60 + "សុំជំនួយ",
    "right to left": "\u202eសុំជំនួយផងបងអើយ\u202c \u2066abc\u2069",
    "controls": "សុំ\0ជំនួយ\x07\x1b[31mផង\x7fបងអើយ",
    "half a pair": "សុំជំនួយផងបងអើយ \ud83c",
    "braces": "{reference} {0} %s <b>&amp;</b> ${x} សុំជំនួយ",
    "thai": "ช่วยด้วย นายจ้างไม่จ่ายเงินเดือน",
}


@platforms
async def test_odd_texts_are_answered_and_kept_readable(village: Trip, channel: str) -> None:
    by = hand(village, channel)

    async def tells(text: str) -> None:
        if "\ud83c" in text and channel == "telegram":
            return  # its JSON is made of UTF-8, which has no such thing
        who = by.newcomer()
        await does(by, who, *SHORT_WAY_TO_THE_STORY, text, STORY + " ទៀតផង", *TO_THE_REVIEW, SEND)
        with Look(village.database_url) as look:
            (complaint,) = look.complaints(channel, who)
            told_us = [entry.body for entry in look.thread(complaint.reference)]
            outgoing = [row.body.get("text", "") for row in look.outbox(channel, who) if row.what == "message"]
        plain = khmer.clean(text)
        assert told_us == ([plain] if plain else []) + [STORY + " ទៀតផង"]
        assert len(outgoing) >= 12
        for shown in [*told_us, *outgoing]:
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown), shown[:80]

    await asyncio.gather(*(tells(text) for text in ODD.values()))
    counted = await village.metrics()
    assert not [name for name in counted if "chumnuoy_events_total" in name and 'result="failed"' in name]
    assert "Traceback" not in village.service.log
