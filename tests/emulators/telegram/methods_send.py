"""Bot API methods that send: text, files, places, contacts, copies and forwards, and the chat action."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .errors import bad
from .media import media_content, take_file
from .sending import caption_content, hold, post, send, text_content
from .state import Chat, Json, StoredMessage
from .text import formatted
from .wire import Files, Params, integer, json_param, number

if TYPE_CHECKING:
    from .emulator import TelegramEmulator

_ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "record_audio",
    "upload_audio", "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
_NOT_COPIED = {
    "message_id", "from", "chat", "date", "edit_date", "reply_to_message", "reply_markup", "sender_chat",
    "message_thread_id", "is_topic_message", "has_protected_content", "forward_origin", "effect_id",
}  # fmt: skip


async def send_message(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    if not params.get("text"):
        raise bad("message text is empty")
    text, entities = formatted(params, "text", "entities", tg.limits)
    return await send(tg, params, lambda: text_content(tg, text, entities))


async def _send_media(tg: TelegramEmulator, params: Params, files: Files, kind: str) -> Json:
    caption, entities = formatted(params, "caption", "caption_entities", tg.limits)
    stored, uploaded = await take_file(tg, params, files, kind)
    return await send(
        tg, params, lambda: {**media_content(tg, stored, params), **caption_content(tg, caption, entities)}, uploaded
    )


async def send_photo(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    return await _send_media(tg, params, files, "photo")


async def send_voice(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    return await _send_media(tg, params, files, "voice")


async def send_document(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    return await _send_media(tg, params, files, "document")


async def send_audio(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    return await _send_media(tg, params, files, "audio")


async def send_video(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    return await _send_media(tg, params, files, "video")


def _place(params: Params) -> Json:
    latitude, longitude = number(params, "latitude"), number(params, "longitude")
    if not params.get("latitude"):
        raise bad("latitude is empty")
    if not params.get("longitude"):
        raise bad("longitude is empty")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        raise bad("wrong location coordinates specified")
    location: Json = {"latitude": latitude, "longitude": longitude}
    accuracy = number(params, "horizontal_accuracy")
    if accuracy is not None:
        if not 0 <= accuracy <= 1500:
            raise bad("wrong horizontal accuracy specified")
        location["horizontal_accuracy"] = accuracy
    return location


async def send_location(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    location = _place(params)
    return await send(tg, params, lambda: {"location": location})


async def send_venue(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    location = _place(params)
    title, address = params.get("title", ""), params.get("address", "")
    if not title:
        raise bad("venue title must be non-empty")
    if not address:
        raise bad("venue address must be non-empty")
    venue: Json = {"location": location, "title": title, "address": address}
    return await send(tg, params, lambda: {"venue": venue, "location": location})


async def send_contact(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    phone, name = params.get("phone_number", ""), params.get("first_name", "")
    if not phone:
        raise bad("phone number must be non-empty")
    if not name:
        raise bad("first name must be non-empty")
    return await send(tg, params, lambda: {"contact": {"phone_number": phone, "first_name": name}})


async def send_chat_action(tg: TelegramEmulator, params: Params, files: Files) -> bool:
    if params.get("action", "").lower() not in _ACTIONS:
        raise bad("wrong parameter action in request")
    chat = tg.world.find(params.get("chat_id"))
    chat.check_bot_may_write()
    return True


def _source(tg: TelegramEmulator, params: Params, message_id: int, verb: str) -> StoredMessage:
    chat = tg.world.find(params.get("from_chat_id"))
    source = chat.messages.get(message_id)
    if source is None:
        raise bad(f"message to {verb} not found")
    if source.protected:
        raise bad(f"message can't be {'copied' if verb == 'copy' else 'forwarded'}")
    return source


def _content_of(source: StoredMessage) -> Json:
    return {name: value for name, value in source.data.items() if name not in _NOT_COPIED}


def _forwarded(source: StoredMessage) -> Json:
    origin: Json = {"date": source.data["date"]}
    if "sender_chat" in source.data:
        origin.update(type="channel", chat=source.data["sender_chat"], message_id=source.data["message_id"])
    else:
        origin.update(type="user", sender_user=source.data["from"])
    return {**_content_of(source), "forward_origin": origin}


async def copy_message(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    source = _source(tg, params, integer(params, "message_id"), "copy")
    content = _content_of(source)
    if "caption" in params and "text" not in content:
        caption, entities = formatted(params, "caption", "caption_entities", tg.limits)
        content.pop("caption", None)
        content.pop("caption_entities", None)
        content.update(caption_content(tg, caption, entities))
    sent = await send(tg, params, lambda: content)
    return {"message_id": sent["message_id"]}


async def forward_message(tg: TelegramEmulator, params: Params, files: Files) -> Json:
    source = _source(tg, params, integer(params, "message_id"), "forward")
    return await send(tg, params, lambda: _forwarded(source))


def message_ids(params: Params) -> list[int]:
    """1 to 100 message ids."""
    given: Any = json_param(params, "message_ids", "can't parse message identifiers JSON object")
    if not isinstance(given, list):
        raise bad("expected an Array of message identifiers")
    if not given:
        raise bad("message identifiers are not specified")
    if len(given) > 100:
        raise bad("too many message identifiers specified")
    return [int(one) for one in given]


async def _send_many(tg: TelegramEmulator, params: Params, verb: str) -> list[Json]:
    """Copy or forward a batch; missing messages are skipped, the order must be strictly increasing."""
    wanted = message_ids(params)
    if any(first >= second for first, second in pairwise(wanted)):
        raise bad("message identifiers must be in a strictly increasing order")
    target: Chat = tg.world.find(params.get("chat_id"))
    origin = tg.world.find(params.get("from_chat_id"))
    target.check_bot_may_write()
    sources = [origin.messages[one] for one in wanted if one in origin.messages]
    if verb == "forward" and any(source.protected for source in sources):
        raise bad("message can't be forwarded")
    if not sources:
        raise bad(f"there are no messages to {verb}")
    sent: list[Json] = []
    for source in sources:
        await hold(tg, target, params)
        content = _forwarded(source) if verb == "forward" else _content_of(source)
        sent.append({"message_id": post(tg, target, params, content, None, None)["message_id"]})
    return sent


async def copy_messages(tg: TelegramEmulator, params: Params, files: Files) -> list[Json]:
    return await _send_many(tg, params, "copy")


async def forward_messages(tg: TelegramEmulator, params: Params, files: Files) -> list[Json]:
    return await _send_many(tg, params, "forward")
