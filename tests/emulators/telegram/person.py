"""A person with a phone: everything a test may do as a user of the bot, and everything that user would see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .files import picture_kind
from .media import media_content
from .methods_bot import CallbackQuery
from .seen import SeenMessage
from .state import Chat, Json, StoredMessage
from .text import found_entities

if TYPE_CHECKING:
    from .emulator import TelegramEmulator
    from .groups import Group

Wanted = int | str | Callable[[SeenMessage], Any]


class Person:
    """One Telegram user. Private chats open with `presses_start()` or with whatever is sent first."""

    def __init__(
        self,
        tg: TelegramEmulator,
        user_id: int,
        first_name: str,
        language_code: str | None,
        last_name: str | None = None,
        username: str | None = None,
    ) -> None:
        self.id = user_id
        self.started = self.blocked = self.deleted = False
        self._tg = tg
        names = {"first_name": first_name, "last_name": last_name, "username": username}
        shown = {name: value for name, value in names.items() if value}
        self.user: Json = {"id": user_id, "is_bot": False, **shown}
        if language_code:
            self.user["language_code"] = language_code
        self._chat = tg.world.add(Chat(user_id, "private", {"id": user_id, **shown, "type": "private"}, self))
        self._noticed: asyncio.Event | None = None

    # What the phone shows.

    @property
    def chat(self) -> list[SeenMessage]:
        """The conversation with the bot, oldest first, as it looks now."""
        return [SeenMessage(stored, self._tg) for stored in self._chat.messages.values()]

    @property
    def heard(self) -> list[SeenMessage]:
        """What the bot has said, oldest first."""
        return [SeenMessage(stored, self._tg) for stored in self._chat.messages.values() if stored.outgoing]

    @property
    def last(self) -> SeenMessage:
        """The bot's latest message."""
        return self.heard[-1]

    @property
    def keyboard(self) -> list[list[Json]]:
        """The reply keyboard now on the phone."""
        for stored in reversed(self._chat.messages.values()):
            if stored.keyboard is not None and ("keyboard" in stored.keyboard or "remove_keyboard" in stored.keyboard):
                rows: list[list[Json]] = stored.keyboard.get("keyboard", [])
                return rows
        return []

    async def sees(self, wanted: Wanted, timeout: float = 5.0) -> SeenMessage:
        """Wait for the bot: until it has said `wanted` messages, or one that contains the text or meets the test.

        Returns the last (of the number) or the latest matching message; `TimeoutError` tells what was there instead.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    found = self._look(wanted)
                    if found is not None:
                        return found
                    self._noticed = self._noticed or asyncio.Event()
                    self._noticed.clear()
                    await self._noticed.wait()
        except TimeoutError:
            raise TimeoutError(f"{wanted!r} was not seen in {timeout} s; the bot said {self.heard}") from None

    def notice(self) -> None:
        if self._noticed is not None:
            self._noticed.set()

    def _look(self, wanted: Wanted) -> SeenMessage | None:
        heard = self.heard
        if isinstance(wanted, int):
            return heard[wanted - 1] if len(heard) >= wanted > 0 else None
        for message in reversed(heard):
            if wanted in message.text if isinstance(wanted, str) else wanted(message):
                return message
        return None

    # What the person does.

    async def presses_start(self, payload: str = "") -> SeenMessage:
        return await self.sends(f"/start {payload}" if payload else "/start")

    async def sends(self, text: str, chat: Group | None = None, reply_to: SeenMessage | None = None) -> SeenMessage:
        content: Json = {"text": text}
        entities = found_entities(text)
        if entities:
            content["entities"] = entities
        if reply_to is not None:
            content["reply_to_message"] = {k: v for k, v in reply_to.data.items() if k != "reply_to_message"}
        return self._say(content, chat)

    async def sends_photo(
        self, content: bytes, mime: str = "image/jpeg", caption: str = "", size: int | None = None, album: str = ""
    ) -> SeenMessage:
        more: Json = {"media_group_id": album} if album else {}
        return self._say_file("photo", content, "", picture_kind(content) or mime, caption, size, more)

    async def sends_voice(
        self, content: bytes, mime: str = "audio/ogg", duration: int = 3, size: int | None = None
    ) -> SeenMessage:
        return self._say_file("voice", content, "", mime, "", size, duration=duration)

    async def sends_document(
        self, content: bytes, filename: str, mime: str, caption: str = "", size: int | None = None
    ) -> SeenMessage:
        return self._say_file("document", content, filename, mime, caption, size)

    async def sends_audio(self, content: bytes, filename: str, mime: str = "audio/mpeg") -> SeenMessage:
        return self._say_file("audio", content, filename, mime, "", None)

    async def sends_video(
        self, content: bytes, mime: str = "video/mp4", caption: str = "", size: int | None = None
    ) -> SeenMessage:
        return self._say_file("video", content, "video.mp4", mime, caption, size)

    async def sends_location(self, latitude: float, longitude: float, accuracy: float | None = None) -> SeenMessage:
        location: Json = {"latitude": latitude, "longitude": longitude}
        if accuracy is not None:
            location["horizontal_accuracy"] = accuracy
        return self._say({"location": location})

    async def sends_contact(self, phone: str, own: bool = True, first_name: str = "") -> SeenMessage:
        """Share a contact: one's own carries one's user id, another's does not."""
        contact: Json = {"phone_number": phone, "first_name": first_name or self.user["first_name"]}
        if own:
            contact["user_id"] = self.id
        return self._say({"contact": contact})

    async def sends_content(self, content: Json, chat: Group | None = None) -> SeenMessage:
        """A message of any other kind: a sticker, a poll, a dice."""
        return self._say(content, chat)

    async def edits(self, message_id: int, text: str) -> SeenMessage:
        stored = self._chat.messages[message_id]
        if stored.outgoing:
            raise ValueError("a person edits only what they sent")
        stored.data = {**stored.data, "text": text, "edit_date": int(self._tg.clock.now())}
        self._tg.updates.push("edited_message", stored.data, f"chat:{self.id}")
        return SeenMessage(stored, self._tg)

    async def taps(self, what: SeenMessage | str, data: str | None = None) -> CallbackQuery | SeenMessage:
        """Tap a button: `taps("label or data")` on the latest message that has it, or `taps(message, "label or data")`.

        An inline button gives the callback query, whose `answer` fills in once the bot answers; a button of the reply
        keyboard sends its label and gives that message.
        """
        if isinstance(what, SeenMessage):
            options, wanted = [what], data if data is not None else _only_button(what)
        else:
            options, wanted = list(reversed(self.chat)), what
        for message in options:
            button = message.button(wanted)
            if button is not None:
                return self._tap(message, button)
        for row in self.keyboard:
            for key in row:
                if key["text"] == wanted:
                    if key.get("request_contact") or key.get("request_location"):
                        raise ValueError(f"{wanted!r} asks to share: use sends_contact or sends_location")
                    return await self.sends(wanted)
        raise LookupError(f"no button {wanted!r}; the chat is {self.chat}")

    async def taps_old(self, message: SeenMessage, data: str) -> CallbackQuery:
        """Tap a button the message no longer has, as a slow phone may."""
        return self._tap(message, {"callback_data": data})

    async def blocks(self) -> None:
        self._set_blocked(True)

    async def unblocks(self) -> None:
        self._set_blocked(False)

    async def deletes_account(self) -> None:
        self.deleted = True

    # How it reaches the bot.

    def _tap(self, message: SeenMessage, button: Json) -> CallbackQuery:
        self._check_can_act()
        if "callback_data" not in button:
            raise ValueError(f"{button['text']!r} is not a callback button")
        tg = self._tg
        query = CallbackQuery(str(self.id * 1_000_000 + len(tg.callbacks) + 1), self.id, tg.clock.now())
        tg.callbacks[query.id] = query
        payload: Json = {
            "id": query.id, "from": self.user, "message": message.data, "chat_instance": str(-self.id),
            "data": button["callback_data"],
        }  # fmt: skip
        tg.updates.push("callback_query", payload, f"user:{self.id}")
        return query

    def _say_file(
        self, kind: str, content: bytes, filename: str, mime: str, caption: str, size: int | None,
        more: Json | None = None, duration: int = 0,
    ) -> SeenMessage:  # fmt: skip
        stored = self._tg.files.add(kind, content, filename, mime, size)
        data = media_content(self._tg, stored, {"duration": str(duration)} if duration else {})
        if caption:
            data["caption"] = caption
        return self._say({**data, **(more or {})})

    def _say(self, content: Json, group: Group | None = None) -> SeenMessage:
        self._check_can_act()
        tg = self._tg
        chat = group.chat if group is not None else self._chat
        if group is None:
            self.started = True
        data: Json = {
            "message_id": tg.world.next_message_id(chat), "from": self.user, "chat": chat.json,
            "date": int(tg.clock.now()), **content,
        }  # fmt: skip
        stored = StoredMessage(data, False)
        tg.world.store(chat, stored)
        tg.updates.push("message", data, f"chat:{chat.id}")
        return SeenMessage(stored, tg)

    def _check_can_act(self) -> None:
        if self.deleted:
            raise ValueError("this account is deleted")
        if self.blocked:
            raise ValueError("unblock the bot first: Telegram does not let a person write to a bot they blocked")

    def _set_blocked(self, blocked: bool) -> None:
        if blocked == self.blocked:
            return
        self.blocked = blocked
        states = ("member", "kicked") if blocked else ("kicked", "member")
        old, new = (self._bot_as(state) for state in states)
        payload: Json = {
            "chat": self._chat.json, "from": self.user, "date": int(self._tg.clock.now()), "old_chat_member": old,
            "new_chat_member": new,
        }  # fmt: skip
        self._tg.updates.push("my_chat_member", payload, f"user:{self.id}")

    def _bot_as(self, status: str) -> Json:
        """The bot as a member of the chat: to block it is to kick it out."""
        member: Json = {"user": self._tg.bot, "status": status}
        return {**member, "until_date": 0} if status == "kicked" else member


def _only_button(message: SeenMessage) -> str:
    buttons = [button for row in message.inline_keyboard for button in row]
    if len(buttons) != 1:
        raise LookupError(f"which button of {message}?")
    return str(buttons[0]["text"])
