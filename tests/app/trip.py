"""The service as a process, between the two emulated platforms."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.emulators.messenger import Limits, MessengerEmulator
from tests.emulators.telegram import TelegramEmulator
from tests.support.service import Service

SECRET = "a-webhook-secret"
PATIENCE = 40.0
"""Seconds that anything may take on a machine with other work to do."""

Json = dict[str, Any]


@dataclass
class Trip:
    """A running service with `tg` and `fb`; `http` is a plain client for everything else."""

    service: Service
    tg: TelegramEmulator
    fb: MessengerEmulator
    http: aiohttp.ClientSession
    database_url: str
    folder: Path

    async def start(self) -> None:
        await asyncio.to_thread(self.service.start, PATIENCE)

    async def stop(self) -> None:
        await asyncio.to_thread(self.service.stop)

    async def post_telegram(self, body: bytes | Json, secret: str | None = SECRET) -> int:
        """A webhook call of Telegram's, made by hand; answers the status."""
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        return await self._post("telegram", body, headers)

    async def post_messenger(self, body: bytes | Json, signature: str | None = "") -> int:
        """A webhook call of Messenger's, made by hand and (unless `signature` is given) rightly signed."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if signature is not None:
            headers["X-Hub-Signature-256"] = signature or self.fb.sign(raw)
        return await self._post("messenger", raw, headers)

    async def _post(self, name: str, body: bytes | Json, headers: dict[str, str]) -> int:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{self.service.url}/webhooks/{name}"
        async with self.http.post(url, data=io.BytesIO(raw), headers=headers) as answer:
            await answer.read()
            return answer.status

    async def metrics(self) -> dict[str, float]:
        """What /metrics says, by the whole name with its labels."""
        async with self.http.get(self.service.url + "/metrics") as answer:
            lines = [line for line in (await answer.text()).splitlines() if line and not line.startswith("#")]
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


@asynccontextmanager
async def trip(
    folder: Path,
    database_url: str,
    *,
    started: bool = True,
    platforms: tuple[str, ...] = ("telegram", "messenger"),
    telegram: dict[str, Any] | None = None,
    **env: str,
) -> AsyncIterator[Trip]:
    """`telegram`: arguments of its emulator; `env`: more settings. The platforms deliver to webhooks."""
    async with AsyncExitStack() as stack:
        tg = await stack.enter_async_context(TelegramEmulator(**(telegram or {})))
        fb = await stack.enter_async_context(MessengerEmulator(limits=Limits.none()))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        settings = {"DATABASE_URL": database_url}
        if "telegram" in platforms:
            settings |= {
                "TELEGRAM_TOKEN": tg.token,
                "TELEGRAM_API_URL": tg.url,
                "TELEGRAM_WEBHOOK_SECRET": SECRET,
            }
        if "messenger" in platforms:
            settings |= {
                "MESSENGER_PAGE_ID": fb.page_id,
                "MESSENGER_PAGE_TOKEN": fb.page_token,
                "MESSENGER_APP_SECRET": fb.app_secret,
                "MESSENGER_VERIFY_TOKEN": fb.verify_token,
                "MESSENGER_API_URL": fb.url,
            }
        service = Service(folder, settings)
        service.set(**{"PUBLIC_URL": service.url, **env})
        running = Trip(service, tg, fb, http, database_url, folder)
        try:
            if started:
                await running.start()
                if "messenger" in platforms:
                    assert await fb.verifies(service.url + "/webhooks/messenger")
            yield running
        finally:
            await asyncio.to_thread(service.kill9)


async def until(true: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait until `true()` is, and give what it gave; TimeoutError tells `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not so after {seconds:.0f} s")
        await asyncio.sleep(0.02)
    return found
