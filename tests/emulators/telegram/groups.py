"""Groups, supergroups and channels the bot is in, or was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .seen import SeenMessage
from .state import Chat, Json, StoredMessage
from .text import found_entities

if TYPE_CHECKING:
    from .emulator import TelegramEmulator


class Group:
    """One chat of many people; the bot's standing in it is a test's to change."""

    def __init__(self, tg: TelegramEmulator, chat: Chat) -> None:
        self._tg = tg
        self.chat = chat
        self.id = chat.id

    @property
    def messages(self) -> list[SeenMessage]:
        return [SeenMessage(stored, self._tg) for stored in self.chat.messages.values()]

    def removes_bot(self) -> None:
        """Kick the bot out."""
        self._bot_becomes("kicked")

    def bot_leaves(self) -> None:
        self._bot_becomes("left")

    def promotes_bot(self) -> None:
        self._bot_becomes("administrator")

    def migrates(self, new_id: int) -> Group:
        """The group becomes a supergroup with another id; service messages go out in both."""
        group = make_group(self._tg, new_id, self.chat.json["title"], "supergroup")
        self.chat.migrated_to = new_id
        self._service(self.chat, {"migrate_to_chat_id": new_id})
        self._service(group.chat, {"migrate_from_chat_id": self.id})
        return group

    def posts(self, text: str) -> SeenMessage:
        """Another administrator of the channel posts, which the bot gets as a channel_post."""
        data = self._message({"text": text, "sender_chat": self.chat.json})
        entities = found_entities(text)
        if entities:
            data["entities"] = entities
        stored = StoredMessage(data, False)
        self._tg.world.store(self.chat, stored)
        self._tg.updates.push("channel_post", data, f"chat:{self.id}")
        return SeenMessage(stored, self._tg)

    def _message(self, content: Json, chat: Chat | None = None) -> Json:
        chat = chat or self.chat
        tg = self._tg
        return {"message_id": tg.world.next_message_id(chat), "chat": chat.json, "date": int(tg.clock.now()), **content}

    def _service(self, chat: Chat, content: Json) -> None:
        data = self._message({"sender_chat": chat.json, **content}, chat)
        self._tg.updates.push("message", data, f"chat:{chat.id}")

    def _bot_becomes(self, standing: str) -> None:
        old, self.chat.bot_is = self.chat.bot_is, standing
        payload: Json = {
            "chat": self.chat.json, "from": {"id": 1, "is_bot": False, "first_name": "admin"},
            "date": int(self._tg.clock.now()), "old_chat_member": self._member(old),
            "new_chat_member": self._member(standing),
        }  # fmt: skip
        self._tg.updates.push("my_chat_member", payload, f"user:{self.id}")

    def _member(self, standing: str) -> Json:
        member: Json = {"user": self._tg.bot, "status": standing}
        if standing == "kicked":
            member["until_date"] = 0
        if standing == "administrator":
            rights = ("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_restrict_members",
                      "can_manage_video_chats", "can_promote_members", "can_change_info", "can_invite_users",
                      "can_post_stories", "can_edit_stories", "can_delete_stories")  # fmt: skip
            member.update(dict.fromkeys(rights, False))
        return member


def make_group(
    tg: TelegramEmulator,
    chat_id: int,
    title: str,
    kind: str,
    *,
    topics: set[int] | None = None,
    username: str | None = None,
    bot_is: str = "member",
) -> Group:
    """A chat of many. Ids are negative; supergroups and channels begin with -100."""
    if chat_id >= 0:
        raise ValueError("ids of groups and channels are negative")
    json: Json = {"id": chat_id, "title": title, "type": kind}
    if username:
        json["username"] = username
    if topics:
        json["is_forum"] = True
    return Group(tg, tg.world.add(Chat(chat_id, kind, json, bot_is=bot_is, topics=topics or set())))
