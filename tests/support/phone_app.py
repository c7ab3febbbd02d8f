"""The phone page alone, on a real server in the test's own loop: what it needs of the service, and nothing else."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from fastapi import FastAPI
from sqlalchemy import func, select

from bot import pages
from bot.app import service as root
from bot.app.deliver import Sender
from bot.app.engine import Engine
from bot.app.service import Service
from bot.channels.phone import Phone
from bot.settings import load
from bot.web import phone as web
from handlers import ROUTER
from storage import seeding
from storage.outbox import OUTBOX
from storage.people import ADDRESS
from tests.support.processes import free_port

TOKEN = "x" * 43


class Server(uvicorn.Server):
    """Ends the streams when it is asked to stop, as the service's own server does."""

    phone: Phone

    async def shutdown(self, sockets: object = None) -> None:
        self.phone.hub.close()
        await super().shutdown()


@dataclass
class PhoneApp:
    """A running service whose only channel is the phone."""

    url: str
    service: Service
    engine: Engine
    phone: Phone
    server: Server

    async def said(self) -> list[str]:
        """Every text in the outbox, oldest first."""
        rows = await self.service.db.read(
            lambda connection: connection.execute(select(OUTBOX.c.body).order_by(OUTBOX.c.id)).scalars().all()
        )
        return [row["text"] for row in rows]


@contextlib.asynccontextmanager
async def phone_app(
    database_url: str, folder: Path, *, engine_of: type[Engine] = Engine, sends: bool = True, **settings: object
) -> AsyncIterator[PhoneApp]:
    """A server on a free port and, with `sends`, the sender; both have ended when the block has."""
    phone = Phone()
    made = load(_env_file=None, demo=True, database_url=database_url, files_url=str(folder / "files"), **settings)
    service = root.build(made, channels={"phone": phone})
    await service.db.write(seeding.load)
    await service.refresh_book()
    engine = engine_of(service, ROUTER)
    app = FastAPI()
    app.include_router(pages.router)
    app.include_router(web.router(service, engine))
    port = free_port()
    server = Server(uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=5))
    server.phone = phone
    serving = asyncio.create_task(server.serve())
    sending = asyncio.create_task(Sender(service, phone).run() if sends else asyncio.sleep(0))
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - uvicorn announces it nowhere
                await asyncio.sleep(0.01)
        yield PhoneApp(f"http://127.0.0.1:{port}", service, engine, phone, server)
    finally:
        server.should_exit = True
        await serving
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        service.close()


@contextlib.asynccontextmanager
async def browser(app: PhoneApp, *, known: bool = True) -> AsyncIterator[aiohttp.ClientSession]:
    """A person's browser, with a cookie of its own."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(app.url, cookie_jar=jar, timeout=aiohttp.ClientTimeout(20)) as session:
        if known:
            async with session.get("/phone") as answer:
                assert answer.status == 200
        yield session


async def post(session: aiohttp.ClientSession, kind: str = "start", id: str = "", **said: Any) -> int:
    async with session.post("/phone/events", json={"id": id or str(uuid.uuid4()), "kind": kind, **said}) as answer:
        return answer.status


async def upload(
    session: aiohttp.ClientSession, content: bytes, kind: str = "photo", id: str = "", lang: str = "km"
) -> tuple[int, dict[str, str]]:
    asked = {"id": id or str(uuid.uuid4()), "kind": kind, "lang": lang}
    async with session.post("/phone/files", params=asked, data=content) as answer:
        return answer.status, await answer.json()


async def heard(session: aiohttp.ClientSession, count: int, **headers: str) -> list[tuple[int, dict[str, Any]]]:
    """The next `count` messages of the stream: (row, data)."""
    found: list[tuple[int, dict[str, Any]]] = []
    async with session.get("/phone/stream", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        row = 0
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("id: "):
                row = int(line[4:])
            elif line.startswith("data: "):
                found.append((row, json.loads(line[6:])))
                if len(found) == count:
                    break
    return found


async def count(app: PhoneApp, table: Any) -> int:
    return int(await app.service.db.read(lambda c: c.scalar(select(func.count()).select_from(table)) or 0))


async def the_address(app: PhoneApp) -> int:
    return int(await app.service.db.read(lambda c: c.scalar(select(ADDRESS.c.id)) or 0))
