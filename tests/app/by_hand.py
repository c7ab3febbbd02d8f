"""Webhook bodies made by hand, for what no platform's emulator would send: repeated, at once, in any order."""

import itertools
import time
from collections.abc import Sequence
from typing import Protocol

from tests.app.trip import Json, Trip

_NUMBERS = itertools.count(900_000_001)


class Hand(Protocol):
    """Makes and posts bodies of one platform."""

    channel: str

    def newcomer(self) -> str:
        """The id of somebody who has never written, and whom the emulator would let us answer."""

    def text(self, who: str, words: str) -> Json: ...
    def tap(self, who: str, code: str) -> Json: ...
    async def post(self, body: Json | bytes) -> int: ...
    def heard(self, who: str) -> Sequence[str]: ...


class TelegramHand:
    """Updates."""

    channel = "telegram"

    def __init__(self, there: Trip) -> None:
        self._there = there

    def newcomer(self) -> str:
        number = next(_NUMBERS)
        self._there.tg.person(number).started = True
        return str(number)

    def text(self, who: str, words: str) -> Json:
        return self.update("message", self._message(who) | {"text": words})

    def tap(self, who: str, code: str) -> Json:
        under = self._message(who) | {"reply_markup": {"inline_keyboard": [[{"text": "?", "callback_data": code}]]}}
        sender = {"id": int(who), "is_bot": False, "first_name": "Dara"}
        return self.update(
            "callback_query", {"id": str(next(_NUMBERS)), "from": sender, "message": under, "data": code}
        )

    def document(self, who: str, file_id: str) -> Json:
        """A paper whose size Telegram does not tell."""
        return self.update("message", self._message(who) | {"document": {"file_id": file_id, "file_unique_id": "x"}})

    def update(self, kind: str, content: Json) -> Json:
        return {"update_id": next(_NUMBERS), kind: content}

    def _message(self, who: str) -> Json:
        return {
            "message_id": next(_NUMBERS),
            "date": int(time.time()),
            "chat": {"id": int(who), "type": "private"},
            "from": {"id": int(who), "is_bot": False, "first_name": "Dara"},
        }

    async def post(self, body: Json | bytes) -> int:
        return await self._there.post_telegram(body)

    def heard(self, who: str) -> Sequence[str]:
        return [message.text for message in self._there.tg.person(int(who)).heard]


class MessengerHand:
    """Notifications; `together` puts the items of several into one."""

    channel = "messenger"

    def __init__(self, there: Trip) -> None:
        self._there = there

    def newcomer(self) -> str:
        psid = f"77{next(_NUMBERS)}"
        self._there.fb.person(psid, wrote_ago=0)
        return psid

    def text(self, who: str, words: str) -> Json:
        return self._item(who, {"mid": f"m_by_hand{next(_NUMBERS)}", "text": words})

    def tap(self, who: str, code: str) -> Json:
        return self._item(who, {"mid": f"m_by_hand{next(_NUMBERS)}", "text": "?", "quick_reply": {"payload": code}})

    def attachment(self, who: str, kind: str, url: str) -> Json:
        content = {"type": kind, "payload": {"url": url}}
        return self._item(who, {"mid": f"m_by_hand{next(_NUMBERS)}", "attachments": [content]})

    def together(self, bodies: Sequence[Json]) -> Json:
        return {"object": "page", "entry": [entry for body in bodies for entry in body["entry"]]}

    def _item(self, who: str, message: Json) -> Json:
        now = int(time.time() * 1000)
        item = {"sender": {"id": who}, "recipient": {"id": self._there.fb.page_id}, "timestamp": now}
        entry = {"id": self._there.fb.page_id, "time": now, "messaging": [item | {"message": message}]}
        return {"object": "page", "entry": [entry]}

    async def post(self, body: Json | bytes) -> int:
        return await self._there.post_messenger(body)

    def heard(self, who: str) -> Sequence[str]:
        return [message.text or "" for message in self._there.fb.person(who).chat]


def hand(there: Trip, channel: str) -> Hand:
    return TelegramHand(there) if channel == "telegram" else MessengerHand(there)


async def does(by: Hand, who: str, *steps: str) -> None:
    """One after the other: `:code` is a tap, anything else is typed. Each is durable before the next."""
    for step in steps:
        body = by.tap(who, step[1:]) if step.startswith(":") else by.text(who, step)
        assert await by.post(body) == 200, step


TO_THE_STORY = (
    "សួស្តី", ":language:set=km", ":complaint:start", ":complaint:group=work", ":complaint:category=WAGE_UNPAID",
    ":complaint:country=TH", ":complaint:about=other", ":complaint:behalf=self",
)  # fmt: skip
TO_THE_REVIEW = (":complaint:story=.", ":complaint:evidence=-", ":complaint:identity=hidden", ":complaint:contact=chat")
SEND = ":complaint:review=send"
SHORT_WAY_TO_THE_STORY = (
    "សួស្តី", ":language:set=km", ":complaint:start", ":complaint:group=OTHER", ":complaint:country=TH",
    ":complaint:about=other", ":complaint:behalf=self",
)  # fmt: skip
