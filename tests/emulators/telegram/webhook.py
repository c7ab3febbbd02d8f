"""Delivering updates to the bot's webhook: ordered inside a queue, parallel across queues, retried like the server."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import aiohttp

from tests.emulators.clock import Clock

from .switches import Switches
from .updates import Update, Updates
from .wire import parse_body

TIMEOUT = 60.0
MAX_RETRY_AFTER = 3600
MAX_RESEND = 60.0
GONE_SECONDS = 23 * 3600.0
_NEVER_EXECUTED = ("setwebhook", "deletewebhook", "close", "logout")


@dataclass
class Target:
    """Where updates go, as setWebhook said."""

    url: str
    secret_token: str = ""
    max_connections: int = 40
    ip_address: str = ""
    has_certificate: bool = False


class Attempt(NamedTuple):
    """One try at delivering; `status` 0 when there was no answer."""

    update_id: int
    at: float
    status: int


@dataclass
class Delivery:
    """The delivery loop; `copies` deliveries of each update; `retry_scale` shortens the waits between tries."""

    clock: Clock
    updates: Updates
    switches: Switches
    execute: Callable[[str, dict[str, str], dict[str, tuple[str, bytes]], bytes], Awaitable[object]]
    seed: int = 0
    keep_attempts: int | None = None
    copies: int = 1
    retry_scale: float = 1.0
    target: Target | None = None
    delivered: dict[int, float] = field(default_factory=dict)
    last_error: tuple[float, str] | None = None

    def __post_init__(self) -> None:
        self.attempts: deque[Attempt] = deque(maxlen=self.keep_attempts)
        self._random = random.Random(self.seed)
        self._queues: dict[str, deque[Update]] = {}
        self._ready: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._active = 0
        self._session: aiohttp.ClientSession | None = None
        self._gone_since: float | None = None
        self.updates.on_new = self.add

    def start(self, target: Target) -> None:
        """Deliver to `target` from now on, beginning with what is pending."""
        self._halt()
        self.target = target
        self._gone_since = None
        for update in self.updates.pending.values():
            self._enqueue(update)
        self._pump()

    def stop(self) -> None:
        self._halt()
        self.target = None

    async def close(self) -> None:
        tasks = list(self._tasks)
        self.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def add(self, update: Update) -> None:
        if self.target is not None:
            self._enqueue(update)
            self._pump()

    def _halt(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self._queues.clear()
        self._ready.clear()
        self._active = 0

    def _enqueue(self, update: Update) -> None:
        queue = self._queues.get(update.queue)
        if queue is None:
            self._queues[update.queue] = deque((update,))
            self._ready.append(update.queue)
        else:
            queue.append(update)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _pump(self) -> None:
        """Start as many deliveries as there are free connections, from queues picked at random."""
        target = self.target
        while target is not None and self._ready and self._active < target.max_connections:
            place = self._random.randrange(len(self._ready))
            self._ready[place], self._ready[-1] = self._ready[-1], self._ready[place]
            self._active += 1
            self._spawn(self._deliver(self._ready.pop(), target))

    async def _deliver(self, name: str, target: Target) -> None:
        queue = self._queues[name]
        update = queue[0]
        wait = 0.0
        if self.clock.now() > update.expires_at:
            self._done(queue, update, dropped=True)
        else:
            status, retry_after = await self._attempt(update, target)
            if 200 <= status <= 299:
                update.copies += 1
                self.delivered[update.id] = self.clock.now()
                if update.copies >= self.copies:
                    self._done(queue, update)
            else:
                wait = self._next_wait(update, retry_after)
                if self.clock.now() + wait > update.expires_at:
                    wait = 0.0
                    self._done(queue, update, dropped=True)
        self._active -= 1
        if not queue:
            del self._queues[name]
        elif wait > 0:
            self._spawn(self._later(wait, name))
        else:
            self._ready.append(name)
        self._pump()

    async def _later(self, wait: float, name: str) -> None:
        await self.clock.sleep(wait)
        self._ready.append(name)
        self._pump()

    def _done(self, queue: deque[Update], update: Update, dropped: bool = False) -> None:
        queue.popleft()
        self.updates.forget(update.id, dropped)

    def _next_wait(self, update: Update, retry_after: int) -> float:
        wait: float = retry_after
        if retry_after == 0 and update.fails > 0:
            update.delay = min(self._random.uniform(MAX_RESEND, 2 * MAX_RESEND), update.delay * 2)
            wait = update.delay
        update.fails += 1
        return wait * self.retry_scale

    async def _attempt(self, update: Update, target: Target) -> tuple[int, int]:
        """HTTP status (0: none came) and the Retry-After seconds of one try."""
        status, retry_after, error = 0, 0, "Webhook connection closed"
        at = self.clock.now()
        try:
            status, retry_after, reason, kind, body = await self.clock.within(TIMEOUT, self._post(update, target))
            error = f"Wrong response from the webhook: {status} {reason}"
            if 200 <= status <= 299 and b"method" in body:
                self._spawn(self._execute(kind, body))
        except TimeoutError:
            error = "Read timeout expired"
        except (aiohttp.ClientError, OSError) as problem:
            error = "Connection refused" if isinstance(problem, aiohttp.ClientConnectorError) else error
        self.attempts.append(Attempt(update.id, at, status))
        if not 200 <= status <= 299:
            self.last_error = (self.clock.now(), error)
        self._watch_for_gone(status)
        return status, retry_after

    async def _post(self, update: Update, target: Target) -> tuple[int, int, str, str, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=False), timeout=aiohttp.ClientTimeout(total=None)
            )
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip, deflate"}
        if target.secret_token:
            headers["X-Telegram-Bot-Api-Secret-Token"] = target.secret_token
        follow = self.switches.webhook_follows_redirects
        async with self._session.post(
            target.url, data=update.body, headers=headers, allow_redirects=follow, skip_auto_headers=("User-Agent",)
        ) as answer:
            body = await answer.read()
            text = answer.headers.get("Retry-After", "")
            retry_after = min(int(text), MAX_RETRY_AFTER) if text.isdigit() else 0
            return answer.status, retry_after, answer.reason or "", answer.headers.get("Content-Type", ""), body

    async def _execute(self, kind: str, body: bytes) -> None:
        params, files = parse_body("", kind, body)
        method = params.pop("method", "")
        name = method.lower()
        if name and name not in _NEVER_EXECUTED and not name.startswith("get"):
            await self.execute(method, params, files, body)

    def _watch_for_gone(self, status: int) -> None:
        """HTTP 410 for more than 23 hours closes the webhook."""
        now = self.clock.now()
        if status != 410:
            if status:
                self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        elif now > self._gone_since + GONE_SECONDS:
            asyncio.get_running_loop().call_soon(self.stop)
