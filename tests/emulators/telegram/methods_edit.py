"""Bot API methods on messages already sent: edits and deletions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import NOT_MODIFIED, bad
from .keyboards import check_markup, parse_markup, same_markup
from .methods_send import message_ids
from .sending import caption_content, hold, text_content
from .state import Chat, Json, StoredMessage
from .text import formatted
from .wire import Files, Params, integer

if TYPE_CHECKING:
    from .emulator import TelegramEmulator

_MEDIA = ("photo", "voice", "document", "audio", "video")


def _find(tg: TelegramEmulator, params: Params) -> tuple[Chat, StoredMessage]:
    if "inline_message_id" in params:
        raise bad("MESSAGE_ID_INVALID")
    chat = tg.world.find(params.get("chat_id"))
    message_id = integer(params, "message_id")
    if message_id <= 0:
        raise bad("message identifier is not specified")
    message = chat.messages.get(message_id)
    if message is None:
        raise bad("message to edit not found")
    if not message.outgoing or message.keyboard is not None or "forward_origin" in message.data:
        raise bad("message can't be edited")
    return chat, message


async def _apply(
    tg: TelegramEmulator, params: Params, chat: Chat, message: StoredMessage, changes: Json, gone: tuple[str, ...]
) -> Json:
    """Replace content and keyboard; a missing reply_markup removes the keyboard, as the server does."""
    markup = parse_markup(params, tg.switches)
    if markup is not None:
        check_markup(markup, chat, tg.limits, tg.switches, inline_only=True)
        if not any(markup["inline_keyboard"]):
            markup = None
    old = message.data
    unchanged = all(old.get(name) == changes.get(name) for name in (*changes, *gone))
    if unchanged and same_markup(old.get("reply_markup"), markup):
        raise bad(NOT_MODIFIED)
    if tg.switches.edits_are_charged:
        await hold(tg, chat, params)
    new = {name: value for name, value in old.items() if name not in (*gone, "reply_markup")}
    new.update(changes)
    new["edit_date"] = int(tg.clock.now())
    if markup is not None:
        new["reply_markup"] = markup
    message.data = new
    tg.changed(chat)
    return new


async def edit_message_text(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    if not params.get("text"):
        raise bad("message text is empty")
    text, entities = formatted(params, "text", "entities", tg.limits)
    parse_markup(params, tg.switches)
    chat, message = _find(tg, params)
    if "text" not in message.data:
        raise bad("there is no text in the message to edit")
    changes = text_content(tg, text, entities)
    return await _apply(tg, params, chat, message, changes, ("text", "entities"))


async def edit_message_caption(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    caption, entities = formatted(params, "caption", "caption_entities", tg.limits)
    parse_markup(params, tg.switches)
    chat, message = _find(tg, params)
    if not any(kind in message.data for kind in _MEDIA):
        raise bad("there is no caption in the message to edit")
    changes = caption_content(tg, caption, entities)
    return await _apply(tg, params, chat, message, changes, ("caption", "caption_entities"))


async def edit_message_reply_markup(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    parse_markup(params, tg.switches)
    chat, message = _find(tg, params)
    return await _apply(tg, params, chat, message, {}, ())


def _check_deletable(tg: TelegramEmulator, chat: Chat, message: StoredMessage) -> None:
    if tg.clock.now() - message.data["date"] > tg.limits.delete_seconds:
        raise bad("message can't be deleted for everyone")
    if not message.outgoing and chat.kind != "private" and chat.bot_is != "administrator":
        raise bad("message can't be deleted")


async def delete_message(tg: TelegramEmulator, params: Params, files: Files) -> bool:
    chat = tg.world.find(params.get("chat_id"))
    message_id = integer(params, "message_id")
    if message_id <= 0:
        raise bad("message identifier is not specified")
    message = chat.messages.get(message_id)
    if message is None:
        raise bad("message to delete not found")
    _check_deletable(tg, chat, message)
    del chat.messages[message_id]
    tg.changed(chat)
    return True


async def delete_messages(tg: TelegramEmulator, params: Params, files: Files) -> bool:
    chat = tg.world.find(params.get("chat_id"))
    present = [one for one in message_ids(params) if one in chat.messages]
    for one in present:
        _check_deletable(tg, chat, chat.messages[one])
    for one in present:
        del chat.messages[one]
    tg.changed(chat)
    return True
