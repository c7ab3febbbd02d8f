"""A Page on the emulated platform, our channel for it, and a webhook that lets the channel read what comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bot.channels.base import Arrival, Forbidden, Malformed, Parcel
from bot.channels.messenger import Messenger
from tests.emulators.clock import TestClock
from tests.emulators.messenger import MessengerEmulator
from tests.emulators.messenger.journal import Request

PSID = "6000000000000001"
KHMER = {
    "Menu": "ម៉ឺនុយ",
    "File a complaint": "ដាក់ពាក្យបណ្តឹង",
    "My complaints": "ពាក្យបណ្តឹងរបស់ខ្ញុំ",
    "Help": "ជំនួយ",
}


def texts(msgid: str, language: str) -> str:
    """A small catalogue."""
    return KHMER.get(msgid, msgid) if language == "km" else msgid


@dataclass
class Page:
    """`arrivals`: what the channel read from the webhook; `answers`: the statuses it was answered with."""

    fb: MessengerEmulator
    channel: Messenger
    clock: TestClock
    url: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)

    @property
    def asked(self) -> list[Request]:
        """The sends the platform was asked for."""
        return [one for one in self.fb.requests if one.path.endswith("/messages")]

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """The webhook as the service will have it."""
        if request.method == "GET":
            challenge = self.channel.verify(request.rel_url.query)
            return web.Response(status=403) if challenge is None else web.Response(text=challenge)
        status = 200
        try:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.arrivals += self.channel.parse(await request.read(), headers)
        except Forbidden:
            status = 403
        except Malformed:
            status = 400
        self.answers.append(status)
        return web.Response(status=status)

    def parcel(self, body: dict[str, Any] | None = None, **given: Any) -> Parcel:
        """A parcel for PSID, who wrote `ago` (an hour), in an open window unless told otherwise."""
        seen = self.now - given.pop("ago", timedelta(hours=1))
        filled: dict[str, Any] = {
            "row": 1, "to": PSID, "what": "message", "body": body or {"text": "សួស្តី", "rows": []}, "human": False,
            "created_at": self.now, "seen_at": seen, "window_until": seen + timedelta(hours=24),
        }  # fmt: skip
        return Parcel(**{**filled, **given})


@asynccontextmanager
async def page(**given: Any) -> AsyncIterator[Page]:
    """The webhook has passed the handshake; the person PSID wrote an hour ago."""
    clock = TestClock()
    async with MessengerEmulator(clock=clock, require_appsecret_proof=True, **given) as fb:
        fb.person(PSID, wrote_ago=3600)
        channel = channel_of(fb)
        one = Page(fb, channel, clock)
        runner = web.ServerRunner(web.Server(one.handle), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/messenger"
        try:
            assert await fb.verifies(one.url)
            yield one
        finally:
            await channel.close()
            await runner.cleanup()


def channel_of(fb: MessengerEmulator, **given: Any) -> Messenger:
    """Our channel with the emulator's secrets."""
    settings: dict[str, Any] = {
        "page_id": fb.page_id, "page_token": fb.page_token, "app_secret": fb.app_secret,
        "verify_token": fb.verify_token, "api_url": fb.url, "texts": texts,
        "clock": lambda: datetime.fromtimestamp(fb.clock.now(), UTC),
    }  # fmt: skip
    return Messenger(**{**settings, **given})
