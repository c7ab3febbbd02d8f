"""New complaints and messages without a reload: one look at the database a second, for every open page."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.app.service import Service
from bot.console.auth import Entrance
from bot.console.pages import Desk
from storage import caseload, notices

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks."""
HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent: proxies close what is silent, and we learn who has gone."""


def version(connection: Connection) -> str:
    """Changes when anything that staff see does; pages carry the one they were made from."""
    seen = (caseload.latest_change(connection), notices.newest(connection))
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


class Live:
    """Watches while anybody listens. `stop` ends every stream, for a server that is to end."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._moved = asyncio.Event()
        self._stopped = asyncio.Event()
        self._listeners = 0
        self._watcher: asyncio.Task[None] | None = None
        self._version = ""

    def stop(self) -> None:
        """From the event loop's own thread."""
        self._stopped.set()
        self._moved.set()

    async def listen(self) -> AsyncGenerator[str | None, None]:
        """The version now, then each new one; None after a time of silence."""
        self._listeners += 1
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())
        try:
            told = await self._service.db.read(version)
            yield told
            while not self._stopped.is_set():
                moved = self._moved
                if self._version not in ("", told):
                    told = self._version
                    yield told
                    continue
                try:
                    await asyncio.wait_for(moved.wait(), HEARTBEAT)
                except TimeoutError:
                    yield None
        finally:
            self._listeners -= 1
            if not self._listeners and self._watcher is not None:
                self._watcher.cancel()
                self._watcher = None

    async def _watch(self) -> None:
        while not self._stopped.is_set():
            await asyncio.sleep(EVERY)
            try:
                found = await self._service.db.read(version)
            except SQLAlchemyError as error:  # the database is away for a moment: look again
                log.warning("live pages could not look: %s", type(error).__name__)
                continue
            if found != self._version:
                self._version = found
                self._moved, before = asyncio.Event(), self._moved
                before.set()


def routes(to: APIRouter, desk: Desk, entrance: Entrance, live: Live) -> None:
    """`/live`: server-sent events."""

    async def events(request: Request) -> AsyncIterator[str]:
        yield "retry: 2000\n\n"
        async with aclosing(live.listen()) as versions:
            async for found in versions:
                if found is not None:
                    yield f"event: change\ndata: {found}\n\n"
                elif await entrance.who(request, used=False) is None:
                    return  # signed out, or idle for too long: the page finds out when it asks again
                else:
                    yield ": still here\n\n"

    @to.get("/live")
    async def stream(request: Request) -> StreamingResponse:
        await entrance.required(request, used=False)
        return StreamingResponse(events(request), media_type="text/event-stream", headers={"x-accel-buffering": "no"})
