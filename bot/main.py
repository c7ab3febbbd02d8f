"""Running it: the web, the workers, or both in one process."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI

from bot import clock as clocks
from bot import console
from bot.app import service as root
from bot.app.deliver import Sender
from bot.app.engine import Engine
from bot.app.jobs import Fetcher, Schedule
from bot.app.poll import poll
from bot.channels.base import Channel, ChannelNotUsable
from bot.i18n import Catalogues
from bot.settings import Settings, SettingsError
from bot.web import health, phone, public, receipts, webhooks
from bot.web.app import make_app
from handlers import ROUTER

log = logging.getLogger(__name__)

REFUSED_FOR = {"telegram": "TELEGRAM_TOKEN", "messenger": "MESSENGER_PAGE_TOKEN"}
"""The setting to look at first when a platform refuses us."""


def make_channels(settings: Settings, clock: clocks.Clock = clocks.now) -> dict[str, Channel]:
    """The configured channels. Telegram's library takes seconds to import, so only when it is configured."""
    channels: dict[str, Channel] = {}
    catalogues = Catalogues()
    if settings.phone_on:
        from bot.channels.phone import Phone

        channels["phone"] = Phone()
    if settings.telegram_token:
        from bot.channels.telegram import Telegram

        channels["telegram"] = Telegram(
            token=settings.telegram_token,
            api_url=settings.telegram_api_url,
            webhook_secret=settings.telegram_webhook_secret,
            public_url=settings.public_url,
            rate=settings.telegram_rate,
            clock=clock,
            texts=catalogues.text,
        )
    if settings.messenger_page_token:
        from bot.channels.messenger import Messenger

        channels["messenger"] = Messenger(
            page_id=settings.messenger_page_id,
            page_token=settings.messenger_page_token,
            app_secret=settings.messenger_app_secret,
            verify_token=settings.messenger_verify_token,
            api_url=settings.messenger_api_url,
            rate=settings.messenger_rate,
            clock=clock,
            texts=catalogues.text,
        )
    return channels


class Running:
    """What runs beside the web: a sender for each channel, the fetcher, the schedule, long polling if needed."""

    def __init__(self, service: root.Service, engine: Engine) -> None:
        self.senders = {name: Sender(service, channel) for name, channel in service.channels.items()}
        self._service, self._engine = service, engine
        self._schedule = Schedule(service)
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(sender.run()) for sender in self.senders.values()]
        self._tasks.append(asyncio.create_task(Fetcher(self._service, self._engine).run()))
        telegram = self._service.channels.get("telegram")
        if telegram is not None and not self._service.settings.public_url:
            self._tasks.append(asyncio.create_task(poll(self._service, self._engine, telegram)))
        for task in self._tasks:
            task.add_done_callback(_report)
        self._schedule.start()

    async def stop(self) -> None:
        self._schedule.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _report(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled() and task.exception():
        log.critical("a worker ended", exc_info=task.exception())


@asynccontextmanager
async def alive(service: root.Service, engine: Engine, *, work: bool) -> AsyncIterator[None]:
    """The service with its channels open and, with `work`, its workers running; it may begin before its database."""
    loading = asyncio.create_task(until_there(service))
    running = None
    try:
        for channel in service.channels.values():
            await opened(channel)
        if work:
            running = Running(service, engine)
            running.start()
        yield
    finally:
        loading.cancel()
        if running:
            await running.stop()
        for channel in service.channels.values():
            await channel.close()
        service.close()


async def opened(channel: Channel) -> None:
    """Raises SettingsError when the platform does not accept what is set."""
    try:
        await channel.open()
    except ChannelNotUsable as error:
        raise SettingsError(f"{REFUSED_FOR[channel.name]}: {error}") from None


async def until_there(service: root.Service) -> None:
    """Wait for the database: it may start after us."""
    while True:
        try:
            return await service.refresh_book()
        except Exception as error:
            log.error("waiting for the database", extra={"why": repr(error)[:200]})
            await asyncio.sleep(2)


def build(settings: Settings) -> root.Service:
    return root.build(settings, channels=make_channels(settings))


def web_app(settings: Settings) -> tuple[FastAPI, root.Service, Engine, Callable[[], None]]:
    """The web application, what is behind it, and what ends its endless pages."""
    service = build(settings)
    engine = Engine(service, ROUTER)
    desk = console.router(service, engine)
    routers: list[tuple[APIRouter, str]] = [
        (webhooks.router(service, engine), ""),  # asked first: a route is looked for in this order
        (health.router(service), ""),
        (public.router(service), ""),
        (receipts.router(service), ""),
        (desk, "/console"),
    ]
    if settings.phone_on:
        routers.append((phone.router(service, engine), ""))

    def hush() -> None:
        desk.stop()
        hub = getattr(service.channels.get("phone"), "hub", None)
        if hub is not None:
            hub.close()

    return make_app(routers), service, engine, hush


def keep_what_is_there() -> None:
    """What was made at the start stays: the garbage collector, a tenth of the work otherwise, need not look again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class Server(uvicorn.Server):
    """Ends the live pages when it is told to stop: a server waits for its answers, and those have no end."""

    def __init__(self, config: uvicorn.Config, hush: Callable[[], None]) -> None:
        super().__init__(config)
        self._hush = hush

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Asked to stop, it stops and returns: what is behind the pages is still to be closed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        keep_what_is_there()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hush()
        await super().shutdown(sockets)


def serve(settings: Settings, *, work: bool) -> None:
    """Until a signal: `chumnuoy serve` (work) or `chumnuoy web`. Raises SettingsError when a platform refuses us."""
    app, service, engine, hush = web_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
        proxy_headers=True,
        lifespan="off",
    )

    async def run() -> None:
        async with alive(service, engine, work=work):
            await Server(config, hush).serve()

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(run())


def work(settings: Settings) -> None:
    """Until a signal: `chumnuoy worker`, no pages."""
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    service = build(settings)
    async with alive(service, Engine(service, ROUTER), work=True):
        keep_what_is_there()
        log.info("worker is at work")
        with suppress(asyncio.CancelledError):
            await stop.wait()
