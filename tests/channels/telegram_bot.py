"""A bot on the emulated Telegram, our channel for it, and a person who has pressed Start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.channels.base import Arrival, Parcel
from bot.channels.telegram import Telegram
from tests.emulators.telegram import Person, TelegramEmulator

PERSON = 5_000_000_001
NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
KHMER = {
    "Menu": "ម៉ឺនុយ", "🆘 I need help now": "🆘 ខ្ញុំត្រូវការជំនួយឥឡូវ", "File a complaint": "ដាក់ពាក្យបណ្តឹង",
    "My complaints": "ពាក្យបណ្តឹងរបស់ខ្ញុំ", "Talk to an officer": "និយាយជាមួយមន្ត្រី", "Help": "ជំនួយ",
    "Delete my data": "លុបទិន្នន័យរបស់ខ្ញុំ",
}  # fmt: skip


def texts(msgid: str, language: str) -> str:
    """A small catalogue."""
    return KHMER.get(msgid, msgid) if language == "km" else msgid


@dataclass
class Chat:
    """One bot and one person. `polled` is what the channel polls; `waited` what it would have slept, in seconds."""

    tg: TelegramEmulator
    channel: Telegram
    person: Person
    polled: AsyncIterator[bytes]
    waited: list[float]

    async def arrivals(self, count: int = 1) -> list[Arrival]:
        """What the next `count` updates are read as."""
        return [one for _ in range(count) for one in self.channel.parse_trusted(await anext(self.polled))]

    async def arrival(self) -> Arrival:
        (found,) = await self.arrivals()
        return found


def channel_of(url: str, token: str, waited: list[float] | None = None, **given: Any) -> Telegram:
    async def sleep(seconds: float) -> None:
        if waited is not None:
            waited.append(seconds)

    settings = {"token": token, "api_url": url, "texts": texts, "clock": lambda: NOW, "sleep": sleep, **given}
    return Telegram(**settings)


@asynccontextmanager
async def chat(started: bool = True, **given: Any) -> AsyncIterator[Chat]:
    """`given` goes to the channel. The person's /start has already been read."""
    waited: list[float] = []
    async with TelegramEmulator(limits_on=False) as tg:
        channel = channel_of(tg.url, tg.token, waited, **given)
        one = Chat(tg, channel, tg.person(PERSON), channel.poll(), waited)
        try:
            if started:
                await one.person.presses_start()
                await one.arrival()
            yield one
        finally:
            await channel.close()


def parcel(body: Mapping[str, Any], what: str = "message", to: int | str = PERSON, **given: Any) -> Parcel:
    filled: dict[str, Any] = {"row": 1, "human": False, "created_at": NOW, "seen_at": NOW, **given}
    return Parcel(to=str(to), what=what, body=body, **filled)


def says(text: str, *rows: list[tuple[str, str] | tuple[str, str, str]]) -> dict[str, Any]:
    """A message's body; a button is (code, label) or (code, label, ask)."""
    keys = [[dict(zip(("code", "label", "ask"), (*one, ""), strict=False)) for one in row] for row in rows]
    return {"text": text, "rows": keys}
