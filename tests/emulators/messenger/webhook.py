"""Sends events to the service the way the platform does: signed, timed, repeated, and finally given up."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.emulators.clock import Clock

from .events import Json, envelope, to_bytes
from .signing import sign
from .switches import Switches

AT_ONCE = 3
PAUSES = (15.0, 30.0, 60.0, 120.0, 240.0, 300.0)
ALERT_AFTER, DISABLE_AFTER = 900.0, 3600.0
TOGETHER = 64


@dataclass(slots=True)
class Item:
    """One event waiting to go."""

    key: str
    lane: str
    where: str
    event: Json


@dataclass(eq=False, slots=True)
class Notification:
    """One POST body and what has become of it."""

    items: list[Item]
    body: bytes
    lane: str
    copies: int = 0
    failing_since: float | None = None


@dataclass(slots=True)
class Attempt:
    """One POST made to the service; status None when there was no answer in time."""

    at: float
    status: int | None
    keys: list[str]
    body: bytes


class Webhook:
    """The queue of events and everything that can go wrong on the way."""

    def __init__(
        self, clock: Clock, switches: Switches, page_id: str, secret: str, fields: set[str], scale: float
    ) -> None:
        self.clock, self.switches, self.page_id, self.secret = clock, switches, page_id, secret
        self.fields = fields
        self.retry_scale = scale
        self.url: str | None = None
        self.delivered: dict[str, float] = {}
        self.dropped: list[Json] = []
        self.attempts: list[Attempt] = []
        self.keep = True
        self.developer_alert = False
        self.disabled = False
        self.batch = 1
        self.shuffle = False
        self.rng = random.Random(7)
        self.pending = 0
        self._copies = 0
        self._held: list[Notification] | None = None
        self._buffer: list[Item] = []
        self._lanes: dict[str, deque[Notification]] = {}
        self._outstanding: set[Notification] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._failing_since: float | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._slots = asyncio.Semaphore(TOGETHER)
        self._alone = itertools.count()
        self._http: aiohttp.ClientSession | None = None

    def use(self, http: aiohttp.ClientSession) -> None:
        """The client to post with."""
        self._http = http

    async def close(self) -> None:
        """Stop everything in flight."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def subscribe(self, fields: set[str]) -> None:
        """`subscribed_apps` was posted: start again with these fields."""
        self.fields = fields
        self.disabled = self.developer_alert = False
        self._recovered()

    def push(self, field: str, item: Item) -> None:
        """Queue an event if its field is subscribed; while disabled it is lost."""
        if self.url is None:
            return
        if self.disabled:
            self.dropped.append(item.event)
            return
        if field not in self.fields:
            return
        self.pending += 1
        self._idle.clear()
        self._buffer.append(item)
        if len(self._buffer) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def duplicate(self, times: int) -> None:
        """The next `times` notifications arrive twice."""
        self._copies += times

    def hold(self) -> None:
        """Keep new notifications back until `release`."""
        self._held = self._held if self._held is not None else []

    def release(self, order: str) -> None:
        """Send what was held, one by one: "same", "reverse" or "shuffle"."""
        self._flush()
        held, self._held = self._held or [], None
        if order == "reverse":
            held.reverse()
        elif order == "shuffle":
            self.rng.shuffle(held)
        for note in held:
            note.lane = "released"
            self._queue(note)

    async def settled(self, timeout: float) -> None:
        """Wait (real seconds) until nothing is on its way."""
        try:
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        except TimeoutError:
            raise TimeoutError(f"{self.pending} events are still on their way after {timeout} s") from None

    async def raw(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """One POST, exactly these bytes and headers: (status, answer)."""
        if self._http is None or self.url is None:
            raise RuntimeError("no webhook has been verified")
        async with self._http.post(self.url, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    def _flush(self) -> None:
        waiting, self._buffer = self._buffer, []
        for start in range(0, len(waiting), max(1, self.batch)):
            items = waiting[start : start + max(1, self.batch)]
            at = int(self.clock.now() * 1000)
            body = to_bytes(
                envelope(self.page_id, at, [(i.where, i.event) for i in items]), self.switches.escape_slashes
            )
            note = Notification(items, body, items[0].lane)
            if self._copies:
                self._copies -= 1
                note.copies = 1
            self._outstanding.add(note)
            if self._held is not None:
                self._held.append(note)
                continue
            if self.shuffle:
                note.lane = f"alone {next(self._alone)}"
            self._queue(note)

    def _queue(self, note: Notification) -> None:
        lane = self._lanes.get(note.lane)
        if lane is not None:
            lane.append(note)
            return
        self._lanes[note.lane] = deque([note])
        self._start(self._run(note.lane))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, name: str) -> None:
        """One person's events in order; what fails at once is retried aside, so later events overtake it."""
        lane = self._lanes[name]
        if self.shuffle:
            await asyncio.sleep(self.rng.random() * 0.03)
        while lane:
            note = lane[0]
            if not await self._first(note):
                self._start(self._retry(note))
            lane.popleft()
        del self._lanes[name]

    async def _first(self, note: Notification) -> bool:
        for _ in range(1 + AT_ONCE):
            if note not in self._outstanding or await self._attempt(note):
                return True
        return False

    async def _retry(self, note: Notification) -> None:
        for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
            await self.clock.sleep(pause * self.retry_scale)
            if note not in self._outstanding or await self._attempt(note):
                return
            if note.failing_since is not None and self.clock.now() - note.failing_since >= DISABLE_AFTER:
                self._drop(note)
                return

    async def _attempt(self, note: Notification) -> bool:
        async with self._slots:
            started = self.clock.now()
            status = await self._post(note.body)
        now = self.clock.now()
        if self.keep:
            self.attempts.append(Attempt(started, status, [i.key for i in note.items], note.body))
        if status != 200 or now - started > self.switches.webhook_budget:
            note.failing_since = note.failing_since if note.failing_since is not None else started
            self._failed(started)
            return False
        self._recovered()
        if note.copies:
            note.copies -= 1
            await self._attempt(note)
        if note in self._outstanding:
            self._outstanding.discard(note)
            for item in note.items:
                self.delivered[item.key] = now
            self._less(len(note.items))
        return True

    async def _post(self, body: bytes) -> int | None:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": sign(self.secret, body),
        }
        try:
            return (await self.clock.within(self.switches.webhook_budget, self.raw(body, headers)))[0]
        except (aiohttp.ClientError, OSError, TimeoutError):
            return None

    def _failed(self, started: float) -> None:
        if self._failing_since is None and not self.disabled:
            self._failing_since = started
            self._watch = self._start(self._watching(started))

    def _recovered(self) -> None:
        self._failing_since = None
        self.developer_alert = False
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def _watching(self, since: float) -> None:
        await self.clock.sleep(since + ALERT_AFTER - self.clock.now())
        self.developer_alert = True
        await self.clock.sleep(since + DISABLE_AFTER - self.clock.now())
        self.disabled = True
        self.fields = set()
        self._watch = self._failing_since = None
        for note in list(self._outstanding):
            self._drop(note)

    def _drop(self, note: Notification) -> None:
        self._outstanding.discard(note)
        self.dropped.extend(item.event for item in note.items)
        self._less(len(note.items))

    def _less(self, count: int) -> None:
        self.pending -= count
        if self.pending == 0:
            self._idle.set()
