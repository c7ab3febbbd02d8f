"""A Telegram update read into an arrival: only the fields that are used are looked at."""

# Not aiogram's `Update`: reading a tap on a message with twelve buttons into it took 360 µs here (this: 67), and
# one field of a newer Bot API that it does not know can make it refuse the whole update. Telegram would repeat that
# update for a day and hold back everything the person writes after it.

import logging
import re
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.channels.base import Arrival, Counters, File, Malformed, Tap, file_id
from bot.dialog.events import Contact, Event, Kind, Located, Sent, Started, Tapped, Typed, Unreadable
from bot.text import khmer

log = logging.getLogger(__name__)

NAME = "telegram"
WANTED = ("message", "callback_query", "my_chat_member")
"""The kinds of update that `read` uses; what `allowed_updates` asks for."""
CHOSEN = "✓ "
"""Before the label of a button that was tapped."""

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]{1,32})?(?=\s|$)")
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")
_FILES: tuple[tuple[str, Kind], ...] = (
    ("voice", "voice"),
    ("audio", "voice"),
    ("video", "video"),
    ("video_note", "video"),
    ("animation", "video"),  # before document: Telegram fills in both, and makes a GIF a silent video
    ("document", "file"),
)
_SERVICE = frozenset(
    {
        "pinned_message", "message_auto_delete_timer_changed", "write_access_allowed", "chat_background_set",
        "connected_website", "successful_payment", "refunded_payment", "boost_added", "users_shared", "chat_shared",
        "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened",
        "general_forum_topic_hidden", "general_forum_topic_unhidden", "paid_message_price_changed",
        "direct_message_price_changed", "proximity_alert_triggered", "web_app_data", "passport_data",
    }
)  # fmt: skip
"""Messages that tell of a setting, not of something said; anything else we do not know is answered."""
_UNREADABLE = ("sticker", "poll", "dice", "game", "story", "paid_media", "checklist", "invoice", "giveaway", "gift")


class _Part(BaseModel):
    """A part of an update; what is not listed is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _User(_Part):
    id: int


class _Chat(_Part):
    id: int
    type: str


class _Media(_Part):
    file_id: str
    file_size: int | None = None
    width: int = 0
    height: int = 0


class _Place(_Part):
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class _Card(_Part):
    phone_number: str
    first_name: str = ""
    last_name: str = ""
    user_id: int | None = None


class _Answered(_Part):
    message_id: int


class _Message(_Part):
    model_config = ConfigDict(extra="allow", frozen=True)

    date: int = Field(ge=0, le=2**33)
    chat: _Chat
    sender: _User | None = Field(default=None, alias="from")
    text: str | None = None
    caption: str = ""
    media_group_id: str = ""
    reply_to_message: _Answered | None = None
    photo: tuple[_Media, ...] = ()
    voice: _Media | None = None
    audio: _Media | None = None
    video: _Media | None = None
    video_note: _Media | None = None
    animation: _Media | None = None
    document: _Media | None = None
    location: _Place | None = None  # a venue has one too
    contact: _Card | None = None


class _Button(_Part):
    text: str = ""
    callback_data: str | None = None


class _Markup(_Part):
    inline_keyboard: tuple[tuple[_Button, ...], ...] = ()


class _Tapped(_Part):
    """The message under a tapped button; an old one has neither text nor keyboard."""

    message_id: int
    chat: _Chat
    reply_markup: _Markup = _Markup()


class _Query(_Part):
    id: str
    data: str | None = None
    message: _Tapped | None = None


class _Status(_Part):
    status: str


class _Member(_Part):
    date: int = Field(ge=0, le=2**33)
    chat: _Chat
    new_chat_member: _Status


class _Update(_Part):
    model_config = ConfigDict(extra="allow", frozen=True)

    update_id: int
    message: _Message | None = None
    callback_query: _Query | None = None
    my_chat_member: _Member | None = None


def read(body: bytes, now: datetime, counters: Counters) -> list[Arrival]:
    """One update; no arrival for what is not used, which is counted. Raises Malformed when it is no update at all.

    Edited messages are not used: their first words are in the draft already, the question they answered may have
    passed, and under today's question they would be misfiled. The review shows what counts before anything is sent.
    """
    try:
        update = _Update.model_validate_json(body)
    except ValidationError as error:
        return _unread(error, counters)
    event_id = str(update.update_id)
    arrival = None
    if update.message is not None:
        arrival = _message(event_id, update.message, counters)
    elif update.callback_query is not None:
        arrival = _tap(event_id, update.callback_query, now, counters)
    elif update.my_chat_member is not None:
        arrival = _member(event_id, update.my_chat_member, counters)
    else:
        counters.ignore(next(iter(update.model_extra or ()), "empty"))
    return [] if arrival is None else [arrival]


def _unread(error: ValidationError, counters: Counters) -> list[Arrival]:
    # The error itself would quote the person's words.
    places = [one["loc"] for one in error.errors(include_url=False, include_context=False, include_input=False)]
    if any(place[:1] in ((), ("update_id",)) for place in places):
        raise Malformed("not an update") from None
    # Refusing it would make Telegram hold back what the person writes next, so it is counted and let go.
    log.error("an update could not be read: %s", "; ".join(".".join(map(str, place)) for place in places))
    counters.ignore("unread")
    return []


def _message(event_id: str, message: _Message, counters: Counters) -> Arrival | None:
    if message.chat.type != "private":
        counters.ignore("not private")
        return None
    events, files = _content(event_id, message)
    if not events:
        counters.ignore("service")
        return None
    at = datetime.fromtimestamp(message.date, UTC)
    to = str(message.reply_to_message.message_id) if message.reply_to_message else ""
    return Arrival(NAME, event_id, str(message.chat.id), at, events, files, album=message.media_group_id, reply_to=to)


def _content(event_id: str, message: _Message) -> tuple[tuple[Event, ...], tuple[File, ...]]:
    """The events and files of a message; nothing for one that only tells of a setting."""
    if message.text is not None:
        return _typed(message.text), ()
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return _file(event_id, "photo", largest, message.caption)
    for name, kind in _FILES:
        media: _Media | None = getattr(message, name)
        if media is not None:
            return _file(event_id, kind, media, message.caption)
    if message.location is not None:
        return (Located(message.location.latitude, message.location.longitude),), ()
    if message.contact is not None:
        return (_contact(message.contact, message.sender),), ()
    others = message.model_extra or {}
    if not _SERVICE.isdisjoint(others):
        return (), ()
    return (Unreadable(next((name for name in _UNREADABLE if name in others), "unknown")),), ()


def _typed(text: str) -> tuple[Event, ...]:
    text = khmer.clean(text)
    if not text:
        return (Unreadable("text"),)
    command = _COMMAND.match(text)
    if command is None:
        return (Typed(text),)
    rest = text[command.end() :]
    if command[1].lower() != "start":
        return (Typed(f"/{command[1]}{rest}"),)
    payload = rest.strip()
    # A link's word is made of these letters only; anything else was typed by the person and must not be lost.
    return (Started(payload),) if _PAYLOAD.fullmatch(payload) else (Started(), Typed(payload))


def _file(event_id: str, kind: Kind, media: _Media, caption: str) -> tuple[tuple[Event, ...], tuple[File, ...]]:
    id = file_id(NAME, event_id)
    source: dict[str, Any] = {"file_id": media.file_id, "size": media.file_size}
    return (Sent(kind, id, media.file_size, khmer.clean(caption)),), (File(id, kind, source),)


def _contact(card: _Card, sender: _User | None) -> Contact:
    own = sender is not None and card.user_id == sender.id
    return Contact(khmer.clean(card.phone_number), khmer.clean(f"{card.first_name} {card.last_name}"), own)


def _tap(event_id: str, query: _Query, now: datetime, counters: Counters) -> Arrival | None:
    message = query.message
    if message is None or query.data is None:
        counters.ignore("callback_query")  # of a game or an inline message: we send neither
        return None
    if message.chat.type != "private":
        counters.ignore("not private")
        return None
    buttons = (button for row in message.reply_markup.inline_keyboard for button in row)
    label = next((button.text for button in buttons if button.callback_data == query.data), "")
    code = khmer.clean(query.data)  # a changed app may send anything
    tap = Tap(query.id, str(message.message_id), label.removeprefix(CHOSEN), code)
    return Arrival(NAME, event_id, str(message.chat.id), now, (Tapped(code),), tap=tap)


def _member(event_id: str, member: _Member, counters: Counters) -> Arrival | None:
    """In a private chat this tells of one thing: the person blocked the bot, or lets it write again."""
    if member.chat.type != "private":
        counters.ignore("not private")
        return None
    if member.new_chat_member.status not in ("kicked", "member"):
        counters.ignore("my_chat_member")
        return None
    suppressed = "blocked" if member.new_chat_member.status == "kicked" else ""
    at = datetime.fromtimestamp(member.date, UTC)
    return Arrival(NAME, event_id, str(member.chat.id), at, suppressed=suppressed)
