"""Two plain ends for tests: a client that calls the Bot API with no library, and a webhook that notes what it gets."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import aiohttp
from aiohttp import web

from .emulator import TelegramEmulator
from .state import Json


class Answer(NamedTuple):
    """One answer of the Bot API."""

    status: int
    body: Json
    headers: dict[str, str]

    @property
    def result(self) -> Any:
        return self.body["result"]

    @property
    def error(self) -> tuple[int, str]:
        """Status and description of a refusal."""
        if self.body["ok"] or self.body["error_code"] != self.status:
            raise AssertionError(f"not a refusal: {self}")
        return self.status, self.body["description"]


class Bot:
    """`await bot("sendMessage", chat_id=1, text="…")`; bytes go as files, other values as the Bot API wants them."""

    def __init__(self, tg: TelegramEmulator) -> None:
        self._tg = tg
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=20)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def __call__(self, method: str, **params: Any) -> Answer:
        form = aiohttp.FormData(quote_fields=False)
        for name, value in params.items():
            if isinstance(value, bytes):
                form.add_field(name, io.BytesIO(value), filename=f"{name}.bin")
            elif isinstance(value, tuple):
                form.add_field(name, io.BytesIO(value[1]), filename=value[0])
            else:
                form.add_field(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        return await self.request("POST", f"/bot{self._tg.token}/{method}", data=form)

    async def request(self, verb: str, path: str, **more: Any) -> Answer:
        if self._session is None:
            raise RuntimeError("use it as `async with Bot(tg) as bot`")
        async with self._session.request(verb, self._tg.url + path, **more) as answer:
            return Answer(answer.status, json.loads(await answer.read()), dict(answer.headers))

    async def download(self, path: str) -> tuple[int, bytes]:
        if self._session is None:
            raise RuntimeError("use it as `async with Bot(tg) as bot`")
        async with self._session.get(f"{self._tg.url}/file/bot{self._tg.token}/{path}") as answer:
            return answer.status, await answer.read()


@asynccontextmanager
async def emulated(**options: Any) -> AsyncIterator[tuple[TelegramEmulator, Bot]]:
    """An emulator and a client for its bot."""
    async with TelegramEmulator(**options) as tg, Bot(tg) as bot:
        yield tg, bot


Reaction = Callable[[web.BaseRequest, Json], Awaitable[web.StreamResponse] | web.StreamResponse]


@dataclass
class Hook:
    """A webhook that notes every update and, unless `react` says otherwise, answers 200."""

    react: Reaction | None = None
    updates: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/telegram"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        update: Json = json.loads(await request.content.read())
        self.updates.append(update)
        self.headers.append(dict(request.headers))
        if self.react is None:
            return web.Response()
        answer = self.react(request, update)
        return answer if isinstance(answer, web.StreamResponse) else await answer

    @property
    def ids(self) -> list[int]:
        return [int(update["update_id"]) for update in self.updates]


async def until(condition: Callable[[], Any], timeout: float = 5.0) -> None:
    """Wait in real time for something the emulator does in the background."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 (the condition is any expression of a test; there is no event to await)
            await asyncio.sleep(0.002)
