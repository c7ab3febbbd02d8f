"""A bare Graph API client and a bare webhook service, for the emulator's own tests."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.emulators.clock import Clock

from .server import MessengerEmulator

Json = dict[str, Any]


class Graph:
    """Calls the emulator as a program would; every call answers (status, JSON)."""

    def __init__(self, fb: MessengerEmulator) -> None:
        self.fb = fb

    async def call(self, method: str, path: str, body: object = None, *, token: str | None = "", **more: Any) -> Any:
        """`token=None` sends none; "" sends the right one."""
        headers = {} if token is None else {"Authorization": f"Bearer {token or self.fb.page_token}"}
        given: Json = {"json": body} if body is not None else {}
        url = path if path.startswith("http") else f"{self.fb.url}/v26.0/{path}"
        async with self.fb.http.request(method, url, headers=headers, **given, **more) as answer:
            return answer.status, await answer.json()

    async def send(self, psid: str, message: object, kind: str | None = "RESPONSE", **more: Any) -> Any:
        """POST /me/messages with this message."""
        body: Json = {"recipient": {"id": psid}, "message": message, **more}
        if kind is not None:
            body["messaging_type"] = kind
        return await self.call("POST", "me/messages", body)

    async def text(self, psid: str, text: str = "hello", kind: str | None = "RESPONSE", **more: Any) -> Any:
        """A plain text."""
        return await self.send(psid, {"text": text}, kind, **more)

    async def error(
        self, psid: str, text: str = "hello", kind: str | None = "RESPONSE", **more: Any
    ) -> tuple[int, Any]:
        """(code, subcode) of a refused text, (0, None) if it was accepted."""
        _, answer = await self.text(psid, text, kind, **more)
        return code(answer)


def code(answer: Json) -> tuple[int, Any]:
    """(code, subcode) of an answer."""
    error = answer.get("error", {})
    return error.get("code", 0), error.get("error_subcode")


class Hook:
    """A service that takes events: `statuses` first, then 200; waits `slow` seconds (of the clock) before answering."""

    def __init__(self, verify_token: str, clock: Clock) -> None:
        self.verify_token = verify_token
        self.clock = clock
        self.statuses: deque[int] = deque()
        self.default = 200
        self.slow = 0.0
        self.bodies: list[bytes] = []
        self.signatures: list[str] = []
        self.taken: list[Json] = []
        self.url = ""

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """The handshake and the events."""
        if request.method == "GET":
            query = request.rel_url.query
            if query.get("hub.verify_token") != self.verify_token or query.get("hub.mode") != "subscribe":
                return web.Response(status=403)
            return web.Response(text=query["hub.challenge"])
        body = await request.read()
        self.bodies.append(body)
        self.signatures.append(request.headers.get("X-Hub-Signature-256", ""))
        if self.slow:
            await self.clock.sleep(self.slow)
        status = self.statuses.popleft() if self.statuses else self.default
        if status == 200:
            for entry in json.loads(body)["entry"]:
                self.taken.extend(entry.get("messaging") or entry.get("standby") or entry["changes"])
        return web.Response(status=status)

    @property
    def texts(self) -> list[str]:
        """Texts of the messages taken, in order of arrival."""
        return [event["message"]["text"] for event in self.taken if "text" in event.get("message", {})]


@asynccontextmanager
async def hooked(fb: MessengerEmulator) -> AsyncIterator[Hook]:
    """A webhook service that has passed the handshake."""
    hook = Hook(fb.verify_token, fb.clock)
    runner = web.ServerRunner(web.Server(hook.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        if not await fb.verifies(hook.url):
            raise RuntimeError("the handshake failed")
        yield hook
    finally:
        await runner.cleanup()


@asynccontextmanager
async def platform(**given: Any) -> AsyncIterator[tuple[MessengerEmulator, Graph]]:
    """An emulator and a client for it."""
    async with MessengerEmulator(**given) as fb:
        yield fb, Graph(fb)


async def until(true: Any, timeout: float = 3.0) -> None:
    """Wait (real seconds) until the condition holds."""
    async with asyncio.timeout(timeout):
        while not true():  # noqa: ASYNC110 - what is awaited is another task's doing, seen from outside
            await asyncio.sleep(0.005)
