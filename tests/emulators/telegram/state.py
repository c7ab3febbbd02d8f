"""What the emulated Telegram remembers: chats, their messages, and the numbers it gives out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import bad, forbidden

if TYPE_CHECKING:
    from .person import Person

Json = dict[str, Any]


@dataclass(slots=True)
class StoredMessage:
    """A message as last edited; `keyboard` is a reply keyboard sent with it, which is not part of the message."""

    data: Json
    outgoing: bool
    keyboard: Json | None = None
    protected: bool = False


@dataclass(slots=True)
class Chat:
    """A private chat, group, supergroup or channel, seen from the bot."""

    id: int
    kind: str
    json: Json
    person: Person | None = None
    bot_is: str = "member"  # member, administrator, left, kicked
    migrated_to: int | None = None
    topics: set[int] = field(default_factory=set)
    messages: dict[int, StoredMessage] = field(default_factory=dict)
    last_message_id: int = 0
    unsent: int = 0
    sent_at: list[float] = field(default_factory=list)

    @property
    def numbered_apart(self) -> bool:
        return self.kind in ("supergroup", "channel")

    def check_bot_may_write(self) -> None:
        """Raise what Telegram answers when the bot may not send here."""
        person = self.person
        if person is not None:
            if person.deleted:
                raise forbidden("user is deactivated")
            if person.blocked:
                raise forbidden("bot was blocked by the user")
            if not person.started:
                raise forbidden("bot can't initiate conversation with a user")
            return
        if self.migrated_to is not None:
            raise bad("group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": self.migrated_to})
        if self.bot_is == "kicked":
            raise forbidden(f"bot was kicked from the {self.kind} chat")
        if self.bot_is == "left":
            raise forbidden(f"bot is not a member of the {self.kind} chat")
        if self.kind == "channel" and self.bot_is != "administrator":
            raise bad("need administrator rights in the channel chat")


class World:
    """Chats by id and by @username, and the next message number."""

    def __init__(self, keep_messages: int | None) -> None:
        self.chats: dict[int, Chat] = {}
        self.usernames: dict[str, Chat] = {}
        self.keep_messages = keep_messages
        self._last_message_id = 0

    def add(self, chat: Chat) -> Chat:
        self.chats[chat.id] = chat
        username = chat.json.get("username")
        if username:
            self.usernames[username.lower()] = chat
        return chat

    def find(self, chat_id: str | None) -> Chat:
        if not chat_id:
            raise bad("chat_id is empty")
        chat: Chat | None = None
        if chat_id[0] == "@":
            chat = self.usernames.get(chat_id[1:].lower())
            if chat is not None and chat.kind == "private":
                chat = None  # a bot cannot find a person by name
        else:
            try:
                chat = self.chats.get(int(chat_id))
            except ValueError:
                chat = None
        if chat is None:
            raise bad("chat not found")
        return chat

    def next_message_id(self, chat: Chat) -> int:
        if chat.numbered_apart:
            chat.last_message_id += 1
            return chat.last_message_id
        self._last_message_id += 1
        return self._last_message_id

    def store(self, chat: Chat, message: StoredMessage) -> None:
        chat.messages[message.data["message_id"]] = message
        if self.keep_messages is not None and len(chat.messages) > self.keep_messages:
            del chat.messages[next(iter(chat.messages))]
