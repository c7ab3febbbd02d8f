"""Long polling, where Telegram has no public address to call: updates read under a lease, one at a time, in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Protocol, cast

from bot.app.engine import Engine
from bot.app.jobs import held
from bot.app.service import Service
from bot.channels.base import Arrival, Channel

log = logging.getLogger(__name__)


class Polled(Protocol):
    """A channel that can be asked for its updates."""

    def poll(self) -> AsyncIterator[bytes]: ...

    def parse_trusted(self, body: bytes) -> Sequence[Arrival]: ...


async def poll(service: Service, engine: Engine, channel: Channel) -> None:
    """Until cancelled. An update is confirmed only after it was received: a crash makes the platform send it again."""
    polled = cast(Polled, channel)
    while True:
        if not await _mine(service, channel):
            await asyncio.sleep(2)
            continue
        async for body in polled.poll():
            for arrival in polled.parse_trusted(body):
                await _received(engine, arrival)
            if not await _mine(service, channel):
                break


async def _received(engine: Engine, arrival: Arrival) -> None:
    """Try until it is durable: what follows must not overtake it."""
    while True:
        try:
            await engine.receive(arrival)
            return
        except Exception as error:
            log.error("an update waits", extra={"channel": arrival.channel, "why": repr(error)[:200]})
            await asyncio.sleep(1)


async def _mine(service: Service, channel: Channel) -> bool:
    try:
        return await held(service, f"poll:{channel.name}")
    except Exception as error:
        log.error("polling waits for the database", extra={"why": repr(error)[:200]})
        return False
