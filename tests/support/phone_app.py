"""The phone page alone, on a real server in the test's own loop: what it needs of the service, and nothing else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select

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
from tests.support.processes import free_port


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
async def phone_app(database_url: str, folder: Path, **settings: object) -> AsyncIterator[PhoneApp]:
    """A server on a free port, and the sender; both have ended when the block has."""
    phone = Phone()
    made = load(_env_file=None, demo=True, database_url=database_url, files_url=str(folder / "files"), **settings)
    service = root.build(made, channels={"phone": phone})
    await service.db.write(seeding.load)
    await service.refresh_book()
    engine = Engine(service, ROUTER)
    app = FastAPI()
    app.include_router(pages.router)
    app.include_router(web.router(service, engine))
    port = free_port()
    server = Server(uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=5))
    server.phone = phone
    serving = asyncio.create_task(server.serve())
    sending = asyncio.create_task(Sender(service, phone).run())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        yield PhoneApp(f"http://127.0.0.1:{port}", service, engine, phone, server)
    finally:
        server.should_exit = True
        await serving
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        service.close()
