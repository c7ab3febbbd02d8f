"""The way every message goes out: the order of the server's checks, the rate windows, and the message it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .errors import bad, too_many
from .keyboards import check_markup, parse_markup
from .state import Chat, Json, StoredMessage
from .text import Entities, found_entities, length, trimmed
from .wire import Params, flag, integer, json_param

if TYPE_CHECKING:
    from .emulator import TelegramEmulator

Content = Callable[[], Json]


async def send(tg: TelegramEmulator, params: Params, content: Content, upload: int = 0) -> Json:
    """Check, wait as long as the rate windows say, then put the message in the chat."""
    wanted, optional = _reply_wanted(params)
    markup = parse_markup(params, tg.switches)
    chat = tg.world.find(params.get("chat_id"))
    chat.check_bot_may_write()
    reply = _reply_target(chat, wanted, optional)
    _check_thread(chat, params)
    made = content()
    if markup is not None:
        check_markup(markup, chat, tg.limits, tg.switches)
    if params.get("message_effect_id"):
        _check_effect(chat, params)
    await hold(tg, chat, params, upload)
    return post(tg, chat, params, made, markup, reply)


async def hold(tg: TelegramEmulator, chat: Chat, params: Params, upload: int = 0) -> None:
    """The silent hold: waits out up to 8 s of flood waits, refuses with 429 beyond."""
    paid = flag(params, "allow_paid_broadcast")
    if paid and not tg.paid_broadcast:
        raise bad("FLOODSKIP_NOT_ALLOWED")
    if tg.rates.on and chat.unsent >= tg.limits.unsent_per_chat:
        await tg.clock.sleep(3.0)
        raise too_many(60)
    pause = tg.rates.reserve_upload(upload)
    if pause < 0:
        await tg.clock.sleep(3.0)
        raise too_many(60)
    pause += tg.rates.reserve(chat, paid)
    if pause > 0:
        chat.unsent += 1
        try:
            await tg.clock.sleep(pause)
        finally:
            chat.unsent -= 1


def post(
    tg: TelegramEmulator, chat: Chat, params: Params, content: Json, markup: Json | None, reply: Json | None
) -> Json:
    """Make the message the bot has just sent and show it to whoever is in the chat."""
    data: Json = {"message_id": tg.world.next_message_id(chat)}
    if chat.kind == "channel":
        data["sender_chat"] = chat.json
    else:
        data["from"] = tg.bot
    data["chat"] = chat.json
    data["date"] = int(tg.clock.now())
    thread = integer(params, "message_thread_id")
    if thread > 1:
        data["message_thread_id"] = thread
        data["is_topic_message"] = True
    if reply is not None:
        data["reply_to_message"] = reply
    if params.get("message_effect_id"):
        data["effect_id"] = params["message_effect_id"]
    data.update(content)
    keyboard = None
    if markup is not None:
        if "inline_keyboard" in markup:
            if any(markup["inline_keyboard"]):
                data["reply_markup"] = markup
        else:
            keyboard = markup
    protected = flag(params, "protect_content")
    if protected:
        data["has_protected_content"] = True
    tg.world.store(chat, StoredMessage(data, True, keyboard, protected))
    tg.changed(chat)
    return data


def text_content(tg: TelegramEmulator, text: str, entities: Entities) -> Json:
    text, entities = trimmed(text, entities)
    if not text:
        raise bad("text must be non-empty")
    if len(text) * 2 > tg.limits.text and length(text, tg.switches) > tg.limits.text:
        raise bad("message is too long")
    content: Json = {"text": text}
    if "/" in text:
        entities = merged(entities, found_entities(text))
    if entities:
        content["entities"] = entities
    return content


def caption_content(tg: TelegramEmulator, caption: str, entities: Entities) -> Json:
    caption, entities = trimmed(caption, entities)
    if not caption:
        return {}
    if length(caption, tg.switches) > tg.limits.caption:
        raise bad("message caption is too long")
    content: Json = {"caption": caption}
    if entities:
        content["caption_entities"] = entities
    return content


def merged(given: Entities, found: Entities) -> Entities:
    """Given entities, and those Telegram found that do not overlap a link or code given explicitly."""
    solid = [e for e in given if e["type"] in ("code", "pre", "text_link", "text_mention", "url")]
    extra = [
        e
        for e in found
        if not any(s["offset"] < e["offset"] + e["length"] and e["offset"] < s["offset"] + s["length"] for s in solid)
    ]
    return sorted([*given, *extra], key=lambda e: (e["offset"], -e["length"]))


def _reply_wanted(params: Params) -> tuple[int, bool]:
    """The message to be replied to, 0 for none, and whether the send goes on without it."""
    if "reply_parameters" in params:
        given = json_param(params, "reply_parameters", "can't parse reply parameters JSON object")
        if given is not None:
            if not isinstance(given, dict):
                raise bad("object expected as reply parameters")
            if not given:
                return 0, False
            if "message_id" not in given:
                raise bad('Can\'t find field "message_id"')
            return int(given["message_id"]), bool(given.get("allow_sending_without_reply"))
    return integer(params, "reply_to_message_id"), flag(params, "allow_sending_without_reply")


def _reply_target(chat: Chat, wanted: int, optional: bool) -> Json | None:
    if wanted == 0:
        return None
    target = chat.messages.get(wanted)
    if target is None:
        if optional:
            return None
        raise bad("message to be replied not found")
    return {name: value for name, value in target.data.items() if name != "reply_to_message"}


def _check_thread(chat: Chat, params: Params) -> None:
    thread = integer(params, "message_thread_id")
    if thread and thread not in chat.topics and not (thread == 1 and chat.topics):
        raise bad("message thread not found")


def _check_effect(chat: Chat, params: Params) -> None:
    if chat.kind != "private" or not params["message_effect_id"].isdigit():
        raise bad("EFFECT_ID_INVALID")
