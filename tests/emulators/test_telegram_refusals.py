"""Every refusal of the strictness checklist, word for word, one row each."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from tests.emulators.clock import TestClock
from tests.emulators.telegram import Limits, Switches, TelegramEmulator
from tests.emulators.telegram.harness import emulated

pytestmark = pytest.mark.asyncio

READY, STRANGER, BLOCKER, GONE, UNKNOWN = 101, 102, 103, 104, 999
GROUP, KICKED, LEFT, KICKED_CHANNEL, OLD, NEW, FORUM = -100200, -100201, -100202, -100203, -204, -100204, -100205


class Row(NamedTuple):
    """A call and the refusal it must meet."""

    method: str
    params: dict[str, Any]
    description: str
    code: int = 400


def say(**params: Any) -> dict[str, Any]:
    return {"chat_id": READY, "text": "សួស្តី", **params}


def keys(*buttons: Any, **more: Any) -> dict[str, Any]:
    return say(reply_markup={"inline_keyboard": [list(buttons)], **more})


ENTITIES = "Bad Request: can't parse entities: "
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
ROWS = [
    Row("sendSmoke", say(), "Not Found: method not found", 404),
    Row("sendMessage", {"text": "x"}, "Bad Request: chat_id is empty"),
    Row("sendMessage", say(chat_id=""), "Bad Request: chat_id is empty"),
    Row("sendMessage", say(chat_id=UNKNOWN), "Bad Request: chat not found"),
    Row("sendMessage", say(chat_id="@nobody_here"), "Bad Request: chat not found"),
    Row("sendMessage", say(chat_id="not a chat"), "Bad Request: chat not found"),
    Row("sendMessage", say(chat_id=STRANGER), "Forbidden: bot can't initiate conversation with a user", 403),
    Row("sendMessage", say(chat_id=BLOCKER), "Forbidden: bot was blocked by the user", 403),
    Row("sendMessage", say(chat_id=GONE), "Forbidden: user is deactivated", 403),
    Row("sendChatAction", {"chat_id": BLOCKER, "action": "typing"}, "Forbidden: bot was blocked by the user", 403),
    Row("sendChatAction", {"chat_id": READY, "action": "sing"}, "Bad Request: wrong parameter action in request"),
    Row("sendMessage", say(chat_id=KICKED), "Forbidden: bot was kicked from the supergroup chat", 403),
    Row("sendMessage", say(chat_id=KICKED_CHANNEL), "Forbidden: bot was kicked from the channel chat", 403),
    Row("sendMessage", say(chat_id=LEFT), "Forbidden: bot is not a member of the supergroup chat", 403),
    Row("sendMessage", say(chat_id=OLD), "Bad Request: group chat was upgraded to a supergroup chat"),
    Row("sendMessage", {"chat_id": READY}, "Bad Request: message text is empty"),
    Row("sendMessage", {"chat_id": UNKNOWN, "text": ""}, "Bad Request: message text is empty"),
    Row("sendMessage", say(text=" \n\t "), "Bad Request: text must be non-empty"),
    Row("sendMessage", say(text="<b> </b>", parse_mode="HTML"), "Bad Request: text must be non-empty"),
    Row("sendMessage", say(text="ក" * 4097), "Bad Request: message is too long"),
    Row("sendMessage", say(text="ក" * 10923), "Bad Request: text is too long"),
    Row("sendMessage", say(text="a < b", parse_mode="HTML"), ENTITIES + 'Unsupported start tag "" at byte offset 2'),
    Row(
        "sendMessage", say(text="<b>x", parse_mode="html"),
        ENTITIES + 'Can\'t find end tag corresponding to start tag "b"',
    ),
    Row("sendMessage", say(parse_mode="XML"), "Bad Request: unsupported parse_mode"),
    Row("sendMessage", keys({"text": "x", "callback_data": ""}), "Bad Request: BUTTON_DATA_INVALID"),
    Row("sendMessage", keys({"text": "x", "callback_data": "ក" * 21 + "xx"}), "Bad Request: BUTTON_DATA_INVALID"),
    Row("sendMessage", keys({"text": "x", "callback_data": "x" * 65}), "Bad Request: BUTTON_DATA_INVALID"),
    Row(
        "sendMessage", keys({"text": "x"}),
        "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    Row(
        "sendMessage", keys({"callback_data": "x"}),
        'Bad Request: can\'t parse inline keyboard button: Can\'t find field "text"',
    ),
    Row("sendMessage", keys({"text": "x", "copy_text": {"text": ""}}), "Bad Request: BUTTON_COPY_TEXT_INVALID"),
    Row("sendMessage", keys({"text": "x", "copy_text": {"text": "x" * 257}}), "Bad Request: BUTTON_COPY_TEXT_INVALID"),
    Row(
        "sendMessage", keys({"text": "x", "url": "not-a-url"}),
        "Bad Request: inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL",
    ),
    Row(
        "sendMessage", say(reply_markup={"inline_keyboard": [{"text": "x"}]}),
        'Bad Request: field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
    ),
    Row(
        "sendMessage", say(reply_markup={"keyboard": ["x"]}),
        'Bad Request: field "keyboard" must be an Array of Arrays',
    ),
    Row(
        "sendMessage", say(reply_markup={"inline_keyboard": "x"}),
        'Bad Request: field "inline_keyboard" must be of type Array',
    ),
    Row(
        "sendMessage", say(reply_markup={"keyboard": [["x"]], "resize_keyboard": "yes"}),
        'Bad Request: field "resize_keyboard" must be of type Boolean',
    ),
    Row("sendMessage", say(reply_markup="{"), "Bad Request: can't parse reply keyboard markup JSON object"),
    Row("sendMessage", say(reply_markup="[1]"), "Bad Request: object expected as reply markup"),
    Row(
        "sendMessage", say(chat_id=GROUP, reply_markup={"keyboard": [[{"text": "x", "request_contact": True}]]}),
        "Bad Request: phone number can be requested in private chats only",
    ),
    Row(
        "sendMessage", say(chat_id=GROUP, reply_markup={"keyboard": [[{"text": "x", "request_location": True}]]}),
        "Bad Request: location can be requested in private chats only",
    ),
    Row("sendMessage", say(reply_markup={"force_reply": True, "input_field_placeholder": "x" * 65}),
        "Bad Request: INPUT_FIELD_PLACEHOLDER_INVALID"),
    Row("sendMessage", say(reply_to_message_id=77777), "Bad Request: message to be replied not found"),
    Row("sendMessage", say(reply_parameters={"message_id": 77777}), "Bad Request: message to be replied not found"),
    Row("sendMessage", say(reply_parameters={"quote": "x"}), 'Bad Request: can\'t find field "message_id"'),
    Row("sendMessage", say(message_thread_id=5), "Bad Request: message thread not found"),
    Row("sendMessage", say(chat_id=FORUM, message_thread_id=5), "Bad Request: message thread not found"),
    Row("sendMessage", say(message_effect_id="x"), "Bad Request: EFFECT_ID_INVALID"),
    Row("sendMessage", say(allow_paid_broadcast=True), "Bad Request: FLOODSKIP_NOT_ALLOWED"),
    Row(
        "sendMessage", say(entities=[{"type": "bold", "offset": 100, "length": 1}]),
        "Bad Request: entity begins after the end of the text at UTF-16 offset 100",
    ),
    Row("sendPhoto", {"chat_id": READY}, "Bad Request: there is no photo in the request"),
    Row("sendPhoto", {"chat_id": READY, "photo": b""}, "Bad Request: file must be non-empty"),
    Row("sendPhoto", {"chat_id": READY, "photo": b"not a picture"}, "Bad Request: IMAGE_PROCESS_FAILED"),
    Row("sendPhoto", {"chat_id": READY, "photo": "AgACno"}, "Bad Request: wrong file identifier/HTTP URL specified"),
    Row(
        "sendDocument", {"chat_id": READY, "document": b"x", "caption": "ក" * 1025},
        "Bad Request: message caption is too long",
    ),
    Row("sendLocation", {"chat_id": READY, "latitude": 11.5}, "Bad Request: longitude is empty"),
    Row(
        "sendLocation", {"chat_id": READY, "latitude": 11.5, "longitude": 104.9, "horizontal_accuracy": 1501},
        "Bad Request: wrong horizontal accuracy specified",
    ),
    Row("sendVenue", {"chat_id": READY, "latitude": 1, "longitude": 1}, "Bad Request: venue title must be non-empty"),
    Row("editMessageText", say(message_id=77777), "Bad Request: message to edit not found"),
    Row("editMessageText", say(), "Bad Request: message identifier is not specified"),
    Row("deleteMessage", {"chat_id": READY, "message_id": 77777}, "Bad Request: message to delete not found"),
    Row("deleteMessages", {"chat_id": READY, "message_ids": []}, "Bad Request: message identifiers are not specified"),
    Row(
        "deleteMessages", {"chat_id": READY, "message_ids": list(range(1, 102))},
        "Bad Request: too many message identifiers specified",
    ),
    Row(
        "copyMessages", {"chat_id": READY, "from_chat_id": READY, "message_ids": [2, 1]},
        "Bad Request: message identifiers must be in a strictly increasing order",
    ),
    Row(
        "copyMessage", {"chat_id": READY, "from_chat_id": READY, "message_id": 77777},
        "Bad Request: message to copy not found",
    ),
    Row("getFile", {"file_id": "nonsense"}, "Bad Request: invalid file_id"),
    Row("getFile", {}, "Bad Request: invalid file_id"),
    Row("answerCallbackQuery", {"callback_query_id": "1"}, TOO_OLD),
    Row("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "Bad Request: MESSAGE_TOO_LONG"),
    Row(
        "setMyCommands", {"commands": [{"command": "x" * 33, "description": "y"}]},
        "Bad Request: command length must not exceed 32",
    ),
    Row(
        "setMyCommands", {"commands": [{"command": "x", "description": "y" * 257}]},
        "Bad Request: command description length must not exceed 256",
    ),
    Row("setMyCommands", {"commands": [{"command": "Help", "description": "y"}]}, "Bad Request: BOT_COMMAND_INVALID"),
    Row(
        "setMyCommands", {"commands": [{"command": f"c{n}", "description": "y"} for n in range(101)]},
        "Bad Request: BOT_COMMANDS_TOO_MUCH",
    ),
    Row("setMyCommands", {"commands": [], "language_code": "km-KH"}, "Bad Request: invalid language code specified"),
    Row("getMyCommands", {"language_code": "KM"}, "Bad Request: invalid language code specified"),
    Row("setMyCommands", {"commands": "x"}, "Bad Request: can't parse commands JSON object"),
    Row("setMyName", {"name": "x" * 65}, "Bad Request: BOT_TITLE_INVALID"),
    Row("setMyDescription", {"description": "x" * 513}, "Bad Request: BOT_DESCRIPTION_TOO_LONG"),
    Row("setMyShortDescription", {"short_description": "x" * 121}, "Bad Request: BOT_SHORT_DESCRIPTION_TOO_LONG"),
    Row(
        "setWebhook", {"url": "http://example.org/x"},
        "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
    ),
    Row(
        "setWebhook", {"url": "https://example.org:8000/x"},
        "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
    ),
    Row("setWebhook", {"url": "https://10.0.0.1/x"}, "Bad Request: bad webhook: IP address 10.0.0.1 is reserved"),
    Row("setWebhook", {"url": "https://[2001::1]"}, "Bad Request: bad webhook: IPv6-only addresses are not allowed"),
    Row(
        "setWebhook", {"url": "https://example.org/x", "secret_token": "a b"},
        "Bad Request: secret token contains unallowed characters",
    ),
    Row(
        "setWebhook", {"url": "https://example.org/x", "secret_token": "x" * 257},
        "Bad Request: secret token is too long",
    ),
    Row(
        "setWebhook", {"url": "https://example.org/x", "certificate": b"x" * ((3 << 20) + 1)},
        "Bad Request: certificate size is too big",
    ),
]  # fmt: skip


async def furnish(tg: TelegramEmulator) -> None:
    """The people and chats the rows speak of."""
    await tg.person(READY).presses_start()
    tg.person(STRANGER)
    for user_id in (BLOCKER, GONE):
        await tg.person(user_id).presses_start()
    await tg.person(BLOCKER).blocks()
    await tg.person(GONE).deletes_account()
    tg.group(GROUP)
    tg.group(KICKED, bot_is="kicked")
    tg.group(LEFT, bot_is="left")
    tg.group(KICKED_CHANNEL, kind="channel", bot_is="kicked")
    tg.group(FORUM, topics={7})
    tg.group(OLD, kind="group").migrates(NEW)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method}-{row.description[:60]}")
async def test_refusal(row: Row) -> None:
    async with emulated() as (tg, bot):
        await furnish(tg)
        before = sum(len(chat.messages) for chat in tg.world.chats.values())
        answer = await bot(row.method, **row.params)
        assert answer.error == (row.code, row.description)
        assert sum(len(chat.messages) for chat in tg.world.chats.values()) == before
        assert [request.status for request in tg.sent(row.method)] == [row.code]


async def test_migration_tells_the_new_id() -> None:
    async with emulated() as (tg, bot):
        await furnish(tg)
        answer = await bot("sendMessage", chat_id=OLD, text="x")
        assert answer.body["parameters"] == {"migrate_to_chat_id": NEW}
        assert (await bot("sendMessage", chat_id=NEW, text="x")).status == 200


async def test_tokens_and_paths() -> None:
    async with emulated() as (tg, bot):
        wrong = await bot.request("GET", "/bot7000000001:AAwrongwrongwrong/getMe")
        assert wrong.body == {"ok": False, "error_code": 401, "description": "Unauthorized"}
        nobody = await bot.request("GET", "/bot0000000000:INVALID/getMe")
        assert nobody.error == (401, "Unauthorized: invalid token specified")
        assert (await bot.request("GET", "/bot/getMe")).error == (404, "Not Found")
        assert (await bot.request("GET", "/")).error == (404, "Not Found")
        assert (await bot.request("GET", f"/bot{tg.token}/test/GETME")).result["username"] == "chumnuoy_test_bot"


async def test_edits_and_deletes_that_are_refused() -> None:
    clock = TestClock()
    async with emulated(clock=clock) as (tg, bot):
        person = tg.person(READY)
        theirs = await person.presses_start()
        mine = (await bot("sendMessage", chat_id=READY, text="<b>a</b>", parse_mode="HTML")).result["message_id"]
        same = {"chat_id": READY, "message_id": mine}
        again = await bot("editMessageText", **same, text="<b>a</b>", parse_mode="HTML")
        assert again.error == (400, MODIFIED)
        assert (await bot("editMessageReplyMarkup", **same)).error == (400, MODIFIED)
        assert (await bot("editMessageText", **same, text="a")).status == 200  # only the entities differ
        foreign = {"chat_id": READY, "message_id": theirs.message_id}
        not_mine = await bot("editMessageText", **foreign, text="b")
        assert not_mine.error == (400, "Bad Request: message can't be edited")
        no_caption = await bot("editMessageCaption", **same, caption="b")
        assert no_caption.error == (400, "Bad Request: there is no caption in the message to edit")
        clock.advance(48 * 3600 + 1)
        for message_id in (mine, theirs.message_id):
            late = await bot("deleteMessage", chat_id=READY, message_id=message_id)
            assert late.error == (400, "Bad Request: message can't be deleted for everyone")
        tg.group(GROUP)
        other = await person.sends("x", chat=tg.group(GROUP))
        refused = await bot("deleteMessage", chat_id=GROUP, message_id=other.message_id)
        assert refused.error == (400, "Bad Request: message can't be deleted")


async def test_a_message_with_a_reply_keyboard_cannot_be_edited() -> None:
    async with emulated() as (tg, bot):
        await tg.person(READY).presses_start()
        markup = json.dumps({"keyboard": [["ក"]]})
        sent = (await bot("sendMessage", chat_id=READY, text="a", reply_markup=markup)).result
        edit = await bot("editMessageText", chat_id=READY, message_id=sent["message_id"], text="b")
        assert edit.error == (400, "Bad Request: message can't be edited")


async def test_files_too_big() -> None:
    small = Limits(upload_bytes=3000, photo_bytes=2000, download_bytes=1000)
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (64).to_bytes(4, "big") * 2
    async with emulated(limits=small, switches=Switches()) as (tg, bot):
        person = tg.person(READY)
        sent = await person.sends_document(b"x", "a.pdf", "application/pdf", size=1001)
        assert sent.media is not None
        assert (await bot("getFile", file_id=sent.media.file_id)).error == (400, "Bad Request: file is too big")
        big = await bot("sendDocument", chat_id=READY, document=b"x" * 3001)
        assert big.error == (413, "Request Entity Too Large")
        photo = await bot("sendPhoto", chat_id=READY, photo=png + b"x" * 2000)
        assert photo.error == (
            400, "Bad Request: file of size 2024 bytes is too big for a photo; the maximum size is 2000 bytes",
        )  # fmt: skip
    assert Limits().download_bytes == 20 << 20
    assert Limits().upload_bytes == 50 << 20


async def test_protected_content_is_not_forwarded() -> None:
    async with emulated() as (tg, bot):
        await tg.person(READY).presses_start()
        sent = (await bot("sendMessage", chat_id=READY, text="x", protect_content=True)).result
        assert sent["has_protected_content"] is True
        refused = await bot("forwardMessage", chat_id=READY, from_chat_id=READY, message_id=sent["message_id"])
        assert refused.error == (400, "Bad Request: message can't be forwarded")


async def test_local_webhooks_only_when_allowed() -> None:
    async with emulated(allow_local_webhook=False) as (_, bot):
        plain = await bot("setWebhook", url="http://127.0.0.1:9/x")
        assert plain.error[1] == "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
    async with emulated(allow_local_webhook=False) as (_, bot):
        local = await bot("setWebhook", url="https://127.0.0.1/x")
        assert local.error[1] == "Bad Request: bad webhook: IP address 127.0.0.1 is reserved"
    async with emulated() as (_, bot):
        assert (await bot("setWebhook", url="http://127.0.0.1:9/x")).status == 200
